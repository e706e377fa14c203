"""Small tools for making sound: time axes, bands, envelopes, levels; all mono, float64."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

type Samples = NDArray[np.float64]


def seconds(duration_s: float, rate: int) -> Samples:
    """Give the time of each sample: shape (duration_s * rate,)."""
    return np.arange(max(2, round(duration_s * rate))) / rate


def band(samples: Samples, rate: int, low: float, high: float) -> Samples:
    """Keep what lies between two frequencies (Hz), with soft edges."""
    spectrum = np.fft.rfft(samples)
    frequency = np.maximum(np.fft.rfftfreq(len(samples), 1 / rate), 1e-3)
    gain = 1 / (1 + (low / frequency) ** 6) / (1 + (frequency / high) ** 6)
    return np.fft.irfft(spectrum * gain, len(samples))


def resample(samples: Samples, rate: int, new_rate: int) -> Samples:
    """Change the sample rate, by cutting or filling the spectrum."""
    count = round(len(samples) * new_rate / rate)
    spectrum = np.fft.rfft(samples)
    fitted = np.zeros(count // 2 + 1, np.complex128)
    kept = min(len(spectrum), len(fitted))
    fitted[:kept] = spectrum[:kept]
    return np.fft.irfft(fitted, count) * (count / len(samples))


def envelope(time: Samples, rise_s: float, hold_s: float, decay_s: float) -> Samples:
    """Rise linearly, hold, then die away exponentially."""
    return np.clip(time / rise_s, 0, 1) * np.exp(
        -np.clip(time - rise_s - hold_s, 0, None) / decay_s
    )


def peak(samples: Samples, level: float) -> Samples:
    """Scale to this highest absolute value."""
    return samples * (level / max(float(np.abs(samples).max(initial=0.0)), 1e-12))
