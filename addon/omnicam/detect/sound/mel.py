"""What the sound network is shown: a second of sound as a picture of level over time and pitch.

Levels are relative to the loudest cell of the window and cut off 72 dB below it, so that neither
the microphone's gain nor the distance is seen, and a band that G.711 leaves empty looks like one
that is merely quiet.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

RATE = 16_000
WINDOW = RATE
"""Samples of a window; a shorter one counts as beginning with silence."""

BANDS = 64
FRAMES = 98
RANGE_DB = 72.0

_FRAME = 400  # 25 ms
_STEP = 160
_FFT = 512
_HZ = (100.0, 7900.0)
_FLOOR = 1e-10  # power that counts as silence


def _filters() -> npt.NDArray[np.float32]:
    """Triangles equally wide in mel (O'Shaughnessy's), shape (257, BANDS)."""
    low, high = (2595.0 * np.log10(1.0 + hz / 700.0) for hz in _HZ)
    edges = 700.0 * (10.0 ** (np.linspace(low, high, BANDS + 2) / 2595.0) - 1.0)
    bins = np.fft.rfftfreq(_FFT, 1 / RATE)[:, None]
    rising = (bins - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - bins) / (edges[2:] - edges[1:-1])
    return np.maximum(np.minimum(rising, falling), 0.0).astype(np.float32)


_FILTERS = _filters()
_HANN = np.hanning(_FRAME).astype(np.float32)


def log_mel(samples: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Give the picture of the last second, shape (FRAMES, BANDS), 0 (quiet) to 1 (loudest).

    Args:
        samples: shape (n,), 16 kHz mono in -1..1; what is not finite counts as silence.
    """
    clean = np.nan_to_num(samples[-WINDOW:], nan=0.0, posinf=0.0, neginf=0.0)
    if len(clean) < WINDOW:
        clean = np.pad(clean, (WINDOW - len(clean), 0))
    frames = np.lib.stride_tricks.sliding_window_view(clean, _FRAME)[::_STEP]
    spectrum = np.fft.rfft(frames * _HANN, _FFT, axis=1)
    power = (spectrum.real**2 + spectrum.imag**2).astype(np.float32)
    level = 10.0 * np.log10(np.maximum(power @ _FILTERS, _FLOOR))
    picture: npt.NDArray[np.float32] = 1.0 + (level - level.max()) / np.float32(RANGE_DB)
    return np.maximum(picture, np.float32(0.0))
