"""What lies between a sound and the detector: room, distance, noise, microphone, codec, band."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from scipy.signal import butter, fftconvolve, resample_poly, sosfilt

from train.sound.backgrounds import coloured
from train.sound.voices import RATE, Wave, normal


def in_room(rng: Generator, wave: Wave) -> Wave:
    """Let it sound in a room, at some distance."""
    if rng.random() < 0.25:
        return wave
    reverberation = np.exp(rng.uniform(np.log(0.1), np.log(1.0)))  # seconds for 60 dB
    n = int(RATE * min(reverberation, 0.8))
    t = np.arange(n) / RATE
    tail = rng.standard_normal(n) * 10 ** (-3 * t / reverberation)
    tail[: int(RATE * rng.uniform(0.001, 0.01))] = 0
    # Air and walls take the high parts first.
    if rng.random() < 0.7:
        tail = sosfilt(butter(1, rng.uniform(1500, 7000), "low", fs=RATE, output="sos"), tail)
    tail /= max(float(np.sqrt((tail**2).sum())), 1e-9)
    direct = np.zeros(n)
    direct[0] = 1.0
    for _ in range(int(rng.integers(0, 6))):  # first reflections
        direct[int(rng.uniform(0.001, 0.03) * RATE)] += rng.uniform(-0.5, 0.5)
    response = direct + 10 ** (rng.uniform(-25, 6) / 20) * tail
    return normal(fftconvolve(wave, response))


def recorded(rng: Generator, wave: Wave) -> Wave:
    """Give what a camera's microphone and codec make of it, with noise and at some level."""
    n = len(wave)
    if rng.random() < 0.35:  # the microphone's own colour
        centre = np.exp(rng.uniform(np.log(300), np.log(6000)))
        sos = butter(1, (centre / 1.8, min(centre * 1.8, 7900)), "band", fs=RATE, output="sos")
        wave = wave + rng.uniform(-0.6, 1.5) * sosfilt(sos, wave)
    if rng.random() < 0.3:
        wave = sosfilt(butter(2, rng.uniform(60, 400), "high", fs=RATE, output="sos"), wave)
    if rng.random() < 0.25:
        wave = sosfilt(butter(2, rng.uniform(2800, 7000), "low", fs=RATE, output="sos"), wave)
    wave = normal(wave)
    # From close by to 26 dB further off: the noise floor stays.
    noise = 10 ** (rng.uniform(-75, -12) / 20)
    wave = wave + noise * coloured(rng, n, rng.uniform(-0.3, 1.8))
    if rng.random() < 0.12:  # clipped
        wave = np.clip(normal(wave) * 10 ** rng.uniform(0.05, 0.8), -1, 1)
    wave = normal(wave) * 10 ** (rng.uniform(-26, 0) / 20)
    if rng.random() < 0.35:
        wave = telephone(rng, wave)
    elif rng.random() < 0.25:
        wave = _lossy(rng, wave)
    return np.round(np.clip(wave, -1, 1) * 32767) / 32767


def telephone(rng: Generator, wave: Wave) -> Wave:
    """8 kHz, mostly with the 8 bits of G.711."""
    low = resample_poly(wave, 1, 2)
    if rng.random() < 0.7:
        low = np.clip(low, -1, 1)
        code = np.round(np.sign(low) * np.log1p(255 * np.abs(low)) / np.log(256) * 127) / 127
        low = np.sign(code) * np.expm1(np.abs(code) * np.log(256)) / 255
    return resample_poly(low, 2, 1)[: len(wave)]


def _lossy(rng: Generator, wave: Wave) -> Wave:
    """What AAC and Opus do at low rates: weak cells of the spectrum are lost, others coarse."""
    size = 512
    window = np.sin(np.pi * (np.arange(2 * size) + 0.5) / (2 * size))
    padded = np.pad(wave, (size, 2 * size))
    out = np.zeros(len(padded))
    lost = 10 ** (rng.uniform(-50, -20) / 20)
    top = int(size * rng.uniform(0.55, 1.0))
    for at in range(0, len(padded) - 2 * size, size):
        spectrum = np.fft.rfft(padded[at : at + 2 * size] * window)
        spectrum[np.abs(spectrum) < lost * np.abs(spectrum).max()] = 0
        spectrum[top:] = 0
        out[at : at + 2 * size] += np.fft.irfft(spectrum) * window
    return out[size : size + len(wave)]


def faster(rng: Generator, wave: Wave, spread: float) -> Wave:
    """Play faster or slower, pitch and all."""
    factor = 2 ** rng.uniform(-spread, spread)
    places = np.arange(0, len(wave) - 1, factor)
    return np.interp(places, np.arange(len(wave)), wave)
