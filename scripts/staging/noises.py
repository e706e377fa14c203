"""What is heard in a home besides people: impacts, a dog, music, television; levels are relative.

The impacts are rings of decaying sines with a knock, strewn at random: the physically informed
stochastic modelling of Cook (Computer Music Journal 1997).
"""

from __future__ import annotations

import math

import numpy as np

from staging.voices import speech, voiced
from staging.waves import Samples, band, envelope, peak, seconds

_NEWS = "Good evening. Tomorrow will be mild and dry, with some clouds in the north."
_CHORDS = (  # Hz: A minor, F, G, E
    (220.0, 261.6, 329.6),
    (174.6, 220.0, 261.6),
    (196.0, 246.9, 293.7),
    (164.8, 207.7, 246.9),
)
_BAR_S, _BEAT_S = 1.2, 0.3


def _ring(
    random: np.random.Generator,
    time: Samples,
    partials: int,
    hertz: tuple[float, float],
    decay_s: tuple[float, float],
) -> Samples:
    """Strike something stiff: inharmonic partials that begin at once, the high ones dying first."""
    total = np.zeros(len(time))
    for frequency in random.uniform(*hertz, partials):
        decay = random.uniform(*decay_s) * np.sqrt(hertz[0] / frequency)
        phase = random.uniform(0, 2 * np.pi)
        total += (
            random.uniform(0.3, 1.0)
            * np.sin(2 * np.pi * frequency * time + phase)
            * np.exp(-time / decay)
        )
    return total / math.sqrt(partials)


def smoke_alarm(random: np.random.Generator, rate: int) -> Samples:
    """Sound the temporal three of ISO 8201, twice: three beeps of half a second, then a rest."""
    frequency = random.uniform(3000, 3350)
    beep_time = seconds(0.5, rate)
    phase = 2 * np.pi * frequency * beep_time
    # An overtone of the housing: a pure tone's echo would add up to a standing wave.
    tone = np.sin(phase) + 0.35 * np.sin(2 * phase + 0.7)
    beep = tone * envelope(beep_time, 0.004, 0.47, 0.01)
    total = np.zeros(round(8.0 * rate))
    for first_s in (0.0, 1.0, 2.0, 4.0, 5.0, 6.0):
        first = round(first_s * rate)
        total[first : first + len(beep)] = beep
    return total


def glass_breaking(random: np.random.Generator, rate: int) -> Samples:
    """Break a pane: a crack over the whole spectrum, then shards that fall and ring for 0.8 s."""
    time = seconds(1.1, rate)
    noise = random.normal(0, 1, len(time))
    top = min(8000.0, 0.48 * rate)
    total = 0.5 * noise * np.exp(-time / 0.008)
    total += 0.6 * band(noise, rate, 1500, 0.49 * rate) * np.exp(-time / 0.12)
    total += 0.8 * _ring(random, time, 30, (2500.0, top), (0.02, 0.09))
    for fall in np.sort(random.gamma(1.6, 0.15, 16)):
        first = int(min(fall, 0.8) * rate)
        rest = time[: len(time) - first]
        # A later shard is a smaller one: the large ones hit the floor first.
        size = random.uniform(0.15, 0.6) * np.exp(-fall / 0.45)
        chip = random.normal(0, 1, len(rest)) * np.exp(-rest / random.uniform(0.002, 0.012))
        total[first:] += size * (0.6 * chip + _ring(random, rest, 5, (2500.0, top), (0.015, 0.07)))
    return total


def dishes(random: np.random.Generator, rate: int) -> Samples:
    """Put six plates and spoons away: short clinks, each with the dull knock of the table."""
    time = seconds(3.0, rate)
    total = np.zeros(len(time))
    for number in range(6):
        first = int((number * 0.42 + (random.uniform(0, 0.2) if number else 0.0)) * rate)
        rest = time[: len(time) - first]
        knock = band(random.normal(0, 1, len(rest)), rate, 150, 1500) * np.exp(-rest / 0.02)
        clink = _ring(random, rest, 6, (1100.0, 6000.0), (0.03, 0.14))
        total[first:] += random.uniform(0.4, 1.0) * (peak(knock, 0.7) + peak(clink, 0.8))
    return total


def thud(random: np.random.Generator, rate: int) -> Samples:
    """Let a body hit the floor: a low boom with the dull noise of cloth."""
    time = seconds(0.6, rate)
    boom = np.sin(2 * np.pi * (62 * time + 1.6 * (1 - np.exp(-time / 0.03)))) * np.exp(-time / 0.11)
    noise = band(random.normal(0, 1, len(time)), rate, 60, 700) * np.exp(-time / 0.05)
    return boom + 0.5 * peak(noise, 1.0)


def footsteps(random: np.random.Generator, rate: int) -> Samples:
    """Take four soft steps, two in the stride's 1.1 s."""
    time = seconds(2.2, rate)
    total = np.zeros(len(time))
    for step in range(4):
        first = int((step * 0.55 + (random.uniform(0, 0.03) if step else 0.0)) * rate)
        rest = time[: len(time) - first]
        knock = band(random.normal(0, 1, len(rest)), rate, 70, 900) * np.exp(-rest / 0.03)
        total[first:] += peak(knock, random.uniform(0.6, 1.0))
    return total


def dog(random: np.random.Generator, rate: int) -> Samples:
    """Bark three times: a rough voice that rises and falls within a sixth of a second."""
    total = np.zeros(round(1.8 * rate))
    base = random.uniform(330, 460)
    for number in range(3):
        time = seconds(random.uniform(0.15, 0.2), rate)
        pitch = base * (1 + 0.45 * np.sin(np.pi * (time / time[-1]) ** 0.7))
        tone = peak(voiced(pitch, rate, {750.0: 1.0, 1500.0: 0.7, 2600.0: 0.35}, 0.3), 1.0)
        breath = peak(band(random.normal(0, 1, len(time)), rate, 400, 4000), 0.5)
        bark = (tone + breath) * envelope(time, 0.012, 0.06, 0.035)
        first = int((number * 0.55 + (random.uniform(0, 0.08) if number else 0.0)) * rate)
        total[first : first + len(bark)] += random.uniform(0.7, 1.0) * bark
    return total


def music(random: np.random.Generator, rate: int) -> Samples:
    """Play four chords with a melody over a bass, plucked, five seconds."""
    time = seconds(5.0, rate)
    total = np.zeros(len(time))

    def pluck(frequency: float, start: float, gain: float, decay: float) -> None:
        first = int(start * rate)
        rest = time[: len(time) - first]
        tone = sum(np.sin(2 * np.pi * frequency * k * rest) * 0.55**k for k in range(1, 6))
        total[first:] += gain * tone * envelope(rest, 0.008, 0.0, decay)

    for bar, chord in enumerate(_CHORDS):
        start = bar * _BAR_S
        pluck(chord[0] / 2, start, 0.8, 0.7)
        for beat in range(4):
            for note in chord:
                pluck(note, start + beat * _BEAT_S, 0.22, 0.25)
            pluck(2 * chord[int(random.integers(3))], start + beat * _BEAT_S, 0.4, 0.3)
    return total


def tv(random: np.random.Generator, rate: int) -> Samples:
    """Read the weather on television, over soft music, through a small loudspeaker."""
    total = peak(speech(_NEWS, "en", rate), 1.0)
    under = peak(music(random, rate), 0.3)[: len(total)]
    total[: len(under)] += under
    return band(total, rate, 180, 4500)
