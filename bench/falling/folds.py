"""Counting limits on films that had no say in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from falling.choose import Judge, choose
from falling.clips import FALL_SETS, Clip
from falling.replay import Limits, Result
from omnicam.detect.fall_limits import FallLimits


@dataclass(frozen=True, slots=True)
class Fold:
    """Films that are left out together, and what came of them.

    Attributes:
        name: the group or the set of falls that is left out.
        limits: chosen on all others.
        results: of the films that were left out, by these limits.
    """

    name: str
    limits: FallLimits
    results: Mapping[Clip, Result]


def by_group(clip: Clip) -> str:
    """Name what stands apart where persons and rooms are to be new."""
    return clip.group


def by_set(clip: Clip) -> str:
    """Name what stands apart where whole collections are to be new."""
    return clip.folder if clip.folder in FALL_SETS else clip.group


def cross_validated(
    judge: Judge, clips: Sequence[Clip], apart: Callable[[Clip], str], seed: int
) -> Iterator[Fold]:
    """Leave each group of falls out once, with its share of the groups that hold none.

    Args:
        judge: judges films.
        clips: all of them.
        apart: names what must not stand on both sides.
        seed: of the search.
    """
    for name, left_out in dealt(clips, apart).items():
        limits = choose(judge, [clip for clip in clips if clip not in left_out], seed)
        yield Fold(name, limits, judge.of(sorted(left_out), Limits(seen=limits)))


def dealt(clips: Sequence[Clip], apart: Callable[[Clip], str]) -> Mapping[str, frozenset[Clip]]:
    """Make a fold of every group that holds a fall, and deal the others out to them."""
    groups: dict[str, set[Clip]] = {}
    for clip in clips:
        groups.setdefault(apart(clip), set()).add(clip)
    folds = {name: own for name, own in sorted(groups.items()) if any(clip.falls for clip in own)}
    names = list(folds)
    for number, name in enumerate(sorted(groups.keys() - folds.keys())):
        folds[names[number % len(names)]] |= groups[name]
    return {name: frozenset(own) for name, own in folds.items()}
