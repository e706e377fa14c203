"""A camera's sound cut into overlapping seconds, with its level and the room's own noise."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from omnicam.detect.protocol import Sound
from omnicam.media import SAMPLE_RATE, AudioChunk, Samples

WINDOW = SAMPLE_RATE
HOP = SAMPLE_RATE // 4

SILENCE_DB = -100.0
"""Level of no signal at all, dB relative to full scale."""

LARGEST_GAP_S = 0.1
"""A longer gap or overlap between chunks starts a new window; a shorter one is clock jitter."""

FALL_DB_PER_S, RISE_DB_PER_S = 20.0, 1.0
"""The noise level follows quieter sound at once and louder sound slowly: a cry is no background."""


class Soundtrack:
    """Collects the chunks of one camera."""

    def __init__(self) -> None:
        self._window = np.zeros(0, np.float32)
        self._new = np.zeros(0, np.float32)
        self._end = -math.inf
        self._noise_db: float | None = None

    def hear(self, chunk: AudioChunk) -> Iterator[tuple[float, Sound]]:
        """Take the next chunk and give every piece that it completes, with its stream time."""
        if abs(chunk.time - self._end) > LARGEST_GAP_S:
            self._window = np.zeros(0, np.float32)
            self._new = np.zeros(0, np.float32)
        self._end = chunk.end
        self._new = np.concatenate((self._new, chunk.samples))
        pieces: list[tuple[float, Sound]] = []
        while len(self._new) >= HOP:
            hop, self._new = self._new[:HOP], self._new[HOP:]
            self._window = np.concatenate((self._window, hop))[-WINDOW:]
            time = chunk.end - len(self._new) / SAMPLE_RATE
            pieces.append((time, self._sound(hop)))
        return iter(pieces)

    def _sound(self, hop: Samples) -> Sound:
        level = decibels(hop)
        noise = level if self._noise_db is None else self._noise_db
        # Samples that are all 0 are no quiet room but a microphone that is off or a recording that
        # is over; what comes next must not seem louder for it.
        if level > SILENCE_DB:
            seconds = HOP / SAMPLE_RATE
            step = level - noise
            noise += min(max(step, -FALL_DB_PER_S * seconds), RISE_DB_PER_S * seconds)
            self._noise_db = noise
        return Sound(window=self._window, hop=HOP, level_db=level, noise_db=noise)


def decibels(samples: Samples) -> float:
    """Give the level of samples in -1..1, dB relative to full scale (a full square wave is 0)."""
    if len(samples) == 0:
        return SILENCE_DB
    power = float(np.mean(np.square(samples, dtype=np.float64)))
    return max(10.0 * math.log10(power), SILENCE_DB) if power > 0 else SILENCE_DB
