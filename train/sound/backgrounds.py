"""What else is heard at home: music, beeps, alarms, engines, wind and water."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from scipy.fft import irfft, next_fast_len, rfft, rfftfreq

from train.sound.voices import RATE, Wave, band, normal, smooth_noise


def music(rng: Generator) -> Wave:
    """Chords, a bass, a tune and drums, by simple waves."""
    n = int(RATE * rng.uniform(1.5, 4))
    beat = RATE * 60 / rng.uniform(60, 180)
    wave = np.zeros(n)
    root = rng.uniform(80, 330)
    scale = np.array([0, 2, 4, 5, 7, 9, 11, 12])
    bright = rng.uniform(0.5, 2.5)
    parts = rng.random(4) < (0.7, 0.6, 0.7, 0.6)
    for index in range(int(n / beat) + 1):
        at = int(index * beat)
        size = min(n - at, int(beat * rng.uniform(0.8, 2)))
        if size < 200:
            continue
        t = np.arange(size) / RATE
        fall = np.exp(-t / rng.uniform(0.1, 1.5)) * np.minimum(t * 200, 1)
        if parts[0]:
            for step in rng.choice(scale, 3):
                wave[at : at + size] += 0.3 * _tone(rng, root * 2 ** (step / 12), t, bright) * fall
        if parts[1]:
            wave[at : at + size] += 0.8 * _tone(rng, root / 2, t, 2.5) * fall
        if parts[2]:
            tune = root * 2 ** (rng.choice(scale) / 12 + rng.integers(1, 4))
            vibrato = 1 + 0.01 * rng.random() * np.sin(2 * np.pi * 5.5 * t)
            wave[at : at + size] += 0.5 * _tone(rng, tune * vibrato, t, bright) * fall
        if parts[3]:
            kind = rng.integers(3)
            noise = rng.standard_normal(size)
            drum = (
                np.sin(2 * np.pi * 60 * t * (1 + np.exp(-t * 30))) * np.exp(-t * 12),
                band(noise, 300, 6000) * np.exp(-t * 25),
                band(noise, 5000, 7900) * np.exp(-t * 60),
            )[kind]
            wave[at : at + size] += rng.uniform(0.3, 1) * drum
    return normal(wave)


def alarm(rng: Generator) -> Wave:
    """A smoke alarm: three beeps of half a second and a rest, or an older kind of beeping."""
    hz = rng.uniform(2800, 3600) if rng.random() < 0.8 else rng.uniform(500, 540)
    if rng.random() < 0.7:
        on = rng.uniform(0.42, 0.58)
        pattern = [(1, on), (0, on), (1, on), (0, on), (1, on), (0, rng.uniform(1.2, 1.7))]
    else:
        on = rng.uniform(0.06, 0.4)
        pattern = [(1, on), (0, on * rng.uniform(0.3, 1.2))] * 6
    harmonics = 0.0 if hz > 2000 else rng.uniform(0.1, 0.5)
    parts = []
    for sounding, length in pattern:
        t = np.arange(int(RATE * length)) / RATE
        tone = np.sin(2 * np.pi * hz * t)
        if harmonics:
            tone = tone + sum(harmonics * np.sin(2 * np.pi * hz * k * t) / k for k in (3, 5, 7))
        parts.append(sounding * tone * np.minimum(1, np.minimum(t, t[::-1]) * 200))
    return normal(np.concatenate(parts))


def beeps(rng: Generator) -> Wave:
    """Appliances, telephones, toys, sirens, whistles: tones that are no smoke alarm."""
    kind = rng.integers(4)
    n = int(RATE * rng.uniform(0.5, 2.5))
    t = np.arange(n) / RATE
    if kind == 0:  # an appliance
        hz = rng.choice([rng.uniform(600, 2600), rng.uniform(3800, 5000)])
        gate = (t * rng.uniform(0.8, 6)) % 1 < rng.uniform(0.2, 0.7)
        return _tone(rng, hz, t, rng.uniform(1, 4)) * gate
    if kind == 1:  # a siren or a whistle
        swing = (
            smooth_noise(rng, n, rng.uniform(1, 8))
            if rng.random() < 0.5
            else np.sin(2 * np.pi * rng.uniform(0.3, 6) * t)
        )
        hz = rng.uniform(500, 2500) * (1 + rng.uniform(0.02, 0.4) * np.clip(swing, -1, 1))
        return _tone(rng, hz, t, rng.uniform(1, 5)) * (1 + 0.2 * smooth_noise(rng, n, 5))
    if kind == 2:  # a bell
        wave = np.zeros(n)
        base = rng.uniform(300, 2000)
        for ratio in (0.56, 0.92, 1.19, 1.71, 2, 2.74, 3, 3.76):
            wave += (
                rng.random()
                * np.sin(2 * np.pi * base * ratio * t)
                * np.exp(-t / rng.uniform(0.2, 1))
            )
        return normal(wave)
    wave = np.zeros(n)  # birds
    for at in rng.integers(0, n - 1000, int(rng.integers(2, 12))):
        size = min(n - at, int(RATE * rng.uniform(0.03, 0.25)))
        x = np.linspace(0, 1, size)
        hz = rng.uniform(1800, 6500) * (
            1 + rng.uniform(-0.4, 0.4) * np.sin(np.pi * x * rng.uniform(0.5, 6))
        )
        wave[at : at + size] += np.sin(2 * np.pi * np.cumsum(hz) / RATE) * np.sin(np.pi * x)
    return normal(wave)


def steady(rng: Generator) -> Wave:
    """Rain, wind, fans, engines, saws, water: sound that goes on."""
    n = int(RATE * rng.uniform(1.2, 3))
    noise = coloured(rng, n, rng.uniform(-1, 2))
    kind = rng.integers(4)
    if kind == 0:
        return normal(noise * (1 + 0.4 * smooth_noise(rng, n, rng.uniform(0.5, 5))))
    t = np.arange(n) / RATE
    rev = rng.uniform(20, 160) * (1 + 0.15 * smooth_noise(rng, n, 1.5))
    phase = 2 * np.pi * np.cumsum(rev) / RATE
    wave = sum(
        rng.exponential(1) / k**0.7 * np.cos(k * phase + rng.uniform(0, 6)) for k in range(1, 20)
    )
    if kind == 1:
        return normal(normal(wave) + rng.uniform(0, 1) * normal(noise))
    if kind == 2:  # a saw or a drill: noise chopped by the motor
        return normal(normal(noise) * (1 + np.cos(phase)) + rng.uniform(0, 1) * normal(wave))
    rate = rng.uniform(3, 25)
    return normal(noise * (1 + np.cos(2 * np.pi * rate * t)) ** rng.uniform(1, 4))


def coloured(rng: Generator, n: int, slope: float) -> Wave:
    """Noise whose power falls by f to the `slope`: 0 white, 1 pink, 2 brown."""
    size = next_fast_len(n, real=True)
    spectrum = rfft(rng.standard_normal(size))
    hz = np.maximum(rfftfreq(size, 1 / RATE), 30)
    return normal(irfft(spectrum * hz ** (-slope / 2), size)[:n])


def _tone(rng: Generator, hz: float | Wave, t: Wave, fall: float) -> Wave:
    """A wave with harmonics that weaken by k to the -fall."""
    base = np.broadcast_to(hz, t.shape)
    phase = 2 * np.pi * np.cumsum(base) / RATE + rng.uniform(0, 6)
    top = int(np.clip(7500 / float(base.max()), 1, 8))
    return normal(sum(np.sin(k * phase) / k**fall for k in range(1, top + 1)))
