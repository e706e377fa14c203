"""From z to log-odds, what people teach, and the file in which it is kept."""

from __future__ import annotations

import json
import math
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnicam.taxonomy import AnomalyClass
from omnicam.verify import store
from omnicam.verify.calibration import (
    KNOWN_FROM,
    LEAST,
    MOST_LOG_ODDS,
    MOST_LOOKS,
    Line,
    Memory,
    Source,
    answered,
    audited,
    fitted,
    judged,
    looked,
)

FALL, SMOKE = AnomalyClass.FALL, AnomalyClass.SMOKE


def taught(count: int, *, right: float = 3.0, wrong: float = -1.0) -> Memory:
    """Give a memory of as many right as wrong events, with these scores."""
    memory = Memory()
    for number in range(count):
        for kind, score in ((True, right), (False, wrong)):
            event = f"{kind}-{number}"
            memory = looked(memory, event, FALL, score + number % 3)
            memory = answered(memory, event, right=kind)
    return memory


def test_without_a_line_z_is_uncalibrated_and_bounded() -> None:
    assert judged(Memory(), "hall", FALL, 2.5).log_odds == 2.5
    assert not judged(Memory(), "hall", FALL, 2.5).calibrated
    assert judged(Memory(), "hall", FALL, 40.0).log_odds == MOST_LOG_ODDS


def test_the_normal_scene_of_a_camera_is_taken_off_once_it_is_known() -> None:
    memory = Memory()
    for number in range(KNOWN_FROM):
        assert judged(memory, "hall", FALL, 3.0).score == 3.0
        memory = audited(memory, "hall", FALL, 1.0 + number)
    assert judged(memory, "hall", FALL, 3.0).score == pytest.approx(0.0)
    assert judged(memory, "hall", SMOKE, 3.0).score == 3.0
    assert judged(memory, "attic", FALL, 3.0).score == 3.0


def test_peoples_words_calibrate_a_class_and_no_other() -> None:
    assert not judged(taught(LEAST - 1), "hall", FALL, 3.0).calibrated
    memory = taught(LEAST)
    high, low = judged(memory, "hall", FALL, 4.0), judged(memory, "hall", FALL, 0.0)
    assert high.calibrated
    assert high.log_odds > 0.5
    assert low.log_odds < -0.5
    assert not judged(memory, "hall", SMOKE, 4.0).calibrated
    line = memory.lines[FALL]
    assert (line.right, line.wrong, line.source) == (LEAST, LEAST, Source.PEOPLE)


def test_a_person_may_change_their_mind() -> None:
    memory = taught(LEAST)
    assert answered(memory, "True-0", right=True) is memory
    changed = answered(memory, "True-0", right=False)
    assert FALL not in changed.lines  # seven right ones are too few
    assert answered(memory, "never looked at", right=True) is memory


def test_a_line_that_was_given_is_not_fitted_over() -> None:
    given_line = Line(slope=0.5, offset=-1.0)
    memory = Memory(lines={FALL: given_line})
    for event, look in ((look.event, look) for look in taught(LEAST).looks):
        memory = answered(looked(memory, event, FALL, look.score), event, right=bool(look.right))
    assert memory.lines[FALL] is given_line
    assert judged(memory, "hall", FALL, 4.0).log_odds == 1.0


def test_only_the_first_look_at_an_event_and_the_newest_events_are_kept() -> None:
    memory = looked(looked(Memory(), "a", FALL, 1.0), "a", FALL, 5.0)
    assert [look.score for look in memory.looks] == [1.0]
    for number in range(MOST_LOOKS):
        memory = looked(memory, str(number), FALL, 0.0)
    assert len(memory.looks) == MOST_LOOKS
    assert memory.looks[0].event == "0"


def test_the_fit_finds_the_line_that_made_the_data() -> None:
    chance = random.Random(4)
    scores = [chance.uniform(-6.0, 6.0) for _ in range(3000)]
    right = [chance.random() < 1 / (1 + math.exp(-(0.7 * score - 1.0))) for score in scores]
    line = fitted(scores, right)
    assert line is not None
    assert line.slope == pytest.approx(0.7, abs=0.06)
    assert line.offset == pytest.approx(-1.0, abs=0.15)


@given(st.lists(st.tuples(st.floats(-50.0, 50.0), st.booleans()), max_size=60))
def test_whatever_people_say_the_line_rises_and_is_bounded(
    pairs: list[tuple[float, bool]],
) -> None:
    line = fitted([score for score, _ in pairs], [right for _, right in pairs])
    kinds = [right for _, right in pairs]
    assert (line is None) == (min(sum(kinds), len(kinds) - sum(kinds)) < LEAST)
    if line is not None:
        assert line.slope > 0.0  # and Line itself refuses what is out of bounds


@pytest.mark.parametrize("wrong", [{"slope": 0.0}, {"slope": math.nan}, {"offset": 7.0}])
def test_a_line_out_of_bounds_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must be from"):
        Line(**{"slope": 1.0, "offset": 0.0, **wrong})


def test_it_is_kept_over_a_restart_for_the_same_model_only(tmp_path: Path) -> None:
    memory = audited(taught(LEAST), "hall", SMOKE, -2.0)
    store.write(tmp_path, "omni", memory)
    assert store.read(tmp_path, "omni") == memory
    assert store.read(tmp_path, "other") == Memory()
    assert (tmp_path / "model.old").exists()
    assert store.read(tmp_path, "omni") == Memory()


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: "[",
        lambda raw: "[]",
        lambda raw: json.dumps(raw | {"lines": {"fall": {"slope": 9, "offset": 0, "source": "x"}}}),
        lambda raw: json.dumps(raw | {"lines": {"flying": {}}}),
        lambda raw: json.dumps(raw | {"references": {"a/fall": {"mean": math.inf, "count": 1}}}),
        lambda raw: json.dumps({key: raw[key] for key in raw if key != "looks"}),
    ],
)
def test_a_file_that_cannot_be_used_is_told_and_set_aside(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, change
) -> None:
    raw = store.dump("omni", taught(1))
    (tmp_path / store.FILE_NAME).write_text(change(raw), "utf-8")
    assert store.read(tmp_path, "omni") == Memory()
    assert "cannot be used" in caplog.text
    assert not (tmp_path / store.FILE_NAME).exists()
