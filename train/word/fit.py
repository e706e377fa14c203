"""Fits the head: one hidden layer on eight embeddings in a row."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

type Array = npt.NDArray[np.float32]
type Weights = dict[str, Array]

_BATCH = 512
_WORD_SHARE = 0.35  # of a batch is drawn from the windows with a word, which are few
_RATE = 2e-3
_DECAY = 1e-3
_DROP = 0.3
_NOISE = 0.2  # added to the scaled embeddings
_FADE, _SQUARE_FADE = 0.9, 0.999


@dataclass(frozen=True, slots=True)
class Windows:
    """Every window of every clip, as the clips' embeddings and where the windows begin.

    Attributes:
        embeddings: shape (clips, steps, 96).
        clips, starts, classes: of each window, shape (windows,).
        steps: embeddings in a window.
    """

    embeddings: Array
    clips: npt.NDArray[np.int64]
    starts: npt.NDArray[np.int64]
    classes: npt.NDArray[np.int64]
    steps: int

    def take(self, which: npt.NDArray[np.int64]) -> Array:
        """Give windows in a row, shape (n, steps * 96)."""
        rows = self.starts[which][:, None] + np.arange(self.steps)
        return self.embeddings[self.clips[which][:, None], rows].reshape(len(which), -1)


def fit(windows: Windows, classes: int, *, hidden: int, rounds: int) -> Weights:
    """Fit the head by AdamW on cross entropy and fold the scaling of the embeddings into it."""
    mean = windows.embeddings.mean(axis=(0, 1), dtype=np.float64).astype(np.float32)
    spread = windows.embeddings.std(axis=(0, 1), dtype=np.float64).astype(np.float32)
    mean, spread = np.tile(mean, windows.steps), np.tile(spread, windows.steps)
    fitted = _fit(windows, classes, mean, spread, hidden, rounds)
    first = fitted["first"] / spread[:, None]
    return fitted | {"first": first, "first_bias": fitted["first_bias"] - mean @ first}


def _fit(
    windows: Windows,
    classes: int,
    mean: Array,
    spread: Array,
    hidden: int,
    rounds: int,
) -> Weights:
    random = np.random.default_rng([11, 0])
    size = len(mean)
    weights: Weights = {
        "first": random.normal(0.0, size**-0.5, (size, hidden)).astype(np.float32),
        "first_bias": np.zeros(hidden, np.float32),
        "second": random.normal(0.0, hidden**-0.5, (hidden, classes)).astype(np.float32),
        "second_bias": np.zeros(classes, np.float32),
    }
    slopes = {name: np.zeros_like(w) for name, w in weights.items()}
    squares = {name: np.zeros_like(w) for name, w in weights.items()}
    words = np.flatnonzero(windows.classes)
    for number in range(1, rounds + 1):
        some = random.integers(0, len(windows.classes), _BATCH)
        few = int(_WORD_SHARE * _BATCH)
        some[:few] = words[random.integers(0, len(words), few)]
        x = (windows.take(some) - mean) / spread
        x += _NOISE * random.standard_normal(x.shape, np.float32)
        gradient = _gradient(weights, x, windows.classes[some], random)
        rate = _RATE * _warm_then_cool(number / rounds)
        for name, slope in gradient.items():
            slopes[name] = _FADE * slopes[name] + (1 - _FADE) * slope
            squares[name] = _SQUARE_FADE * squares[name] + (1 - _SQUARE_FADE) * slope**2
            step = slopes[name] / (1 - _FADE**number)
            step /= np.sqrt(squares[name] / (1 - _SQUARE_FADE**number)) + 1e-8
            weights[name] -= np.float32(rate) * (step + np.float32(_DECAY) * weights[name])
    return weights


def _gradient(
    weights: Weights, x: Array, classes: npt.NDArray[np.int64], random: np.random.Generator
) -> Weights:
    """Back-propagate cross entropy through the head with dropout."""
    inner = np.maximum(x @ weights["first"] + weights["first_bias"], 0.0)
    kept = (random.random(inner.shape, np.float32) >= _DROP) / np.float32(1 - _DROP)
    inner *= kept
    error = softmax(inner @ weights["second"] + weights["second_bias"])
    error[np.arange(len(x)), classes] -= 1.0
    error /= len(x)
    back = (error @ weights["second"].T) * kept * (inner > 0)
    return {
        "first": x.T @ back,
        "first_bias": back.sum(axis=0),
        "second": inner.T @ error,
        "second_bias": error.sum(axis=0),
    }


def _warm_then_cool(part: float) -> float:
    """Rise over the first third, then fall as a cosine (Smith 2018)."""
    if part < 0.3:
        return float(0.04 + 0.96 * part / 0.3)
    return float(0.5 + 0.5 * np.cos(np.pi * (part - 0.3) / 0.7))


def softmax(logits: Array) -> Array:
    """Give probabilities along the last axis."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def logits(weights: Weights, x: Array) -> Array:
    """Give the head's answer, shape (n, steps * 96) to (n, classes)."""
    inner = np.maximum(x @ weights["first"] + weights["first_bias"], 0.0)
    return inner @ weights["second"] + weights["second_bias"]
