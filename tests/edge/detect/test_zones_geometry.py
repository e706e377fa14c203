"""Properties of polygons, line crossings, heights and hours."""

from __future__ import annotations

from datetime import time as TimeOfDay  # noqa: N812 - as in the settings
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from omnicam.config.model import Direction, Hours, Point, Zone, ZoneKind
from omnicam.detect.zones.geometry import (
    allowed,
    crossing,
    distance,
    distance_to_line,
    feet,
    height_above,
    side,
)
from tests.edge.detect.scorer_scenes import person

fractions = st.integers(0, 1000).map(lambda n: n / 1000)
points = st.tuples(fractions, fractions)
BOX = ((0.2, 0.2), (0.8, 0.2), (0.8, 0.6), (0.2, 0.6))
L_SHAPE = ((0.1, 0.1), (0.9, 0.1), (0.9, 0.5), (0.5, 0.5), (0.5, 0.9), (0.1, 0.9))


def zone(corners: tuple[Point, ...]) -> Zone:
    return Zone(name="zone", kind=ZoneKind.RESTRICTED, points=corners)


@given(points)
def test_polygon_agrees_with_the_rectangle_that_it_is(point: Point) -> None:
    x, y = point
    assume(x not in (0.2, 0.8) and y not in (0.2, 0.6))
    assert zone(BOX).contains(x, y) == (0.2 < x < 0.8 and 0.2 < y < 0.6)


@given(points)
def test_polygon_does_not_depend_on_its_order_or_first_corner(point: Point) -> None:
    x, y = point
    assume(not {x, y} & {0.1, 0.5, 0.9})
    inside = zone(L_SHAPE).contains(x, y)
    assert zone(L_SHAPE[::-1]).contains(x, y) == inside
    assert zone(L_SHAPE[2:] + L_SHAPE[:2]).contains(x, y) == inside
    assert inside == (0.1 < x < 0.9 and 0.1 < y < 0.9 and not (x > 0.5 and y > 0.5))


def test_walking_right_has_the_lower_picture_on_the_right() -> None:
    line = ((0.1, 0.5), (0.9, 0.5))
    assert side(*line, (0.5, 0.7)) == pytest.approx(0.2)
    assert crossing(line, (0.5, 0.3), (0.5, 0.7)) is Direction.LEFT_TO_RIGHT
    assert crossing(line, (0.5, 0.7), (0.5, 0.3)) is Direction.RIGHT_TO_LEFT
    assert crossing(line, (0.95, 0.3), (0.95, 0.7)) is None
    assert crossing(line, (0.5, 0.3), (0.8, 0.4)) is None


@given(st.lists(points, min_size=2, max_size=5, unique=True), points, points)
def test_going_back_crosses_the_other_way(line: list[Point], before: Point, after: Point) -> None:
    # Exactly along an edge or through a corner the sides are a matter of convention.
    assume(all(abs(side(a, b, p)) > 1e-6 for a, b in pairwise(line) for p in (before, after)))
    assume(all(abs(side(before, after, p)) > 1e-6 for p in line))
    there, back = crossing(line, before, after), crossing(line, after, before)
    turned = crossing(line[::-1], before, after)
    opposite = {
        None: None,
        Direction.LEFT_TO_RIGHT: Direction.RIGHT_TO_LEFT,
        Direction.RIGHT_TO_LEFT: Direction.LEFT_TO_RIGHT,
    }
    assert back is opposite[there]
    assert turned is opposite[there]


@given(st.lists(points, min_size=3, max_size=12))
def test_a_path_crosses_an_endless_line_as_often_as_its_ends_demand(path: list[Point]) -> None:
    line = ((-10.0, 0.5), (10.0, 0.5))
    steps = [crossing(line, a, b) for a, b in pairwise(path)]
    balance = steps.count(Direction.LEFT_TO_RIGHT) - steps.count(Direction.RIGHT_TO_LEFT)
    assert balance == (path[-1][1] >= 0.5) - (path[0][1] >= 0.5)


@given(points, points, points)
def test_distance_lies_between_the_line_and_its_ends(a: Point, b: Point, p: Point) -> None:
    near = distance(a, b, p)
    assert near >= abs(side(a, b, p)) - 1e-9
    assert near <= min(distance(a, a, p), distance(b, b, p)) + 1e-9
    assert distance_to_line((a, b, p), p) == pytest.approx(0.0)


def test_height_above_a_sloping_fence_with_a_post() -> None:
    fence = ((0.2, 0.6), (0.6, 0.4), (0.6, 0.2))
    assert height_above(fence, (0.4, 0.3)) == pytest.approx(0.2)
    assert height_above(fence, (0.4, 0.6)) == pytest.approx(-0.1)
    assert height_above(fence, (0.6, 0.3)) == pytest.approx(-0.1)
    assert height_above(fence, (0.7, 0.3)) is None


def test_feet_are_the_ankles_or_else_the_bottom_of_the_body() -> None:
    place, seen = feet(person(0.5, 0.8))
    assert seen
    assert place == pytest.approx((0.5, 0.788), abs=1e-3)
    place, seen = feet(person(0.5, 0.8, feet_visible=False))
    assert not seen
    assert place == pytest.approx((0.5, 0.8), abs=1e-3)


@pytest.mark.parametrize("setting", list(Direction))
def test_direction_setting(setting: Direction) -> None:
    for crossed in (Direction.LEFT_TO_RIGHT, Direction.RIGHT_TO_LEFT):
        assert allowed(setting, crossed) == (setting in (Direction.BOTH, crossed))


@given(st.times(), st.times(), st.times())
def test_hours_over_midnight_are_what_the_day_leaves(
    start: TimeOfDay, end: TimeOfDay, moment: TimeOfDay
) -> None:
    assume(start != end)
    assert Hours(start, end).contains(moment) != Hours(end, start).contains(moment)
    assert Hours(start, end).contains(start)
    assert not Hours(start, end).contains(end)
