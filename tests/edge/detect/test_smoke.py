"""Smoke that spreads is found; shadows, people, light and blinking lamps are not smoke."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from omnicam.detect.smoke import SmokeScorer
from tests.edge.detect.scorer_scenes import Camera, Judge, context, play, recordings, room

GREY = room(3)
ROOM = np.stack([GREY, GREY * 0.8, GREY * 0.6], axis=2)
HEIGHT, WIDTH = GREY.shape


def smoke(step: int, seed: int = 4) -> np.ndarray:
    """Density 0..1 of a plume that grows upwards from the lower left, and drifts."""
    rng = np.random.default_rng(seed)
    puffs = cv2.GaussianBlur(rng.uniform(0, 1, (HEIGHT, WIDTH)).astype(np.float32), (0, 0), 14)
    puffs = (puffs - puffs.min()) / (puffs.max() - puffs.min())
    turning = np.roll(puffs, (-step * 2, step), axis=(0, 1))
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    reach = 15 + 1.2 * step
    inside = np.clip(1.3 - np.hypot((x - 90) / (0.6 * reach), (y - 170) / reach), 0, 1)
    density: np.ndarray = np.clip(0.35 + 0.9 * turning, 0, 1) * inside
    return density


def veiled(step: int, colour: tuple[float, float, float] = (175, 175, 180)) -> np.ndarray:
    """The room behind smoke of this colour."""
    density = smoke(step)[:, :, None]
    view: np.ndarray = ROOM * (1 - density) + np.array(colour, np.float32) * density
    return view


def watched() -> tuple[Camera, Judge]:
    """A camera that has seen its room for ten seconds."""
    camera, judge = Camera(), Judge(SmokeScorer(context()))
    judge.see(camera.shoot(ROOM) for _ in range(60))
    assert not judge.said
    return camera, judge


def test_spreading_smoke_alarms_within_fifteen_seconds() -> None:
    camera, judge = watched()
    start = camera.time
    judge.see(camera.shoot(veiled(step)) for step in range(120))
    assert judge.alarm_after(start) <= 15.0
    assert "veils" in judge.said[-1].why or "spreads" in judge.said[-1].why
    region = judge.said[-1].region
    assert region is not None
    assert region.x <= 90 / WIDTH <= region.x + region.width


def shadow(step: int) -> np.ndarray:
    """The shadow of a door that opens, and stays."""
    view = ROOM.copy()
    view[:, : min(160, 4 * step)] *= 0.7
    return view


def passing(step: int) -> np.ndarray:
    """Somebody in grey who walks to and fro."""
    view = ROOM.copy()
    x = int(140 + 120 * np.sin(step / 9))
    view[50:170, x : x + 40] = 120
    return view


def clouds(step: int) -> np.ndarray:
    """Daylight that comes and goes."""
    view: np.ndarray = ROOM * (0.85 + 0.15 * np.cos(step / 20))
    return view


def coloured(step: int) -> np.ndarray:
    """A red curtain in the wind."""
    return veiled(step, (200, 60, 60))


def blinking(step: int) -> np.ndarray:
    """A warm lamp that blinks."""
    view = ROOM.copy()
    if step % 12 < 6:
        view[20:60, 200:240] = (255, 200, 120)
    return view


@pytest.mark.parametrize("scene", [shadow, passing, clouds, coloured, blinking])
def test_look_alikes_do_not_alarm(scene: Callable[[int], np.ndarray]) -> None:
    camera, judge = watched()
    assert max(judge.see(camera.shoot(scene(step)) for step in range(180))) < 0.75


def test_it_ends_when_the_air_is_clear() -> None:
    camera, judge = watched()
    judge.see(camera.shoot(veiled(step)) for step in range(100))
    judge.see(camera.shoot(ROOM) for _ in range(90))
    assert judge.confidence(camera.time) < 0.2


def test_real_covered_corridor_is_no_smoke() -> None:
    judge = Judge(SmokeScorer(context()))
    judge.see(play(recordings() / "tamper" / "night_corridor_covered.mp4"))
    assert max(confidence for _, confidence in judge.course) < 0.75


@pytest.mark.parametrize("name", ["intel_bottle-detection", "intel_car-detection"])
def test_real_bottles_and_cars_are_no_smoke(name: str) -> None:
    judge = Judge(SmokeScorer(context()))
    judge.see(play(recordings() / "people_walk" / f"{name}.mp4"))
    assert max(confidence for _, confidence in judge.course) < 0.75
