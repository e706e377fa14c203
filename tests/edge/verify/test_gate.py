"""When the model is asked, and about what."""

from __future__ import annotations

import math
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from omnicam.config.load import default_classes
from omnicam.config.model import CameraSettings, Secret
from omnicam.decide.events import Event, Step
from omnicam.taxonomy import AnomalyClass, Level
from omnicam.verify.gate import (
    EVENT_AGAIN_S,
    LOOK_S,
    ON_A_CALL,
    RULED,
    SUSPICION_AGAIN_S,
    UNSEEN,
    Gate,
    chance,
)
from omnicam.verify.line import Urgency
from tests.edge.verify.verify_scenes import FALL, TOOL, model, standing

SMOKE = AnomalyClass.SMOKE
QUIET = [standing(0.05, anomaly, judged=anomaly is not TOOL) for anomaly in AnomalyClass]
NEVER = model(audits_per_hour=0.0)


def camera(**changes: object) -> CameraSettings:
    classes = default_classes()
    for name, settings in changes.items():
        classes[AnomalyClass(name)] = replace(classes[AnomalyClass(name)], **settings)
    return CameraSettings(id="hall", name="Hall", url=Secret("-"), classes=classes)


def event(anomaly: AnomalyClass = FALL, number: int = 1, *taken: Step) -> Event:
    return Event(
        id=f"event-{number}",
        camera="hall",
        anomaly=anomaly,
        label=None,
        step=Step.SUSPECTED,
        taken=(Step.SUSPECTED, *taken),
        level=Level.LOW,
        confidence=0.8,
        suspected=0.0,
        onset=0.0,
        updated=0.0,
    )


def test_an_ordinary_moment_asks_nothing() -> None:
    gate = Gate(camera(), NEVER)
    assert all(gate.reached(float(time), QUIET, people=0) is None for time in range(1000))


def test_a_suspicion_asks_about_every_suspected_class_in_one_window() -> None:
    gate = Gate(camera(), NEVER)
    assert gate.reached(0.0, [standing(0.24)], people=0) is None
    ask = gate.reached(1.0, [standing(0.4), standing(0.26, SMOKE)], people=0)
    assert ask is not None
    assert ask.urgency is Urgency.SUSPICION
    assert ask.events == {FALL: None, SMOKE: None}


def test_an_open_fall_is_urgent_and_asked_again_after_waits_that_double() -> None:
    gate, times = Gate(camera(), NEVER), []
    for time in range(200):
        ask = gate.reached(float(time), [standing(0.95, event=event())], people=0)
        if ask is not None:
            assert (ask.urgency, ask.events) == (Urgency.URGENT, {FALL: "event-1"})
            times.append(time)
    assert times == [0, 10, 30, 70, 150]
    assert times[1] == EVENT_AGAIN_S


def test_a_suspicion_that_becomes_an_event_is_asked_at_once_and_a_verified_one_no_more() -> None:
    gate = Gate(camera(), NEVER)
    assert gate.reached(0.0, [standing(0.5)], people=0) is not None
    assert gate.reached(1.0, [standing(0.6)], people=0) is None
    assert gate.reached(2.0, [standing(0.9, event=event())], people=0) is not None
    done = standing(0.9, event=event(FALL, 1, Step.VERIFIED))
    assert all(gate.reached(3.0 + time, [done], people=0) is None for time in range(300))
    assert gate.reached(400.0, [standing(0.9, event=event(FALL, 2))], people=0) is not None


def test_a_suspicion_that_stays_is_asked_ever_less_and_a_new_one_at_once() -> None:
    gate = Gate(camera(), NEVER)
    times = [t for t in range(100) if gate.reached(float(t), [standing(0.5)], people=0)]
    assert times == [0, SUSPICION_AGAIN_S, 45]
    assert gate.reached(100.0, QUIET, people=0) is None
    assert gate.reached(200.0, [standing(0.5)], people=0) is not None


def test_classes_and_cameras_that_are_switched_off_are_never_asked_about() -> None:
    gate = Gate(camera(fall={"verify": False}, smoke={"enabled": False}), model(audits_per_hour=12))
    suspected = [standing(0.9, event=event()), standing(0.9, SMOKE)]
    for time in range(0, 4000, 5):
        ask = gate.reached(float(time), suspected, people=1)
        assert ask is None or not {FALL, SMOKE} & set(ask.events)


def test_a_class_for_the_model_alone_is_looked_at_while_people_are_there() -> None:
    gate = Gate(camera(), NEVER)
    asks = [gate.reached(time / 5, QUIET, people=int(time >= 300)) for time in range(600)]
    found = [ask for ask in asks if ask is not None]
    assert [ask.time for ask in found] == [60.0, 60.0 + LOOK_S, 60.0 + 2 * LOOK_S]
    assert all((ask.urgency, ask.events) == (Urgency.LOOK, {TOOL: None}) for ask in found)


def test_what_is_asked_anyway_asks_about_the_tool_too() -> None:
    ask = Gate(camera(), NEVER).reached(0.0, [standing(0.9, event=event())], people=1)
    assert ask is not None
    assert ask.events == {FALL: "event-1", TOOL: None}


def test_a_call_for_help_is_urgent_whatever_the_detectors_say() -> None:
    ask = Gate(camera(), NEVER).reached(0.0, QUIET, people=0, called=True)
    assert ask is not None
    assert ask.urgency is Urgency.URGENT
    assert set(ask.events) == set(ON_A_CALL)


def test_the_budget_holds_back_all_but_what_is_urgent() -> None:
    gate = Gate(camera(), model(audits_per_hour=0.0, windows_per_minute=2))
    asks = []
    for number in range(50):
        smoke = standing(0.9, SMOKE, event=event(SMOKE, number))
        asks.append(gate.reached(float(number), [smoke], people=0))
    assert [number for number, ask in enumerate(asks) if ask is not None] == [0, 1]
    assert gate.over_budget == 48
    assert gate.reached(51.0, [standing(0.9, event=event())], people=0) is not None
    later = standing(0.9, SMOKE, event=event(SMOKE, 99))
    assert gate.reached(112.0, [later], people=0) is not None


def audits(per_hour: float, name: str = "hall", step: float = 0.2) -> list[float]:
    settings = replace(camera(), id=name)
    gate = Gate(settings, model(audits_per_hour=per_hour))
    asks = [gate.reached(index * step, QUIET, people=0) for index in range(round(36000 / step))]
    found = [ask for ask in asks if ask is not None]
    assert all(ask.audit and set(ask.events) == set(AnomalyClass) - RULED for ask in found)
    return [ask.time for ask in found]


def test_audits_come_once_an_hour_at_a_moment_that_only_camera_and_time_decide() -> None:
    one, coarse, other = audits(1.0, step=1.0), audits(1.0, step=2.0), audits(1.0, "attic", 2.0)
    assert 9 <= len(one) <= 10
    assert all(abs(a - b) <= 2.0 for a, b in zip(one, coarse, strict=True))
    assert one != other
    assert 18 <= len(audits(2.0, step=2.0)) <= 20
    assert audits(0.0, step=5.0) == []


def test_an_audit_is_never_taken_of_what_is_suspected() -> None:
    gate = Gate(camera(), model(audits_per_hour=12))
    suspected = [standing(0.5, SMOKE)]
    asks = [gate.reached(float(time), suspected, people=0) for time in range(7200)]
    assert not [ask for ask in asks if ask is not None and ask.audit]


def test_what_a_rule_defines_is_asked_about_as_an_event_only() -> None:
    for anomaly in RULED:
        gate = Gate(camera(), NEVER)
        assert gate.reached(0.0, [standing(0.7, anomaly)], people=0) is None
        opened = standing(0.9, anomaly, event=event(anomaly))
        ask = gate.reached(1.0, [opened], people=0)
        assert ask is not None
        assert ask.events == {anomaly: "event-1"}


def test_what_pictures_cannot_show_is_never_asked_about() -> None:
    tampering = AnomalyClass.CAMERA_TAMPERING
    for label in (*UNSEEN, "covered"):
        happened = replace(event(tampering), label=label)
        asked = Gate(camera(), NEVER).reached(
            0.0, [standing(0.9, tampering, event=happened)], people=0
        )
        assert (asked is None) == (label != "covered")


def test_an_audit_asks_only_about_what_the_camera_can_show() -> None:
    gate = Gate(camera(), model(audits_per_hour=12))
    few = [standing(0.05), standing(0.05, SMOKE, judged=False), standing(0.05, TOOL, judged=False)]
    asks = [gate.reached(float(time), few, people=0) for time in range(1000)]
    assert {tuple(ask.events) for ask in asks if ask is not None} == {(FALL, TOOL)}


@given(st.text(max_size=10), st.integers(-(10**6), 10**6))
def test_chance_lies_in_0_to_1(camera_id: str, number: int) -> None:
    assert 0.0 <= chance(camera_id, number) < 1.0
    assert chance(camera_id, number) == chance(camera_id, number)


STREAM = st.lists(
    st.tuples(
        st.floats(0.0, 40.0),
        st.dictionaries(st.sampled_from([FALL, SMOKE]), st.floats(0.01, 0.99), max_size=2),
        st.sets(st.sampled_from([FALL, SMOKE])),
        st.integers(0, 2),
        st.booleans(),
    ),
    max_size=80,
)


@given(STREAM, st.integers(1, 6))
def test_unurgent_windows_never_exceed_the_budget_and_the_same_stream_asks_the_same(
    stream: list, budget: int
) -> None:
    def played() -> list:
        gate = Gate(camera(), model(windows_per_minute=budget))
        now, asks = 0.0, []
        for passed, confidences, events, people, called in stream:
            now += passed
            here = [
                standing(confidence, anomaly, event=event(anomaly) if anomaly in events else None)
                for anomaly, confidence in confidences.items()
            ]
            asks.append(gate.reached(now, here, people=people, called=called))
        return asks

    asks = played()
    assert asks == played()
    patient = [
        ask.time
        for ask in asks
        if ask is not None and ask.urgency not in {Urgency.URGENT, Urgency.AUDIT}
    ]
    for time in patient:
        assert sum(time - 60.0 < other <= time for other in patient) <= budget
    assert all(ask.events for ask in asks if ask is not None)
    assert all(math.isfinite(ask.time) for ask in asks if ask is not None)
