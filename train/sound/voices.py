"""Sounds of a throat, by a source and a filter: screams, crying, laughter, moans, coughs, barks.

The source is a sum of harmonics of a moving pitch with jitter, subharmonics and rough amplitude
modulation at 30-150 Hz (Arnal et al. 2015), plus breath; the filter is five formants of a tract of
any length. Everything is drawn anew from wide ranges: what must be learned is what stays the same.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from scipy.signal import butter, lfilter, sosfilt

RATE = 16_000
_CONTROL = 100  # samples between two looks at the formants

Wave = np.ndarray

_VOWELS = {  # Hz for a grown man; others are scaled
    "a": (750, 1200, 2500, 3400, 4300),
    "ae": (690, 1660, 2490, 3500, 4400),
    "e": (530, 1840, 2480, 3500, 4400),
    "i": (300, 2250, 3000, 3600, 4500),
    "o": (500, 900, 2500, 3400, 4300),
    "u": (320, 850, 2300, 3300, 4200),
    "er": (490, 1350, 1690, 3300, 4200),
}
_OPEN = ("a", "ae", "e", "a", "ae")


@dataclass(frozen=True)
class Voice:
    """How a stretch of voice is made.

    Attributes:
        pitch: Hz, one value a sample.
        loudness: 0..1, one value a sample.
        size: tract length relative to a man's; formants divide by it.
        path: vowels gone through from beginning to end.
        tilt: dB an octave of the source.
        breath: level of breath relative to the voice.
        rough: depth 0..1 of rough modulation.
        rough_hz: its rate.
        jitter: relative random deviation of the pitch.
        sub: level of the subharmonic, 0..1.
    """

    pitch: Wave
    loudness: Wave
    size: float
    path: tuple[str, ...]
    tilt: float
    breath: float
    rough: float = 0.0
    rough_hz: float = 70.0
    jitter: float = 0.01
    sub: float = 0.0


def sing(rng: Generator, voice: Voice) -> Wave:
    """Make the sound of a stretch of voice."""
    n = len(voice.pitch)
    pitch = voice.pitch * (1 + voice.jitter * smooth_noise(rng, n, 60))
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    points = np.arange(0, n + _CONTROL, _CONTROL)
    formants = _formants(rng, voice, len(points))
    at = np.clip(points, 0, n - 1)
    base = pitch[at]
    count = int(np.clip(7600 / max(float(base.min()), 60.0), 1, 70))
    wave = np.zeros(n)
    ticks = np.arange(n)
    for k in range(1, count + 1):
        hz = base * k
        gain = _gain(hz, formants) * 10 ** (voice.tilt * np.log2(k) / 20)
        gain[hz > 7700] = 0.0
        wave += np.interp(ticks, points, gain) * np.cos(k * phase + rng.uniform(0, 0.5))
        if voice.sub > 0 and k <= 24:
            gain = _gain(hz - base / 2, formants) * 10 ** (voice.tilt * np.log2(k) / 20)
            wave += voice.sub * np.interp(ticks, points, gain) * np.cos((k - 0.5) * phase)
    wave /= max(float(np.sqrt(np.mean(wave**2))), 1e-9)
    noise = _breath(rng, n, formants.mean(axis=0))
    wave = wave + voice.breath * noise
    if voice.rough > 0:
        rate = voice.rough_hz * (1 + 0.25 * smooth_noise(rng, n, 8))
        wobble = np.cos(2 * np.pi * np.cumsum(rate) / RATE) + 0.6 * smooth_noise(rng, n, 90)
        wave = wave * (1 - voice.rough * 0.5 * (1 + np.clip(wobble, -1, 1)))
    return normal(wave * voice.loudness)


def scream(rng: Generator) -> Wave:
    """A scream, or up to three in a row."""
    person = _person(rng)
    parts = []
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        parts.append(_one_scream(rng, person))
        parts.append(np.zeros(int(RATE * rng.uniform(0.05, 0.35))))
    return np.concatenate(parts[:-1])


def _one_scream(rng: Generator, size: float) -> Wave:
    n = int(RATE * np.exp(rng.uniform(np.log(0.3), np.log(2.8))))
    x = np.linspace(0, 1, n)
    low, high = (350, 1100) if size > 0.95 else (550, 2100)
    top = np.exp(rng.uniform(np.log(low), np.log(high)))
    rise = rng.uniform(0.02, 0.3)
    start, end = rng.uniform(0.35, 1.05), rng.uniform(0.4, 1.15)
    shape = np.interp(
        x, [0, rise, rng.uniform(rise + 0.05, 0.9), 1], [start, 1, rng.uniform(0.8, 1.15), end]
    )
    pitch = top * shape * (1 + rng.uniform(0, 0.05) * smooth_noise(rng, n, rng.uniform(3, 12)))
    if rng.random() < 0.25:  # the voice breaks
        place = int(n * rng.uniform(0.2, 0.9))
        pitch[place:] *= rng.choice([0.5, 0.67, 1.33, 1.5])
    loud = np.interp(
        x, [0, rng.uniform(0.01, 0.2), rng.uniform(0.5, 0.95), 1], [0, 1, rng.uniform(0.6, 1), 0]
    )
    loud = loud * (1 + 0.3 * smooth_noise(rng, n, 6)).clip(0.2)
    voice = Voice(
        pitch=np.clip(pitch, 200, 2600),
        loudness=loud,
        size=size,
        path=tuple(rng.choice(_OPEN if rng.random() < 0.8 else tuple(_VOWELS), 2)),
        # From a pure high note to a hoarse roar.
        tilt=rng.uniform(-18, 1) if top > 650 else rng.uniform(-7, 1),
        breath=10 ** rng.uniform(-2.2, 0.1),
        rough=rng.uniform(0, 0.9) if rng.random() < (0.5 if top > 650 else 0.85) else 0.0,
        rough_hz=rng.uniform(30, 150),
        jitter=10 ** rng.uniform(-2.5, -1.1),
        sub=rng.uniform(0, 0.9) if rng.random() < 0.35 else 0.0,
    )
    return drive(rng, sing(rng, voice), 0.6)


def crying(rng: Generator) -> Wave:
    """A baby's cries or a grown person's sobs."""
    baby = rng.random() < 0.5
    size = rng.uniform(0.5, 0.62) if baby else _person(rng)
    base = rng.uniform(300, 600) if baby else rng.uniform(140, 480)
    parts = []
    for _ in range(int(rng.integers(1, 5))):
        n = int(RATE * (rng.uniform(0.4, 1.5) if baby else rng.uniform(0.12, 0.9)))
        x = np.linspace(0, 1, n)
        arch = np.interp(x, [0, rng.uniform(0.15, 0.4), 0.75, 1], [0.75, 1.1, 1, 0.7])
        sobs = 1.0 if baby else 0.65 + 0.35 * np.cos(2 * np.pi * rng.uniform(3, 7) * x * n / RATE)
        pitch = base * arch * (1 + 0.03 * smooth_noise(rng, n, 8)) * rng.uniform(0.85, 1.15)
        voice = Voice(
            pitch=pitch,
            loudness=np.sin(np.pi * x) ** rng.uniform(0.3, 0.9) * sobs,
            size=size,
            path=tuple(rng.choice(("a", "ae", "e", "er", "u"), 2)),
            tilt=rng.uniform(-8, -2) if baby else rng.uniform(-14, -5),
            breath=10 ** rng.uniform(-1.5, -0.2),
            rough=rng.uniform(0, 0.4),
            rough_hz=rng.uniform(20, 70),
            jitter=10 ** rng.uniform(-2.5, -1.5),
        )
        parts += [sing(rng, voice) * rng.uniform(0.5, 1), _gasp(rng) * rng.uniform(0.02, 0.25)]
    return np.concatenate(parts)


def laughing(rng: Generator) -> Wave:
    """Bursts of voice at three to seven a second, falling in pitch and level."""
    size, base = _person(rng), np.exp(rng.uniform(np.log(130), np.log(650)))
    rate, count = rng.uniform(3, 7), int(rng.integers(2, 12))
    path = tuple(rng.choice(("a", "ae", "e", "er", "i"), 1))
    parts = []
    for index in range(count):
        n = int(RATE / rate * rng.uniform(0.4, 0.75))
        x = np.linspace(0, 1, n)
        fall = 1 - 0.4 * index / count
        voice = Voice(
            pitch=base * fall * np.interp(x, [0, 0.3, 1], [1.1, 1.15, 0.8]) * rng.uniform(0.9, 1.1),
            loudness=np.sin(np.pi * x) ** 0.7 * fall,
            size=size,
            path=path,
            tilt=rng.uniform(-14, -4),
            breath=10 ** rng.uniform(-1.3, 0.2),
            rough=rng.uniform(0, 0.3),
            jitter=10 ** rng.uniform(-2.5, -1.5),
        )
        h = _breath(
            rng, int(RATE / rate * rng.uniform(0.2, 0.5)), np.array(_VOWELS[path[0]]) / size
        )
        parts += [h * 0.15, sing(rng, voice) * fall]
    return np.concatenate(parts)


def moaning(rng: Generator) -> Wave:
    """A moan, a yawn or a sigh: soft, low, gliding."""
    n = int(RATE * rng.uniform(0.4, 2.5))
    x = np.linspace(0, 1, n)
    base = rng.uniform(90, 420)
    voice = Voice(
        pitch=base * np.interp(x, [0, rng.uniform(0.2, 0.6), 1], rng.uniform(0.7, 1.3, 3)),
        loudness=np.sin(np.pi * x) ** rng.uniform(0.4, 1.2),
        size=_person(rng),
        path=tuple(rng.choice(tuple(_VOWELS), 2)),
        tilt=rng.uniform(-18, -8),
        breath=10 ** rng.uniform(-1.5, 0.6),
        jitter=10 ** rng.uniform(-2.5, -1.5),
    )
    return sing(rng, voice)


def singing(rng: Generator) -> Wave:
    """A sung line with vibrato; also stands for calls in play and soft whoops."""
    size, base = _person(rng), rng.uniform(120, 420)
    parts = []
    for _ in range(int(rng.integers(1, 5))):
        n = int(RATE * rng.uniform(0.25, 1.2))
        x = np.linspace(0, 1, n)
        note = base * 2 ** (rng.integers(-7, 6) / 12)
        vibrato = 1 + rng.uniform(0, 0.03) * np.sin(
            2 * np.pi * rng.uniform(4.5, 6.5) * x * n / RATE
        )
        voice = Voice(
            pitch=note * vibrato,
            loudness=np.interp(x, [0, 0.1, 0.9, 1], [0, 1, 0.8, 0]),
            size=size,
            path=tuple(rng.choice(tuple(_VOWELS), 2)),
            tilt=rng.uniform(-13, -6),
            breath=10 ** rng.uniform(-2, -0.8),
            jitter=10 ** rng.uniform(-3, -2),
        )
        parts.append(sing(rng, voice))
    return np.concatenate(parts)


def coughing(rng: Generator) -> Wave:
    """One to four coughs: a burst, a noisy middle, sometimes a voiced end."""
    formants = np.array(_VOWELS["er"]) / _person(rng)
    parts = []
    for _ in range(int(rng.integers(1, 5))):
        n = int(RATE * rng.uniform(0.18, 0.5))
        x = np.linspace(0, 1, n)
        burst = np.exp(-x * rng.uniform(10, 35)) + rng.uniform(0.1, 0.6) * np.exp(
            -((x - rng.uniform(0.25, 0.5)) ** 2) / 0.03
        )
        wave = _breath(rng, n, formants * rng.uniform(0.9, 1.3)) * burst
        if rng.random() < 0.7:
            voice = Voice(
                pitch=np.full(n, rng.uniform(120, 420)) * np.linspace(1.2, 0.8, n),
                loudness=np.exp(-((x - rng.uniform(0.5, 0.8)) ** 2) / 0.02),
                size=1.0,
                path=("er", "a"),
                tilt=-9,
                breath=0.6,
                rough=rng.uniform(0, 0.6),
                jitter=0.05,
            )
            wave = normal(wave) + rng.uniform(0.1, 0.8) * sing(rng, voice)
        parts += [normal(wave) * rng.uniform(0.4, 1), np.zeros(int(RATE * rng.uniform(0.02, 0.3)))]
    return np.concatenate(parts)


def sneezing(rng: Generator) -> Wave:
    """A drawn breath, then a burst of high noise, often with a voice in it."""
    n = int(RATE * rng.uniform(0.2, 0.5))
    x = np.linspace(0, 1, n)
    noise = band(rng.standard_normal(n), rng.uniform(500, 2500), rng.uniform(5500, 7800))
    wave = noise * np.exp(-x * rng.uniform(4, 12)) * np.minimum(x * 30, 1)
    voice = Voice(
        pitch=rng.uniform(180, 700) * np.linspace(1.3, 0.8, n),
        loudness=np.exp(-((x - 0.2) ** 2) / 0.03),
        size=_person(rng),
        path=("a", "u"),
        tilt=-8,
        breath=0.3,
        rough=rng.uniform(0, 0.3),
    )
    inhale = _gasp(rng) * rng.uniform(0.02, 0.3)
    return np.concatenate((inhale, normal(normal(wave) + rng.uniform(0, 1) * sing(rng, voice))))


def animal(rng: Generator) -> Wave:
    """A dog's barks, a whine, a cat, a cock's crow, as far as a throat model goes."""
    kind = rng.choice(["bark", "bark", "whine", "cat", "cock", "cock"])
    parts = []
    if kind == "cock":
        base, size = rng.uniform(380, 900), rng.uniform(0.3, 0.6)
        for length, step in zip((0.15, 0.12, 0.2, 1.0), (0.8, 1.0, 1.1, 1.0), strict=True):
            n = int(RATE * length * rng.uniform(0.7, 1.4))
            voice = _call(rng, n, base * step, size, np.linspace(1.05, rng.uniform(0.6, 0.95), n))
            parts += [sing(rng, voice), np.zeros(int(RATE * rng.uniform(0.01, 0.08)))]
        return np.concatenate(parts)
    for _ in range(1 if kind in {"cat", "whine"} else int(rng.integers(1, 6))):
        length, low, high = {
            "bark": (rng.uniform(0.08, 0.25), 250, 1100),
            "whine": (rng.uniform(0.3, 1.5), 350, 900),
            "cat": (rng.uniform(0.4, 1.2), 350, 900),
        }[str(kind)]
        n = int(RATE * length)
        curve = np.interp(
            np.linspace(0, 1, n), [0, 0.3, 1], [rng.uniform(0.7, 1), 1.1, rng.uniform(0.5, 1)]
        )
        voice = _call(rng, n, rng.uniform(low, high), rng.uniform(0.4, 1.0), curve)
        parts += [sing(rng, voice), np.zeros(int(RATE * rng.uniform(0.1, 0.6)))]
    return np.concatenate(parts)


def _call(rng: Generator, n: int, pitch: float, size: float, curve: Wave) -> Voice:
    x = np.linspace(0, 1, n)
    return Voice(
        pitch=pitch * curve,
        loudness=np.sin(np.pi * x) ** rng.uniform(0.3, 1),
        size=size,
        path=tuple(rng.choice(("a", "ae", "o", "er"), 2)),
        tilt=rng.uniform(-9, -2),
        breath=10 ** rng.uniform(-1.5, 0.2),
        rough=rng.uniform(0, 0.7),
        rough_hz=rng.uniform(25, 100),
        jitter=10 ** rng.uniform(-2.5, -1.2),
        sub=rng.uniform(0, 0.5),
    )


def smooth_noise(rng: Generator, n: int, hz: float) -> Wave:
    """Random wandering with about `hz` turns a second and a spread of 1."""
    knots = max(int(n * hz / RATE) + 3, 4)
    values = rng.standard_normal(knots)
    return np.interp(np.linspace(0, knots - 1, n), np.arange(knots), values)


def band(wave: Wave, low: float, high: float) -> Wave:
    """Keep what lies between two frequencies, Hz."""
    high = min(high, RATE / 2 - 100)
    if low < 40:
        return sosfilt(butter(2, high, "low", fs=RATE, output="sos"), wave)
    if high > RATE / 2 - 150:
        return sosfilt(butter(2, low, "high", fs=RATE, output="sos"), wave)
    return sosfilt(butter(2, (low, high), "band", fs=RATE, output="sos"), wave)


def normal(wave: Wave) -> Wave:
    """Bring the peak to 1."""
    return wave / max(float(np.abs(wave).max(initial=0.0)), 1e-9)


def drive(rng: Generator, wave: Wave, chance: float) -> Wave:
    """Overdrive, as a throat and a microphone do when somebody screams."""
    if rng.random() < chance:
        return normal(np.tanh(normal(wave) * 10 ** rng.uniform(0, 1)))
    return wave


def _person(rng: Generator) -> float:
    return float(
        rng.choice([rng.uniform(0.95, 1.1), rng.uniform(0.78, 0.92), rng.uniform(0.55, 0.78)])
    )


def _formants(rng: Generator, voice: Voice, count: int) -> Wave:
    """Formants over time, shape (count, 5), Hz."""
    stops = np.array([_VOWELS[v] for v in voice.path], float) / voice.size
    stops = stops * rng.uniform(0.88, 1.12, stops.shape)
    where = np.linspace(0, len(stops) - 1, count)
    return np.stack([np.interp(where, np.arange(len(stops)), stops[:, i]) for i in range(5)], 1)


def _gain(hz: Wave, formants: Wave) -> Wave:
    """What the tract lets through of one harmonic over time."""
    width = 60 + formants * 0.06
    near = 1 / np.sqrt(1 + ((hz[:, None] - formants) / width) ** 2)
    return near @ np.array([1, 0.8, 0.6, 0.45, 0.35]) + 0.03


def _breath(rng: Generator, n: int, formants: Wave) -> Wave:
    noise = rng.standard_normal(n + 64)
    out = 0.15 * noise
    for hz, level in zip(formants, (0.6, 0.8, 0.8, 0.7, 0.6), strict=True):
        if hz < 7500:
            r = np.exp(-np.pi * (120 + 0.08 * hz) / RATE)
            out = out + level * (1 - r) * 4 * lfilter(
                [1], [1, -2 * r * np.cos(2 * np.pi * hz / RATE), r * r], noise
            )
    out = out[64:]
    return out / max(float(np.sqrt(np.mean(out**2))), 1e-9)


def _gasp(rng: Generator) -> Wave:
    n = int(RATE * rng.uniform(0.1, 0.5))
    return _breath(rng, n, np.array(_VOWELS["er"]) * rng.uniform(1, 1.4)) * np.hanning(n) * 0.3
