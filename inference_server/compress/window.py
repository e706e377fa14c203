"""A window: a few pictures and the sound beside them, as the model is shown them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

RATE = 16_000


@dataclass(frozen=True)
class Window:
    """What happens in about two seconds.

    Attributes:
        name: for reports, and to tell windows apart.
        frames: uint8 [pictures, height, width, 3] in RGB, or None; an even number of pictures.
        fps: of the pictures.
        sound: float32 [samples] in -1..1 at 16 kHz, or None.
    """

    name: str
    frames: NDArray[np.uint8] | None
    fps: float
    sound: NDArray[np.float32] | None


def synthetic(count: int, *, seed: int = 0, side: int = 96, pictures: int = 4) -> list[Window]:
    """Windows of moving shapes and of tones in noise, the same for the same arguments.

    They carry no meaning; they are for tests and for a first try without recordings.
    """
    return [_window(index, seed, side, pictures) for index in range(count)]


def _window(index: int, seed: int, side: int, pictures: int) -> Window:
    random = np.random.default_rng([seed, index])
    rows, columns = np.mgrid[0:side, 0:side] / side
    colours = random.uniform(0, 255, (3, 3))
    frames = np.empty((pictures, side, side, 3), dtype=np.uint8)
    start, speed = random.uniform(0.2, 0.8, 2), random.uniform(-0.15, 0.15, 2)
    stripes = 1 + np.sin(2 * np.pi * random.uniform(1, 8) * (rows + columns))
    for picture in range(pictures):
        at = start + speed * picture
        disc = np.exp(-((rows - at[0]) ** 2 + (columns - at[1]) ** 2) / 0.02)
        mix = (
            colours[0] * rows[..., None]
            + colours[1] * stripes[..., None] / 2
            + colours[2] * disc[..., None]
            + random.normal(0, 8, (side, side, 3))
        )
        frames[picture] = np.clip(mix, 0, 255).astype(np.uint8)
    time = np.arange(2 * RATE) / RATE
    tone = np.sin(2 * np.pi * random.uniform(100, 3000) * time) * np.exp(-3 * time)
    noise = random.normal(0, random.uniform(0.01, 0.2), time.size)
    sound = np.clip(random.uniform(0.1, 0.8) * tone + noise, -1, 1).astype(np.float32)
    return Window(f"synthetic-{seed}-{index}", frames, 2.0, sound)


def digest(windows: Sequence[Window]) -> str:
    """What tells one set of windows from another."""
    import hashlib

    made = hashlib.sha256()
    for window in windows:
        made.update(f"{window.name} {window.fps}".encode())
        arrays: tuple[Any, Any] = (window.frames, window.sound)
        for array in arrays:
            made.update(b"none" if array is None else np.ascontiguousarray(array).tobytes())
    return made.hexdigest()
