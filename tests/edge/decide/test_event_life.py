"""Tests of the steps of an event's life."""

from __future__ import annotations

import itertools

import pytest

from omnicam.decide.events import (
    ENDS,
    TRANSITIONS,
    Event,
    Step,
    TransitionError,
    event_id,
    interrupted,
    take,
)
from omnicam.taxonomy import AnomalyClass, Level


def suspected() -> Event:
    return Event(
        id="20261122T143215-bedroom-fall-1f3a",
        camera="bedroom",
        anomaly=AnomalyClass.FALL,
        label=None,
        step=Step.SUSPECTED,
        taken=(Step.SUSPECTED,),
        level=Level.HIGH,
        confidence=0.95,
        suspected=100.0,
        onset=99.0,
        updated=100.0,
    )


def test_every_order_of_steps_is_legal_or_refused() -> None:
    for order in itertools.product(Step, repeat=4):
        event, taken = suspected(), [Step.SUSPECTED]
        for step in order:
            legal = step in TRANSITIONS[event.step] and step not in taken
            if not legal:
                with pytest.raises(TransitionError, match="cannot follow"):
                    take(event, step, 101.0)
                break
            event = take(event, step, 101.0)
            taken.append(step)
            assert event.taken == tuple(taken)
            assert event.open == ENDS.isdisjoint(taken) == (event.ended is None)


def test_nothing_follows_an_end() -> None:
    assert TRANSITIONS[Step.RESOLVED] == {Step.DESCRIBED}  # the sentence about it
    assert not TRANSITIONS[Step.DISMISSED]
    assert not TRANSITIONS[Step.DESCRIBED]


def test_time_never_goes_back() -> None:
    with pytest.raises(TransitionError, match="lies before the last one"):
        take(suspected(), Step.RESOLVED, 99.9)
    assert interrupted(suspected(), 50.0).ended == 100.0


def test_review_is_for_what_neither_alarmed_nor_was_dismissed() -> None:
    assert take(suspected(), Step.RESOLVED, 101.0).review
    assert take(suspected(), Step.VERIFIED, 101.0).review
    assert not take(suspected(), Step.ESCALATED, 101.0).review
    assert not take(suspected(), Step.DISMISSED, 101.0).review


def test_id_tells_onset_camera_and_class_and_depends_on_nothing_else() -> None:
    one = event_id("bedroom", "fall", 1_795_358_335.2, 1_795_358_336.0)
    assert one == event_id("bedroom", "fall", 1_795_358_335.2, 1_795_358_336.0)
    assert one.startswith("20261122T143855-bedroom-fall-")
    assert len(one.rsplit("-", 1)[1]) == 4
    assert one != event_id("bedroom", "fall", 1_795_358_335.2, 1_795_358_399.0)
