"""What speech sounds like, as numbers: a frozen network that was trained on five million clips.

The network is Google's speech embedding (Lin et al. 2020, arXiv 2002.01322, Apache-2.0): of 0.775 s
of sound it makes 96 numbers, every 80 ms. It hears 60 to 3800 Hz only, so telephone sound loses it
nothing. The weights are in `speech_embedding.onnx`, made by `train/word`.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime

from omnicam.media import SAMPLE_RATE, Samples

type Array = npt.NDArray[np.float32]

STEP = SAMPLE_RATE * 8 // 100
"""Samples from one embedding to the next."""

SIZE = 96
"""Numbers in one embedding."""

_FFT = 512
_WINDOW = SAMPLE_RATE * 25 // 1000
_FRAME = SAMPLE_RATE // 100
_FRAMES = 76  # that one embedding sees
_BANDS = 32
_LOWEST_HZ, _HIGHEST_HZ = 60.0, 3800.0
_RANGE_DB = 80.0  # below the loudest, everything is silence
_FULL_SCALE = 32767.0  # the network knows samples as 16-bit numbers

REACH = _FFT + (_FRAMES - 1) * _FRAME
"""Samples that one embedding is made of."""

_NETWORK = Path(__file__).with_name("speech_embedding.onnx")


class SpeechEmbedding:
    """The frozen network; it remembers nothing from one call to the next."""

    def __init__(self) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # a camera has its share of a core, not all of them
        options.inter_op_num_threads = 1
        options.enable_cpu_mem_arena = False  # pieces differ in length; an arena would only grow
        self._session = onnxruntime.InferenceSession(
            _NETWORK, options, providers=["CPUExecutionProvider"]
        )

    def embed(self, samples: Samples) -> Array:
        """Give the embeddings of sound, shape (n,) to (steps, 96); no steps if n < REACH.

        Embedding i is made of the REACH samples that begin at i * STEP.
        """
        if len(samples) < REACH:
            return np.zeros((0, SIZE), np.float32)
        mel = log_mel(samples)
        (found,) = self._session.run(None, {"mel": mel[None, None]})
        return np.ascontiguousarray(found[0, :, :, 0].T)


def log_mel(samples: Samples) -> Array:
    """Give the network's view of sound: shape (n,) in -1..1 to (frames, 32), one every 10 ms."""
    loud = np.asarray(samples * np.float32(_FULL_SCALE), np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(loud, _FFT)[::_FRAME]
    spectra = np.fft.rfft(frames * _window(), axis=1)
    power = spectra.real**2 + spectra.imag**2
    level = 10.0 * np.log10(np.maximum(power @ _filters(), 1e-10))
    return (np.maximum(level, level.max() - _RANGE_DB) / 10.0 + 2.0).astype(np.float32)


@cache
def _window() -> Array:
    lead = (_FFT - _WINDOW) // 2
    window = np.pad(np.hanning(_WINDOW + 1)[:-1], (lead, _FFT - _WINDOW - lead))
    return window.astype(np.float32)


@cache
def _filters() -> Array:
    """Triangles on the mel scale of Slaney's Auditory Toolbox, each of area 1: (257, 32)."""
    edges = _hertz(np.linspace(_mel(_LOWEST_HZ), _mel(_HIGHEST_HZ), _BANDS + 2))
    low, middle, high = edges[:-2], edges[1:-1], edges[2:]
    at = np.linspace(0.0, SAMPLE_RATE / 2, _FFT // 2 + 1)[:, None]
    sides = np.minimum((at - low) / (middle - low), (high - at) / (high - middle))
    return (np.maximum(sides, 0.0) * 2.0 / (high - low)).astype(np.float32)


_BREAK_HZ, _BREAK_MEL = 1000.0, 15.0
_LOG_STEP = float(np.log(6.4)) / 27.0


def _mel(hertz: float) -> float:
    if hertz < _BREAK_HZ:
        return hertz * _BREAK_MEL / _BREAK_HZ
    return _BREAK_MEL + float(np.log(hertz / _BREAK_HZ)) / _LOG_STEP


def _hertz(mel: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    bent = _BREAK_HZ * np.exp(_LOG_STEP * (mel - _BREAK_MEL))
    return np.where(mel < _BREAK_MEL, mel * _BREAK_HZ / _BREAK_MEL, bent)
