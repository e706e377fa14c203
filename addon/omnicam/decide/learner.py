"""One camera's learning from its home's ordinary life, while the stream goes on."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from omnicam.config.model import CameraSettings
from omnicam.decide.calibration import Calibration, key_of
from omnicam.decide.events import TRUTH, Event, FeedbackKind, Step
from omnicam.decide.fusion import log_odds_of
from omnicam.decide.home import (
    DAY_S,
    LESSONS,
    NO_SHIFT,
    WATCHED_S,
    Answer,
    Bounds,
    Day,
    HomeMemory,
    Learned,
    Shift,
    learned,
    pruned,
    with_answer,
    with_day,
)
from omnicam.taxonomy import ClassName, Level, class_named, scorers_of

NOTICED = 2.0
"""Log-odds; a matter begins when the evidence rises above it and ends when it sinks below."""

_STEPS = 3

_PAUSE_S = 60.0  # time that jumps further was not watched

_HAIR = 1e-9  # log-odds: rounding must not put what reaches a level below it


@dataclass(slots=True)
class _Matter:
    """What one class said since it last was quiet; a confirmed matter is no ordinary life.

    As for events, evidence counts once two of three steps reached it.
    """

    peaks: dict[str, float] = field(default_factory=dict)
    recent: dict[str, deque[float]] = field(default_factory=dict)
    confirmed: bool = False

    def step(self, sums: Mapping[str, float]) -> None:
        """Take the summed evidence of one step, by key."""
        for key in sums:
            self.recent.setdefault(key, deque(maxlen=_STEPS))
        for key, steps in self.recent.items():
            steps.append(sums.get(key, 0.0))
            held = sorted(steps)[-2] if len(steps) > 1 else 0.0
            if held >= NOTICED:
                self.peaks[key] = max(held, self.peaks.get(key, 0.0))


class Home:
    """Learns what is ordinary on one camera and says how much weight that takes off.

    Pure in stream time: the same stream and answers on the same memory give the same shifts. What
    a day taught counts from the next day on, so that a restart in between changes nothing.
    """

    def __init__(
        self,
        camera: CameraSettings,
        calibration: Calibration,
        memory: HomeMemory | None = None,
        *,
        learn_days: int = 3,
    ) -> None:
        """Make a learner that goes on from a memory.

        Args:
            camera: its settings: the shift depends on where the lowest level begins.
            calibration: by which its evidence is calibrated.
            memory: what was learned before, None for nothing.
            learn_days: watched days before ordinary life lowers anything.
        """
        self._camera = camera
        self._calibration = calibration
        self._memory = memory or HomeMemory()
        self._learn_days = learn_days
        self._matters: dict[ClassName, _Matter] = {}
        self._today: Day | None = None
        self._last = -math.inf
        self._learned: dict[str, Learned] = {}
        self.changes = 0

    @property
    def memory(self) -> HomeMemory:
        """What is worth keeping; `changes` counts when it changed."""
        return self._memory if self._today is None else with_day(self._memory, self._today)

    @property
    def learned(self) -> Mapping[str, Learned]:
        """What is known, by `key_of`; empty before the first stream time."""
        return self._learned

    @property
    def days_watched(self) -> int:
        """How many days before today taught."""
        today = self._today.number if self._today is not None else math.inf
        return sum(day.number < today and day.watched_s >= WATCHED_S for day in self._memory.days)

    def bounds(self, anomaly: ClassName, label: str | None) -> Bounds:
        """Give the summed evidence from which there is an event, and from which it alarms."""
        settings = self._camera.classes[anomaly]
        before = self._calibration.row(anomaly, label).inverse
        prior = log_odds_of(settings.prior)
        limits = settings.thresholds
        alarm = {Level.LOW: limits.low, Level.MEDIUM: limits.medium, Level.HIGH: limits.high}
        return Bounds(
            lowest=before(log_odds_of(limits.low) - prior) + _HAIR,
            alarm=before(log_odds_of(alarm[settings.alarm_level]) - prior),
        )

    def shift(self, anomaly: ClassName, label: str | None) -> Shift:
        """Give what is taken off the evidence of a class and label."""
        known = self._learned.get(key_of(anomaly, label))
        return known.shift if known is not None else NO_SHIFT

    def watch(self, time: float) -> None:
        """Let stream time go on; a new day of UTC ends the one before."""
        number = int(time // DAY_S)
        if self._today is None or self._today.number != number:
            self._begin(number, time)
        elif 0.0 < time - self._last <= _PAUSE_S:
            before = self._today.watched_s
            after = before + time - self._last
            self._today = replace(self._today, watched_s=after)
            self.changes += before < WATCHED_S <= after
        self._last = time

    def note(
        self, anomaly: ClassName, sums: Mapping[str | None, float], event: Event | None
    ) -> None:
        """Take what a class's scorers say at a step, by label, and its open event."""
        lesson = LESSONS.get(anomaly)
        if lesson is None:
            return
        matter = self._matters.setdefault(anomaly, _Matter())
        taught = {
            key_of(anomaly, label): log_odds
            for label, log_odds in sums.items()
            if label not in lesson.untaught
        }
        matter.step(taught)
        if event is not None:
            matter.confirmed = matter.confirmed or Step.VERIFIED in event.taken
        elif all(log_odds < NOTICED for log_odds in taught.values()):
            self._close(anomaly)

    def ended(self, event: Event) -> None:
        """Take the end of an event: a confirmed one taught nothing."""
        matter = self._matters.get(event.anomaly)
        if matter is not None and Step.VERIFIED in event.taken:
            matter.confirmed = True

    def settle(self) -> None:
        """Close what is going on: watching ends or begins anew."""
        for anomaly in tuple(self._matters):
            self._close(anomaly)

    def answer(self, event: Event, kind: FeedbackKind) -> None:
        """Take a person's word about an event, open or ended; the same word twice changes nothing.

        Words that say nothing of right or wrong (`TRUTH`) teach nothing.
        """
        lesson = LESSONS.get(event.anomaly)
        if lesson is None or event.label in lesson.untaught:
            return
        if kind not in TRUTH:
            return
        told = Answer(
            event=event.id,
            key=key_of(event.anomaly, event.label),
            kind=FeedbackKind.CONFIRMED if TRUTH[kind] else FeedbackKind.FALSE_ALARM,
            peak=said_for(event),
            time=event.suspected,
        )
        if any((a.event, a.kind) == (told.event, told.kind) for a in self._memory.answers):
            return
        self._memory = with_answer(self.memory, told)
        if self._today is not None:
            self._take_today(self._today.number)
        self._learn()

    def retune(self, camera: CameraSettings) -> None:
        """Take other settings of the same camera: where its levels lie in evidence has moved."""
        self._camera = camera
        self._learn()

    def reset(self) -> None:
        """Forget everything and begin anew."""
        today, self._today = self._today, None
        self._memory, self._matters, self._learned = HomeMemory(), {}, {}
        self.changes += 1
        if today is not None:
            self._begin(today.number, self._last)

    def _begin(self, number: int, time: float) -> None:
        if self._today is not None:
            for matter in self._matters.values():
                self._keep(matter)
                matter.peaks.clear()
            self._memory = self.memory
        since = self._memory.since
        self._memory = replace(pruned(self._memory, number), since=time if since is None else since)
        self._take_today(number)
        self._learn()

    def _take_today(self, number: int) -> None:
        self._today = next(
            (day for day in self._memory.days if day.number == number), Day(number=number)
        )

    def _learn(self) -> None:
        self.changes += 1
        if self._today is not None:
            self._learned = learned(
                self._memory, self._today.number, self._bounds_of, self._learn_days
            )

    def _bounds_of(self, key: str) -> Bounds:
        anomaly, _, label = key.partition("/")
        return self.bounds(class_named(anomaly), label or None)

    def _close(self, anomaly: ClassName) -> None:
        self._keep(self._matters.pop(anomaly))

    def _keep(self, matter: _Matter) -> None:
        if matter.confirmed or self._today is None:
            return
        peaks = dict(self._today.peaks)
        for key, peak in matter.peaks.items():
            peaks[key] = max(round(peak, 3), peaks.get(key, 0.0))
        if peaks != self._today.peaks:
            self._today = replace(self._today, peaks=peaks)
            self.changes += 1


def said_for(event: Event) -> float:
    """Give what a class's own scorers had summed up to at the peak of an event."""
    own = scorers_of(event.anomaly)
    return math.fsum(part.log_odds for part in event.contributions if part.scorer in own)
