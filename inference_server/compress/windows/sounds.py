"""Two seconds of synthesised sound of each kind, float32 at 16 kHz."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from inference_server.compress.window import RATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Sound = Callable[[np.random.Generator], NDArray[np.float32]]

SAMPLES = 2 * RATE
_TIME = np.arange(SAMPLES) / RATE
# Formants of five vowels, Hz: what a voice sounds through.
_VOWELS = ((730, 1090), (270, 2290), (300, 870), (530, 1840), (570, 840))


def _finished(wave: NDArray[np.float64], random: np.random.Generator) -> NDArray[np.float32]:
    """At a loudness of its own, over a quiet room."""
    loudest = max(1e-9, float(np.abs(wave).max()))
    loud = random.uniform(0.2, 0.8) * wave / loudest + random.normal(0, 0.003, SAMPLES)
    made: NDArray[np.float32] = np.clip(loud, -1, 1).astype(np.float32)
    return made


def _voice(
    random: np.random.Generator, pitch: tuple[float, float], syllables: float
) -> NDArray[np.float32]:
    """Harmonics of a moving pitch through vowels that follow each other."""
    sway = 1 + 0.15 * np.sin(2 * np.pi * random.uniform(1, 4) * _TIME + random.uniform(0, 6))
    phase = 2 * np.pi * np.cumsum(random.uniform(*pitch) * sway) / RATE
    which = (np.floor(_TIME * syllables) + random.integers(0, 5)).astype(int) % len(_VOWELS)
    formants = np.array(_VOWELS)[which]
    pitches = np.gradient(phase) * RATE / (2 * np.pi)
    wave = np.zeros(SAMPLES)
    for harmonic in range(1, 20):
        height = harmonic * pitches
        through = sum(1 / (1 + ((height - formants[:, n]) / 120) ** 2) for n in range(2))
        wave += through * np.sin(harmonic * phase) * (height < RATE / 2) / harmonic**0.5
    return _finished(wave * np.abs(np.sin(np.pi * syllables * _TIME)) ** 0.5, random)


def _scream(random: np.random.Generator) -> NDArray[np.float32]:
    """A high voice, rough at 30 to 150 Hz."""
    rough = 1 + 0.8 * np.sin(2 * np.pi * random.uniform(30, 150) * _TIME)
    return _finished(_voice(random, (700, 1300), 0.5) * rough, random)


def _glass(random: np.random.Generator) -> NDArray[np.float32]:
    """A burst, and splinters that ring high and die away one by one."""
    wave = random.normal(0, 1, SAMPLES) * np.exp(-60 * np.abs(_TIME - 0.4)) * (_TIME > 0.4)
    for _ in range(40):
        start = 0.4 + random.exponential(0.25)
        after = np.clip(_TIME - start, 0, None)
        ring = np.sin(2 * np.pi * random.uniform(3000, 7500) * after)
        wave += random.uniform(0.1, 0.6) * ring * np.exp(-random.uniform(15, 60) * after)
    return _finished(wave, random)


def _thump(random: np.random.Generator) -> NDArray[np.float32]:
    start = random.uniform(0.4, 1.2)
    after = np.clip(_TIME - start, 0, None)
    body = np.sin(2 * np.pi * random.uniform(50, 90) * after) * np.exp(-12 * after)
    noise = 0.1 * random.normal(0, 1, SAMPLES) * np.exp(-60 * after) * (start < _TIME)
    return _finished(body + noise, random)


def _alarm(random: np.random.Generator) -> NDArray[np.float32]:
    gate = np.sin(2 * np.pi * random.uniform(1.5, 3) * _TIME) > 0
    return _finished(np.sin(2 * np.pi * random.uniform(2800, 3400) * _TIME) * gate, random)


def _hum(random: np.random.Generator) -> NDArray[np.float32]:
    """Mains and a fan."""
    tone = np.sin(2 * np.pi * 50 * _TIME) + 0.4 * np.sin(2 * np.pi * 100 * _TIME)
    made: NDArray[np.float32] = (0.1 * _finished(tone, random)).astype(np.float32)
    return made


def _rustle(random: np.random.Generator) -> NDArray[np.float32]:
    swell = np.abs(np.sin(2 * np.pi * random.uniform(2, 6) * _TIME)) ** 4
    return _finished(np.diff(random.normal(0, 1, SAMPLES + 1)) * swell, random)


def _silence(random: np.random.Generator) -> NDArray[np.float32]:
    made: NDArray[np.float32] = random.normal(0, 0.0005, SAMPLES).astype(np.float32)
    return made


SOUNDS: Mapping[str, Sound] = MappingProxyType(
    {
        "silence": _silence,
        "hum": _hum,
        "thump": _thump,
        "alarm": _alarm,
        "rustle": _rustle,
        "glass": _glass,
        "scream": _scream,
        "speech": lambda random: _voice(random, (90, 240), random.uniform(3, 6)),
        "shouting": lambda random: _voice(random, (250, 450), random.uniform(2, 4)),
    }
)
