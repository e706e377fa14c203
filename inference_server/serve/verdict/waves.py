"""From samples to the log-mel frames that the sound encoder takes, by the model's own extractor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Ear:
    """Makes log-mel frames.

    Attributes:
        extractor: of transformers, with its `hop_length` and `sampling_rate`.
        dtype: torch's type of the result.
        window: frames that the encoder convolves at a time.
    """

    extractor: Any
    dtype: Any
    window: int = 100

    def frames(self, samples: int) -> int:
        """Give the frames of a sound of this length, filled up to whole ones."""
        return -(-samples // int(self.extractor.hop_length))

    def tokens(self, frames: int) -> int:
        """Give the tokens of so many frames."""
        return frames // self.window * _convolved(self.window) + _convolved(frames % self.window)

    def mel(self, samples: NDArray[np.float32]) -> Any:
        """Give [bands, frames] of float32 [samples]."""
        import torch

        filled = np.pad(samples, (0, -len(samples) % self.extractor.hop_length))
        made = self.extractor(
            [filled],
            sampling_rate=self.extractor.sampling_rate,
            padding=True,
            truncation=False,
            return_attention_mask=True,
            return_tensors="np",
        )["input_features"]
        return torch.from_numpy(made[0]).to(self.dtype)


def _convolved(frames: int) -> int:
    """Give the rows that three convolutions of stride 2 leave."""
    for _ in range(3):
        frames = (frames - 1) // 2 + 1 if frames else 0
    return frames
