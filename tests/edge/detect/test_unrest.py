"""The flow's numbers tell disorderly motion from one that moves as one, and the limits hold."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnicam.detect.protocol import Picture
from omnicam.detect.unrest import Unrest, UnrestMeter
from omnicam.detect.unruly import Unruly
from tests.edge.detect.scorer_scenes import Camera

type View = npt.NDArray[np.float32]
FIGHT = Unrest(area=0.3, speed=1.5, disorder=0.06, change=0.9, inside=0.3)


def shot(camera: Camera, view: View) -> tuple[Picture, float]:
    """One picture of nobody and its time."""
    observation = camera.shoot(view)
    assert observation.picture is not None
    return observation.picture, observation.time


def textures() -> list[View]:
    """Two smooth textures, 40 pixels square."""
    rng = np.random.default_rng(5)
    coarse = rng.uniform(30, 220, (2, 10, 10))
    return [np.kron(each, np.ones((4, 4))).astype(np.float32) for each in coarse]


def measured(steps: list[tuple[int, int]]) -> Unrest:
    """Two bodies side by side, the second moving as `steps` says, the first always to the right."""
    camera, meter, got = Camera(), UnrestMeter(), []
    left, right = textures()
    x, y = 60, 50
    for number, (dx, dy) in enumerate(steps):
        view = np.full((120, 160), 90, np.float32)
        view[50:90, 20 + 2 * number : 60 + 2 * number] = left
        x, y = x + dx, y + dy
        view[y : y + 40, x : x + 40] = right
        got.append(meter.measure(*shot(camera, view)))
    assert got[0] is None
    return next(each for each in reversed(got) if each is not None)


def test_bodies_that_move_apart_are_more_disorderly_than_one_body() -> None:
    together = measured([(2, 0)] * 5)
    against = measured([(2, 0), (2, 0), (2, 0), (2, 0), (-2, 3)])
    assert against.disorder > 2 * together.disorder
    assert against.change > 2 * together.change
    assert together.area > 0.05


def test_nothing_that_moves_is_calm() -> None:
    camera, meter = Camera(), UnrestMeter()
    view = np.full((120, 160), 90, np.float32)
    assert [meter.measure(*shot(camera, view)) for _ in range(3)] == [None, Unrest(), Unrest()]


def strength(unrest: Unrest, pictures: int = 9) -> float:
    """Of the same numbers in every picture, six a second."""
    unruly = Unruly()
    for number in range(pictures):
        unruly.add(number / 6, unrest)
    return unruly.strength((pictures - 1) / 6)


def test_a_second_of_a_brawl_is_clear_and_less_is_nothing() -> None:
    assert strength(FIGHT) == 1.0
    assert strength(FIGHT, pictures=4) == 0.0


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(replace(FIGHT, inside=0.95), id="one person alone"),
        pytest.param(replace(FIGHT, speed=5.0), id="a fall, or a hand before the camera"),
        pytest.param(replace(FIGHT, change=1.8), id="flicker"),
        pytest.param(replace(FIGHT, disorder=0.01), id="a walk"),
        pytest.param(replace(FIGHT, area=0.03), id="far away"),
    ],
)
def test_look_alikes_are_nothing(other: Unrest) -> None:
    assert strength(other) == 0.0


def test_a_lone_person_whose_pose_is_lost_stays_alone() -> None:
    unruly = Unruly()
    unruly.add(0.0, replace(FIGHT, inside=1.0))
    for number in range(1, 12):
        unruly.add(number / 6, replace(FIGHT, inside=0.0))
    assert unruly.strength(11 / 6) == 0.0


def test_a_pause_in_the_motion_is_no_brawl() -> None:
    unruly = Unruly()
    for number in range(9):
        unruly.add(number / 6, Unrest() if number == 6 else FIGHT)
    assert unruly.strength(8 / 6) == 0.0


@given(
    st.builds(
        Unrest,
        area=st.floats(0, 1),
        speed=st.floats(0, 40),
        disorder=st.floats(0, 1),
        change=st.floats(0, 9),
        inside=st.floats(0, 1),
    )
)
def test_strength_is_a_share_and_grows_with_disorder(unrest: Unrest) -> None:
    more = replace(unrest, disorder=min(1.0, unrest.disorder + 0.01))
    assert 0.0 <= strength(unrest) <= strength(more) <= 1.0
