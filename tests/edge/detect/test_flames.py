"""Flames are found in real fires; warm things that move, blink or hang still are not flames."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
import pytest

from omnicam.config.model import Zone, ZoneKind
from omnicam.detect.flames import FlamesScorer
from tests.edge.detect.scorer_scenes import NOON, Camera, Judge, context, play, recordings, room

GREY = room(3)
ROOM = np.stack([GREY, GREY * 0.8, GREY * 0.6], axis=2)
ORANGE = (235, 130, 30)


def fire(step: int) -> np.ndarray:
    """A fire of about 2 % of the picture, its tongues drawn anew for each picture."""
    rng = np.random.default_rng(step)
    tongues = cv2.GaussianBlur(rng.uniform(-1, 1, (60, 60)).astype(np.float32), (0, 0), 3)
    tongues = tongues / np.abs(tongues).max()
    view = ROOM.copy()
    burning = np.hypot(*np.mgrid[-30:30, -30:30]) < 24 + 10 * tongues
    red, green = 225 + 30 * tongues, 130 + 80 * tongues
    colours = np.stack([red, green, np.full_like(red, 40)], axis=2)
    view[80:140, 120:180][burning] = colours[burning]
    return view


def sweater(step: int) -> np.ndarray:
    """Somebody in orange who swings to and fro."""
    view = ROOM.copy()
    x = int(140 + 12 * np.sin(step / 1.5))
    view[60:160, x : x + 50] = ORANGE
    return view


def blinking(step: int) -> np.ndarray:
    """A warm lamp that blinks once a second."""
    view = ROOM.copy()
    if step % 6 < 3:
        view[20:60, 200:240] = (255, 170, 60)
    return view


def picture(step: int) -> np.ndarray:
    """A photograph of a fire on the wall."""
    return fire(0)


def shaken(step: int) -> np.ndarray:
    """A camera in the wind looks at orange leaves."""
    rng = np.random.default_rng(step)
    leaves = ROOM.copy()
    leaves[::8, ::3] = ORANGE
    moved: np.ndarray = np.roll(leaves, tuple(rng.integers(-4, 5, 2)), axis=(0, 1))
    return moved


def watched(judge: Judge) -> Camera:
    """A camera that has seen its room for five seconds."""
    camera = Camera()
    judge.see(camera.shoot(ROOM) for _ in range(30))
    assert not judge.said
    return camera


def test_fire_alarms_within_five_seconds() -> None:
    judge = Judge(FlamesScorer(context()))
    camera = watched(judge)
    start = camera.time
    judge.see(camera.shoot(fire(step)) for step in range(36))
    assert judge.alarm_after(start) <= 5.0
    region = judge.said[-1].region
    assert region is not None
    assert region.x <= 0.47 <= region.x + region.width
    assert region.y <= 0.61 <= region.y + region.height


def test_fire_in_an_ignored_zone_is_a_hearth() -> None:
    hearth = Zone(
        name="hearth",
        kind=ZoneKind.IGNORED,
        points=((0.3, 0.35), (0.65, 0.35), (0.65, 0.85), (0.3, 0.85)),
    )
    judge = Judge(FlamesScorer(context([hearth])))
    camera = watched(judge)
    assert max(judge.see(camera.shoot(fire(step)) for step in range(60))) < 0.1


@pytest.mark.parametrize("scene", [sweater, blinking, picture, shaken])
def test_warm_things_are_not_flames(scene: Callable[[int], np.ndarray]) -> None:
    judge = Judge(FlamesScorer(context()))
    camera = watched(judge)
    assert max(judge.see(camera.shoot(scene(step)) for step in range(120))) < 0.75


def test_a_gap_in_the_stream_starts_over() -> None:
    judge = Judge(FlamesScorer(context()))
    camera = watched(judge)
    for step in range(60):
        if step % 12 == 0:
            camera.time += 5.0
        judge.see([camera.shoot(fire(step))])
    assert not judge.said


@pytest.mark.parametrize(
    ("name", "seconds"),
    [
        ("field_smoke_distant", 8.0),
        ("indoor_flashover_plus_field", 12.0),  # lit at 4.8 s
        ("roadside_fire_smoke", 6.0),
        ("vehicle_fire_smoke", 6.0),
    ],
)
def test_real_fires_alarm(name: str, seconds: float) -> None:
    judge = Judge(FlamesScorer(context()))
    path = recordings() / "fire_video" / f"{name}.mp4"
    judge.see(observation for observation in play(path) if observation.time < NOON + seconds)
    assert max(confidence for _, confidence in judge.course) > 0.92


@pytest.mark.parametrize("sign", ["again", "book", "hungry", "learn"])
def test_real_gestures_in_orange_are_not_flames(sign: str) -> None:
    judge = Judge(FlamesScorer(context()))
    path = recordings() / "people_gesture_neg" / f"{sign}.mkv"
    # Played three times over: the recordings last two seconds.
    shown = list(play(path))
    length = shown[-1].time - shown[0].time + 1 / 6
    for round_ in range(3):
        judge.see(replace(one, time=one.time + round_ * length) for one in shown)
    assert max(confidence for _, confidence in judge.course) < 0.75
