"""A descent: how fast and how far a body went down, measured between two postures.

Lengths are in lengths of the body as it was before, so that the distance from the camera does not
matter. Whoever bends drops the head and keeps the hips; whoever sits down or kneels keeps the head
high over the floor; whoever lies down to rest takes longer than a fall; so a fall is head, hips and
the end on the floor together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from omnicam.detect.body import Posture
from omnicam.evidence import Region

WINDOW_S = 1.4
"""A fall from standing takes 0.5 to 1 s; lying down to rest takes more than 2."""

HEAD_DROP = (0.30, 0.55)
"""Drop of the head from which a fall is possible, and clear."""

HIP_DROP = (0.06, 0.18)
"""The same for the hips: they stay where they are when someone bends."""

HEAD_OVER_FLOOR, HIPS_OVER_FLOOR = (0.60, 0.44), (0.42, 0.31)
"""Heights at the end, from no fall to clear, both needed: the head is at 0.6 on a chair or on the
knees, the hips stay at 0.4 when someone bends."""

HEAD_ON_FLOOR = (0.40, 0.33)
"""Height of the head that tells enough without the hips, which are often badly fitted in a fall
towards the camera."""


STILL_TALL = 0.25
"""Share of the head's drop. While what moves at the body still reaches higher than this under the
former head, it is the model that fell, not the body."""

WHOLE_WIDTH = 0.95
"""What moves over so much of the width is the camera or the light, and tells nothing."""

SIDE = 0.2
"""Outer share of the picture's width in which a body that vanishes has walked out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Descent:
    """One way down.

    Attributes:
        onset: stream time of the posture before.
        strength: 0 for none, 1 for clearly a fall.
        former_head_y: height of the head at its highest before, downwards, in picture heights.
        head_y: the same at the end.
    """

    onset: float
    strength: float
    former_head_y: float
    head_y: float


def deepest(postures: Sequence[tuple[float, Posture]], time: float) -> Descent | None:
    """Give the strongest descent that ends with the newest posture; None for no descent.

    Args:
        postures: with their stream times, oldest first; the last one is that of `time`.
        time: stream time now.
    """
    now = postures[-1][1]
    return strongest(postures[:-1], time, now.head_y, now.hip_y, now.lowest_y)


def strongest(
    postures: Sequence[tuple[float, Posture]],
    time: float,
    head_y: float,
    hip_y: float,
    lowest_y: float,
) -> Descent | None:
    """Give the strongest descent from one of the postures to these heights."""
    best: Descent | None = None
    highest = min((each.head_y for at, each in postures if time - at <= WINDOW_S), default=head_y)
    for index, (before, then) in enumerate(postures):
        if time - before > WINDOW_S or head_y <= then.head_y:
            continue
        # One pose alone may be badly fitted; the median of those up to it is the body's.
        lately = [each for _, each in postures[: index + 1]]
        length = max(median(each.length for each in lately), 1e-6)
        floor = max(lowest_y, median(each.lowest_y for each in lately))
        strength = (
            ramp((head_y - then.head_y) / length, *HEAD_DROP)
            * ramp((hip_y - then.hip_y) / length, *HIP_DROP)
            * _low((floor - head_y) / length, (lowest_y - hip_y) / length)
        )
        # The latest of equally deep starts is the moment at which the fall began.
        if strength > 0 and (best is None or strength >= best.strength):
            best = Descent(onset=before, strength=strength, former_head_y=highest, head_y=head_y)
    return best


def _low(head: float, hips: float) -> float:
    """Give how far a body ends on the floor, 0..1, from heights over it in body lengths."""
    both = ramp(head, *HEAD_OVER_FLOOR) * ramp(hips, *HIPS_OVER_FLOOR)
    return max(both, ramp(head, *HEAD_ON_FLOOR))


def borne_out(descent: Descent, box: Region, moving: Sequence[Region]) -> bool:
    """Whether what moves where the body is went down with it.

    A pose that is badly fitted for a moment, upside down or on somebody else, falls without the
    picture showing it. Where nothing moves at the body, it has landed.

    Args:
        descent: what the poses say.
        box: of the body now.
        moving: boxes around what moves, largest first.
    """
    right = box.x + box.width
    # The largest alone: curtains, shadows and others move too.
    body = next((r for r in moving if r.x < right and r.x + r.width > box.x), None)
    if body is None or body.width >= WHOLE_WIDTH:
        return True
    return body.y >= descent.former_head_y + STILL_TALL * (descent.head_y - descent.former_head_y)


def top_of(moving: Sequence[Region], left: float, right: float) -> float | None:
    """Give the highest point of what moves over a stretch of the width; None for nothing."""
    return min((r.y for r in moving if r.x < right and r.x + r.width > left), default=None)


def walks_out(hip_x: float, moving: Sequence[Region]) -> bool:
    """Whether a body near a side is moving across it, out of the picture."""
    return any(
        (hip_x < SIDE and each.x <= 0.0) or (hip_x > 1.0 - SIDE and each.x + each.width >= 0.999)
        for each in moving
    )


def ramp(value: float, low: float, high: float) -> float:
    """Give 0 at `low`, 1 at `high`, straight in between; `high` may lie below `low`."""
    return min(max((value - low) / (high - low), 0.0), 1.0)
