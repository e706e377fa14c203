"""The sound of a scene: room tone, and what the table's cues ask for, in a room that echoes.

All of it is made here from noise and sines with a seeded generator, but for words, which
espeak-ng speaks. The same seed gives the same samples.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from staging import noises, voices
from staging.waves import Samples, band, peak, seconds

ROOM_TONE_DB = -60.0  # RMS of a quiet room, relative to full scale
WET = 0.2  # the echo's share of amplitude
REVERBERATION_S = (0.4, 0.2)  # to -60 dB, below and above the split: curtains swallow treble
SPLIT_HZ = 2500.0
PRE_DELAY_S = 0.006  # to the nearest wall and back
KNEE, CEILING = 0.7, 0.98  # amplitude from which the microphone saturates, and its most


@dataclass(frozen=True, slots=True)
class Cue:
    """A sound at a time on the scene's clock.

    Attributes:
        kind: a name in SOUNDS.
        start_s: when it begins; an impact's first sample is at this time.
        gain_db: louder or softer than the kind's own level.
        text: what is said, for speech.
        language: of what is said, a name in `voices.VOICES`.
    """

    kind: str
    start_s: float
    gain_db: float = 0.0
    text: str = ""
    language: str = "en"


@dataclass(frozen=True, slots=True)
class Sound:
    """How a kind of sound is made and how loud it reaches a camera across a room.

    Attributes:
        level_db: its highest peak, relative to full scale.
        make: gives the dry sound from a generator, a rate in Hz and the cue; shape (n,).
    """

    level_db: float
    make: Callable[[np.random.Generator, int, Cue], Samples]


def _plain(make: Callable[[np.random.Generator, int], Samples]) -> Callable[..., Samples]:
    return lambda random, rate, _cue: make(random, rate)


def _spoken(_random: np.random.Generator, rate: int, cue: Cue) -> Samples:
    return voices.speech(cue.text, cue.language, rate)


SOUNDS: Mapping[str, Sound] = MappingProxyType(
    {
        "scream": Sound(-8.0, _plain(voices.scream)),
        "crying": Sound(-16.0, _plain(voices.crying)),
        "smoke_alarm": Sound(-12.0, _plain(noises.smoke_alarm)),
        "shouts": Sound(-12.0, _plain(voices.shouts)),
        "speech": Sound(-20.0, _spoken),
        "cough": Sound(-22.0, _plain(voices.cough)),
        "glass_breaking": Sound(-8.0, _plain(noises.glass_breaking)),
        "dishes": Sound(-22.0, _plain(noises.dishes)),
        "footsteps": Sound(-34.0, _plain(noises.footsteps)),
        "thud": Sound(-14.0, _plain(noises.thud)),
        "dog": Sound(-12.0, _plain(noises.dog)),
        "music": Sound(-26.0, _plain(noises.music)),
        "tv": Sound(-24.0, _plain(noises.tv)),
    }
)


def soundtrack(
    cues: Sequence[Cue], duration_s: float, seed: int, rate: int = 16_000
) -> NDArray[np.float32]:
    """Mix the cues into room tone; what lies outside the duration is cut off.

    Args:
        cues: the sounds, their `start_s` from the beginning of the film.
        duration_s: seconds of the film.
        seed: of everything random, 0 or more.
        rate: samples a second, 8000 or more.

    Returns:
        Shape (duration_s * rate,), float32 mono in -1..1.

    Raises:
        RuntimeError: espeak-ng is missing or fails.
        ValueError: the duration, the rate, or a cue's kind, start, gain or language is unusable.
    """
    if not (math.isfinite(duration_s) and duration_s > 0):
        raise ValueError(f"duration_s = {duration_s!r}: must be above 0 seconds")
    if rate < 8000:
        raise ValueError(f"rate = {rate!r}: must be at least 8000 Hz")
    total = room_tone(np.random.default_rng((seed, 0)), round(duration_s * rate), rate)
    for number, cue in enumerate(cues):
        # A generator for each cue: adding one leaves the sound of the others as it was.
        heard = _hear(cue, np.random.default_rng((seed, 1 + number)), rate)
        first = round(cue.start_s * rate)
        part = heard[max(0, -first) : max(0, len(total) - first)]
        total[max(0, first) : max(0, first) + len(part)] += part
    return saturate(total).astype(np.float32)


def room_tone(random: np.random.Generator, count: int, rate: int) -> Samples:
    """Make the pink noise of a quiet room: shape (count,), from 20 Hz up."""
    spectrum = np.fft.rfft(random.normal(0, 1, count))
    spectrum /= np.sqrt(np.maximum(np.fft.rfftfreq(count, 1 / rate), 20.0))
    spectrum[0] = 0.0
    tone = np.fft.irfft(spectrum, count)
    rms = max(float(np.sqrt(np.mean(tone**2))), 1e-12)
    return tone * (10 ** (ROOM_TONE_DB / 20) / rms)


def saturate(samples: Samples) -> Samples:
    """Bend what exceeds the knee towards the ceiling, as a microphone's input does."""
    size = np.abs(samples)
    room = CEILING - KNEE
    bent = KNEE + room * np.tanh((size - KNEE) / room)
    return np.where(size > KNEE, np.copysign(bent, samples), samples)


def _hear(cue: Cue, random: np.random.Generator, rate: int) -> Samples:
    if cue.kind not in SOUNDS:
        raise ValueError(f"cue {cue.kind!r}: expected one of {', '.join(SOUNDS)}")
    if not (math.isfinite(cue.start_s) and math.isfinite(cue.gain_db)):
        raise ValueError(
            f"cue {cue.kind!r}: start_s = {cue.start_s!r} and gain_db = {cue.gain_db!r}"
            " must be finite numbers"
        )
    sound = SOUNDS[cue.kind]
    dry = peak(sound.make(random, rate, cue), 10 ** ((sound.level_db + cue.gain_db) / 20))
    return _echo(dry, random, rate)


def _echo(dry: Samples, random: np.random.Generator, rate: int) -> Samples:
    """Add a furnished room: the convolution with noise that dies away, after the direct sound."""
    time = seconds(max(REVERBERATION_S), rate)
    noise = random.normal(0, 1, len(time))
    bass, treble = (np.exp(-6.9 * time / until) for until in REVERBERATION_S)
    low = band(noise, rate, 60.0, SPLIT_HZ)
    tail = low * bass + (noise - low) * treble
    tail[: int(PRE_DELAY_S * rate)] = 0.0
    tail *= WET / np.sqrt((tail**2).sum())
    tail[0] = 1.0
    length = len(dry) + len(tail) - 1
    return np.fft.irfft(np.fft.rfft(dry, length) * np.fft.rfft(tail, length), length)
