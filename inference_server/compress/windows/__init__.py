"""Staged windows to calibrate with where there are no recordings: rooms, people, sounds.

They are drawn and synthesised, the same for the same seed, and varied in what activates a model:
day and night, empty rooms and people who walk, fall and fight, smoke, covered lenses, fences;
voices, screams, breaking glass, noise and silence. A home's own recordings calibrate better
(`inference_server.compress.recordings`): nothing here looks real.
"""

from __future__ import annotations

import numpy as np

from inference_server.compress.window import Window
from inference_server.compress.windows.pictures import draw
from inference_server.compress.windows.situations import SITUATIONS
from inference_server.compress.windows.sounds import SOUNDS

PICTURES = 4
FPS = 2.0

__all__ = ["staged"]


def staged(count: int, *, seed: int = 0, side: int = 224) -> list[Window]:
    """Windows of `side` pixels square, situations in turn; the same for the same arguments."""
    windows = []
    for index in range(count):
        situation = SITUATIONS[index % len(SITUATIONS)]
        random = np.random.default_rng([seed, index])
        frames = draw(situation, random, side=side, pictures=PICTURES)
        sound = SOUNDS[situation.sound](random)
        windows.append(Window(f"staged-{situation.name}-{seed}-{index}", frames, FPS, sound))
    return windows
