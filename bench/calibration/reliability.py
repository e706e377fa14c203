"""How far confidences are right: Brier score, log loss, calibration error and bins with intervals.

All of it at a stated base rate, the class's prior: sets hold more of each class than life does, so
right and wrong recordings are weighed until right ones are that share (`at_base`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from omnicam.decide.fusion import confidence_of, log_odds_of
from omnicam.evaluate.statistics import clopper_pearson

BINS = (0.0, 0.25, 0.5, 0.75, 0.85, 0.92, 0.97, 1.0)


@dataclass(frozen=True, slots=True)
class Bin:
    """Confidences of low..high.

    Attributes:
        low, high: its bounds; a confidence of `high` belongs to the next one.
        said: mean confidence, weighed.
        right, count: recordings.
        share: right ones at the base rate, None without any recording.
        interval: of the share, 95 % Clopper-Pearson.
    """

    low: float
    high: float
    said: float | None
    right: int
    count: int
    share: float | None
    interval: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Reliability:
    """All figures of one target at one base rate."""

    brier: float
    log_loss: float
    error: float
    bins: tuple[Bin, ...]


def at_base(share: float, base: float, wanted: float) -> float:
    """Give what a share of a set with one base rate would be in one with another."""
    if share in (0.0, 1.0):
        return share
    return confidence_of(log_odds_of(share) - log_odds_of(base) + log_odds_of(wanted))


def measure(
    confidences: Sequence[float], right: Sequence[bool], share: float, wanted: float
) -> Reliability:
    """Give the figures of confidences at the base rate `wanted`.

    Args:
        confidences: in 0..1, one at least.
        right: whether the target is there.
        share: of right recordings in the set from which these were taken.
        wanted: share of right recordings for which the figures shall hold.
    """
    raw = [wanted / share if each else (1.0 - wanted) / (1.0 - share) for each in right]
    whole = math.fsum(raw)
    pairs = [
        (said, is_so, weight / whole)
        for said, is_so, weight in zip(confidences, right, raw, strict=True)
    ]
    brier = math.fsum(weight * (said - is_so) ** 2 for said, is_so, weight in pairs)
    loss = -math.fsum(
        weight * math.log(max(said if is_so else 1.0 - said, 1e-9)) for said, is_so, weight in pairs
    )
    bins, error = [], 0.0
    for low, high in pairwise(BINS):
        inside = [each for each in pairs if low <= each[0] < high or (high == 1.0 == each[0])]
        weight = math.fsum(each[2] for each in inside)
        if not inside:
            bins.append(Bin(low, high, None, 0, 0, None, (0.0, 1.0)))
            continue
        said = math.fsum(each[0] * each[2] for each in inside) / weight
        there = math.fsum(each[2] for each in inside if each[1]) / weight
        count, so = len(inside), sum(each[1] for each in inside)
        error += weight * abs(said - there)
        interval = clopper_pearson(so, count)
        bounds = (at_base(interval.low, share, wanted), at_base(interval.high, share, wanted))
        bins.append(Bin(low, high, said, so, count, there, bounds))
    return Reliability(brier, loss, error, tuple(bins))
