"""Drawn rooms with people of a few limbs in them; NumPy only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inference_server.compress.windows.situations import Situation

# A body: limbs from joint to joint, upright, in heights of the body above the feet.
_JOINTS = np.array(
    [
        [0.0, 0.93],  # head
        [0.0, 0.82],  # neck
        [0.0, 0.50],  # hip
        [-0.18, 0.55],  # hands
        [0.18, 0.55],
        [-0.10, 0.0],  # feet
        [0.10, 0.0],
    ]
)
_LIMBS = ((1, 2), (1, 3), (1, 4), (2, 5), (2, 6))

# A motion: time 0..1 to (shift to the right and up, in heights; lean in radians; height).
Motion = Callable[[float], tuple[float, float, float, float]]
MOTIONS: Mapping[str, Motion] = MappingProxyType(
    {
        "stand": lambda time: (0.0, 0.0, 0.03 * np.sin(6 * time), 1.0),
        "walk": lambda time: (0.9 * time - 0.4, 0.02 * abs(np.sin(9 * time)), 0.05, 1.0),
        "fall": lambda time: (0.3 * time, 0.0, min(1.5, 2.2 * time), 1.0),
        "lie": lambda time: (0.0, 0.0, 1.5 + 0.02 * time, 1.0),
        "sit": lambda time: (0.0, 0.0, 0.1, 0.65 + 0.02 * time),
        "fight": lambda time: (0.3 * np.sin(14 * time), 0.0, 0.4 * np.sin(19 * time), 1.0),
        "climb": lambda time: (0.1 * time, 0.7 * time, 0.3, 0.9),
    }
)


def draw(
    situation: Situation, random: np.random.Generator, *, side: int, pictures: int
) -> NDArray[np.uint8]:
    """Pictures of a situation over two seconds, uint8 [pictures, side, side, 3]."""
    room = _room(random, side, fence=situation.fence)
    people = [
        (MOTIONS[motion], random.uniform(0.3, 0.7), random.uniform(0.45, 0.7), _colour(random))
        for motion in situation.people
    ]
    frames = np.empty((pictures, side, side, 3), dtype=np.uint8)
    for number in range(pictures):
        time = number / max(1, pictures - 1)
        picture = room.copy()
        for index, (motion, place, height, colour) in enumerate(people):
            held = situation.held and index == 0
            _person(picture, motion(time), place, height, colour, held=held)
        _veil(picture, _clouds(random, side) * situation.smoke * time, 0.75)
        edge = int(side * min(1.0, situation.covered * 2 * time))
        picture[:, :edge] = 0.08
        noise = random.normal(0, 0.01 + 0.05 * (1 - situation.light), picture.shape)
        lit = picture * situation.light + noise
        frames[number] = np.clip(255 * lit, 0, 255).astype(np.uint8)
    return frames


def _colour(random: np.random.Generator) -> NDArray[np.float64]:
    return random.uniform(0.1, 0.9, 3)


def _room(random: np.random.Generator, side: int, *, fence: bool) -> NDArray[np.float64]:
    """Wall, floor, a door or window and furniture; or grass, sky and a fence."""
    rows, columns = np.mgrid[0:side, 0:side] / side
    horizon = random.uniform(0.45, 0.65)
    room = np.where((rows < horizon)[..., None], _colour(random), _colour(random))
    room = room * (0.8 + 0.2 * np.cos(3 * (columns - random.uniform(0, 1))))[..., None]
    for _ in range(int(random.integers(2, 6))):
        left, top = random.uniform(0, 0.8), random.uniform(0.1, 0.7)
        wide, high = random.uniform(0.08, 0.3, 2)
        inside = (columns > left) & (columns < left + wide) & (rows > top) & (rows < top + high)
        room[inside] = _colour(random)
    if fence:
        bars = (np.sin(2 * np.pi * 14 * columns) > 0.6) & (rows > horizon - 0.25) & (rows < 0.85)
        room[bars] = _colour(random) * 0.5
    texture = 0.04 * np.sin(2 * np.pi * random.uniform(5, 25) * (rows + columns * random.normal()))
    made: NDArray[np.float64] = np.clip(room + texture[..., None], 0, 1)
    return made


def _person(
    picture: NDArray[np.float64],
    motion: tuple[float, float, float, float],
    place: float,
    height: float,
    colour: NDArray[np.float64],
    *,
    held: bool,
) -> None:
    across, up, lean, tall = motion
    turn = np.array([[np.cos(lean), np.sin(lean)], [-np.sin(lean), np.cos(lean)]])
    joints = (_JOINTS * [1.0, tall]) @ turn.T * height
    points = np.stack(
        [place + across * height + joints[:, 0], 0.92 - up * height - joints[:, 1]], 1
    )
    for start, end in _LIMBS:
        _line(picture, points[start], points[end], 0.05 * height, colour)
    _line(picture, points[0], points[0], 0.075 * height, np.array([0.85, 0.7, 0.6]))
    if held:
        _line(picture, points[4], points[4] + [0.12, -0.06], 0.012, np.array([0.9, 0.9, 0.95]))


def _line(
    picture: NDArray[np.float64],
    start: NDArray[np.float64],
    end: NDArray[np.float64],
    radius: float,
    colour: NDArray[np.float64],
) -> None:
    side = len(picture)
    rows, columns = (np.mgrid[0:side, 0:side] + 0.5) / side
    along = end - start
    length = max(1e-9, float(along @ along))
    share = np.clip(((columns - start[0]) * along[0] + (rows - start[1]) * along[1]) / length, 0, 1)
    off = np.hypot(columns - start[0] - share * along[0], rows - start[1] - share * along[1])
    picture[off < radius] = colour


def _clouds(random: np.random.Generator, side: int) -> NDArray[np.float64]:
    """Smooth noise in 0..1, [side, side]."""
    rows, columns = np.mgrid[0:side, 0:side] / side
    total = np.zeros((side, side))
    for octave in range(1, 6):
        phase = random.uniform(0, 2 * np.pi, 2)
        slope = random.normal(0, octave, 2)
        total += np.sin(phase[0] + 2 * np.pi * (slope[0] * rows + slope[1] * columns)) / octave
    made: NDArray[np.float64] = (total - total.min()) / max(1e-9, float(np.ptp(total)))
    return made


def _veil(picture: NDArray[np.float64], density: NDArray[np.float64], grey: float) -> None:
    picture += (grey - picture) * np.clip(density, 0, 1)[..., None]
