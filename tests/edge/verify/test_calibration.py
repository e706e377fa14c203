"""From z to log-odds, what people teach, and the file in which it is kept."""

from __future__ import annotations

import json
import math
import random
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnicam.config.model import Question
from omnicam.taxonomy import AnomalyClass, OwnClass
from omnicam.verify import store
from omnicam.verify.calibration import (
    KNOWN_FROM,
    LEAST,
    MOST_BIAS,
    MOST_LOG_ODDS,
    MOST_LOOKS,
    Line,
    Memory,
    Source,
    answered,
    audited,
    bias,
    fitted,
    judged,
    looked,
    measured,
)
from omnicam.verify.reading import MOST_Z

FALL, SMOKE = AnomalyClass.FALL, AnomalyClass.SMOKE
Z = st.floats(-MOST_Z, MOST_Z)
LINES = st.builds(Line, slope=st.floats(0.1, 4.0), offset=st.floats(-6.0, 6.0))


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


def quiet(zs: list[float], memory: Memory | None = None) -> Memory:
    """Give a memory of audits of the hall in which nothing was suspected."""
    memory = memory or Memory()
    for z in zs:
        memory = audited(memory, "hall", FALL, z)
    return memory


def test_a_sure_no_in_a_quiet_room_makes_no_later_doubt_a_yes() -> None:
    memory = quiet([-9.0] * 20)
    assert judged(memory, "hall", FALL, -2.0).log_odds == -2.0


def test_a_camera_of_which_the_model_always_says_yes_can_still_alarm() -> None:
    memory = quiet([12.0] * 200)
    assert judged(memory, "hall", FALL, 12.0).score == 12.0 - MOST_BIAS


@given(st.lists(Z, max_size=30), Z)
def test_a_normal_scene_takes_off_a_bounded_leaning_and_never_adds(
    audits: list[float], z: float
) -> None:
    memory = quiet(audits)
    said = judged(memory, "hall", FALL, z)
    assert 0.0 <= bias(memory, "hall", FALL) <= MOST_BIAS
    assert said.score == z - bias(memory, "hall", FALL)
    assert not said.calibrated
    if len(audits) < KNOWN_FROM or max(audits) <= 0.0:
        assert said.score == z
    if len(audits) >= KNOWN_FROM and min(audits) >= MOST_BIAS:
        assert said.score == z - MOST_BIAS


@given(st.lists(Z, min_size=KNOWN_FROM, max_size=30), Z)
def test_one_more_audit_moves_it_by_no_more_than_its_share(audits: list[float], z: float) -> None:
    before, after = (bias(quiet(each), "hall", FALL) for each in (audits, [*audits, z]))
    assert abs(after - before) <= 2 * MOST_Z / (len(audits) + 1) + 1e-9


@given(st.lists(Z, max_size=10), LINES | st.none(), Z, Z)
def test_the_order_of_what_the_model_says_is_kept(
    audits: list[float], line: Line | None, one: float, other: float
) -> None:
    memory = quiet(audits, Memory(lines={FALL: line} if line else {}))
    low, high = (judged(memory, "hall", FALL, z) for z in sorted((one, other)))
    assert -MOST_LOG_ODDS <= low.log_odds <= high.log_odds <= MOST_LOG_ODDS
    assert low.calibrated is high.calibrated is (line is not None)


@given(st.lists(Z, max_size=12), LINES)
def test_what_is_written_is_read_again_to_the_number(audits: list[float], line: Line) -> None:
    memory = quiet(audits, Memory(lines={SMOKE: line}))
    raw = json.loads(json.dumps(store.dump("omni", memory)))
    assert store.parse(raw) == memory


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


def test_a_measured_line_holds_until_the_home_has_said_enough() -> None:
    start = Memory(lines={FALL: Line(slope=0.5, offset=-1.0, source=Source.MEASURED)})
    for enough, source in ((LEAST - 1, Source.MEASURED), (LEAST, Source.PEOPLE)):
        memory = start
        for number in range(2 * enough):
            memory = looked(memory, str(number), FALL, 3.0 if number % 2 else -1.0)
            memory = answered(memory, str(number), right=bool(number % 2))
        assert memory.lines[FALL].source is source


@given(
    st.lists(st.floats(-20.0, 20.0), min_size=LEAST, max_size=30),
    st.lists(st.floats(-20.0, 20.0), min_size=LEAST, max_size=30),
)
def test_a_measured_line_rises_and_is_bounded_whatever_the_recordings(
    right: list[float], wrong: list[float]
) -> None:
    labels = [True] * len(right) + [False] * len(wrong)
    line = measured(right + wrong, labels)
    assert line is not None  # and Line itself refuses what is out of bounds
    assert (line.right, line.wrong) == (len(right), len(wrong))
    assert line.source is Source.MEASURED
    assert measured(right[: LEAST - 1] + wrong, [True] * (LEAST - 1) + labels[len(right) :]) is None


@pytest.mark.parametrize("share", [0.2, 0.8])
def test_a_measured_line_does_not_depend_on_how_much_was_staged(share: float) -> None:
    """The model's word is a likelihood ratio of 0.5 z here, whatever the manifest holds."""
    chance = random.Random(4)
    right = [chance.random() < share for _ in range(4000)]
    # Normal, means +1 and -1, deviation 2: the log-odds at equal shares are z / 2.
    scores = [chance.gauss(1.0 if each else -1.0, 2.0) for each in right]
    line = measured(scores, right)
    assert line is not None
    assert line.slope == pytest.approx(0.5, abs=0.06)
    assert line.offset == pytest.approx(0.0, abs=0.12)


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


def test_a_file_of_the_former_format_begins_anew(tmp_path: Path) -> None:
    """Its scores were reckoned otherwise."""
    raw = store.dump("omni", taught(LEAST)) | {"format": store.FORMAT - 1}
    (tmp_path / store.FILE_NAME).write_text(json.dumps(raw), "utf-8")
    assert store.read(tmp_path, "omni") == Memory()
    assert (tmp_path / "model.old").exists()


def test_measured_lines_come_beside_what_the_home_knows(tmp_path: Path) -> None:
    stove = OwnClass("stove_alone")
    own = {stove: Question(text="Is the stove on?", english="", chinese="")}
    by_hand = {stove: Line(slope=1.0, offset=0.5)}
    home = quiet([1.0] * 9, taught(LEAST))
    home = replace(home, lines=home.lines | by_hand)
    store.write(tmp_path, "omni", home, own)
    line = Line(slope=0.7, offset=-0.5, right=9, wrong=30, source=Source.MEASURED)
    assert store.give(tmp_path, "omni", {FALL: line, SMOKE: line}) == {SMOKE}
    now = store.read(tmp_path, "omni", own)
    assert now == replace(home, lines=home.lines | {SMOKE: line})
    newer = replace(line, slope=0.9)
    assert store.give(tmp_path, "omni", {SMOKE: newer}) == {SMOKE}
    assert store.read(tmp_path, "omni", own).lines[SMOKE] == newer


def test_measured_lines_may_be_the_first_that_is_known(tmp_path: Path) -> None:
    line = Line(slope=0.7, offset=-0.5, source=Source.MEASURED)
    assert store.model_of(tmp_path) is None
    assert store.give(tmp_path, "omni", {FALL: line}) == {FALL}
    assert store.model_of(tmp_path) == "omni"
    assert store.read(tmp_path, "omni") == Memory(lines={FALL: line})
