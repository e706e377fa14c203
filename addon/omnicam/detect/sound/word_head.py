"""Hears the four words that a head was trained for, in the embeddings of a second of sound.

The head (`word_head.npz`, made by `train/word` from synthetic voices alone) is one hidden layer. It
looks at eight embeddings in a row, 1.34 s, and says which word has just ended, if any.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import numpy as np

from omnicam.detect.sound.embedding import REACH, SIZE, STEP, Array, SpeechEmbedding
from omnicam.detect.sound.spotter import WordHit
from omnicam.detect.sound.words import SAME, TRAINED
from omnicam.media import SAMPLE_RATE, Samples

STEPS = 8
"""Embeddings that the head looks at."""

WINDOW = REACH + (STEPS - 1) * STEP
"""Samples that the head looks at."""

ACCEPT = 0.6
"""Probability from which a window is worth a second look."""

_LATE_S = 0.12  # the head answers best when the word has ended this long ago
_LONGEST_S = 1.0
_BLOCK = SAMPLE_RATE // 100
_LEVEL = 0.12  # RMS that the loudest tenth of the piece is brought to
_DITHER = 5e-4  # digital silence sounds like nothing the network was shown
_PAUSE_DB = 15.0  # a level this far below the word's is a pause
_PAUSE_BLOCKS = 8  # shorter ones occur within words

_WEIGHTS = Path(__file__).with_name("word_head.npz")


class WordHead:
    """Finds the trained words among `words`; it remembers nothing from one piece to the next."""

    def __init__(self, words: Collection[str]) -> None:
        self._embedding = SpeechEmbedding()
        # Whoever listens for "help" has heard it in "help me" too.
        self._outputs = {
            number: max((word for word in words if plain(word) in name), key=len)
            for number, name in enumerate(TRAINED, start=1)
            if any(plain(word) in name for word in words)
        }
        with np.load(_WEIGHTS) as weights:
            self._weights: dict[str, Array] = {
                name: weights[name].astype(np.float32) for name in weights.files
            }

    def spot(self, samples: Samples) -> list[WordHit]:
        """Find the likeliest word in 16 kHz mono sound, shape (n,); at least WINDOW samples."""
        found = self.probabilities(samples)[:, list(self._outputs)]
        if not found.size:
            return []
        sure = found.sum(axis=1)
        place = int(np.argmax(sure))
        if sure[place] < ACCEPT:
            return []
        ended = (place * STEP + WINDOW) / SAMPLE_RATE - _LATE_S
        return [
            WordHit(
                word=list(self._outputs.values())[int(np.argmax(found[place]))],
                confidence=float(sure[place]),
                start_s=began(samples, ended),
                end_s=ended,
            )
        ]

    def probabilities(self, samples: Samples) -> Array:
        """Give none and each word of TRAINED every 80 ms: shape (windows, 5)."""
        noise = np.random.default_rng(0).standard_normal(len(samples), np.float32)
        embeddings = self._embedding.embed(levelled(samples) + np.float32(_DITHER) * noise)
        if len(embeddings) < STEPS:
            return np.zeros((0, 1 + len(TRAINED)), np.float32)
        seen = np.lib.stride_tricks.sliding_window_view(embeddings, (STEPS, SIZE))
        weights = self._weights
        inner = seen.reshape(len(seen), -1) @ weights["first"] + weights["first_bias"]
        outer = np.maximum(inner, 0.0) @ weights["second"] + weights["second_bias"]
        powers = np.exp(outer - outer.max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float32)


def plain(word: str) -> str:
    """Give a trained word's own spelling."""
    return SAME.get(word, word)


def levelled(samples: Samples) -> Samples:
    """Bring sound to one level, whatever the distance."""
    clean = np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0)
    blocks = _blocks(clean)
    loud = float(np.quantile(blocks, 0.9)) if len(blocks) else 0.0
    return clean * np.float32(_LEVEL / max(loud, 1e-5))


def began(samples: Samples, ended_s: float) -> float:
    """Give where the word that ended there began: at the last pause before it, or 1 s before."""
    blocks = _blocks(samples)
    last = min(int(ended_s * SAMPLE_RATE / _BLOCK), len(blocks) - 1)
    first = max(last - int(_LONGEST_S * SAMPLE_RATE / _BLOCK), 0)
    part = blocks[first : last + 1]
    loudest = int(np.argmax(part))
    quiet = part < part[loudest] * 10 ** (-_PAUSE_DB / 20)
    silent = 0
    for block in range(loudest, -1, -1):
        silent = silent + 1 if quiet[block] else 0
        if silent == _PAUSE_BLOCKS:
            return (first + block + silent) * _BLOCK / SAMPLE_RATE
    return first * _BLOCK / SAMPLE_RATE


def _blocks(samples: Samples) -> Array:
    """RMS of every 10 ms."""
    whole = samples[: len(samples) // _BLOCK * _BLOCK].reshape(-1, _BLOCK)
    return np.sqrt(np.mean(np.square(whole), axis=1, dtype=np.float32))
