"""Makes clean synthetic speech sound as a camera in a home hears it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.signal import fftconvolve, lfilter, resample, resample_poly

type Array = npt.NDArray[np.float32]

RATE = 16000


def trim(sound: Array) -> Array:
    """Cut away what is more than 40 dB below the loudest 10 ms, before and after."""
    blocks = sound[: len(sound) // 160 * 160].reshape(-1, 160)
    power = (blocks**2).mean(axis=1)
    loud = np.flatnonzero(power > power.max(initial=0.0) * 1e-4)
    return sound[loud[0] * 160 : (loud[-1] + 1) * 160] if len(loud) else sound[:0]


def other_throat(sound: Array, random: np.random.Generator) -> Array:
    """Make another speaker of it: other formants, timbre and pace at the same pitch.

    The envelope of each spectrum is found by cepstral smoothing and drawn along the frequency axis,
    each region by its own amount; the harmonics stay where they are.
    """
    size, hop = 512, 128
    padded = np.pad(sound, size)
    at = np.arange(0, len(padded) - size, hop)
    window = np.sqrt(np.hanning(size + 1)[:-1])
    spectra = np.fft.rfft(padded[at[:, None] + np.arange(size)] * window, axis=1)
    level = np.log(np.abs(spectra) + 1e-5)
    cepstrum = np.fft.irfft(level, axis=1)
    cepstrum[:, 30:-29] = 0.0
    envelope = np.fft.rfft(cepstrum, axis=1).real
    bins = np.arange(size // 2 + 1, dtype=np.float64)
    knots = np.array([0, 16, 48, 96, 160, 256])
    moved = knots * np.exp(random.uniform(-0.2, 0.2) + random.normal(0.0, 0.06, len(knots)))
    source = np.interp(bins, np.maximum.accumulate(moved), knots)
    timbre = np.interp(bins, knots, random.normal(0.0, 0.4, len(knots)))
    low = np.minimum(source.astype(int), len(bins) - 2)
    part = source - low
    warped = (1 - part) * envelope[:, low] + part * envelope[:, low + 1]
    spectra *= np.exp(np.clip(warped - envelope, -6.0, 6.0) + timbre)
    made = np.zeros(len(padded))
    for start, frame in zip(at, np.fft.irfft(spectra, axis=1) * window, strict=True):
        made[start : start + size] += frame
    made = made[size:-size]
    made = resample(made, int(len(made) * random.uniform(0.88, 1.14)))
    return (made / max(float(np.abs(made).max()), 1e-6)).astype(np.float32)


def stretch(sound: Array, factor: float) -> Array:
    """Make longer without changing the pitch, by adding up windows (WSOLA)."""
    size, hop = 640, 320
    window = np.hanning(size)
    made = np.zeros(int(len(sound) * factor) + 2 * size)
    weight = np.zeros_like(made)
    padded = np.pad(sound, (size, 2 * size))
    expected = padded[size : 2 * size]
    for start in range(0, len(made) - size, hop):
        at = size + int(start / factor)
        if at + size + hop + 160 > len(padded):
            break
        around = padded[at - 160 : at + size + 160]
        fit = np.correlate(around, expected, "valid")
        at += int(np.argmax(fit)) - 160
        made[start : start + size] += window * padded[at : at + size]
        weight[start : start + size] += window
        expected = padded[at + hop : at + hop + size]
    return (made / np.maximum(weight, 0.1))[: int(len(sound) * factor)].astype(np.float32)


def shout(sound: Array, random: np.random.Generator) -> Array:
    """Raise the upper bands and drive into saturation, as a shouting throat does."""
    bright = lfilter([1.0, -random.uniform(0.3, 0.9)], [1.0], sound)
    bright /= max(float(np.abs(bright).max()), 1e-6)
    drive = random.uniform(1.0, 4.0)
    return (np.tanh(drive * bright) / np.tanh(drive)).astype(np.float32)


def room(sound: Array, random: np.random.Generator) -> Array:
    """Add the echo of a room: a decaying noise after the direct sound (RT60 0.1 to 0.9 s)."""
    seconds = random.uniform(0.1, 0.9)
    at = np.arange(int(seconds * RATE)) / RATE
    tail = random.standard_normal(len(at)) * 10 ** (-3.0 * at / seconds)
    tail[: int(random.uniform(0.001, 0.01) * RATE)] = 0.0
    tail = lfilter([1.0 - (damp := random.uniform(0.0, 0.7))], [1.0, -damp], tail)
    tail *= 10 ** (-random.uniform(0.0, 15.0) / 20) / max(float(np.sqrt((tail**2).sum())), 1e-6)
    tail[0] = 1.0
    return fftconvolve(sound, tail)[: len(sound)].astype(np.float32)


def telephone(sound: Array) -> Array:
    """Pass through 8 kHz and G.711 mu-law."""
    narrow = np.clip(resample_poly(sound, 1, 2), -1.0, 1.0)
    coded = np.sign(narrow) * np.log1p(255 * np.abs(narrow)) / np.log(256.0)
    coded = np.round(coded * 127) / 127
    narrow = np.sign(coded) * (256.0 ** np.abs(coded) - 1) / 255
    return resample_poly(narrow, 2, 1)[: len(sound)].astype(np.float32)


def background(length: int, random: np.random.Generator, babble: Sequence[Array] = ()) -> Array:
    """Give noise of a drawn colour, or a hum, or people talking: RMS 1."""
    kind = random.random()
    if kind < 0.15 and babble:
        sound = np.zeros(length)
        for _ in range(random.integers(2, 6)):
            one = babble[random.integers(len(babble))]
            sound += np.resize(np.roll(one, random.integers(len(one))), length)
    elif kind < 0.25:
        at = np.arange(length) / RATE
        base = random.uniform(45, 400)
        sound = sum(
            random.uniform(0.1, 1) * np.sin(2 * np.pi * base * k * at + random.uniform(0, 6))
            for k in range(1, 8)
        ) + 0.1 * random.standard_normal(length)
    else:
        spectrum = np.fft.rfft(random.standard_normal(length))
        hertz = np.maximum(np.fft.rfftfreq(length, 1 / RATE), 30.0)
        sound = np.fft.irfft(spectrum * hertz ** -random.uniform(0.0, 1.2), length)
        if kind > 0.85:  # comes and goes
            at = np.arange(length) / RATE
            sound *= 1 + 0.9 * np.sin(2 * np.pi * random.uniform(0.3, 6) * at)
    return (sound / max(float(np.sqrt(np.mean(sound**2))), 1e-6)).astype(np.float32)


def noise_event(length: int, random: np.random.Generator) -> Array:
    """Give a sound that is no speech: knocks, beeps, sweeps, barks of noise."""
    sound = np.zeros(length)
    for _ in range(random.integers(1, 6)):
        size = int(random.uniform(0.05, 0.8) * RATE)
        at = np.arange(size) / RATE
        envelope = np.minimum(at / random.uniform(0.002, 0.1), 1) * np.exp(
            -at * random.uniform(1, 30)
        )
        low, high = random.uniform(80, 3500, size=2)
        phase = 2 * np.pi * (low * at + (high - low) * at**2 / (2 * at[-1]))
        if random.random() < 0.4:  # as a dog barks: a short arch of pitch
            arch = np.sin(np.pi * np.minimum(at / random.uniform(0.08, 0.35), 1.0))
            phase = 2 * np.pi * np.cumsum(random.uniform(200, 900) * (1 + 0.5 * arch)) / RATE
            envelope = arch ** random.uniform(0.5, 2)
        tone = sum(
            random.uniform(0.2, 1.0) * np.sin(k * phase) / k
            for k in range(1, random.integers(2, 12))
        )
        mix = random.random()
        burst = envelope * (mix * tone + (1 - mix) * random.standard_normal(size))
        start = int(random.integers(0, max(length - size, 1)))
        sound[start : start + size] += random.uniform(0.3, 1) * burst[: length - start]
    return (sound / max(float(np.abs(sound).max()), 1e-6)).astype(np.float32)


def as_heard(clean: Array, random: np.random.Generator, babble: Sequence[Array] = ()) -> Array:
    """Put a clean clip into a room, with noise, through a microphone and perhaps a telephone."""
    sound = room(clean, random) if random.random() < 0.6 else clean
    if random.random() < 0.5:  # the microphone's tilt
        tilt = random.uniform(-0.6, 0.6)
        sound = lfilter([1.0, -tilt], [1.0], sound).astype(np.float32)
    loud = float(np.sqrt(np.mean(sound[np.abs(sound) > 0.05 * np.abs(sound).max()] ** 2)))
    snr_db = random.uniform(6, 45)
    noise = background(len(sound), random, babble)
    mixed = sound / max(loud, 1e-6) + noise * 10 ** (-snr_db / 20)
    mixed = 0.25 * mixed / max(float(np.abs(mixed).max()), 1e-6) * random.uniform(0.3, 3.0)
    if random.random() < 0.35:
        mixed = telephone(mixed)
    return np.clip(mixed, -1.0, 1.0).astype(np.float32)
