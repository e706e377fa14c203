"""What counts as going down, in lengths of the body."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnicam.detect.body import Posture
from omnicam.detect.descent import Descent, borne_out, deepest, walks_out
from omnicam.evidence import Region

UPRIGHT = Posture(
    trunk_degrees=2.0,
    tilt_degrees=5.0,
    head_y=0.40,
    hip_x=0.5,
    hip_y=0.62,
    lowest_y=0.85,
    trunk=0.15,
    extent=0.48,
)
DOWN = replace(UPRIGHT, head_y=0.80, hip_y=0.80, lowest_y=0.88)


def went(end: Posture, seconds: float = 0.7, start: Posture = UPRIGHT) -> float:
    before = [(i / 6.0, start) for i in range(6)]
    last = before[-1][0]
    descent = deepest([*before, (last + seconds, end)], last + seconds)
    return 0.0 if descent is None else descent.strength


def test_a_fall_from_standing_is_clear():
    assert went(DOWN) == pytest.approx(1.0)


@pytest.mark.parametrize(
    "end",
    [
        replace(UPRIGHT, head_y=0.55, hip_y=0.74),
        replace(UPRIGHT, head_y=0.66, hip_y=0.66),
        replace(UPRIGHT, head_y=0.52, hip_y=0.72),
        replace(UPRIGHT, head_y=0.42, hip_y=0.63),
    ],
    ids=["sits_down", "bends", "kneels", "stands"],
)
def test_what_ends_high_over_the_floor_is_none(end):
    assert went(end) < 0.1


def test_what_takes_longer_than_a_fall_is_none():
    assert went(DOWN, seconds=2.0) == 0.0


@given(scale=st.floats(0.2, 1.8), shift=st.floats(-0.3, 0.3))
def test_the_distance_from_the_camera_does_not_matter(scale, shift):
    def seen(each: Posture) -> Posture:
        return replace(
            each,
            head_y=each.head_y * scale + shift,
            hip_y=each.hip_y * scale + shift,
            lowest_y=each.lowest_y * scale + shift,
            trunk=each.trunk * scale,
            extent=each.extent * scale,
        )

    half = replace(DOWN, head_y=0.66, hip_y=0.72)
    assert went(seen(half), start=seen(UPRIGHT)) == pytest.approx(went(half), abs=1e-6)


@given(first=st.floats(0.4, 0.95), second=st.floats(0.4, 0.95))
def test_a_deeper_head_is_never_less_of_a_fall(first, second):
    one, other = sorted((first, second))
    assert went(replace(DOWN, head_y=one)) <= went(replace(DOWN, head_y=other)) + 1e-9


def test_motion_must_bear_a_descent_out():
    descent = Descent(onset=0.0, strength=1.0, former_head_y=0.4, head_y=0.8)
    body = Region(x=0.4, y=0.78, width=0.3, height=0.1)

    def moved(y: float, width: float = 0.3) -> bool:
        return borne_out(descent, body, [Region(x=0.4, y=y, width=width, height=0.2)])

    assert moved(0.7)
    assert not moved(0.41)
    assert moved(0.0, width=1.0)
    assert borne_out(descent, body, [])


def test_whoever_crosses_a_side_walks_out():
    at_edge = [Region(x=0.8, y=0.2, width=0.2, height=0.7)]
    assert walks_out(0.9, at_edge)
    assert not walks_out(0.5, at_edge)
    assert not walks_out(0.9, [])
