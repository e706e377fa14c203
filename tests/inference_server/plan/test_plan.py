"""`inference_server plan`: what fits where, the measured figures, the command line."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from inference_server.cli import main
from inference_server.model import PUBLISHED
from inference_server.plan import measured, report
from inference_server.plan.fit import SYSTEM_BYTES
from inference_server.plan.load import Load
from inference_server.plan.memory import held_back
from inference_server.plan.weights import part_bits
from inference_server.profiles import PROFILES
from inference_server.recipes import RECIPES

ROOT = Path(__file__).parents[3]
LIMIT_GB = {"smallest": 8.5, "recommended": 11.0}
TOLERANCE_PERCENT = 5.0


@pytest.mark.parametrize("recipe", sorted(LIMIT_GB))
def test_an_orin_nx_holds_four_windows_within_the_limit(recipe: str) -> None:
    plan = report.make(PUBLISHED, PROFILES["orin-nx-16gb"], Load(windows=4))
    found = {candidate.recipe.name: candidate for candidate in plan.candidates}[recipe]
    # Graphs count too: they lie in the same memory.
    assert found.total <= LIMIT_GB[recipe] * 1e9
    assert found.fits


@pytest.mark.parametrize(
    ("profile", "chosen"),
    [
        ("orin-nx-16gb", "recommended"),
        ("orin-agx-64gb", "full-w4"),
        ("rtx-4090", "full-w4"),
        ("h100", "bf16"),
        ("cpu", None),
    ],
)
def test_the_recipe_that_keeps_most_and_fits(profile: str, chosen: str | None) -> None:
    plan = report.make(PUBLISHED, PROFILES[profile], Load())
    assert (plan.chosen and plan.chosen.recipe.name) == chosen
    system = SYSTEM_BYTES[PROFILES[profile].unified]
    for candidate in plan.candidates:
        assert candidate.fits is (candidate.left >= system)
        enough = candidate.left >= system + held_back(plan.load.setup)
        assert candidate.tight is (candidate.fits and not enough)


def test_the_parts_add_up() -> None:
    plan = report.as_json(report.make(PUBLISHED, PROFILES["orin-nx-16gb"], Load()))
    assert json.loads(json.dumps(plan)) == plan
    for row in plan["recipes"]:
        assert sum(row["bytes"].values()) == row["total"]
        weights = sum(row["bytes"][name] for name in part_bits(RECIPES["full-w4"]))
        assert weights == row["weights"]
        assert row["total"] + row["left"] == plan["profile"]["usable_bytes"]
        # A figure measured for other contents is never shown as this recipe's.
        shown = row["measured"]
        assert shown is None or shown["recipe"].items() <= row["recipe"].items()
    assert {run["device"].startswith("NVIDIA H100") for run in plan["runs"]} == {True}


@pytest.mark.parametrize(("name", "most_gb"), [("recommended", 11.0), ("smallest", 8.5)])
def test_the_small_devices_recipes_keep_their_promise_predicted_and_measured(
    name: str, most_gb: float
) -> None:
    plan = report.as_json(report.make(PUBLISHED, PROFILES["orin-nx-16gb"], Load()))
    row = next(row for row in plan["recipes"] if row["recipe"]["name"] == name)
    figures = {figure["name"]: figure for figure in row["measured"]["figures"]}
    assert row["total"] <= most_gb * 1e9
    assert figures["peak"]["measured"] <= most_gb * 1e9
    # The run was made with this very load, so that its prediction is the plan's total.
    assert figures["peak"]["predicted"] == row["total"]
    assert abs(row["total"] / figures["peak"]["measured"] - 1) <= TOLERANCE_PERCENT / 100


def test_every_prediction_is_within_five_per_cent_of_what_was_measured() -> None:
    runs = measured.runs(PUBLISHED)
    assert {(run.recipe.experts, run.recipe.vision_bits) for run in runs} == {
        (64, 16),
        (48, 16),
        (64, 8),
        (48, 8),
        (56, 8),
        (36, 8),
    }
    for run in runs:
        for row in measured.compare(PUBLISHED, run):
            assert abs(row.percent) <= TOLERANCE_PERCENT, (run.recipe, row)


def test_measured_figures_belong_to_the_recipes_contents_and_the_published_model() -> None:
    same = replace(RECIPES["half-w4"], name="other")
    run = measured.of(PUBLISHED, same)
    assert run is not None
    assert run.recipe.experts == 64
    assert measured.of(PUBLISHED, replace(same, experts=63)) is None
    assert measured.of(PUBLISHED.with_experts(64), same) is None


def test_nothing_fits_is_said_plainly(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "--profile", "cpu"]) == 1
    said = capsys.readouterr().out
    assert "nothing fits cpu with 4 windows: smallest takes" in said
    assert "choose a larger --profile" in said
    assert main(["plan", "--profile", "orin-nx-16gb"]) == 0
    assert "that is tight" in capsys.readouterr().out
    assert main(["plan", "--profile", "orin-nx-16gb", "--windows", "60"]) == 1
    assert main(["plan", "--profile", "orin-nx-16gb", "--recipe", "full-w4"]) == 1


def test_a_model_that_no_recipe_suits(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    odd = replace(PUBLISHED, text=replace(PUBLISHED.text, expert_width=700))
    plan = report.make(odd, PROFILES["h100"], Load(), RECIPES["full-w4"])
    assert plan.candidates == ()
    assert "no recipe suits" in plan.verdict
    assert report.as_json(plan)["unsuited"][0]["recipe"] == "full-w4"
    assert report.as_json(plan)["runs"] == []
    assert main(["plan", "--profile", "h100", "--config", str(tmp_path)]) == 2
    assert "config.json: No such file" in capsys.readouterr().err


def test_wrong_options_name_the_remedy(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "--profile", "h100", "--recipe", "tiny"]) == 2
    said = capsys.readouterr().err
    assert all(name in said for name in ("'tiny'", "bf16", *RECIPES))
    for wrong in (["--windows", "0"], ["--windows", "x"], ["--profile", "abacus"]):
        with pytest.raises(SystemExit) as exit_:
            main(["plan", "--profile", "h100", *wrong])
        assert exit_.value.code == 2


def test_the_table_shows_predicted_and_measured(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "--profile", "orin-agx-64gb", "--recipe", "half-w4"]) == 0
    said = capsys.readouterr().out
    assert "64 experts, bits 4/4 and 16/16/16/16 (half-w4)" in said
    assert "predicted     measured   difference" in said
    assert "half-w4 fits orin-agx-64gb with 4 windows" in said


def test_a_plan_needs_no_torch_and_under_ten_seconds() -> None:
    program = (
        "import sys; from inference_server.cli import main; "
        "status = main(['plan', '--profile', 'orin-nx-16gb', '--json']); "
        "sys.exit(9 if {'torch', 'numpy', 'yaml'} & set(sys.modules) else status)"
    )
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert time.monotonic() - began < 10
    assert json.loads(done.stdout)["chosen"] == "recommended"
