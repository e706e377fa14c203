"""What each class's sensor shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from omnicam.taxonomy import ClassName, Level


class SensorState(StrEnum):
    """State of a class's sensor; unknown is None."""

    ON = "ON"
    OFF = "OFF"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassState:
    """The state of one class on one camera; two equal ones need no second message.

    Attributes:
        anomaly: the class.
        state: ON from the alarm level up, OFF below it, None where nothing can judge the class.
        level: level of the open event, None without one.
        confidence: peak of the open event, rounded to 0.01 so that noise is no change.
        event: id of the open event.
        since: stream time of its first suspicion.
        reason: why, in plain words.
        label: kind inside the class.
        test: whether that event is a test that a person asked for.
    """

    anomaly: ClassName
    state: SensorState | None
    level: Level | None = None
    confidence: float | None = None
    event: str | None = None
    since: float | None = None
    reason: str | None = None
    label: str | None = None
    test: bool = False


def changed(
    before: Mapping[ClassName, ClassState], after: Mapping[ClassName, ClassState]
) -> tuple[ClassState, ...]:
    """Give the states of `after` that differ from `before`; all of them where `before` is empty."""
    return tuple(state for anomaly, state in after.items() if before.get(anomaly) != state)
