"""Sounds of things: glass that breaks, and everything else that is hit, dropped, shut or rattled.

Modal synthesis: a hit is a short burst of noise and a set of decaying partials. What breaks differs
from what is struck in that hundreds of pieces with modes of their own sound at random times after
the first burst, ever fewer and weaker.
"""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from train.sound.backgrounds import coloured
from train.sound.voices import RATE, Wave, band, normal, smooth_noise


def breaking_glass(rng: Generator) -> Wave:
    """A pane, a bottle or a tumbler goes to pieces."""
    return _pane(rng) if rng.random() < 0.6 else _vessel(rng)


def _pane(rng: Generator) -> Wave:
    """A window: a crash over the whole spectrum, then thousands of pieces that reach the floor."""
    n = int(RATE * rng.uniform(0.9, 2.2))
    t = np.arange(n) / RATE
    crash = coloured(rng, n, rng.uniform(-0.5, 1.2)) * np.exp(-t / rng.uniform(0.03, 0.2))
    wave = normal(crash)
    wave += rng.uniform(0.0, 0.8) * _ring(rng, n, 12, 60, 900, (0.01, 0.1))
    wave += rng.uniform(0.1, 0.9) * _ring(
        rng, n, int(rng.integers(20, 90)), 1500, 7800, (0.02, 0.25)
    )
    bottom = rng.uniform(800, 3500)
    pieces = band(rng.standard_normal(n), bottom, 7950)
    grain = np.abs(smooth_noise(rng, n, np.exp(rng.uniform(np.log(40), np.log(600)))))
    wave += rng.uniform(0.15, 0.8) * normal(pieces * grain * np.exp(-t / rng.uniform(0.1, 0.6)))
    if rng.random() < 0.75:  # what fell reaches the floor
        at = rng.uniform(0.2, 0.8)
        late = t - at
        swell = np.where(
            late > 0,
            np.exp(-late / rng.uniform(0.08, 0.4)),
            np.exp(late / rng.uniform(0.005, 0.12)),
        )
        fallen = coloured(rng, n, rng.uniform(-1.5, 0.5)) + band(
            rng.standard_normal(n), bottom, 7950
        )
        grain = np.abs(smooth_noise(rng, n, rng.uniform(30, 400)))
        wave += rng.uniform(0.1, 1.1) * normal(fallen * grain * swell)
        rings = _ring(rng, n, int(rng.integers(5, 40)), 2000, 7800, (0.02, 0.25))
        wave += rng.uniform(0, 0.6) * np.roll(rings, int(at * RATE)) * (late > 0)
    for _ in range(int(rng.integers(0, 12))):  # single pieces
        place = int(rng.uniform(0.05, 0.9) * n)
        size = min(n - place, RATE // 3)
        piece = _ring(rng, size, int(rng.integers(2, 7)), bottom, 7800, (0.005, 0.12))
        wave[place : place + size] += rng.uniform(0.05, 0.6) * piece
    return normal(wave)


def _vessel(rng: Generator) -> Wave:
    """A bottle or a tumbler: a crack, ringing shards at random times, ever fewer."""
    spread = np.exp(rng.uniform(np.log(0.08), np.log(1.3)))
    n = int(RATE * (0.25 + 1.6 * spread))
    wave = np.zeros(n)
    low = rng.uniform(1200, 3500)
    # The first crack: all modes of the pane at once, and the noise of the fracture.
    crack = _ring(rng, n, int(rng.integers(20, 120)), low, 7700, (0.008, 0.12))
    noise = band(rng.standard_normal(n), rng.uniform(700, 3000), 7900)
    decay = np.exp(-np.arange(n) / RATE / rng.uniform(0.01, 0.12))
    wave += rng.uniform(0.2, 1) * crack + rng.uniform(0.1, 1) * normal(noise * decay)
    if rng.random() < 0.6:  # what struck it, and the frame
        wave += rng.uniform(0.1, 1.2) * _ring(rng, n, 6, 60, 900, (0.01, 0.08))
    # Cracks that run on, shards that fall.
    count = int(np.exp(rng.uniform(np.log(8), np.log(110))))
    times = np.minimum(rng.exponential(spread, count), 1.5 * spread + 0.1)
    delay = rng.uniform(0.02, 0.5) if rng.random() < 0.3 else 0.0  # the fall to the floor
    for time in times:
        at = int(RATE * (time + (delay if rng.random() < 0.7 else 0)))
        if at < n - 200:
            level = rng.uniform(0.05, 0.8) * np.exp(-time / (1.2 * spread)) * rng.uniform(0.2, 1)
            ring = (0.004, rng.choice([0.03, 0.08, 0.2]))
            size = min(n - at, int(RATE * 0.5))
            wave[at : at + size] += level * _ring(
                rng, size, int(rng.integers(2, 8)), low, 7800, ring
            )
    if rng.random() < 0.5:  # fine pieces, as of toughened glass
        rain = np.abs(smooth_noise(rng, n, 400)) * np.exp(-np.arange(n) / RATE / spread)
        wave += rng.uniform(0.02, 0.4) * normal(band(rng.standard_normal(n), low, 7900) * rain)
    return normal(wave)


def thing(rng: Generator) -> Wave:
    """Something is struck, dropped, shut, shaken or stepped on, and does not break."""
    maker = rng.choice(len(_THINGS))
    return normal(_THINGS[maker](rng))


def _ring(
    rng: Generator, n: int, count: int, low: float, high: float, decay: tuple[float, float]
) -> Wave:
    """Partials at random frequencies that die away."""
    length = min(n, int(RATE * decay[1] * 7) + 64)
    t = np.arange(length) / RATE
    hz = np.exp(rng.uniform(np.log(low), np.log(high), count))
    tau = np.exp(rng.uniform(np.log(decay[0]), np.log(decay[1]), count))
    level = rng.exponential(1, count)
    wave = np.zeros(n)
    phase = rng.uniform(0, 2 * np.pi, count)
    for i in range(count):
        wave[:length] += level[i] * np.exp(-t / tau[i]) * np.sin(2 * np.pi * hz[i] * t + phase[i])
    return normal(wave)


def _hits(rng: Generator, count: int, gap: tuple[float, float], hit: Wave) -> Wave:
    """The same thing struck again, a little otherwise each time."""
    times = np.cumsum(rng.uniform(*gap, count)) - gap[0]
    wave = np.zeros(int(RATE * times[-1]) + len(hit))
    for time in times:
        at = int(RATE * max(time, 0))
        wave[at : at + len(hit)] += rng.uniform(0.3, 1) * hit[: len(wave) - at]
    return wave


def _dishes(rng: Generator) -> Wave:
    parts = [
        np.concatenate(
            (
                np.zeros(int(RATE * rng.uniform(0, 0.7))),
                _ring(
                    rng,
                    int(RATE * 0.8),
                    int(rng.integers(2, 9)),
                    rng.uniform(600, 2500),
                    7500,
                    (0.02, 0.25),
                ),
            )
        )
        for _ in range(int(rng.integers(1, 7)))
    ]
    wave = np.zeros(max(map(len, parts)))
    for part in parts:
        wave[: len(part)] += rng.uniform(0.2, 1) * part
    return wave


def _clink(rng: Generator) -> Wave:
    hit = _ring(rng, RATE, int(rng.integers(2, 6)), rng.uniform(1000, 3000), 7500, (0.05, 0.5))
    return _hits(rng, int(rng.integers(1, 4)), (0.1, 0.6), hit)


def _keys(rng: Generator) -> Wave:
    n = int(RATE * rng.uniform(0.3, 1.8))
    wave = np.zeros(n)
    for at in rng.integers(0, n - 400, int(rng.integers(4, 50))):
        size = min(n - at, 2400)
        wave[at : at + size] += rng.uniform(0.1, 1) * _ring(rng, size, 4, 2500, 7800, (0.003, 0.04))
    return wave


def _wood(rng: Generator) -> Wave:
    hit = _ring(
        rng, int(RATE * 0.4), int(rng.integers(3, 12)), 90, rng.uniform(700, 2500), (0.008, 0.06)
    )
    return _hits(rng, int(rng.integers(1, 6)), (0.12, 0.5), hit)


def _pan(rng: Generator) -> Wave:
    hit = _ring(
        rng, int(RATE * 1.5), int(rng.integers(8, 40)), rng.uniform(150, 900), 7000, (0.05, 0.6)
    )
    return _hits(rng, int(rng.integers(1, 5)), (0.05, 0.4), hit)


def _slam(rng: Generator) -> Wave:
    n = int(RATE * rng.uniform(0.3, 0.9))
    t = np.arange(n) / RATE
    noise = band(rng.standard_normal(n), 30, rng.uniform(400, 3000)) * np.exp(
        -t / rng.uniform(0.02, 0.12)
    )
    wave = normal(noise) + rng.uniform(0, 1) * _ring(rng, n, 10, 40, 500, (0.02, 0.15))
    if rng.random() < 0.4:  # the latch
        click = _ring(rng, n, 8, 800, 5000, (0.002, 0.02))
        wave += rng.uniform(0.1, 0.6) * np.roll(click, int(RATE * rng.uniform(0, 0.1)))
    return wave


def _window_hit(rng: Generator) -> Wave:
    """A pane is struck and holds: a thump over the whole spectrum that dies soon, a rattle."""
    n = int(RATE * rng.uniform(0.3, 1.0))
    t = np.arange(n) / RATE
    hit = _ring(rng, n, int(rng.integers(5, 25)), 50, rng.uniform(400, 1800), (0.01, 0.12))
    hit = hit + rng.uniform(0, 0.5) * _ring(rng, n, 20, 800, 5500, (0.003, 0.03))
    thump = coloured(rng, n, rng.uniform(0.5, 2)) * np.exp(-t / rng.uniform(0.01, 0.07))
    hit = hit + rng.uniform(0, 1.5) * normal(thump)
    return _hits(rng, int(rng.integers(1, 4)), (0.1, 0.7), normal(hit))


def _shot(rng: Generator) -> Wave:
    n = int(RATE * rng.uniform(0.3, 1.2))
    t = np.arange(n) / RATE
    wave = rng.standard_normal(n) * np.exp(-t / rng.uniform(0.01, 0.08))
    tail = band(rng.standard_normal(n), 60, rng.uniform(500, 2500)) * np.exp(
        -t / rng.uniform(0.1, 0.5)
    )
    return normal(wave) + rng.uniform(0.1, 1) * normal(tail)


def _clicks(rng: Generator) -> Wave:
    """Keys of a keyboard, a lock, a magazine, a clock."""
    hit = normal(rng.standard_normal(400) * np.exp(-np.arange(400) / rng.uniform(10, 90)))
    hit = hit + rng.uniform(0, 1) * _ring(rng, 400, 6, 500, 7000, (0.001, 0.01))
    return _hits(rng, int(rng.integers(1, 14)), (0.03, rng.uniform(0.1, 0.5)), hit)


def _steps(rng: Generator) -> Wave:
    n = int(RATE * rng.uniform(0.08, 0.25))
    hit = (
        band(rng.standard_normal(n), rng.uniform(50, 800), rng.uniform(1000, 7000))
        * np.hanning(2 * n)[n:]
    )
    hit = normal(hit) + _ring(rng, n, 5, 60, 400, (0.01, 0.05))
    return _hits(rng, int(rng.integers(1, 6)), (0.25, 0.7), hit)


def _crumble(rng: Generator) -> Wave:
    """Stones, wood or rubbish giving way: broken, but dull."""
    n = int(RATE * rng.uniform(0.4, 1.6))
    wave = np.zeros(n)
    top = rng.uniform(900, 3500)
    for at in rng.integers(0, n - 300, int(rng.integers(5, 60))):
        size = min(n - at, 2000)
        piece = band(rng.standard_normal(size), 80, top) * np.exp(
            -np.arange(size) / rng.uniform(40, 500)
        )
        wave[at : at + size] += rng.uniform(0.1, 1) * normal(piece)
    return wave * np.exp(-np.arange(n) / RATE / rng.uniform(0.2, 1.5))


def _rustle(rng: Generator) -> Wave:
    n = int(RATE * rng.uniform(0.3, 1.5))
    shape = np.abs(smooth_noise(rng, n, rng.uniform(5, 60))) ** rng.uniform(1, 3)
    return band(rng.standard_normal(n), rng.uniform(200, 3000), rng.uniform(4000, 7800)) * shape


def _crackle(rng: Generator) -> Wave:
    n = int(RATE * rng.uniform(0.8, 2))
    wave = 0.02 * rng.standard_normal(n)
    for at in rng.integers(0, n - 200, int(rng.integers(5, 80))):
        size = int(rng.integers(20, 200))
        wave[at : at + size] += (
            rng.exponential(0.4) * rng.standard_normal(size) * np.hanning(2 * size)[size:]
        )
    return wave


_THINGS = (_dishes, _dishes, _clink, _keys, _wood, _pan, _slam, _window_hit, _window_hit, _shot,
           _clicks, _steps, _crumble, _rustle, _crackle)  # fmt: skip
