"""What a verdict may do before and after its class is calibrated, and before its sentence."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omnicam.decide.decider import Decider, Decision
from omnicam.decide.events import Step, Verdict
from omnicam.decide.fusion import UNCALIBRATED, confidence_of, log_odds_of
from omnicam.decide.states import SensorState
from omnicam.decide.verdicts import UNCALIBRATED_MOST
from omnicam.taxonomy import AnomalyClass, Level
from tests.edge.decide.decide_scenes import START, camera, events, lasting, play, steps

FALL, TOOL = AnomalyClass.FALL, AnomalyClass.DANGEROUS_TOOL


def verdict(probability: float, event: str | None, time: float, **changes: object) -> Verdict:
    word = Verdict(
        camera="bedroom",
        event=event,
        anomaly=FALL,
        log_odds=log_odds_of(probability),
        time=START + time,
        sentence="Somebody lies there.",
        calibrated=False,
    )
    return replace(word, **changes)  # type: ignore[arg-type]


def run(words: list, doubts: list[tuple[float, float]], *, calibrated: bool) -> list[Decision]:
    """Play evidence with verdicts (time, log-odds) about whatever event is open."""
    decider, decisions = Decider(camera()), []
    told = sorted(doubts)
    for word in words:
        while told and START + told[0][0] <= word.time:
            time, log_odds = told.pop(0)
            event = next((each.id for each in decider.open_events), None)
            said = verdict(0.5, event, time, log_odds=log_odds, calibrated=calibrated)
            decisions += decider.verdict(said)
        decisions += decider.observe(word)
    return [*decisions, *decider.advance(START + 60)]


DOUBTS = st.lists(st.tuples(st.floats(0.0, 20.0), st.floats(-20.0, 20.0)), max_size=6)


@settings(max_examples=60)
@given(DOUBTS)
def test_uncalibrated_verdicts_alone_open_nothing(doubts: list[tuple[float, float]]) -> None:
    decider = Decider(camera())
    decider.advance(START)
    for time, log_odds in sorted(doubts):
        assert decider.verdict(verdict(0.5, None, time, log_odds=log_odds)) == []
    assert decider.advance(START + 60) == []


@settings(max_examples=40)
@given(DOUBTS, st.floats(3.0, 8.0), st.integers(2, 10))
def test_uncalibrated_verdicts_take_no_alarm_away_and_verify_nothing(
    doubts: list[tuple[float, float]], strength: float, seconds: int
) -> None:
    words = lasting(5, seconds, strength)
    alone, told = run(words, [], calibrated=False), run(words, doubts, calibrated=False)
    assert not {"verified", "dismissed"} & set(steps(told))

    def first(decisions: list[Decision], step: Step) -> float:
        times = [event.updated for event in events(decisions) if event.step is step]
        return min(times, default=float("inf"))

    for step in (Step.SUSPECTED, Step.ESCALATED):
        assert first(told, step) <= first(alone, step)


def test_calibrated_verdicts_may_do_what_the_uncalibrated_may_not() -> None:
    words = lasting(5, 10)
    denied = steps(run(words, [(9.0, -4.0)], calibrated=True))
    assert denied == ["suspected", "escalated", "dismissed"]
    affirmed = run(lasting(5, 8, 4.4), [(9.0, 4.0)], calibrated=True)
    assert steps(affirmed)[:3] == ["suspected", "verified", "escalated"]


def test_an_uncalibrated_yes_lifts_an_event_for_review_and_is_marked() -> None:
    decider = Decider(camera())
    suspected = next(events(play(decider, lasting(10, 8, 4.4))))
    assert suspected.level is Level.LOW
    assert decider.verdict(verdict(0.99, suspected.id, 18)) == []
    decisions = play(decider, lasting(18, 3, 4.4))
    last = list(events(decisions))[-1]
    assert last.confidence == pytest.approx(
        confidence_of(log_odds_of(suspected.confidence) + UNCALIBRATED_MOST), abs=0.03
    )
    assert {part.scorer for part in last.contributions} >= {UNCALIBRATED}
    assert last.description == "Somebody lies there."


def test_a_class_for_the_model_alone_is_for_review_until_it_is_calibrated() -> None:
    decider = Decider(camera())
    decider.advance(START)
    decider.verdict(verdict(0.1, None, 1, anomaly=TOOL))
    assert decider.states(START + 1)[TOOL].state is SensorState.OFF
    decisions = decider.verdict(verdict(0.999, None, 2, anomaly=TOOL))
    assert steps(decisions) == ["suspected"]
    (event,) = events(decisions)
    assert (event.level, event.review) == (Level.LOW, True)
    assert decider.states(START + 2)[TOOL].state is SensorState.OFF
    assert decider.states(START + 2)[TOOL].reason == "Somebody lies there."
    assert steps(decider.advance(START + 60)) == ["resolved"]
    calm = Decider(camera(dangerous_tool={"alarm_level": Level.LOW}))
    calm.advance(START)
    assert calm.verdict(verdict(0.999, None, 2, anomaly=TOOL)) == []


def test_a_no_without_an_event_holds_nothing_back() -> None:
    alone = run(lasting(10, 5), [], calibrated=True)
    told = run(lasting(10, 5), [(9.5, -6.0)], calibrated=True)
    assert [(event.step, event.updated) for event in events(told)] == [
        (event.step, event.updated) for event in events(alone)
    ]


def test_a_no_about_what_was_before_an_event_does_not_dismiss_it() -> None:
    decider = Decider(camera())
    play(decider, lasting(10, 5))
    assert decider.verdict(verdict(0.01, None, 15, calibrated=True)) == []
    assert len(decider.open_events) == 1


def test_before_its_sentence_a_verdict_weighs_and_alarms_but_verifies_nothing() -> None:
    decider = Decider(camera())
    suspected = next(events(play(decider, lasting(10, 8, 4.4))))
    first = verdict(0.97, suspected.id, 18, calibrated=True, final=False, sentence="")
    assert steps(decider.verdict(first)) == ["escalated"]
    decisions = decider.verdict(verdict(0.97, suspected.id, 18.5, calibrated=True))
    assert steps(decisions) == ["verified"]
    assert next(events(decisions)).description == "Somebody lies there."


def test_the_standing_of_a_class_says_what_the_gate_needs() -> None:
    decider = Decider(camera(smoke={"enabled": False}))
    assert decider.standings() == ()
    play(decider, lasting(10, 5))
    standings = {each.anomaly: each for each in decider.standings()}
    assert AnomalyClass.SMOKE not in standings
    fall = standings[FALL]
    assert fall.event is not None
    assert confidence_of(fall.log_odds) == pytest.approx(fall.event.confidence, abs=0.02)
    assert (fall.judged, standings[TOOL].judged) == (True, False)
    assert confidence_of(standings[TOOL].log_odds) == pytest.approx(0.05)
