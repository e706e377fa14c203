"""What one scorer has said about one label: a leaky mean in stream time.

    A <- A * exp(-span / tau) + log_odds * (1 - exp(-span / tau))

A silence longer than the last span lets A sink to 0 with the same tau. Since the step is made with
the span and not with the count of the words, a scorer that speaks twelve times a second has no more
say than one that speaks three times.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from dataclasses import dataclass
from operator import attrgetter

from omnicam.evidence import Evidence

MAX_LOG_ODDS = 12.0
"""One word weighs no more than this: beyond it a scorer claims more than it can know."""

MAX_SPAN_S = 60.0
"""No observation is held longer than this without being said again."""

LATE_S = 1.0
"""Evidence may come this much later than newer evidence and still takes its own place in time."""

_NEGLIGIBLE = 1e-3  # log-odds: moves no confidence by more than 0.03 %
_RUN_FLOOR = 0.1  # log-odds: a mean that sank below it belongs to an older matter


class EvidenceError(ValueError):
    """A piece of evidence cannot be used; the message names the field and the value."""


def check(evidence: Evidence) -> None:
    """Refuse numbers that would poison every later mean.

    Raises:
        EvidenceError: a number is not finite, or the span is not above 0.
    """
    who = f"evidence of scorer {evidence.scorer!r} for {evidence.anomaly}"
    for name in ("log_odds", "time", "span_s"):
        value: float = getattr(evidence, name)
        if not math.isfinite(value):
            msg = f"{who}: {name} = {value!r} must be a finite number"
            raise EvidenceError(msg)
    if evidence.span_s <= 0.0:
        msg = f"{who}: span_s = {evidence.span_s!r} must be above 0 (one frame's period at least)"
        raise EvidenceError(msg)
    if evidence.onset is not None and not math.isfinite(evidence.onset):
        msg = f"{who}: onset = {evidence.onset!r} must be a finite number, or None if unknown"
        raise EvidenceError(msg)


@dataclass(slots=True)
class _Point:
    """A mean just after one word; `said` is the last word in favour, `onset` when the run began."""

    time: float
    evidence: Evidence
    span_s: float
    mean: float
    said: Evidence | None
    onset: float


_TIME = attrgetter("time")


class Track:
    """The leaky mean of one scorer about one label."""

    __slots__ = ("_points", "_tau")

    def __init__(self, tau: float) -> None:
        self._tau = tau
        self._points: list[_Point] = []

    def add(self, evidence: Evidence) -> None:
        """Take a word in its own place in time, also when newer ones were taken before.

        Of several words of one moment (two people in one picture) the strongest is the scorer's
        word, so that their order does not matter.
        """
        points = self._points
        index = len(points)
        if points and evidence.time <= points[-1].time:
            index = bisect_left(points, evidence.time, key=_TIME)
        if index < len(points) and points[index].time == evidence.time:
            if _strength(evidence) <= _strength(points[index].evidence):
                return
            points[index].evidence = evidence
        else:
            points.insert(index, _Point(evidence.time, evidence, 0.0, 0.0, None, evidence.time))
        for later in range(index, len(points)):
            self._step(points[later - 1] if later else None, points[later])
        oldest = points[-1].time - LATE_S
        while len(points) > 1 and points[1].time < oldest:
            del points[0]

    def mean(self, time: float) -> float:
        """Give the mean at a time not before the newest word."""
        return self._sunk(self._points[-1], time) if self._points else 0.0

    def forgotten(self, time: float) -> bool:
        """Whether it weighs nothing any more and no late word can come."""
        if not self._points:
            return True
        silent = time - self._points[-1].time > LATE_S
        return silent and abs(self.mean(time)) < _NEGLIGIBLE

    def said(self) -> Evidence | None:
        """Give the last word in favour, while there is one in the present run."""
        return self._points[-1].said if self._points else None

    def onset(self) -> float:
        """Give the time at which the present run of evidence in favour began."""
        return self._points[-1].onset

    def _step(self, before: _Point | None, point: _Point) -> None:
        evidence = point.evidence
        point.span_s = min(evidence.span_s, MAX_SPAN_S)
        kept = math.exp(-point.span_s / self._tau)
        word = min(max(evidence.log_odds, -MAX_LOG_ODDS), MAX_LOG_ODDS)
        old = self._sunk(before, point.time) if before is not None else 0.0
        point.mean = old * kept + word * (1.0 - kept)
        known = min(point.time, evidence.onset if evidence.onset is not None else point.time)
        running = before is not None and old > _RUN_FLOOR
        point.said = before.said if before is not None and running else None
        point.onset = before.onset if before is not None and running else known
        if word > 0.0:
            point.said, point.onset = evidence, min(point.onset, known)

    def _sunk(self, point: _Point, time: float) -> float:
        silence = time - point.time - point.span_s
        return point.mean if silence <= 0.0 else point.mean * math.exp(-silence / self._tau)


def _strength(evidence: Evidence) -> tuple[float, float, str, float]:
    """Order words totally, so that of several of one moment always the same one is taken."""
    onset = evidence.onset if evidence.onset is not None else math.inf
    return (evidence.log_odds, evidence.span_s, evidence.why, -onset)
