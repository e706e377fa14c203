"""Cameras and evidence for the tests of the decisions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from omnicam.config.model import CameraSettings, ClassSettings, Secret
from omnicam.decide.decider import Decider, Decision
from omnicam.decide.events import Event
from omnicam.evidence import Evidence
from omnicam.taxonomy import ANOMALIES, AnomalyClass, Level

START = 1_795_000_000.0  # November 2026, on the grid


def class_settings(anomaly: AnomalyClass, **changes: object) -> ClassSettings:
    """Give the settings that a configuration without a word about the class leads to."""
    row = ANOMALIES[anomaly]
    settings = ClassSettings(
        enabled=True,
        thresholds=row.thresholds,
        alarm_level=Level.HIGH,
        window_s=row.window_s,
        prior=row.prior,
        refractory_s=row.refractory_s,
        release_s=row.release_s,
    )
    return replace(settings, **changes)  # type: ignore[arg-type]


def camera(**changes: dict[str, object]) -> CameraSettings:
    """Give a camera; each argument names a class and changes its settings."""
    return CameraSettings(
        id="bedroom",
        name="Bedroom",
        url=Secret("rtsp://camera.invalid/stream"),
        classes={
            anomaly: class_settings(anomaly, **changes.get(anomaly.value, {}))
            for anomaly in AnomalyClass
        },
    )


def evidence(time: float, log_odds: float = 8.0, **changes: object) -> Evidence:
    """Give a frame's worth of evidence for a fall, at START + time."""
    word = Evidence(
        camera="bedroom",
        anomaly=AnomalyClass.FALL,
        log_odds=log_odds,
        time=START + time,
        span_s=1 / 6,
        scorer="fall",
        why="lies on the floor",
    )
    return replace(word, **changes)  # type: ignore[arg-type]


def lasting(
    begin: float, seconds: float, log_odds: float = 8.0, **changes: object
) -> list[Evidence]:
    """Give evidence six times a second."""
    return [evidence(begin + index / 6, log_odds, **changes) for index in range(round(seconds * 6))]


def play(decider: Decider, words: list[Evidence], until: float | None = None) -> list[Decision]:
    """Let a decider hear everything, then let time go on."""
    decisions = [decision for word in words for decision in decider.observe(word)]
    if until is not None:
        decisions += decider.advance(START + until)
    return decisions


def steps(decisions: list[Decision]) -> list[str]:
    """Give the names of the steps alone."""
    return [event.step.value for event in events(decisions)]


def events(decisions: list[Decision]) -> Iterator[Event]:
    """Give the events alone."""
    return (decision for decision in decisions if isinstance(decision, Event))
