"""Two people who fight are found; one alone, an embrace, a dance and a walk are not a fight."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt
import pytest

from omnicam.detect.protocol import Observation, Person
from omnicam.detect.violence import ViolenceScorer
from tests.edge.detect.scorer_scenes import NOON, SQUARE, Camera, Judge, context, person

TEXTURE = np.random.default_rng(3).uniform(0, 255, (40, 40)).astype(np.float32)
ARMS = (13, 14, 15, 16)
type Moves = Callable[[int], dict[int, tuple[float, float]]]


def blows(seed: int) -> Moves:
    """Arms and head are thrown about anew in every picture, by up to 0.37 m."""
    rng = np.random.default_rng(seed)
    return lambda _: {
        joint: (float(rng.uniform(-0.22, 0.22)), float(rng.uniform(-0.22, 0.22)))
        for joint in (0, *ARMS)
    }


def swaying(step: int) -> dict[int, tuple[float, float]]:
    """A slow dance, twice a second to and fro by a tenth of the body."""
    sway = 0.05 * float(np.sin(2 * np.pi * 0.5 * step / 6))
    return dict.fromkeys((0, *ARMS), (sway, sway / 2))


def still(step: int) -> dict[int, tuple[float, float]]:
    """Pose noise of a centimetre or two."""
    rng = np.random.default_rng(step)
    return {joint: (float(rng.normal(0, 0.008)), float(rng.normal(0, 0.008))) for joint in ARMS}


def scene(
    camera: Camera, *people: tuple[float, Moves], seconds: float = 4.0
) -> Iterator[Observation]:
    """People at these places in the picture, moving so."""
    for step in range(round(seconds * 6)):
        bodies: list[Person] = [
            person(x, 0.9, track=number, now=camera.time, moves=moves(step))
            for number, (x, moves) in enumerate(people)
        ]
        yield camera.shoot(SQUARE, tuple(bodies))


def test_fight_alarms_within_two_and_a_half_seconds() -> None:
    camera, judge = Camera(), Judge(ViolenceScorer(context()))
    judge.see(scene(camera, (0.4, blows(1)), (0.55, blows(2))))
    assert judge.alarm_after(NOON) <= 2.5
    region = judge.said[-1].region
    assert region is not None
    assert region.x < 0.4 < 0.55 < region.x + region.width


@pytest.mark.parametrize(
    "people",
    [
        pytest.param(((0.4, blows(1)),), id="one alone"),
        pytest.param(((0.1, blows(1)), (0.9, blows(2))), id="two far apart"),
        pytest.param(((0.4, blows(1)), (0.55, still)), id="one gesticulates, one listens"),
        pytest.param(((0.45, still), (0.5, still)), id="embrace"),
        pytest.param(((0.4, swaying), (0.5, swaying)), id="slow dance"),
    ],
)
def test_look_alikes_are_no_fight(people: tuple[tuple[float, Moves], ...]) -> None:
    camera, judge = Camera(), Judge(ViolenceScorer(context()))
    assert max(judge.see(scene(camera, *people, seconds=6.0))) < 0.75


def test_one_blow_is_too_short() -> None:
    camera, judge = Camera(), Judge(ViolenceScorer(context()))

    def once(step: int) -> dict[int, tuple[float, float]]:
        return {15: (0.15, -0.1), 16: (0.15, -0.1)} if step == 10 else {}

    assert max(judge.see(scene(camera, (0.4, once), (0.55, once)))) < 0.92


def test_two_who_walk_side_by_side_are_no_fight() -> None:
    camera, judge = Camera(), Judge(ViolenceScorer(context()))
    for step in range(36):
        swing = 0.06 * float(np.sin(2 * np.pi * step / 6))
        moves = {15: (swing, 0.0), 16: (-swing, 0.0), 13: (swing / 2, 0.0), 14: (-swing / 2, 0.0)}
        x = 0.1 + step * 0.02
        pair = tuple(
            person(x + 0.1 * n, 0.9, track=n, now=camera.time, moves=moves) for n in range(2)
        )
        judge.see([camera.shoot(SQUARE, pair)])
    assert max(confidence for _, confidence in judge.course) < 0.75


def test_it_ends_when_they_stop() -> None:
    camera, judge = Camera(), Judge(ViolenceScorer(context()))
    judge.see(scene(camera, (0.4, blows(1)), (0.55, blows(2))))
    judge.see(scene(camera, (0.4, still), (0.55, still), seconds=6.0))
    assert judge.confidence(camera.time) < 0.2


def patches(step: int) -> npt.NDArray[np.float32]:
    """Two textured squares that jump about."""
    rng = np.random.default_rng((3, step))
    view = SQUARE.copy()
    for corner in (30, 80):
        x, y = corner + int(rng.integers(-6, 7)), 50 + int(rng.integers(-6, 7))
        view[y : y + 40, x : x + 40] = TEXTURE
    return view


def bar(step: int) -> npt.NDArray[np.float32]:
    """A bright bar that runs through the picture, as of a test pattern."""
    view = SQUARE.copy()
    x = 17 * step % (view.shape[1] - 30)
    view[:, x : x + 30] = 230
    return view


def stripes(step: int) -> npt.NDArray[np.float32]:
    """Stripes over half of the picture that run as fast as they are wide."""
    view = SQUARE.copy()
    half = view.shape[1] // 2
    view[:, :half] = 60 + 120 * (((np.arange(half) + 7 * step) // 9) % 2)
    return view


def snow(step: int) -> npt.NDArray[np.float32]:
    """Noise anew in every picture over a quarter of it, as of a broken screen."""
    view = SQUARE.copy()
    rng = np.random.default_rng((4, step))
    view[20:100, 20:100] = np.kron(rng.uniform(0, 255, (20, 20)), np.ones((4, 4)))
    return view


@pytest.mark.parametrize("pattern", [patches, bar, stripes, snow])
def test_fast_patterns_without_bodies_are_no_event(
    pattern: Callable[[int], npt.NDArray[np.float32]],
) -> None:
    camera, judge = Camera(), Judge(ViolenceScorer(context()))
    for step in range(48):
        judge.see([camera.shoot(pattern(step))])
    assert max(confidence for _, confidence in judge.course) < 0.75
