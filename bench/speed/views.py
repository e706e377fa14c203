"""Views in which nobody is and something stirs all the same, staged: nothing is to wake up.

Each is an empty room or yard with a sensor's noise, coded as a camera codes it. They show what a
gate makes of known trouble; they are no substitute for recordings of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import cv2
import numpy as np

from staging.figure import Image

type Stir = Callable[[float, Image, np.random.Generator], None]
"""Changes a picture of a moment (seconds) in place."""


def still(_time: float, _picture: Image, _random: np.random.Generator) -> None:
    """Nothing at all."""


def rain(_time: float, picture: Image, random: np.random.Generator) -> None:
    """Streaks of rain, new ones in every picture."""
    height, width = picture.shape[:2]
    for x, y, length in zip(
        random.integers(0, width, 160),
        random.integers(0, height, 160),
        random.integers(8, 26, 160),
        strict=True,
    ):
        shade = int(picture[y, x].mean()) + 22
        cv2.line(picture, (int(x), int(y)), (int(x) + 2, int(y + length)), (shade,) * 3, 1)


def insects(time: float, picture: Image, _random: np.random.Generator) -> None:
    """Infrared by night: a dim room without colour, and two moths close to the lamp."""
    grey = (picture.mean(axis=2) * 0.45).astype(np.uint8)
    height, width = grey.shape
    for number in range(2):
        phase = time * (1.3 + 0.4 * number) + 2.1 * number
        if np.sin(time * 0.7 + number) < 0:  # half the time they are away
            continue
        x = int(width * (0.5 + 0.45 * np.sin(phase)))
        y = int(height * (0.45 + 0.35 * np.sin(1.7 * phase + 1.0)))
        cv2.circle(grey, (x, y), 5, 235, -1, cv2.LINE_AA)
    picture[:] = grey[..., None]


def headlights(time: float, picture: Image, _random: np.random.Generator) -> None:
    """A beam that sweeps over the wall for two seconds, every ten."""
    passed = time % 10.0
    if passed > 2.0:
        return
    height, width = picture.shape[:2]
    across = np.arange(width) - width * (1.3 * passed / 2.0 - 0.15)
    beam = 80.0 * np.exp(-((across / (0.08 * width)) ** 2))
    upper = picture[: height // 2]
    upper[:] = np.clip(upper + beam[None, :, None], 0, 255).astype(np.uint8)


def infrared_switch(time: float, picture: Image, _random: np.random.Generator) -> None:
    """The camera changes between day and infrared night every 15 s."""
    if int(time // 15.0) % 2:
        grey = np.clip(picture.mean(axis=2) * 0.5 + 20.0, 0, 255).astype(np.uint8)
        picture[:] = grey[..., None]


def curtain(time: float, picture: Image, _random: np.random.Generator) -> None:
    """A light curtain that a draught sways by a few centimetres."""
    height, width = picture.shape[:2]
    left, right = int(0.08 * width), int(0.3 * width)
    columns = np.arange(left, right)
    sway = 3.0 * np.sin(2 * np.pi * time / 4.0)
    folds = 190 + 18 * np.sin((columns + sway) / 7.0)
    picture[int(0.15 * height) : int(0.7 * height), left:right] = folds[None, :, None]


VIEWS: Mapping[str, Stir] = MappingProxyType(
    {
        "still room": still,
        "rain": rain,
        "infrared, insects": insects,
        "headlights": headlights,
        "infrared switch": infrared_switch,
        "curtain": curtain,
    }
)
