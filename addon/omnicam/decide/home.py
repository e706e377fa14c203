"""What a home's ordinary life has taught a camera: values and pure functions in stream time.

A dog that barks every day reaches the evidence of a scream more often than the recordings did by
which the scream scorer was made. The weight of evidence is ln P(seen | class) / P(seen | ordinary
life); where ordinary life shows the same k times as often, the weight is ln k less. That difference
is taken off (`Shift`), within bounds:

- **Days teach, single peaks do not.** For every class and label a day leaves one number: the
  strongest evidence of that day outside of confirmed events. Only what three different days
  reached counts, so that a real fall in the first days teaches nothing.
- **No more than needed.** Evidence is lowered until ordinary life stays below the lowest level,
  never by more than `MOST_ORDINARY` nats, and the shift ends above what ordinary life reached: a
  clearly stronger cry counts in full.
- **Never upwards**, and nothing at all for classes in which a home cannot teach (`LESSONS`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from omnicam.decide.events import FeedbackKind
from omnicam.taxonomy import AnomalyClass, SoundLabel

DAY_S = 86_400.0

WINDOW_DAYS = 14
"""Ordinary life is what these last days showed: a new dog teaches, a dog that left is forgotten."""

LEAST_DAYS = 3
"""So many different days must reach an evidence before it is ordinary."""

EXPECTED_DAYS = 0.1
"""Share of days on which a class's evidence may come near its lowest level without being more
frequent than it was made for: a false event every ten days."""

MOST_ORDINARY = 2.0
"""Nats; ordinary life alone never takes off more."""

PER_ANSWER = 1.0
MOST_ANSWERED = 2.0
"""Nats that each false alarm told by a person adds and each confirmation takes back, and the most
that answers move either way."""

MARGIN = 0.5
"""Nats below the lowest level to which ordinary life is lowered."""

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
            for review.
    """

    untaught: frozenset[str] = frozenset()
    keeps_review: frozenset[str] = frozenset()


LESSONS: Mapping[AnomalyClass, Lesson] = MappingProxyType(
    {
        AnomalyClass.FALL: Lesson(keeps_review=frozenset({"fallen"})),
        AnomalyClass.VIOLENT_CONFLICT: Lesson(),
        AnomalyClass.SMOKE: Lesson(keeps_review=frozenset({"smoke"})),
        # Who calls for help, or a smoke alarm that sounds, is never ordinary life.
        AnomalyClass.ABNORMAL_SOUND: Lesson(
            untaught=frozenset({SoundLabel.CALL_FOR_HELP, "smoke_alarm"})
        ),
    }
)
"""Zones and lines are the user's own word, tampering is a fact about the picture: no home teaches
that they are ordinary."""


@dataclass(frozen=True, slots=True)
class Shift:
    """How much is taken off, and up to which evidence.

    Attributes:
        size: nats, not below 0.
        reach: evidence up to which ordinary life goes; above it the shift fades out.
    """

    size: float = 0.0
    reach: float = 0.0

    def __call__(self, log_odds: float) -> float:
        """Lower evidence: rising in it, by at most `size`, to no less than half of it."""
        if self.size <= 0.0 or log_odds <= 0.0:
            return log_odds
        left = self.size - max(0.0, log_odds - self.reach)
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
        days: how many of the watched days came near the lowest level.
        false_alarms: told by persons.
        confirmed: by persons.
        shift: what follows.
    """

    days: int = 0
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
    memory: HomeMemory, today: int, lowest: Callable[[str], float], learn_days: int
) -> dict[str, Learned]:
    """Give what follows from a memory on a day, by key.

    Args:
        memory: of the camera.
        today: number of the day; it does not teach before it is over.
        lowest: evidence at which the lowest level of a key begins.
        learn_days: watched days before ordinary life lowers anything.
    """
    days = [day for day in memory.days if day.number < today and day.watched_s >= WATCHED_S]
    keys = {key for day in days for key in day.peaks} | {a.key for a in memory.answers}
    return {key: _learned(key, days, memory, lowest(key), learn_days) for key in sorted(keys)}


def _learned(
    key: str, days: list[Day], memory: HomeMemory, lowest: float, learn_days: int
) -> Learned:
    near = lowest - MARGIN
    reached = [day.peaks.get(key, 0.0) for day in days]
    peaks = sorted((peak for peak in reached if peak >= near), reverse=True)
    size = reach = 0.0
    if len(days) >= learn_days and len(peaks) >= LEAST_DAYS:
        reach = peaks[LEAST_DAYS - 1]
        excess = math.log(len(peaks) / len(days) / EXPECTED_DAYS)
        size = min(max(excess, 0.0), MOST_ORDINARY)
    about = [answer for answer in memory.answers if answer.key == key]
    wrong = [answer.peak for answer in about if answer.kind is FeedbackKind.FALSE_ALARM]
    right = sum(answer.kind is FeedbackKind.CONFIRMED for answer in about)
    told = PER_ANSWER * (len(wrong) - right)
    size += min(max(told, -MOST_ANSWERED), MOST_ANSWERED)
    reach = max([reach, *wrong])
    size = min(size, reach - near)
    return Learned(
        days=len(peaks),
        false_alarms=len(wrong),
        confirmed=right,
        shift=Shift(size, reach) if size > 0.0 else NO_SHIFT,
    )
