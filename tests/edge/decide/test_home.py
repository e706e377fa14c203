"""Tests of what a home teaches: pure values first, then a camera that lives some days."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omnicam.config.model import CameraSettings
from omnicam.decide.calibration import Calibration
from omnicam.decide.decider import Decider
from omnicam.decide.events import Event, Feedback, FeedbackKind, Verdict
from omnicam.decide.fusion import log_odds_of
from omnicam.decide.home import (
    DAY_S,
    LEAST_DAYS,
    MOST_ANSWERS,
    MOST_ORDINARY,
    MOST_TOLD,
    WATCHED_S,
    WINDOW_DAYS,
    Answer,
    Bounds,
    Day,
    HomeMemory,
    Shift,
    learned,
    pruned,
    with_answer,
    with_day,
)
from omnicam.decide.learner import Home, said_for
from omnicam.evidence import Evidence
from omnicam.taxonomy import AnomalyClass, Level
from tests.edge.decide.decide_scenes import START, camera, events, evidence

FIRST = int(START // DAY_S) + 1
BOUNDS = Bounds(lowest=4.04, alarm=5.39)
KEY = "abnormal_sound/scream"

shifts = st.builds(
    Shift,
    size=st.floats(0, MOST_ORDINARY),
    reach=st.floats(0, 12),
    floor=st.floats(0, 6),
    told=st.floats(0, MOST_TOLD),
    told_reach=st.floats(0, 12),
)
peaks = st.dictionaries(st.sampled_from([KEY, "fall"]), st.floats(2, 20))
answers = st.builds(
    Answer,
    event=st.integers(0, 6).map(str),
    key=st.sampled_from([KEY, "fall"]),
    kind=st.sampled_from([FeedbackKind.FALSE_ALARM, FeedbackKind.CONFIRMED]),
    peak=st.floats(0, 20),
    time=st.floats((FIRST - 5) * DAY_S, (FIRST + 20) * DAY_S),
)
memories = st.builds(
    lambda days, said: HomeMemory(
        since=0.0,
        days=tuple(
            Day(number=FIRST + number, watched_s=WATCHED_S, peaks=day)
            for number, day in enumerate(days)
        ),
        answers=tuple({answer.event: answer for answer in said}.values()),
    ),
    st.lists(peaks, max_size=16),
    st.lists(answers, max_size=6),
)


@given(shifts, st.floats(-20, 30), st.floats(-20, 30))
def test_a_shift_lowers_within_bounds_and_keeps_the_order(
    shift: Shift, one: float, other: float
) -> None:
    low, high = sorted((one, other))
    assert shift(low) <= shift(high) + 1e-9
    assert 0.0 <= one - shift(one) <= shift.most + 1e-9
    assert shift.most <= max(MOST_ORDINARY, MOST_TOLD)
    assert shift(one) >= one / 2 if one > 0.0 else shift(one) == one
    if one >= shift.floor:
        assert replace(shift, told=0.0)(one) >= shift.floor


@given(shifts)
def test_evidence_far_above_ordinary_life_counts_in_full(shift: Shift) -> None:
    above = max(shift.reach, shift.told_reach) + MOST_ORDINARY
    assert shift(above) == above


@given(memories, st.integers(0, 20))
def test_what_is_learned_is_bounded_and_needs_days_or_words(memory: HomeMemory, day: int) -> None:
    for key, known in learned(memory, FIRST + day, lambda _: BOUNDS, 3).items():
        shift = known.shift
        assert 0.0 <= shift.size <= MOST_ORDINARY
        assert 0.0 <= shift.told <= MOST_TOLD
        alarmed = sum(
            each.peaks.get(key, 0.0) > BOUNDS.alarm
            for each in memory.days
            if each.number < FIRST + day
        )
        assert shift.size == 0.0 or alarmed >= LEAST_DAYS
        assert shift.told == 0.0 or known.false_alarms > known.confirmed
        # Whatever was learned without a person's word, an event stays an event.
        assert replace(shift, told=0.0)(BOUNDS.lowest + 0.01) >= BOUNDS.lowest


@given(memories, st.randoms(use_true_random=False))
def test_the_order_of_days_and_words_leaves_no_trace(memory: HomeMemory, random: Random) -> None:
    days, said = list(memory.days), list(memory.answers)
    random.shuffle(days)
    random.shuffle(said)
    shuffled = HomeMemory(since=0.0, answers=tuple(said))
    for day in days:
        shuffled = with_day(shuffled, day)
    assert learned(shuffled, FIRST + 20, lambda _: BOUNDS, 3) == learned(
        memory, FIRST + 20, lambda _: BOUNDS, 3
    )


@given(memories, answers)
def test_a_word_counts_once_and_a_false_alarm_never_lowers_less(
    memory: HomeMemory, answer: Answer
) -> None:
    once = with_answer(memory, answer)
    assert with_answer(once, answer) == once
    wrong = replace(answer, event="new", kind=FeedbackKind.FALSE_ALARM)
    before = learned(memory, FIRST + 20, lambda _: BOUNDS, 3).get(answer.key)
    after = learned(with_answer(memory, wrong), FIRST + 20, lambda _: BOUNDS, 3)[answer.key]
    assert after.shift.most >= (before.shift.most if before else 0.0) - 1e-9


def test_memory_is_bounded() -> None:
    memory = HomeMemory()
    for number in range(WINDOW_DAYS + 30):
        memory = pruned(with_day(memory, Day(number=FIRST + number)), FIRST + number)
        for each in range(10):
            said = Answer(
                event=f"{number}-{each}", key=KEY, kind=FeedbackKind.FALSE_ALARM, peak=5.0,
                time=(FIRST + number) * DAY_S,
            )  # fmt: skip
            memory = with_answer(memory, said)
    assert len(memory.days) == WINDOW_DAYS + 1
    assert len(memory.answers) == MOST_ANSWERS
    # A clock that was far ahead leaves nothing behind.
    assert not pruned(memory, FIRST).days[1:]


def at_home(memory: HomeMemory | None = None, **changes: dict[str, object]) -> Home:
    return Home(camera(**changes), Calibration(), memory)


def scream(log_odds: float = 8.5) -> list[Evidence]:
    return [
        evidence(
            index / 6, log_odds, anomaly=AnomalyClass.ABNORMAL_SOUND, label="scream",
            scorer="scream",
        )
        for index in range(12)
    ]  # fmt: skip


def lying(log_odds: float = 9.0, scorer: str = "fallen") -> list[Evidence]:
    return [evidence(index / 6, log_odds, scorer=scorer) for index in range(12)]


def live(
    home: Home, days: dict[int, list[Evidence]], *, settings_: CameraSettings | None = None
) -> list[Event]:
    """Let days pass, each with its words an hour after it began."""
    decider = Decider(settings_ or camera(), calibration=Calibration(), home=home)
    found: list[Event] = []
    for number, words in sorted(days.items()):
        start = (FIRST + number) * DAY_S
        for minute in range(60):
            decider.advance(start + 30.0 * minute)
        for word in words:
            moved = replace(word, time=word.time - START + start + 3600.0)
            found += events(decider.observe(moved))
        found += events(decider.advance(start + 3660.0))
    found += events(decider.finish())
    return found


def levels(found: list[Event]) -> list[Level]:
    return [event.level for event in found if not event.open]


def test_what_alarms_every_day_becomes_an_event_for_review() -> None:
    home = at_home()
    found = live(home, dict.fromkeys(range(6), scream()))
    alarms = levels(found)
    assert alarms[:3] == [Level.HIGH] * 3
    assert Level.HIGH not in alarms[3:]
    assert len(alarms) == 6
    event = found[-1]
    weights = {part.scorer: part.log_odds for part in event.contributions}
    assert weights["home"] < 0.0
    assert -weights["home"] <= MOST_ORDINARY
    assert home.learned[KEY].alarm_days == 5


def test_a_clearly_stronger_cry_alarms_all_the_same() -> None:
    home = at_home()
    live(home, dict.fromkeys(range(4), scream()))
    assert levels(live(home, {4: scream(11.5)})) == [Level.HIGH]


def test_other_labels_and_classes_are_left_alone() -> None:
    home = at_home()
    live(home, dict.fromkeys(range(4), scream()))
    assert home.shift(AnomalyClass.ABNORMAL_SOUND, "glass_breaking").most == 0.0
    assert levels(live(home, {4: lying()})) == [Level.HIGH]


@pytest.mark.parametrize("days", [{0: 1, 1: 1}, {0: 20}])
def test_a_real_fall_or_two_in_the_first_days_teach_nothing(days: dict[int, int]) -> None:
    home = at_home()
    live(home, {number: lying() * (number in days) for number in range(6)})
    assert home.learned["fall"].alarm_days == len(days)
    assert home.shift(AnomalyClass.FALL, None).most == 0.0


def test_nothing_is_lowered_before_the_days_of_learning_are_over() -> None:
    home = Home(camera(), Calibration(), learn_days=5)
    assert levels(live(home, dict.fromkeys(range(5), scream()))) == [Level.HIGH] * 5
    assert levels(live(home, {5: scream()})) != [Level.HIGH]


def test_days_hardly_watched_teach_nothing() -> None:
    home = at_home()
    decider = Decider(camera(), calibration=Calibration(), home=home)
    for number in range(6):
        for word in scream():
            decider.observe(replace(word, time=word.time - START + (FIRST + number) * DAY_S))
    assert home.days_watched == 0
    assert home.learned == {}


def test_confirmed_events_are_no_ordinary_life() -> None:
    home = at_home()
    decider = Decider(camera(), calibration=Calibration(), home=home)
    for number in range(4):
        start = (FIRST + number) * DAY_S
        for minute in range(30):
            decider.advance(start + 30.0 * minute)
        for word in scream():
            decider.observe(replace(word, time=word.time - START + start + 1000.0))
        (event,) = decider.open_events
        decider.verdict(
            Verdict(
                camera="bedroom", event=event.id, anomaly=event.anomaly,
                log_odds=log_odds_of(0.95), time=decider.now, sentence="somebody screams",
            )
        )  # fmt: skip
        decider.advance(start + 2000.0)
    assert all(not day.peaks for day in home.memory.days)


def test_who_lies_still_stays_for_review_whatever_was_said() -> None:
    home = at_home()
    found = live(home, dict.fromkeys(range(4), lying()))
    for event in found:
        home.answer(event, FeedbackKind.FALSE_ALARM)
    shift = home.shift(AnomalyClass.FALL, None)
    assert shift.size > 0.0
    assert shift.told > 0.0
    weak = 5.2  # would be an event, and fall below it by what was said
    assert shift(weak) < home.bounds(AnomalyClass.FALL, None).lowest
    assert levels(live(home, {4: lying(weak)})) == levels(live(at_home(), {4: lying(weak)}))
    assert levels(live(home, {5: lying(weak, scorer="fall")})) == []


@pytest.mark.parametrize("label", ["call_for_help", "smoke_alarm"])
def test_a_call_for_help_is_never_ordinary(label: str) -> None:
    home = at_home()
    calls = [replace(word, label=label, scorer="call_for_help") for word in scream()]
    found = live(home, dict.fromkeys(range(6), calls))
    home.answer(found[-1], FeedbackKind.FALSE_ALARM)
    assert home.memory.answers == ()
    assert set(levels(found)) == {Level.HIGH}


def test_a_false_alarm_teaches_at_once_and_a_confirmation_takes_it_back() -> None:
    home = at_home()
    first, second = live(home, {0: scream(5.4), 1: scream(5.4)})[1::2][:2]
    assert said_for(first) > home.bounds(AnomalyClass.ABNORMAL_SOUND, "scream").lowest
    home.answer(first, FeedbackKind.FALSE_ALARM)
    once = home.changes
    home.answer(first, FeedbackKind.FALSE_ALARM)
    home.answer(first, FeedbackKind.ACKNOWLEDGED)
    assert home.changes == once
    assert home.learned[KEY].false_alarms == 1
    assert levels(live(home, {2: scream(5.4)})) == []
    home.answer(second, FeedbackKind.CONFIRMED)
    assert home.shift(AnomalyClass.ABNORMAL_SOUND, "scream").most == 0.0
    assert KEY not in home.memory.days[1].peaks
    assert levels(live(home, {3: scream(5.4)})) != []


def test_false_alarms_are_forgotten_after_their_time() -> None:
    home = at_home()
    (event, *_) = live(home, {0: scream()})
    home.answer(event, FeedbackKind.FALSE_ALARM)
    live(home, {61: []})
    assert home.memory.answers == ()
    assert home.shift(AnomalyClass.ABNORMAL_SOUND, "scream").most == 0.0


def test_feedback_on_an_open_event_and_reset() -> None:
    home = at_home()
    decider = Decider(camera(), calibration=Calibration(), home=home)
    for word in scream():
        decider.observe(replace(word, time=word.time - START + FIRST * DAY_S))
    (event,) = decider.open_events
    decider.feedback(Feedback(event=event.id, kind=FeedbackKind.FALSE_ALARM))
    home.answer(event, FeedbackKind.FALSE_ALARM)
    assert home.learned[KEY].shift.told > 0.0
    home.reset()
    assert home.learned == {}
    assert home.memory.answers == ()
    assert home.memory.since is not None


def test_a_class_set_to_alarm_at_the_lowest_level_is_not_silenced_by_ordinary_life() -> None:
    settings_ = camera(abnormal_sound={"alarm_level": Level.LOW})
    home = Home(settings_, Calibration())
    found = live(home, dict.fromkeys(range(6), scream()), settings_=settings_)
    assert len(levels(found)) == 6


@given(st.integers(0, 5), st.lists(st.floats(4, 11), min_size=1, max_size=4))
@settings(max_examples=15, deadline=None)
def test_a_restart_changes_nothing(cut: int, strengths: list[float]) -> None:
    days = {number: scream(strengths[number % len(strengths)]) for number in range(6)}
    through = at_home()
    whole = live(through, days)
    before = at_home()
    parts = live(before, {number: days[number] for number in range(cut)})
    after = at_home(before.memory)
    parts += live(after, {number: days[number] for number in range(cut, 6)})
    assert [event.confidence for event in whole] == [event.confidence for event in parts]
    assert through.learned == after.learned


def test_the_same_day_judged_twice_teaches_once() -> None:
    home = at_home()
    for _ in range(5):
        live(home, {0: scream()})
    assert home.days_watched == 0
    assert len(home.memory.days) == 1
