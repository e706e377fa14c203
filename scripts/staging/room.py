"""Where it happens: a room and a yard, drawn once from planes in metres."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from staging.camera import Camera, Points
from staging.figure import Colour, Image

BED_HEIGHT = 0.5
FENCE_HEIGHT = 1.25
FENCE_DEPTH = 4.4
# The middle of the bed, and where somebody stands who is about to sit down on its edge.
BED_AT = (1.2, 3.95)
BEFORE_BED = (1.2, 3.38)
BACK_WALL = 5.6

type Mask = NDArray[np.bool_]
type Corner = tuple[float, float, float]
"""x to the right, height, depth; metres."""


@cache
def room(camera: Camera) -> Image:
    """Draw a bedroom by day: floor, walls, window, door, bed, wardrobe, picture; RGB (H, W, 3)."""
    picture = _blank(camera, (196, 190, 178))
    wall = BACK_WALL
    _face(picture, camera, _floor(-4, 4, 0.3, wall), (140, 112, 84))
    for x in np.arange(-4, 4, 0.28):
        _stroke(picture, camera, [(float(x), 0, 0.6), (float(x), 0, wall)], (118, 93, 70))
    _face(picture, camera, _upright(-4, 4, 0, 3.2, wall), (206, 200, 186))
    _face(picture, camera, [(-3, 0, 0.3), (-3, 3.2, 0.3), (-3, 3.2, wall), (-3, 0, wall)],
          (184, 178, 164))  # fmt: skip
    _face(picture, camera, _upright(-2.3, -0.9, 0.95, 2.2, wall - 0.01), (226, 234, 240))
    _stroke(picture, camera, [(-1.6, 0.95, wall - 0.02), (-1.6, 2.2, wall - 0.02)], (150, 140, 126))
    _face(picture, camera, _upright(2.25, 3.05, 0, 2.05, wall - 0.01), (150, 116, 84))
    _face(picture, camera, _upright(0.2, 0.9, 1.3, 1.85, wall - 0.01), (112, 132, 120))
    _box(picture, camera, (-2.9, -2.2, 0, 1.9, 4.6, 5.2), (164, 132, 98))
    _box(picture, camera, (2.2, 2.28, 0, 0.9, 3.5, 4.4), (120, 88, 62))
    _box(picture, camera, (0.35, 2.2, 0, 0.28, 3.5, 4.4), (128, 96, 68))
    _box(picture, camera, (0.35, 2.2, 0.28, BED_HEIGHT, 3.5, 4.4), (118, 132, 150))
    _box(picture, camera, (1.8, 2.17, BED_HEIGHT, BED_HEIGHT + 0.08, 3.65, 4.25), (222, 218, 210))
    return _lit(picture)


@cache
def yard(camera: Camera) -> Image:
    """Draw a yard behind a fence at dusk; RGB (H, W, 3)."""
    picture = _blank(camera, (78, 84, 98))
    _face(picture, camera, _floor(-7, 7, 0.3, 14), (66, 76, 62))
    _face(picture, camera, _floor(-1.2, 1.2, 0.3, FENCE_DEPTH), (92, 90, 88))
    _pickets(picture, camera, (110, 98, 84), (96, 84, 72))
    return _lit(picture)


@cache
def fence(camera: Camera) -> Mask:
    """Where the yard's fence hides what is behind it; shape (H, W), boolean."""
    mask = np.zeros((camera.height, camera.width, 3), np.uint8)
    _pickets(mask, camera, (255, 255, 255), (255, 255, 255))
    return np.asarray(mask[..., 0] > 127)


@cache
def night(camera: Camera) -> Image:
    """Draw a yard by night as an infrared camera shows it: grey; RGB (H, W, 3)."""
    grey = cv2.cvtColor(yard(camera), cv2.COLOR_RGB2GRAY)
    dark = (grey.astype(np.float32) * 0.62).astype(np.uint8)
    return np.repeat(dark[..., None], 3, axis=2)


def _pickets(picture: Image, camera: Camera, post: Colour, rail: Colour) -> None:
    for x in np.arange(-7, 7.2, 0.26):
        stake = _upright(float(x), float(x) + 0.07, 0, FENCE_HEIGHT, FENCE_DEPTH)
        _face(picture, camera, stake, post)
    for height in (0.35, FENCE_HEIGHT - 0.15):
        _face(picture, camera, _upright(-7, 7, height, height + 0.06, FENCE_DEPTH), rail)


def _blank(camera: Camera, colour: Colour) -> Image:
    return np.full((camera.height, camera.width, 3), colour, np.uint8)


def _floor(left: float, right: float, near: float, far: float) -> list[Corner]:
    return [(left, 0, near), (right, 0, near), (right, 0, far), (left, 0, far)]


def _upright(left: float, right: float, low: float, high: float, depth: float) -> list[Corner]:
    return [(left, low, depth), (right, low, depth), (right, high, depth), (left, high, depth)]


def _pixels(camera: Camera, corners: Sequence[Corner]) -> Points:
    world = np.array([(x, height, -depth) for x, height, depth in corners], np.float64)
    return camera.project(world)[0]


def _face(picture: Image, camera: Camera, corners: Sequence[Corner], colour: Colour) -> None:
    spots = np.clip(np.rint(_pixels(camera, corners)), -30_000, 30_000).astype(np.int32)
    cv2.fillPoly(picture, [spots], colour, cv2.LINE_AA)


def _stroke(picture: Image, camera: Camera, ends: Sequence[Corner], colour: Colour) -> None:
    one, other = np.clip(np.rint(_pixels(camera, ends)), -30_000, 30_000).astype(int).tolist()
    cv2.line(picture, one, other, colour, 1, cv2.LINE_AA)


def _box(
    picture: Image,
    camera: Camera,
    extent: tuple[float, float, float, float, float, float],
    colour: Colour,
) -> None:
    """Draw a box (left, right, low, high, near, far): its top, its inner side, its front."""
    left, right, low, high, near, far = extent
    inner = left if left > 0 else right

    def shaded(light: float) -> Colour:
        red, green, blue = (int(c * light) for c in colour)
        return red, green, blue

    top = [(left, high, near), (right, high, near), (right, high, far), (left, high, far)]
    side = [(inner, low, near), (inner, high, near), (inner, high, far), (inner, low, far)]
    _face(picture, camera, side, shaded(0.72))
    _face(picture, camera, top, shaded(1.0))
    _face(picture, camera, _upright(left, right, low, high, near), shaded(0.84))


def _lit(picture: Image) -> Image:
    """Add what makes a drawing a photograph: uneven light, grain in the surfaces, a soft lens."""
    height, width = picture.shape[:2]
    across, down = np.meshgrid(np.linspace(-1, 1, width), np.linspace(-1, 1, height))
    light = 1.06 - 0.16 * (across**2 + down**2) - 0.05 * across
    grain = np.random.default_rng(7).normal(0, 5, (height // 2 + 1, width // 2 + 1))
    surface = cv2.resize(grain, (width, height), interpolation=cv2.INTER_LINEAR)
    lit = picture.astype(np.float64) * light[..., None] + surface[..., None]
    soft = cv2.GaussianBlur(np.clip(lit, 0, 255), (0, 0), 0.8)
    return np.asarray(soft, np.float64).astype(np.uint8)
