"""What a home's ordinary life has taught a camera: values and pure functions in stream time.

A dog that barks every day reaches the evidence of a scream more often than the recordings did by
which the scream scorer was made. The weight of evidence is ln P(seen | class) / P(seen | ordinary
life); where ordinary life shows the same k times as often, the weight is ln k less. That difference
is taken off (`Shift`), within bounds:

- **Days teach, single peaks do not.** For every class and label a day leaves one number: the
  strongest evidence of that day outside of confirmed events. Only what alarmed on three different
  days counts, so that a real fall in the first days teaches nothing.
- **No more than needed.** Evidence is lowered until ordinary life no longer alarms, never by more
  than `MOST_ORDINARY` nats, and the shift ends above what ordinary life reached: a clearly stronger
  cry counts in full.
- **An alarm becomes an event for review, not silence.** Only a person's word takes an event away.
- **Never upwards**, and nothing at all for classes in which a home cannot teach (`LESSONS`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from omnicam.decide.events import FeedbackKind
from omnicam.taxonomy import ANOMALIES, AnomalyClass, ClassName, SoundLabel

DAY_S = 86_400.0

WINDOW_DAYS = 14
"""Ordinary life is what these last days showed: a new dog teaches, a dog that left is forgotten."""

LEAST_DAYS = 3
"""On so many different days an evidence must have alarmed before it is ordinary."""

EXPECTED_DAYS = 0.1
"""Share of days on which ordinary life may alarm without being more frequent than a scorer was made
for: a false alarm of a label every ten days."""

MOST_ORDINARY = 2.0
"""Nats; ordinary life alone never takes off more."""

PER_ANSWER = 1.0
MOST_TOLD = 2.0
"""Nats that each false alarm told by a person takes off and each confirmation gives back, and the
most that words take off: enough for what is near an event, too little to deafen a detector."""

MARGIN = 0.5
"""Nats below the alarm to which ordinary life is lowered, and below the lowest level what persons
called false."""

_FADE = 2.0  # nats of shift that end with each nat above the reach

WATCHED_S = 600.0
"""A day of which less was watched says nothing about its days."""

ANSWER_DAYS = 60
MOST_ANSWERS = 64


@dataclass(frozen=True, slots=True)
class Lesson:
    """What a home may teach about a class.

    Attributes:
        untaught: labels about which it may teach nothing.
        keeps_review: scorers; while one of them speaks, what would be an event stays at least one
            for review, whatever persons said before.
    """

    untaught: frozenset[str] = frozenset()
    keeps_review: frozenset[str] = frozenset()


LESSONS: Mapping[ClassName, Lesson] = MappingProxyType(
    {
        AnomalyClass.FALL: Lesson(keeps_review=frozenset({"fallen"})),
        AnomalyClass.VIOLENT_CONFLICT: Lesson(),
        AnomalyClass.SMOKE: Lesson(keeps_review=frozenset(ANOMALIES[AnomalyClass.SMOKE].scorers)),
        # Who calls for help, or a smoke alarm that sounds, is never ordinary life.
        AnomalyClass.ABNORMAL_SOUND: Lesson(
            untaught=frozenset({SoundLabel.CALL_FOR_HELP, "smoke_alarm"})
        ),
    }
)
"""Zones and lines are the user's own word, tampering is a fact about the picture: no home teaches
that they are ordinary."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Summed evidence at which the lowest level of a class and label begins, and its alarm."""

    lowest: float
    alarm: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """How much is taken off, and up to which evidence.

    Attributes:
        size: nats that ordinary life takes off, not below 0.
        reach: evidence up to which ordinary life goes; above it the shift fades out.
        floor: what was above it, ordinary life does not take below it.
        told: nats that persons' words take off, not below 0.
        told_reach: evidence up to which the false alarms went of which they spoke.
    """

    size: float = 0.0
    reach: float = 0.0
    floor: float = 0.0
    told: float = 0.0
    told_reach: float = 0.0

    def __call__(self, log_odds: float) -> float:
        """Lower evidence: rising in it, by `most` at most, to no less than half of it.

        Both lessons are about the same ordinary life, so they do not add up: the larger counts.
        """
        ordinary = _lowered(self.size, self.reach, log_odds)
        return min(
            max(ordinary, min(log_odds, self.floor)), _lowered(self.told, self.told_reach, log_odds)
        )

    @property
    def most(self) -> float:
        """Nats taken off at most."""
        return max(self.size, self.told)


def _lowered(size: float, reach: float, log_odds: float) -> float:
    """Take off a shift up to its reach, and what is left of it above."""
    left = max(0.0, size - _FADE * max(0.0, log_odds - reach))
    return min(log_odds, max(log_odds - left, log_odds / 2.0))


NO_SHIFT = Shift()


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """What a day left: `number` counts days of UTC from the Unix epoch.

    Attributes:
        number: stream time divided by a day.
        watched_s: seconds of stream.
        peaks: strongest summed evidence by `calibration.key_of`, outside of confirmed events.
    """

    number: int
    watched_s: float = 0.0
    peaks: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A person's word about an event: its class and label as `key`, its peak evidence and time."""

    event: str
    key: str
    kind: FeedbackKind
    peak: float
    time: float


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeMemory:
    """Everything that a camera has learned; small and bounded.

    Attributes:
        since: stream time at which learning began, None before.
        days: by number; the newest may still be going on.
        answers: the newest last.
    """

    since: float | None = None
    days: tuple[Day, ...] = ()
    answers: tuple[Answer, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """What is known about one class or label.

    Attributes:
        days: on how many of the watched days evidence reached the lowest level.
        alarm_days: on how many it alarmed.
        false_alarms: told by persons.
        confirmed: by persons.
        shift: what follows.
    """

    days: int = 0
    alarm_days: int = 0
    false_alarms: int = 0
    confirmed: int = 0
    shift: Shift = NO_SHIFT


def pruned(memory: HomeMemory, today: int) -> HomeMemory:
    """Forget what is too old, and days that a wrong clock put into the future."""
    return replace(
        memory,
        days=tuple(day for day in memory.days if today - WINDOW_DAYS <= day.number <= today),
        answers=tuple(
            answer for answer in memory.answers if answer.time >= (today - ANSWER_DAYS) * DAY_S
        )[-MOST_ANSWERS:],
    )


def with_day(memory: HomeMemory, day: Day) -> HomeMemory:
    """Put a day in its place, instead of the one of the same number."""
    others = [other for other in memory.days if other.number != day.number]
    return replace(memory, days=tuple(sorted([*others, day], key=lambda each: each.number)))


def with_answer(memory: HomeMemory, answer: Answer) -> HomeMemory:
    """Take a person's word; a second one about the same event replaces the first.

    What was confirmed was no ordinary life: its day no longer teaches about its class and label.
    """
    others = tuple(other for other in memory.answers if other.event != answer.event)
    days = memory.days
    if answer.kind is FeedbackKind.CONFIRMED:
        number = int(answer.time // DAY_S)
        days = tuple(
            replace(day, peaks={key: peak for key, peak in day.peaks.items() if key != answer.key})
            if day.number == number
            else day
            for day in days
        )
    return replace(memory, days=days, answers=(*others, answer)[-MOST_ANSWERS:])


def learned(
    memory: HomeMemory, today: int, bounds: Callable[[str], Bounds], learn_days: int
) -> dict[str, Learned]:
    """Give what follows from a memory on a day, by key.

    Args:
        memory: of the camera.
        today: number of the day; it does not teach before it is over.
        bounds: of a key.
        learn_days: watched days before ordinary life lowers anything.
    """
    days = [day for day in memory.days if day.number < today and day.watched_s >= WATCHED_S]
    keys = {key for day in days for key in day.peaks} | {a.key for a in memory.answers}
    return {key: _learned(key, days, memory, bounds(key), learn_days) for key in sorted(keys)}


def _learned(
    key: str, days: list[Day], memory: HomeMemory, bounds: Bounds, learn_days: int
) -> Learned:
    reached = [day.peaks.get(key, 0.0) for day in days]
    peaks = sorted((peak for peak in reached if peak > bounds.alarm), reverse=True)
    about = [answer for answer in memory.answers if answer.key == key]
    wrong = [answer.peak for answer in about if answer.kind is FeedbackKind.FALSE_ALARM]
    right = sum(answer.kind is FeedbackKind.CONFIRMED for answer in about)
    words = PER_ANSWER * (len(wrong) - right)
    shift = NO_SHIFT
    if len(days) >= learn_days and len(peaks) >= LEAST_DAYS:
        reach = peaks[LEAST_DAYS - 1]
        excess = math.log(len(peaks) / len(days) / EXPECTED_DAYS)
        needed = reach - (bounds.alarm - MARGIN)
        size = min(excess, needed, MOST_ORDINARY) + min(words, 0.0)
        if size > 0.0:
            shift = Shift(size=size, reach=reach, floor=bounds.lowest)
    if words > 0.0:
        told_reach = max(wrong)
        needed = told_reach - (bounds.lowest - MARGIN)
        told = min(words, needed, MOST_TOLD)
        if told > 0.0:
            shift = replace(shift, told=told, told_reach=told_reach)
    return Learned(
        days=sum(peak >= bounds.lowest for peak in reached),
        alarm_days=len(peaks),
        false_alarms=len(wrong),
        confirmed=right,
        shift=shift,
    )
