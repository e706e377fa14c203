"""How well a score tells two groups of clips apart, with exact intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from omnicam.evaluate.statistics import clopper_pearson


@dataclass(frozen=True, slots=True, kw_only=True)
class Operating:
    """What a threshold does that lets a share of the other clips through.

    Attributes:
        allowed: share of the other clips that may pass.
        threshold: a clip passes with a score above it.
        found: clips of the kind that pass.
        clips: clips of the kind.
        false: other clips that pass.
        others: other clips.
        low, high: 95 % interval of the recall (Clopper and Pearson 1934).
    """

    allowed: float
    threshold: float
    found: int
    clips: int
    false: int
    others: int
    low: float
    high: float

    @property
    def recall(self) -> float:
        """Share of the clips of the kind that pass."""
        return self.found / self.clips


def operating(kind: Sequence[float], others: Sequence[float], allowed: float) -> Operating:
    """Set the lowest threshold at which no more than `allowed` of the other clips pass.

    Raises:
        ValueError: a group is empty, or `allowed` is not in 0..1.
    """
    if not kind or not others or not 0.0 <= allowed < 1.0:
        msg = f"{len(kind)} and {len(others)} clips at {allowed}: need some of both, and 0 to 1"
        raise ValueError(msg)
    threshold = sorted(others, reverse=True)[math.floor(allowed * len(others))]
    found = sum(score > threshold for score in kind)
    low, high = clopper_pearson(found, len(kind))
    return Operating(
        allowed=allowed,
        threshold=threshold,
        found=found,
        clips=len(kind),
        false=sum(score > threshold for score in others),
        others=len(others),
        low=low,
        high=high,
    )


def area_under_curve(kind: Sequence[float], others: Sequence[float]) -> float:
    """Give the chance that a clip of the kind scores higher than another one; ties are half."""
    ranked = np.sort(np.asarray(others))
    below = np.searchsorted(ranked, kind, side="left")
    up_to = np.searchsorted(ranked, kind, side="right")
    return float(np.mean(below + up_to)) / (2 * len(ranked))
