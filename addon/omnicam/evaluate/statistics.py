"""Intervals of shares and rates, exact for small counts; nothing beyond the standard library."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple


class Interval(NamedTuple):
    """From `low` to `high`, both included."""

    low: float
    high: float


def clopper_pearson(hits: int, trials: int, level: float = 0.95) -> Interval:
    """Give the exact two-sided confidence interval of a share.

    Method: Clopper and Pearson, Biometrika 26 (1934); the bounds are where each tail of the
    binomial distribution holds (1 - level) / 2. Without a trial it is 0 to 1.
    """
    if not 0 <= hits <= trials:
        raise ValueError(f"{hits} hits of {trials} trials")
    tail = (1.0 - level) / 2.0
    low = 0.0 if hits == 0 else _root(lambda p: _at_least(hits, trials, p) - tail)
    high = 1.0 if hits == trials else _root(lambda p: tail - _at_most(hits, trials, p))
    return Interval(low, high)


def poisson_upper(events: int, level: float = 0.95) -> float:
    """Give the exact one-sided upper confidence bound of a Poisson mean.

    Method: Garwood, Biometrika 28 (1936): the mean at which so few events have the chance
    1 - level. For no event it is 3.0, the rule of three.
    """
    if events < 0:
        raise ValueError(f"{events} events")
    tail = 1.0 - level
    highest = events + 10.0 * math.sqrt(events + 1.0) + 10.0
    return highest * _root(lambda part: tail - _poisson_at_most(events, highest * part))


def percentile(values: Sequence[float], share: float) -> float | None:
    """Give the value below which a share 0..1 lies, by linear interpolation; None without any."""
    if not values:
        return None
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def _root(rising: Callable[[float], float]) -> float:
    """Find where a rising function crosses 0 within 0..1, to the last bit that matters."""
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2.0
        if rising(middle) < 0.0:
            low = middle
        else:
            high = middle
    return (low + high) / 2.0


def _at_most(hits: int, trials: int, share: float) -> float:
    return math.fsum(_binomial(k, trials, share) for k in range(hits + 1))


def _at_least(hits: int, trials: int, share: float) -> float:
    return math.fsum(_binomial(k, trials, share) for k in range(hits, trials + 1))


def _binomial(hits: int, trials: int, share: float) -> float:
    if share in (0.0, 1.0):
        return float(hits == (trials if share else 0))
    choices = math.lgamma(trials + 1) - math.lgamma(hits + 1) - math.lgamma(trials - hits + 1)
    return math.exp(choices + hits * math.log(share) + (trials - hits) * math.log1p(-share))


def _poisson_at_most(events: int, mean: float) -> float:
    if mean == 0.0:
        return 1.0
    return math.fsum(
        math.exp(k * math.log(mean) - mean - math.lgamma(k + 1)) for k in range(events + 1)
    )
