"""One class on one camera: its evidence, its gate and the event that is open."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from omnicam.config.model import ClassSettings
from omnicam.decide.events import Event, FeedbackKind, Step, Verdict, event_id, take
from omnicam.decide.fusion import (
    MODEL,
    UNCALIBRATED,
    Contribution,
    Fusion,
    confidence_of,
    log_odds_of,
)
from omnicam.decide.levels import Gate, Turn
from omnicam.decide.states import ClassState, SensorState
from omnicam.decide.support import SUPPORT, supported_by
from omnicam.decide.verdicts import Said, read_verdict
from omnicam.decide.weighing import Weighing
from omnicam.evidence import Evidence, Region
from omnicam.taxonomy import ClassName, Level

VERDICT_KNOWN_S = 60.0
"""For so long after a verdict is a class known that nothing but the model can judge."""

VERDICT_MUTE_S = 30.0
"""After a model's dismissal the same evidence asks again only then: the model may be wrong, and
somebody on the floor must not be silenced for good."""

FEEDBACK_MUTE_S = 300.0
"""After a person's dismissal the same evidence asks again only then."""

_NEWS = 0.01  # a rise of the confidence from which the reason is written anew

type Heard = Callable[[ClassName, str], float]
"""Gives the log-odds of a label of another class at this step."""


_CALLS: Mapping[FeedbackKind, tuple[Step, ...]] = MappingProxyType(
    {
        FeedbackKind.NEEDS_HELP: (Step.VERIFIED, Step.ESCALATED),
        # Silence verifies nothing: the room may be empty.
        FeedbackKind.UNANSWERED: (Step.ESCALATED,),
    }
)
"""The steps that a call for help takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Where one class stands at one step, also where nothing comes of it.

    Attributes:
        time: stream time of the step.
        anomaly: the class.
        log_odds: of its confidence, by label: prior, calibrated evidence and support. The class's
            own confidence is that of the largest.
        said: what the scorers summed up to, by label, before any correction.
    """

    time: float
    anomaly: ClassName
    log_odds: Mapping[str | None, float]
    said: Mapping[str | None, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How near a class is to an event: what a gate before the model looks at.

    Attributes:
        anomaly: the class.
        log_odds: of its confidence now.
        event: its open event.
        region: where the strongest scorer saw it, if anywhere.
        judged: whether a scorer can judge it on this camera.
    """

    anomaly: ClassName
    log_odds: float
    judged: bool
    event: Event | None
    region: Region | None


class VerdictError(ValueError):
    """A verdict cannot be used; the message names the field and the value."""


class ClassWatch:
    """Decides one class; knows nothing of the others but what `Heard` tells."""

    __slots__ = ("_camera", "_judged", "_known_until", "_prior", "_weighing", "anomaly", "event",
                 "fusion", "gate", "settings")  # fmt: skip

    def __init__(
        self,
        camera: str,
        anomaly: ClassName,
        settings: ClassSettings,
        *,
        judged: bool,
        weighing: Weighing,
    ) -> None:
        self.anomaly = anomaly
        self.settings = settings
        self.fusion = Fusion(settings.window_s)
        self.gate = Gate(settings)
        self.event: Event | None = None
        self._camera = camera
        self._judged = judged
        self._weighing = weighing
        self._prior = log_odds_of(settings.prior)
        self._known_until = -math.inf

    def fresh(self) -> ClassWatch:
        """Give a watch of the same class and settings that has seen nothing."""
        return ClassWatch(
            self._camera,
            self.anomaly,
            self.settings,
            judged=self._judged,
            weighing=self._weighing,
        )

    def idle(self, time: float) -> bool:
        """Whether further steps without evidence would change nothing."""
        return self.fusion.empty and self.gate.idle(time)

    def step(self, time: float, heard: Heard) -> Iterator[Event]:
        """Take one step of the grid and give the steps of the event's life that follow from it."""
        total, label, support = self._weigh(time, heard)
        turn = self.gate.step(time, confidence_of(self._prior + total))
        if turn is Turn.LEAVE:
            yield self._end(Step.RESOLVED, time)
        elif turn is Turn.ENTER:
            yield self._begin(time, self.gate.held, label, support)
        elif self.event is not None:
            self._raise(time, self.gate.held, label, support)
        yield from self._escalate(time)
        self._weighing.learn(self.fusion, self.event, time)
        self.fusion.prune(time)

    def read(self, time: float, heard: Heard) -> Reading:
        """Say where the class stands, without taking a step."""
        scale = self._weighing.scale(self.fusion, time)
        surest, _ = self.fusion.weigh(time, scale)
        added = self._prior + self._weigh(time, heard)[0] - surest
        said = self.fusion.said(time) or {None: 0.0}
        weights = self.fusion.weights(time, scale)
        return Reading(
            time=time,
            anomaly=self.anomaly,
            log_odds={label: added + weights[label] for label in said},
            said=said,
        )

    def standing(self, time: float, heard: Heard) -> Standing:
        """Say how near the class is to an event."""
        total, label, _ = self._weigh(time, heard) if not self.fusion.empty else (0.0, None, ())
        region = self.fusion.explain(label, time).region
        if region is None and self.event is not None:
            region = self.event.region
        return Standing(
            anomaly=self.anomaly,
            log_odds=self._prior + total,
            judged=self._judged,
            event=self.event,
            region=region,
        )

    def judge(self, verdict: Verdict, time: float, heard: Heard) -> Iterator[Event]:
        """Take a model's verdict; `verdicts` says what it may do.

        An affirmed event keeps standing when a later look sees nothing more: it ends as the
        evidence ends.
        """
        if not math.isfinite(verdict.log_odds):
            msg = f"verdict on {verdict.anomaly}: log_odds = {verdict.log_odds!r} must be finite"
            raise VerdictError(msg)
        current = self.event
        if verdict.event is not None and (current is None or current.id != verdict.event):
            return  # about an event that has ended meanwhile
        said = read_verdict(verdict, self.settings, self._prior)
        if said.weight is not None:
            self._hear(verdict, said.weight, time)
        if said.confidence is not None:
            yield from self._affirm(verdict, said, said.confidence, time, heard)
        elif said.dismisses and current is not None and Step.VERIFIED not in current.taken:
            # `current` is the event that was looked at: a no without an event dismisses nothing.
            self.event = replace(current, description=verdict.sentence)
            yield self._end(Step.DISMISSED, time, mute_s=VERDICT_MUTE_S)
        elif said.favours and self.event is not None and verdict.sentence:
            self.event = replace(self.event, description=verdict.sentence)

    def answer(self, kind: FeedbackKind, time: float) -> Iterator[Event]:
        """Take a person's word about the open event; acknowledging it changes nothing.

        Somebody who needs help, or does not answer, makes it an alarm, however unsure the detectors
        were.
        """
        if self.event is None:
            return
        if kind in {FeedbackKind.FALSE_ALARM, FeedbackKind.DISMISSED}:
            yield self._end(Step.DISMISSED, time, mute_s=FEEDBACK_MUTE_S)
        elif kind is FeedbackKind.CONFIRMED and Step.VERIFIED not in self.event.taken:
            self.event = take(self.event, Step.VERIFIED, time)
            yield self.event
        elif kind in _CALLS:
            self.event = replace(self.event, level=Level.HIGH)
            for step in _CALLS[kind]:
                if step not in self.event.taken:
                    self.event = take(self.event, step, time)
                    yield self.event

    def retune(self, settings: ClassSettings, time: float) -> Iterator[Event]:
        """Go on with other settings; an open event stays, unless the class is no longer watched.

        What was seen is kept: a fall must not be forgotten because somebody moves a slider. Of the
        settings, those of the gate and the window stay as they were made.
        """
        if not settings.enabled:
            yield from self.finish(time)
            self.fusion = Fusion(self.settings.window_s)
            self._known_until = -math.inf
        self.settings = settings
        self._prior = log_odds_of(settings.prior)

    def finish(self, time: float) -> Iterator[Event]:
        """End the open event because watching ends."""
        if self.event is not None:
            yield self._end(Step.RESOLVED, time)

    def state(self, time: float) -> ClassState:
        """Give what the sensor shows at a stream time."""
        known = self.settings.enabled and (self._judged or time < self._known_until)
        event = self.event
        if event is None:
            return ClassState(anomaly=self.anomaly, state=SensorState.OFF if known else None)
        alarmed = event.level.rank >= self.settings.alarm_level.rank
        return ClassState(
            anomaly=self.anomaly,
            state=SensorState.ON if alarmed else SensorState.OFF,
            level=event.level,
            confidence=round(event.confidence, 2),
            event=event.id,
            since=event.suspected,
            reason=event.description or event.reason,
            label=event.label,
        )

    def _weigh(
        self, time: float, heard: Heard
    ) -> tuple[float, str | None, tuple[Contribution, ...]]:
        """Give the log-odds without the prior, their label, and what no scorer of it said."""
        own, label = self.fusion.weigh(time, self._weighing.scale(self.fusion, time))
        support = tuple(
            Contribution(scorer=source.anomaly, label=source.label, log_odds=round(weight, 3))
            for source in SUPPORT.get(self.anomaly, ())
            if (weight := supported_by(own, heard(source.anomaly, source.label), source.weight))
        )
        total = own + math.fsum(part.log_odds for part in support)
        return total, label, (*support, *self._weighing.corrections(self.fusion, label, time))

    def _hear(self, verdict: Verdict, log_odds: float, time: float) -> None:
        question = self.settings.question
        # Known until two looks in a row were missed.
        known_s = 2.5 * question.every_s if question is not None else 0.0
        self._known_until = time + max(VERDICT_KNOWN_S, known_s)
        label = verdict.label or (self.event.label if self.event is not None else None)
        self.fusion.add(
            Evidence(
                camera=self._camera,
                anomaly=self.anomaly,
                log_odds=log_odds,
                time=time,
                # Two windows: the mean comes within 0.3 % of the verdict, which speaks for itself.
                span_s=2.0 * self.settings.window_s,
                scorer=MODEL if verdict.calibrated else UNCALIBRATED,
                why=verdict.sentence,
                label=label,
            )
        )

    def _affirm(
        self, verdict: Verdict, said: Said, probability: float, time: float, heard: Heard
    ) -> Iterator[Event]:
        total, label, support = self._weigh(time, heard)
        confidence = max(probability, confidence_of(self._prior + total))
        if self.event is None:
            if not self.gate.admits(time, self._level(confidence)):
                return
            yield self._begin(time, confidence, label, support)
        else:
            self._raise(time, confidence, label, support)
        if verdict.sentence:
            self.event = replace(self._opened(), description=verdict.sentence)
        if said.verifies and verdict.final and Step.VERIFIED not in self._opened().taken:
            self.event = take(self._opened(), Step.VERIFIED, time)
            yield self.event
        yield from self._escalate(time)

    def _opened(self) -> Event:
        if self.event is None:
            msg = f"{self._camera}: no open event of {self.anomaly}"
            raise RuntimeError(msg)
        return self.event

    def _level(self, confidence: float) -> Level:
        return self.settings.thresholds.level(confidence) or Level.LOW

    def _begin(
        self, time: float, confidence: float, label: str | None, support: tuple[Contribution, ...]
    ) -> Event:
        why = self.fusion.explain(label, time)
        onset = min(time, why.onset if why.onset is not None else time)
        level = self._level(confidence)
        self.gate.begin()
        self.event = Event(
            id=event_id(self._camera, self.anomaly, onset, time),
            camera=self._camera,
            anomaly=self.anomaly,
            label=label,
            step=Step.SUSPECTED,
            taken=(Step.SUSPECTED,),
            level=level,
            confidence=confidence,
            suspected=time,
            onset=onset,
            updated=time,
            reason=why.reason,
            region=why.region,
            review=level.rank < self.settings.alarm_level.rank,
            contributions=why.contributions + support,
        )
        return self.event

    def _raise(
        self, time: float, confidence: float, label: str | None, support: tuple[Contribution, ...]
    ) -> None:
        event = self._opened()
        if confidence <= event.confidence:
            return
        # Not below what a person's word made of it.
        level = max(self._level(confidence), event.level, key=lambda each: each.rank)
        if level is not event.level or round(confidence - event.confidence, 6) >= _NEWS:
            why = self.fusion.explain(label, time)
            event = replace(
                event,
                level=level,
                label=label,
                reason=why.reason or event.reason,
                region=why.region or event.region,
                contributions=why.contributions + support,
            )
        self.event = replace(event, confidence=confidence)

    def _escalate(self, time: float) -> Iterator[Event]:
        event = self.event
        if event is None or Step.ESCALATED in event.taken:
            return
        if event.level.rank >= self.settings.alarm_level.rank:
            self.event = take(event, Step.ESCALATED, time)
            yield self.event

    def _end(self, step: Step, time: float, *, mute_s: float = 0.0) -> Event:
        ended = take(self._opened(), step, time)
        self._weighing.ended(ended)
        self.gate.end(time, ended.level, mute_s=mute_s)
        self.event = None
        return ended
