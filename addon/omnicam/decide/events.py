"""An event and the steps of its life."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from types import MappingProxyType

from omnicam.decide.fusion import Contribution
from omnicam.evidence import Region
from omnicam.taxonomy import ClassName, Level


class Step(StrEnum):
    """A step of an event's life; the value is the name in messages and records."""

    SUSPECTED = "suspected"
    VERIFIED = "verified"
    ESCALATED = "escalated"
    RESOLVED = "resolved"
    DISMISSED = "dismissed"
    DESCRIBED = "described"


ENDS = frozenset({Step.RESOLVED, Step.DISMISSED})
"""Steps that end an event; all that may follow is the sentence about it."""

TRANSITIONS: Mapping[Step | None, frozenset[Step]] = MappingProxyType(
    {
        None: frozenset({Step.SUSPECTED}),
        Step.SUSPECTED: frozenset({Step.VERIFIED, Step.ESCALATED, *ENDS}),
        Step.VERIFIED: frozenset({Step.ESCALATED, *ENDS}),
        Step.ESCALATED: frozenset({Step.VERIFIED, *ENDS}),
        Step.RESOLVED: frozenset({Step.DESCRIBED}),
        Step.DISMISSED: frozenset(),
        Step.DESCRIBED: frozenset(),
    }
)
"""Which step may follow which; verified and escalated come in either order, each at most once."""


class TransitionError(ValueError):
    """A step that cannot follow the one before it."""


class FeedbackKind(StrEnum):
    """What a person says about an event."""

    FALSE_ALARM = "false_alarm"
    CONFIRMED = "confirmed"
    ACKNOWLEDGED = "acknowledged"
    DISMISSED = "dismissed"
    NEEDS_HELP = "needs_help"
    UNANSWERED = "unanswered"


TRUTH: Mapping[FeedbackKind, bool] = MappingProxyType(
    {
        FeedbackKind.CONFIRMED: True,
        FeedbackKind.NEEDS_HELP: True,
        FeedbackKind.FALSE_ALARM: False,
    }
)
"""Whether the event was real, by a person's word; the other words say nothing of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """A person's word about the event with this id."""

    event: str
    kind: FeedbackKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a model says after it has looked at a window.

    Attributes:
        camera: id of the camera.
        event: id of the event that was looked at; None for a look without one (an audit, or a
            class that nothing but the model can judge).
        anomaly: the class that was asked about.
        log_odds: of the model's calibrated probability, ln(p / (1 - p)).
        time: stream time of the end of the window.
        sentence: what the model saw, in plain words.
        label: kind inside the class, where the model was asked for one.
        calibrated: whether the log-odds mean what they say; see `verdicts` for what follows.
        final: False while the sentence is still to come: the verdict counts at once, but what it
            verifies waits for the verdict that follows with the sentence.
    """

    camera: str
    event: str | None
    anomaly: ClassName
    log_odds: float
    time: float
    sentence: str
    label: str | None = None
    calibrated: bool = True
    final: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One matter on one camera, as it stands after its newest step.

    Attributes:
        id: such as `20261122T143215-bedroom-fall-1f3a`: onset in UTC, camera, class, hash.
        camera: id of the camera.
        anomaly: its class.
        label: kind inside the class at the peak, if any.
        step: the newest step.
        taken: all steps so far, in order; the last one is `step`.
        level: highest level so far; it never sinks.
        confidence: highest confidence so far in 0..1.
        suspected: stream time of the first suspicion.
        onset: stream time at which the matter began, not after `suspected`.
        updated: stream time of the newest step.
        ended: stream time of the end, None while open.
        reason: why, in the words of the strongest scorer.
        description: the model's sentence; empty without a verdict.
        region: where in the picture, if anywhere.
        review: whether it is for a person to look at: it did not reach the alarm level and was not
            dismissed.
        contributions: what every scorer weighed at the peak, the strongest first.
        test: a person asked for it, to see that the alarm arrives; nothing was seen or heard, and
            nothing is learned from it.
    """

    id: str
    camera: str
    anomaly: ClassName
    label: str | None
    step: Step
    taken: tuple[Step, ...]
    level: Level
    confidence: float
    suspected: float
    onset: float
    updated: float
    ended: float | None = None
    reason: str = ""
    description: str = ""
    region: Region | None = None
    review: bool = True
    contributions: tuple[Contribution, ...] = ()
    test: bool = False

    @property
    def open(self) -> bool:
        """Whether its life goes on."""
        return self.ended is None


def event_id(camera: str, kind: str, onset: float, suspected: float) -> str:
    """Make the id of what began at `onset` and was first noticed at `suspected`.

    The id depends on nothing but the arguments, so that a recording judged twice gives the same
    ids. `suspected` tells a second event of the same onset (after a dismissal) from the first.
    """
    began = datetime.fromtimestamp(onset, UTC).strftime("%Y%m%dT%H%M%S")
    text = f"{camera}\n{kind}\n{onset:.3f}\n{suspected:.3f}"
    return f"{began}-{camera}-{kind}-{hashlib.sha256(text.encode()).hexdigest()[:4]}"


def take(event: Event, step: Step, time: float) -> Event:
    """Give the event after its next step.

    Raises:
        TransitionError: the step cannot follow, was taken already, or lies before the last one.
    """
    if step not in TRANSITIONS[event.step] or step in event.taken:
        msg = f"event {event.id}: step {step} cannot follow {' > '.join(event.taken)}"
        raise TransitionError(msg)
    if time < event.updated:
        msg = f"event {event.id}: step {step} at {time} lies before the last one at {event.updated}"
        raise TransitionError(msg)
    return replace(
        event,
        step=step,
        taken=(*event.taken, step),
        updated=time,
        ended=time if step in ENDS else event.ended,
        review=event.review and step not in {Step.ESCALATED, Step.DISMISSED},
    )


def described(event: Event, sentence: str) -> Event:
    """Give an ended event with the sentence about all of it.

    Raises:
        TransitionError: it has not ended by itself, or has its sentence.
    """
    return replace(take(event, Step.DESCRIBED, event.updated), description=sentence)


def interrupted(event: Event, time: float) -> Event:
    """Resolve an event whose watching stopped (power cut, restart): nobody saw its end."""
    return take(event, Step.RESOLVED, max(time, event.updated))
