"""Choosing limits on some films by one stated rule, so that they can be counted on others.

The rule: fewest films called a fall that hold none, then most falls with an event, then most with
an alarm, then the widest margin. The search: the best of some settings drawn from the ranges, from
where one limit after the other goes to the best value of its range until none improves. What is
shipped is not among the settings from which it starts.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import batched
from random import Random
from typing import NamedTuple

from falling.clips import Clip
from falling.ranges import RANGES, drawn, moved
from falling.replay import Limits, Result
from omnicam.decide.fusion import log_odds_of
from omnicam.detect.fall_limits import FallLimits
from omnicam.taxonomy import ANOMALIES, AnomalyClass

STARTS = 30
"""Settings that are drawn; the best one is improved."""

PASSES = 2
"""Times that every limit is moved, at most."""

WIDE = 4.0
"""Log-odds beyond which a margin counts as no wider: a silent film is 4 below an event."""

_SOME = 11  # films between two looks at whether it is worth going on

_LEVELS = ANOMALIES[AnomalyClass.FALL].thresholds
_EVENT, _ALARM = log_odds_of(_LEVELS.low), log_odds_of(_LEVELS.high)


class Score(NamedTuple):
    """How good limits are on some films; the larger the better, in this order.

    Attributes:
        quiet: films without a fall that are called one, negative.
        found: falls with an event.
        alarmed: falls with an alarm.
        margin: mean distance of falls above the alarm, and of the others below an event, in
            log-odds, each at most `WIDE` to either side.
    """

    quiet: int
    found: int
    alarmed: int
    margin: float


def score(results: Mapping[Clip, Result], clips: Collection[Clip]) -> Score:
    """Sum results up.

    Args:
        results: of films.
        clips: all films; of those without a result the best is assumed.
    """
    falls = [result for clip, result in results.items() if clip.falls]
    wrong = [result for clip, result in results.items() if not clip.falls]
    all_falls = sum(clip.falls for clip in clips)
    open_falls, open_others = all_falls - len(falls), len(clips) - all_falls - len(wrong)
    above = [_clipped(result.peak - _ALARM) for result in falls] + [WIDE] * open_falls
    below = [_clipped(_EVENT - result.peak) for result in wrong] + [WIDE] * open_others
    return Score(
        quiet=-sum(result.event for result in wrong),
        found=sum(result.event for result in falls) + open_falls,
        alarmed=sum(result.alarm for result in falls) + open_falls,
        margin=round((_mean(above) + _mean(below)) / 2.0, 6),
    )


@dataclass(slots=True)
class Judge:
    """Judges films by limits, each once.

    Attributes:
        play: judges one film.
        known: what came of it.
    """

    play: Callable[[Clip, Limits], Result]
    known: dict[Limits, dict[Clip, Result]] = field(default_factory=dict)

    def of(self, clips: Collection[Clip], limits: Limits) -> dict[Clip, Result]:
        """Give the results of films."""
        known = self.known.setdefault(limits, {})
        for clip in clips:
            if clip not in known:
                known[clip] = self.play(clip, limits)
        return {clip: known[clip] for clip in clips}


def choose(judge: Judge, clips: Sequence[Clip], seed: int) -> FallLimits:
    """Choose the limits of a seen fall on these films alone."""
    random = Random(seed)
    best = drawn(random)
    at_best = score(judge.of(clips, Limits(seen=best)), clips)
    for _ in range(STARTS - 1):
        best, at_best = _better(judge, clips, drawn(random), best, at_best)
    for _ in range(PASSES):
        before, names = best, list(RANGES)
        random.shuffle(names)
        for name in names:
            for other in moved(best, name):
                best, at_best = _better(judge, clips, other, best, at_best)
        if best == before:
            break
    return best


def _better(
    judge: Judge, clips: Sequence[Clip], tried: FallLimits, best: FallLimits, at_best: Score
) -> tuple[FallLimits, Score]:
    """Give the better of two; no further films are looked at once it cannot be the tried one."""
    limits = Limits(seen=tried)
    results: dict[Clip, Result] = {}
    reached = at_best
    for some in batched(sorted(clips, key=lambda each: (not each.falls, each.kind, each)), _SOME):
        results |= judge.of(some, limits)
        reached = score(results, clips)
        if reached <= at_best:
            return best, at_best
    return tried, reached


def _clipped(margin: float) -> float:
    return min(max(margin, -WIDE), WIDE)


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values) if values else 0.0
