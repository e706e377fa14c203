"""The network: a small convolutional one over the picture of a second of sound."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from omnicam.detect.sound.mel import BANDS, FRAMES
from train.sound.scenes import LABELS


class SoundNet(nn.Module):
    """Gives the log-odds of every label for pictures of shape (n, FRAMES, BANDS) in 0..1."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            _conv(1, 32, (2, 2), 5),
            _conv(32, 64, (2, 2)),
            _conv(64, 96, (2, 2)),
            _conv(96, 128, (1, 1)),
            _conv(128, 128, (2, 2)),
        )
        self.drop = nn.Dropout(0.3)
        # Pitch keeps its place: only time is pooled.
        self.out = nn.Linear(2 * 128 * (BANDS // 16), len(LABELS))

    def forward(self, pictures: Tensor) -> Tensor:
        """Weigh pictures; the answer has shape (n, len(LABELS))."""
        maps = self.layers(pictures.unsqueeze(1) * 2.0 - 1.0)
        pooled = torch.cat((maps.mean(dim=2), maps.amax(dim=2)), dim=1).flatten(1)
        return self.out(self.drop(pooled))


def _conv(inward: int, outward: int, stride: tuple[int, int], size: int = 3) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inward, outward, size, stride, size // 2, bias=False),
        nn.BatchNorm2d(outward),
        nn.ReLU(),
    )


def example() -> Tensor:
    """One picture of silence, to trace the network with."""
    return torch.zeros(1, FRAMES, BANDS)
