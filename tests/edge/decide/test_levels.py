"""Tests of the gate between confidences and events."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from omnicam.decide.levels import STEP_S, Gate, Turn
from omnicam.taxonomy import AnomalyClass, Level
from tests.edge.decide.decide_scenes import class_settings

SETTINGS = class_settings(AnomalyClass.FALL, release_s=1.0, refractory_s=5.0)


def run(gate: Gate, confidences: list[float], begin: int = 0) -> list[Turn]:
    """Take steps, and open and close the gate as a watch does."""
    turns = []
    level = Level.LOW
    for index, confidence in enumerate(confidences, begin):
        turn = gate.step(index * STEP_S, confidence)
        if turn is Turn.ENTER:
            level = gate.thresholds.level(gate.held) or Level.LOW
            gate.begin()
        elif turn is Turn.LEAVE:
            gate.end(index * STEP_S, level)
        turns.append(turn)
    return turns


def test_one_odd_step_opens_nothing() -> None:
    assert set(run(Gate(SETTINGS), [0.1, 0.99, 0.1, 0.1, 0.99, 0.1, 0.1])) == {Turn.NONE}


def test_two_of_three_steps_open() -> None:
    assert run(Gate(SETTINGS), [0.1, 0.8, 0.1, 0.8])[-1] is Turn.ENTER


def test_very_first_step_alone_opens_nothing() -> None:
    assert run(Gate(SETTINGS), [0.99]) == [Turn.NONE]


def test_between_leaving_and_entering_an_event_goes_on() -> None:
    turns = run(Gate(SETTINGS), [0.8, 0.8, *[0.66] * 40])
    assert Turn.LEAVE not in turns


def test_ends_after_release_time_below_and_not_before() -> None:
    turns = run(Gate(SETTINGS), [0.8, 0.8, *[0.6] * 10])
    assert turns.index(Turn.LEAVE) == 2 + round(SETTINGS.release_s / STEP_S)


def test_one_step_back_up_starts_the_release_anew() -> None:
    turns = run(Gate(SETTINGS), [0.8, 0.8, 0.6, 0.6, 0.6, 0.6, 0.7, 0.6, 0.6, 0.6, 0.6])
    assert Turn.LEAVE not in turns


def test_rests_after_the_end() -> None:
    gate = Gate(SETTINGS)
    run(gate, [0.8, 0.8, *[0.6] * 5])
    assert not gate.open
    assert Turn.ENTER not in run(gate, [0.8] * 16, begin=7)
    assert Turn.ENTER in run(gate, [0.8] * 16, begin=23)


def test_worse_matter_ends_the_rest() -> None:
    gate = Gate(SETTINGS)
    run(gate, [0.8, 0.8, *[0.6] * 5])
    assert run(gate, [0.95, 0.95], begin=7)[-1] is Turn.ENTER


def test_high_event_rests_whatever_comes() -> None:
    gate = Gate(SETTINGS)
    run(gate, [0.95, 0.95, *[0.6] * 5])
    assert Turn.ENTER not in run(gate, [0.99] * 10, begin=7)


def test_mute_ends_once_the_evidence_has_gone() -> None:
    gate = Gate(SETTINGS)
    run(gate, [0.95, 0.95])
    gate.end(0.25, Level.HIGH, mute_s=100.0)
    assert Turn.ENTER not in run(gate, [0.95] * 80, begin=2)
    run(gate, [0.1] * 6, begin=82)
    assert Turn.ENTER not in run(gate, [0.95] * 10, begin=88)
    assert Turn.ENTER in run(gate, [0.95] * 30, begin=98)


def test_mute_ends_by_itself() -> None:
    gate = Gate(SETTINGS)
    run(gate, [0.95, 0.95])
    gate.end(0.25, Level.HIGH, mute_s=100.0)
    assert Turn.ENTER not in run(gate, [0.95] * 398, begin=2)
    assert Turn.ENTER in run(gate, [0.95] * 4, begin=400)


@given(st.lists(st.floats(0, 1), max_size=200))
def test_entering_and_leaving_alternate(confidences: list[float]) -> None:
    turns = [turn for turn in run(Gate(SETTINGS), confidences) if turn is not Turn.NONE]
    assert turns == [Turn.ENTER, Turn.LEAVE] * (len(turns) // 2) + [Turn.ENTER] * (len(turns) % 2)


@given(st.lists(st.floats(0, 1), max_size=60))
def test_idle_gate_does_nothing_at_low_confidence(confidences: list[float]) -> None:
    gate = Gate(SETTINGS)
    run(gate, confidences)
    if gate.idle(len(confidences) * STEP_S):
        assert set(run(gate, [0.05] * 20, begin=len(confidences))) == {Turn.NONE}
