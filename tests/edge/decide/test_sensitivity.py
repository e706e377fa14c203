"""A household's slider moves how soon something is suspected, and nothing that it should not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnicam.config.load import parse
from omnicam.config.model import CameraSettings
from omnicam.decide.calibration import Calibration
from omnicam.decide.decider import Decider
from omnicam.decide.events import Event, Step
from omnicam.decide.levels import HYSTERESIS
from omnicam.decide.sensitivity import AS_CONFIGURED, tuned
from omnicam.evidence import Evidence
from omnicam.taxonomy import AnomalyClass, Thresholds


def camera() -> CameraSettings:
    raw = {"node": "home", "cameras": {"hall": {"url": "rtsp://192.0.2.7/"}}}
    return parse(raw, base=Path("/")).cameras[0]


def with_prior(prior: float, low: float) -> CameraSettings:
    made = camera()
    fall = replace(
        made.classes[AnomalyClass.FALL],
        prior=prior,
        thresholds=Thresholds(low=low, medium=(low + 1) / 2, high=(low + 3) / 4),
    )
    return replace(made, classes={**made.classes, AnomalyClass.FALL: fall})


def seen(time: float, log_odds: float) -> Evidence:
    return Evidence(
        camera="hall",
        anomaly=AnomalyClass.FALL,
        log_odds=log_odds,
        time=time,
        span_s=0.25,
        scorer="fall",
        why="lies",
    )


def steps_at(sensitivity: int, log_odds: float) -> list[Step]:
    decider = Decider(tuned(camera(), sensitivity), calibration=Calibration(rows={}))
    decisions = []
    for tick in range(24):
        decisions += decider.observe(seen(1000.0 + tick / 4, log_odds))
        decisions += decider.advance(1000.0 + tick / 4)
    return [event.step for event in decisions if isinstance(event, Event)]


def test_in_the_middle_everything_is_as_configured() -> None:
    assert tuned(camera(), AS_CONFIGURED) == camera()


def test_what_is_barely_missed_is_found_when_more_sensitive_and_the_other_way_round() -> None:
    missed, found = 3.5, 5.0
    assert steps_at(50, missed) == []
    assert steps_at(100, missed)[:1] == [Step.SUSPECTED]
    assert steps_at(50, found)[:1] == [Step.SUSPECTED]
    assert steps_at(0, found) == []


@given(
    sensitivity=st.integers(0, 100),
    prior=st.floats(0.0, 0.99),
    low=st.floats(0.01, 0.97),
)
def test_no_slider_raises_or_holds_an_alarm_by_itself(
    sensitivity: int, prior: float, low: float
) -> None:
    configured = with_prior(prior, low)
    moved = tuned(configured, sensitivity).classes[AnomalyClass.FALL]
    assert moved.prior <= max(prior + 1e-8, low - HYSTERESIS)
    assert moved.thresholds == configured.classes[AnomalyClass.FALL].thresholds
    if sensitivity < AS_CONFIGURED:
        assert moved.prior <= prior + 1e-8


@given(prior=st.floats(0.01, 0.3), pair=st.tuples(st.integers(0, 100), st.integers(0, 100)))
def test_more_is_never_less(prior: float, pair: tuple[int, int]) -> None:
    less, more = sorted(pair)
    configured = with_prior(prior, 0.75)
    priors = [tuned(configured, each).classes[AnomalyClass.FALL].prior for each in (less, more)]
    assert priors[0] <= priors[1]


@pytest.mark.parametrize("sensitivity", [-1, 101])
def test_what_is_off_the_scale_is_refused(sensitivity: int) -> None:
    with pytest.raises(ValueError, match="between 0 and 100"):
        tuned(camera(), sensitivity)


def test_an_open_event_outlives_the_slider_and_ends_with_the_detection() -> None:
    decider = Decider(tuned(camera(), 50), calibration=Calibration(rows={}))
    for tick in range(8):
        decider.observe(seen(1000.0 + tick / 4, 8.0))
        decider.advance(1000.0 + tick / 4)
    (fall,) = decider.open_events
    assert decider.retune(tuned(camera(), 10)) == []
    assert decider.open_events == (fall,)
    (ended,) = decider.retune(tuned(camera(), 50, detection=False))
    assert isinstance(ended, Event)
    assert (ended.id, ended.step) == (fall.id, Step.RESOLVED)
    assert decider.observe(seen(1002.0, 8.0)) == []
    assert decider.advance(1004.0) == []
    states = decider.states(decider.now)
    assert {state.state for state in states.values()} == {None}
    with pytest.raises(ValueError, match="this decider is for"):
        decider.retune(replace(camera(), id="attic"))
