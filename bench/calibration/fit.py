"""Fitting a Platt map, and trying it on recordings of groups that it has not seen.

The model, with `prior` the class's and x its evidence:

    logit P(right | x) = logit(prior) + slope * x + offset + logit(share) - logit(base)

`share` is the share of right recordings in the set, `base` the one for which confidences shall hold
(King and Zeng 2001, prior correction); unless another is asked for they are the same. Only
recordings in which something was said (x >= `SPOKE`) are fitted: P(right | x) does not depend on
how many silent recordings stand beside, while a straight line through hundreds of them would bend
to fit where nothing is decided.

Two Gaussian priors pull towards the identity, so that few recordings move little (maximum a
posteriori). Then the offset is raised where the map would take more than `LOST_SHARE` of the right
alarms or events away: a class must not fall silent because a set had hard ordinary recordings.
Isotonic regression was not chosen: it needs hundreds of right recordings of a label, and its
plateaus would make different evidence equal.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from calibration.samples import Sample
from omnicam.decide.calibration import (
    IDENTITY,
    LEAST_OFFSET,
    LEAST_SLOPE,
    MOST_OFFSET,
    MOST_SLOPE,
    Platt,
)
from omnicam.decide.fusion import log_odds_of
from omnicam.taxonomy import Thresholds

SPOKE = 1.0
"""Log-odds from which a recording takes part in the fit; levels begin near 4."""

SLOPE_SPREAD = 0.3
OFFSET_SPREAD = 0.75
"""Standard deviations of the priors: of ln(slope) about 0, and of the offset about 0."""

LEAST_RIGHT = 8
LEAST_GROUPS = 4
"""Right recordings that spoke, and groups of them, below which a target keeps the identity."""

LOST_SHARE = 0.05
"""Of the right alarms, and of the right events, that a map may take away."""

FOLDS = 5

_HAIR = 1e-3  # log-odds: rounding must not put what reaches a level below it

type Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Fitted:
    """A target's map and how it would have done on groups it had not seen.

    Attributes:
        platt: from all recordings.
        unseen: for each sample what a map said of it that was fitted without its group's fold, as
            calibrated evidence.
        reason: why the map is the identity; empty where it is not for a reason.
    """

    platt: Platt
    unseen: tuple[float, ...]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Aim:
    """For what a map is fitted.

    Attributes:
        prior: the class's confidence while nothing has been seen.
        thresholds: the class's.
        base: share of right recordings for which confidences shall hold; None for the set's own.
    """

    prior: float
    thresholds: Thresholds
    base: float | None = None


def share_of(samples: Sequence[Sample]) -> float:
    """Give the share of right recordings, kept off 0 and 1."""
    return (sum(sample.right for sample in samples) + 0.5) / (len(samples) + 1.0)


def fit(samples: Sequence[Sample], aim: Aim) -> Platt:
    """Fit a map; its numbers stay in the table's range."""
    spoke = [sample for sample in samples if sample.evidence >= SPOKE]
    if not spoke:
        return IDENTITY
    right = [sample.evidence for sample in spoke if sample.right]
    # One wrong recording more than seen, where the right ones lie: no set shows the last false one.
    unseen = [float(np.median(right))] if right else []
    x = np.array([*(sample.evidence for sample in spoke), *unseen])
    y = np.array([*(float(sample.right) for sample in spoke), *(0.0 for _ in unseen)])
    known = log_odds_of(aim.prior)
    if aim.base is not None:
        known += log_odds_of(share_of(samples)) - log_odds_of(aim.base)
    at = np.zeros(2)  # ln(slope), offset
    cost = _cost(at, x, y, known)
    for _ in range(200):
        step = _newton(at, x, y, known)
        shrink = 1.0
        while (tried := _cost(at - shrink * step, x, y, known)) > cost and shrink > 1e-6:
            shrink /= 2.0
        moved = float(np.abs(shrink * step).max())
        if tried > cost or moved < 1e-10:
            break
        at, cost = at - shrink * step, tried
    slope = round(min(max(math.exp(at[0]), LEAST_SLOPE), MOST_SLOPE), 4)
    offset = max(float(at[1]), _least_offset(slope, samples, aim))
    return Platt(slope, round(min(max(offset, LEAST_OFFSET), MOST_OFFSET), 4))


def _least_offset(slope: float, samples: Sequence[Sample], aim: Aim) -> float:
    """Give the offset below which too many right alarms or events would be lost."""
    least = LEAST_OFFSET
    for threshold in (aim.thresholds.low, aim.thresholds.high):
        needed = log_odds_of(threshold) - log_odds_of(aim.prior) + _HAIR
        reached = sorted(
            sample.evidence for sample in samples if sample.right and sample.evidence >= needed
        )
        if reached:
            weakest = reached[math.floor(LOST_SHARE * len(reached))]
            least = max(least, needed - slope * weakest)
    return least


def cross_validated(samples: Sequence[Sample], aim: Aim) -> Fitted:
    """Fit a map and try it; identity where there is too little to fit."""
    spoke = [sample for sample in samples if sample.right and sample.evidence >= SPOKE]
    groups = {sample.group for sample in spoke}
    plain = tuple(sample.evidence for sample in samples)
    if len(spoke) < LEAST_RIGHT or len(groups) < LEAST_GROUPS:
        reason = (
            f"{len(spoke)} right recordings of {len(groups)} groups spoke; "
            f"{LEAST_RIGHT} of {LEAST_GROUPS} groups are needed"
        )
        return Fitted(IDENTITY, plain, reason)
    folds = folds_of(samples)
    maps = {
        fold: fit([sample for sample in samples if folds[sample.group] != fold], aim)
        for fold in sorted(set(folds.values()))
    }
    unseen = tuple(maps[folds[sample.group]](sample.evidence) for sample in samples)
    return Fitted(fit(samples, aim), unseen)


def folds_of(samples: Sequence[Sample]) -> dict[str, int]:
    """Deal the groups out to folds: those with something right first, for every fold."""
    right = {sample.group for sample in samples if sample.right}
    groups = sorted(
        {sample.group for sample in samples}, key=lambda each: (each not in right, each)
    )
    return {group: number % FOLDS for number, group in enumerate(groups)}


def _probability(at: Numbers, x: Numbers, known: float) -> Numbers:
    log_odds = np.clip(known + math.exp(at[0]) * x + at[1], -30.0, 30.0)
    return np.asarray(1.0 / (1.0 + np.exp(-log_odds)))


def _cost(at: Numbers, x: Numbers, y: Numbers, known: float) -> float:
    if not -5.0 < at[0] < 5.0:
        return math.inf
    p = np.clip(_probability(at, x, known), 1e-12, 1.0 - 1e-12)
    likelihood = float((y * np.log(p) + (1.0 - y) * np.log(1.0 - p)).sum())
    slope, offset = float(at[0]) / SLOPE_SPREAD, float(at[1]) / OFFSET_SPREAD
    return -likelihood + (slope**2 + offset**2) / 2.0


def _newton(at: Numbers, x: Numbers, y: Numbers, known: float) -> Numbers:
    """Give the step of a Fisher-scoring iteration, whose matrix is always positive definite."""
    p = _probability(at, x, known)
    by = np.stack([math.exp(at[0]) * x, np.ones_like(x)])
    spread = np.array([SLOPE_SPREAD, OFFSET_SPREAD]) ** 2
    gradient = by @ (p - y) + at / spread
    information = (by * (p * (1.0 - p))) @ by.T + np.diag(1.0 / spread)
    return np.asarray(np.linalg.solve(information, gradient))
