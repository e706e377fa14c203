"""`bench/calibrate` on results whose truth is known."""

from __future__ import annotations

import csv
import json
import math
import random
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calibration.fit import Aim, cross_validated, fit, folds_of
from calibration.reliability import at_base, measure
from calibration.samples import InputError, Sample, read
from calibration.target import judge
from omnicam.decide.calibration import IDENTITY, parse
from omnicam.decide.fusion import confidence_of, log_odds_of
from omnicam.taxonomy import Thresholds

ROOT = Path(__file__).resolve().parents[2]
AIM = Aim(prior=0.05, thresholds=Thresholds())

samples = st.lists(
    st.builds(
        Sample,
        evidence=st.floats(-5, 20),
        right=st.booleans(),
        group=st.integers(0, 9).map(str),
    ),
    min_size=1,
    max_size=60,
)


def drawn(slope: float, offset: float, count: int = 4000) -> list[Sample]:
    """Draw samples whose log-odds are `logit(0.05) + slope * x + offset`."""
    chance = random.Random(7)
    found = []
    for number in range(count):
        x = chance.uniform(1.0, 10.0)
        sure = confidence_of(log_odds_of(AIM.prior) + slope * x + offset)
        found.append(Sample(x, chance.random() < sure, f"g{number % 40}"))
    return found


@pytest.mark.parametrize(("slope", "offset"), [(1.0, 0.0), (0.7, 0.5), (1.4, -1.0)])
def test_a_known_map_is_found_again(slope: float, offset: float) -> None:
    found = fit(drawn(slope, offset), AIM)
    for x in (3.0, 5.0, 7.0):
        assert found(x) == pytest.approx(slope * x + offset, abs=0.4)


@given(samples)
@settings(max_examples=60, deadline=None)
def test_any_samples_give_a_rising_map_that_keeps_right_alarms(said: list[Sample]) -> None:
    found = fit(said, AIM)
    assert found.slope > 0.0
    high = log_odds_of(AIM.thresholds.high) - log_odds_of(AIM.prior)
    alarmed = [each.evidence for each in said if each.right and each.evidence > high + 0.01]
    kept = [each for each in alarmed if found(each) > high]
    assert len(kept) >= math.floor(0.95 * len(alarmed)) or found.offset == pytest.approx(1.0)
    assert fit(list(reversed(said)), AIM) == found


def test_too_little_keeps_the_identity_and_little_moves_little() -> None:
    few = [Sample(6.0, right=True, group=str(n)) for n in range(7)]
    wrong = [Sample(5.0, right=False, group=f"w{n}") for n in range(50)]
    fitted = cross_validated([*few, *wrong], AIM)
    assert fitted.platt == IDENTITY
    assert "7 right recordings" in fitted.reason
    one_group = [Sample(6.0, right=True, group="one") for _ in range(50)]
    assert cross_validated([*one_group, *wrong], AIM).platt == IDENTITY


def test_no_group_stands_on_both_sides() -> None:
    said = drawn(1.0, 0.0, 400)
    folds = folds_of(said)
    assert set(folds) == {each.group for each in said}
    assert set(folds.values()) == set(range(5))


def test_a_map_that_does_not_help_is_not_used() -> None:
    honest = judge("fall", tuple(drawn(1.0, 0.0, 400)))
    assert honest.fitted.reason == "" or honest.fitted.platt == IDENTITY
    boastful = judge("fall", tuple(drawn(0.6, 0.3, 1500)))
    assert boastful.fitted.platt.slope < 0.9 or boastful.fitted.reason
    assert boastful.before is not None
    assert boastful.after is not None
    if not boastful.fitted.reason:
        assert boastful.after.log_loss < boastful.before.log_loss


def test_figures_hold_at_another_base_rate() -> None:
    said = [0.9] * 100
    right = [True] * 90 + [False] * 10
    own = measure(said, right, 0.5, 0.5)
    assert own.error == pytest.approx(0.0, abs=1e-9)
    (part,) = [each for each in own.bins if each.count]
    assert (part.right, part.count, part.share) == (90, 100, pytest.approx(0.9))
    assert part.interval[0] < 0.9 < part.interval[1]
    rare = measure(said, right, 0.5, 0.05)
    assert rare.error == pytest.approx(0.9 - at_base(0.9, 0.5, 0.05))
    assert at_base(0.9, 0.5, 0.05) == pytest.approx(9 / 28)


def files(tmp_path: Path, rows: list[dict[str, Any]]) -> tuple[Path, Path]:
    results, manifest = tmp_path / "eval.json", tmp_path / "manifest.csv"
    results.write_text(json.dumps({"files": rows}))
    with manifest.open("w", newline="") as file:
        writer = csv.DictWriter(file, ["path", "label", "group"])
        writer.writeheader()
        for row in rows:
            writer.writerow({"path": row["path"], "label": row["label"], "group": row["path"][:6]})
    return results, manifest


def row(path: str, label: str, evidence: dict[str, float], **more: Any) -> dict[str, Any]:
    return {
        "path": path, "label": label, "error": None, "senses": ["picture"], "evidence": evidence,
    } | more  # fmt: skip


def test_labels_senses_and_failures_are_minded(tmp_path: Path) -> None:
    results, manifest = files(
        tmp_path,
        [
            row("a.mp4", "fall", {"fall": 6.0}),
            row("b.mp4", "adl_sitting", {}),
            row("c.mp4", "fight", {"fall": 5.0}),
            row("d.mp4", "tamper_cover", {"camera_tampering/covered": 7.0, "camera_tampering": 0}),
            row("e.ogg", "scream", {"abnormal_sound/scream": 4.0}, senses=["sound"]),
            row("f.mp4", "fall", {}, error="cannot be read"),
            row("g.mp4", "a new label", {}),
        ],
    )
    material = read(results, manifest)
    assert material.left_out == {"not judged to the end": 1, "unknown label": 1}
    falls = [(each.evidence, each.right) for each in material.samples["fall"]]
    # A fall in a fight counts neither way, and a sound cannot show one.
    assert falls == [(6.0, True), (0.0, False), (0.0, False)]
    assert max(each.evidence for each in material.samples["camera_tampering"]) == 7.0
    assert [each.right for each in material.samples["abnormal_sound/scream"]] == [True]


def test_wrong_files_are_named(tmp_path: Path) -> None:
    results, manifest = files(tmp_path, [row("a.mp4", "fall", {})])
    with pytest.raises(InputError, match=r"missing\.json"):
        read(tmp_path / "missing.json", manifest)
    with pytest.raises(InputError, match="lists no recording"):
        read(results, results)
    nameless = tmp_path / "other.csv"
    nameless.write_text("file,label\na.mp4,fall\n")
    with pytest.raises(InputError, match="is no manifest"):
        read(results, nameless)
    results.write_text('{"files": [{"path": "a.mp4", "label": "fall", "error": null}]}')
    with pytest.raises(InputError, match="run omnicam eval anew"):
        read(results, manifest)


def test_the_command_writes_a_table_and_checks_it(tmp_path: Path) -> None:
    rows = [
        row(
            f"{number:05}.mp4",
            "fall" if each.right else "adl_sitting",
            {"fall": round(each.evidence, 3)},
        )
        for number, each in enumerate(drawn(1.5, -2.5, 1000))
    ]
    results, manifest = files(tmp_path, rows)
    table = tmp_path / "calibration.json"

    def calibrate(*more: str) -> subprocess.CompletedProcess[str]:
        command = [ROOT / "bench/calibrate", results, "--manifest", manifest, "--out", table, *more]
        return subprocess.run(command, capture_output=True, text=True, timeout=50, check=False)

    missing = calibrate("--check")
    assert missing.returncode == 2
    first = calibrate()
    assert first.returncode == 0, first.stderr
    assert "1000 recordings" in first.stdout
    written = table.read_text()
    assert parse(json.loads(written)).rows["fall"].slope > 1.2
    assert calibrate("--check").returncode == 0
    calibrate()
    assert table.read_text() == written
    table.write_text(json.dumps({"format": 1, "source": "", "rows": {}}))
    other = calibrate("--check")
    assert other.returncode == 1
    assert "1 rows do not fit" in other.stdout
