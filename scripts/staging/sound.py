"""The sound of a scene: room tone, and what the table's cues ask for, in a room that echoes.

All of it is made here from noise and sines with a seeded generator, but for words, which
espeak-ng speaks. The same seed gives the same samples.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from staging.voices import cough, scream, shout, speech
from staging.waves import Samples, band, envelope, peak, seconds

ROOM_TONE = 0.0012  # RMS of a quiet room, -58 dB of full scale
REVERBERATION_S = 0.35  # to -60 dB, as in a furnished room
WET = 0.22
LIMIT = 0.97

type Sound = Callable[[np.random.Generator, int], Samples]


@dataclass(frozen=True, slots=True)
class Cue:
    """A sound at a time on the scene's clock.

    Attributes:
        kind: a name in SOUNDS, or "speech".
        start_s: when it begins; an impact's first sample is at this time.
        gain_db: louder or softer than the kind's own level.
        text: what is said, for speech.
        language: of what is said.
    """

    kind: str
    start_s: float
    gain_db: float = 0.0
    text: str = ""
    language: str = "en"


def glass_breaking(random: np.random.Generator, rate: int) -> Samples:
    """Break a pane: a hard broadband onset, then shards that ring at 3-8 kHz and fall."""
    time = seconds(1.6, rate)
    total = random.normal(0, 1, len(time)) * np.exp(-time / 0.012) * 1.3
    total += 0.6 * band(random.normal(0, 1, len(time)), rate, 1800, 9000) * np.exp(-time / 0.09)
    top = min(9500.0, 0.47 * rate)
    for number in range(130):
        # The first third of the shards ring with the blow, the others when they hit the floor.
        start = 0.0 if number < 45 else float(random.gamma(2.0, 0.17))
        first = int(start * rate)
        rest = time[: max(0, len(time) - first)]
        ring = np.sin(2 * np.pi * random.uniform(2800, top) * rest + random.uniform(0, 6.28))
        total[first:] += (
            random.uniform(0.08, 0.3) * ring * np.exp(-rest / random.uniform(0.02, 0.16))
        )
    return peak(total, 0.8)


def thud(random: np.random.Generator, rate: int) -> Samples:
    """Let a body hit the floor: a low boom with the dull noise of cloth."""
    time = seconds(0.6, rate)
    boom = np.sin(2 * np.pi * (62 * time + 1.6 * (1 - np.exp(-time / 0.03)))) * np.exp(-time / 0.11)
    noise = band(random.normal(0, 1, len(time)), rate, 60, 700) * np.exp(-time / 0.05)
    return peak(boom + 0.5 * peak(noise, 1.0), 0.5)


def footsteps(random: np.random.Generator, rate: int) -> Samples:
    """Take four soft steps, two in the stride's 1.1 s."""
    time = seconds(2.2, rate)
    total = np.zeros(len(time))
    for step in range(4):
        first = int((step * 0.55 + random.uniform(0, 0.03)) * rate)
        rest = time[: len(time) - first]
        knock = band(random.normal(0, 1, len(rest)), rate, 70, 900) * np.exp(-rest / 0.03)
        total[first:] += peak(knock, random.uniform(0.6, 1.0))
    return peak(total, 0.05)


def shouts(random: np.random.Generator, rate: int) -> Samples:
    """Shout three times, by two voices."""
    total = np.zeros(round(2.4 * rate))
    for number in range(3):
        voice = shout(random, rate)
        first = int((number * 0.75 + random.uniform(0, 0.1)) * rate) if number else 0
        total[first : first + len(voice)] += voice[: len(total) - first]
    return peak(total, 0.6)


def music(random: np.random.Generator, rate: int) -> Samples:
    """Play four chords with a melody over a bass, plucked, five seconds."""
    chords = (
        (220.0, 261.6, 329.6),
        (174.6, 220.0, 261.6),
        (196.0, 246.9, 293.7),
        (164.8, 207.7, 246.9),
    )
    time = seconds(5.0, rate)
    total = np.zeros(len(time))

    def pluck(frequency: float, start: float, gain: float, decay: float) -> None:
        first = int(start * rate)
        rest = time[: len(time) - first]
        tone = sum(np.sin(2 * np.pi * frequency * k * rest) * 0.55**k for k in range(1, 6))
        total[first:] += gain * tone * envelope(rest, 0.008, 0.0, decay)

    for bar, chord in enumerate(chords):
        start = bar * 1.2
        pluck(chord[0] / 2, start, 0.8, 0.7)
        for beat in range(4):
            for note in chord:
                pluck(note, start + beat * 0.3, 0.22, 0.25)
            pluck(2 * chord[int(random.integers(3))], start + beat * 0.3, 0.4, 0.3)
    return peak(total, 0.16)


def tv(random: np.random.Generator, rate: int) -> Samples:
    """Read the weather on television, over soft music, through a small loudspeaker."""
    words = peak(
        speech(
            "Good evening. Tomorrow will be mild and dry, with some clouds in the north.",
            "en",
            rate,
        ),
        0.22,
    )
    under = music(random, rate)[: len(words)] * 0.4
    words[: len(under)] += under
    return peak(band(words, rate, 180, 6000), 0.22)


SOUNDS: Mapping[str, Sound] = {
    "scream": scream,
    "glass_breaking": glass_breaking,
    "cough": cough,
    "thud": thud,
    "footsteps": footsteps,
    "shouts": shouts,
    "music": music,
    "tv": tv,
}


def _make(cue: Cue, random: np.random.Generator, rate: int) -> Samples:
    if cue.kind == "speech":
        return speech(cue.text, cue.language, rate)
    if cue.kind not in SOUNDS:
        raise ValueError(f"cue {cue.kind!r}: expected speech or one of {', '.join(SOUNDS)}")
    return SOUNDS[cue.kind](random, rate)


def _echo(dry: Samples, random: np.random.Generator, rate: int) -> Samples:
    """Add a furnished room: the convolution with noise that dies away, after the direct sound."""
    time = seconds(REVERBERATION_S, rate)
    tail = random.normal(0, 1, len(time)) * np.exp(-6.9 * time / REVERBERATION_S)
    tail[: int(0.006 * rate)] = 0.0
    tail *= WET / np.sqrt((tail**2).sum())
    tail[0] = 1.0
    length = len(dry) + len(tail) - 1
    return np.fft.irfft(np.fft.rfft(dry, length) * np.fft.rfft(tail, length), length)


def soundtrack(cues: Sequence[Cue], duration_s: float, seed: int, rate: int) -> NDArray[np.float32]:
    """Mix the cues into room tone.

    Args:
        cues: the sounds, their `start_s` from the beginning of the film.
        duration_s: seconds of the film.
        seed: of everything random.
        rate: samples a second.

    Returns:
        Shape (duration_s * rate,), float32 mono in -1..1.

    Raises:
        RuntimeError: espeak-ng is missing or fails.
        ValueError: a cue's kind or language is unknown.
    """
    random = np.random.default_rng((seed, 0x50D))
    count = round(duration_s * rate)
    hiss = random.normal(0, 1, count)
    hum = np.sin(2 * np.pi * 100 * np.arange(count) / rate)
    total = ROOM_TONE * (0.8 * hiss + 0.5 * hum)
    for number, cue in enumerate(cues):
        # A generator for each cue: adding one leaves the sound of the others as it was.
        own = np.random.default_rng((seed, 1 + number))
        heard = _echo(_make(cue, own, rate), own, rate) * 10 ** (cue.gain_db / 20)
        first = round(cue.start_s * rate)
        part = heard[max(0, -first) : max(0, count - first)]
        total[max(0, first) : max(0, first) + len(part)] += part
    # A microphone saturates softly: quiet sound stays as it is.
    return (LIMIT * np.tanh(total / LIMIT)).astype(np.float32)
