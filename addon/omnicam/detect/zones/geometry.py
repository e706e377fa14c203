"""Points, lines and bodies in the picture: pure functions over fractions of width and height.

y points down. Sides of a line are those of somebody who walks it from its first point to its last.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from omnicam.config.model import Direction, Point
from omnicam.detect.protocol import Person

LEFT_SHOULDER, RIGHT_SHOULDER = 11, 12
LEFT_HIP, RIGHT_HIP = 23, 24
LEFT_KNEE, RIGHT_KNEE = 25, 26
LEFT_ANKLE, RIGHT_ANKLE = 27, 28

VISIBLE = 0.5
"""Visibility from which a landmark counts as seen."""

_EPSILON = 1e-12


def joint(person: Person, index: int) -> Point | None:
    """Give a landmark's place, or None where it is not seen."""
    if float(person.pose.visibility[index]) < VISIBLE:
        return None
    x, y = person.pose.landmarks[index, :2]
    return float(x), float(y)


def middle(points: Sequence[Point | None]) -> Point | None:
    """Give the middle of the points that are known, None where none is."""
    known = [point for point in points if point is not None]
    if not known:
        return None
    x, y = np.mean(np.array(known), axis=0)
    return float(x), float(y)


def feet(person: Person) -> tuple[Point, bool]:
    """Give where somebody stands, and whether the feet themselves were seen.

    Unseen feet are taken to be under the hips at the bottom of the box around the body.
    """
    ankles = middle([joint(person, LEFT_ANKLE), joint(person, RIGHT_ANKLE)])
    if ankles is not None:
        return ankles, True
    box = person.region
    hips = middle([joint(person, LEFT_HIP), joint(person, RIGHT_HIP)])
    x = hips[0] if hips is not None else box.x + box.width / 2
    return (x, box.y + box.height), False


def side(start: Point, end: Point, point: Point) -> float:
    """Signed distance of a point from an endless line: above 0 to its right, below to its left."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    length = math.hypot(dx, dy)
    if length < _EPSILON:
        return 0.0
    return (dx * (point[1] - start[1]) - dy * (point[0] - start[0])) / length


def distance(start: Point, end: Point, point: Point) -> float:
    """Distance of a point from a piece of a line."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    squared = dx * dx + dy * dy
    along = 0.0
    if squared >= _EPSILON:
        along = ((point[0] - start[0]) * dx + (point[1] - start[1]) * dy) / squared
    along = min(max(along, 0.0), 1.0)
    return math.hypot(point[0] - start[0] - along * dx, point[1] - start[1] - along * dy)


def distance_to_line(points: Sequence[Point], point: Point) -> float:
    """Distance of a point from a polyline."""
    return min(distance(start, end, point) for start, end in pairwise(points))


def crossing(points: Sequence[Point], before: Point, after: Point) -> Direction | None:
    """Which way the step from `before` to `after` crosses a polyline; None if it does not.

    A step that crosses it there and back again (over a corner) does not count. A point on the line
    belongs to its right side, so that a path that stops on the line is counted once.
    """
    balance = sum(_crosses(start, end, before, after) for start, end in pairwise(points))
    if balance == 0:
        return None
    return Direction.LEFT_TO_RIGHT if balance > 0 else Direction.RIGHT_TO_LEFT


def _crosses(start: Point, end: Point, before: Point, after: Point) -> int:
    from_right = side(start, end, before) >= 0.0
    to_right = side(start, end, after) >= 0.0
    if from_right == to_right:
        return 0
    start_right = side(before, after, start) >= 0.0
    if start_right == (side(before, after, end) >= 0.0):
        return 0
    return 1 if to_right else -1


def allowed(direction: Direction, crossed: Direction) -> bool:
    """Whether a crossing counts for a line with this setting."""
    return direction is Direction.BOTH or direction is crossed


def height_above(points: Sequence[Point], point: Point) -> float | None:
    """How far a point is above a polyline, straight down to it; None beside the line's ends.

    Where the line has several heights at this place the highest counts.
    """
    heights = [y - point[1] for y in _heights(points, point[0])]
    return min(heights, default=None)


def _heights(points: Sequence[Point], x: float) -> Iterator[float]:
    for (ax, ay), (bx, by) in pairwise(points):
        if not min(ax, bx) <= x <= max(ax, bx):
            continue
        if abs(bx - ax) < _EPSILON:
            yield min(ay, by)
        else:
            yield ay + (x - ax) / (bx - ax) * (by - ay)
