"""What enters the decoder: windows as sequences of hidden states, kept on disk between layers.

A sequence is a prefix (instructions, pictures, sound) and after it the questions, each of which
sees the prefix and itself but no other question. So nine questions cost one window and nine short
texts, and every one of them is answered as if it had been asked alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from inference_server.compress.shards import write_whole


@dataclass(frozen=True)
class Span:
    """Where a sequence lies among all tokens, and how it is divided."""

    start: int
    prefix: int
    questions: tuple[int, ...]

    @property
    def length(self) -> int:
        """Tokens in all."""
        return self.prefix + sum(self.questions)

    @property
    def tokens(self) -> slice:
        """Its tokens among all."""
        return slice(self.start, self.start + self.length)

    @property
    def answers(self) -> list[int]:
        """The tokens, among all, after which each question's answer is read."""
        ends = np.cumsum([self.prefix, *self.questions])[1:] - 1
        return [self.start + int(end) for end in ends]

    def mask(self) -> torch.Tensor:
        """Who sees whom: bool [1, 1, length, length]."""
        part = torch.zeros(self.length, dtype=torch.int64)
        at = self.prefix
        for number, length in enumerate(self.questions, start=1):
            part[at : at + length] = number
            at += length
        causal = torch.ones(self.length, self.length, dtype=torch.bool).tril()
        same = part.unsqueeze(0) == part.unsqueeze(1)
        return (causal & (same | (part == 0).unsqueeze(0)))[None, None]


@dataclass(frozen=True)
class Sequences:
    """All sequences but for their hidden states.

    Attributes:
        spans: where each lies.
        positions: float32 [3, tokens], for rotary embedding: time, height, width.
        visual: bool [tokens], true where a picture's token is.
        sound: bool [tokens], likewise.
        deepstack: float32 [levels, visual tokens, hidden], added after the first layers.
    """

    spans: tuple[Span, ...]
    positions: torch.Tensor
    visual: torch.Tensor
    sound: torch.Tensor
    deepstack: torch.Tensor

    @property
    def tokens(self) -> int:
        """How many in all."""
        return int(self.visual.numel())

    def save(self, path: Path) -> None:
        """Write them whole or not at all."""
        flat = [
            [span.start, span.prefix, len(span.questions), *span.questions] for span in self.spans
        ]
        tensors = {
            "spans": torch.tensor([number for span in flat for number in span]),
            "positions": self.positions,
            "visual": self.visual,
            "sound": self.sound,
            "deepstack": self.deepstack,
        }
        write_whole(path, lambda part: save_file(tensors, part))


def load_sequences(path: Path) -> Sequences:
    """Read what `Sequences.save` wrote."""
    with safe_open(path, framework="pt") as file:
        numbers = iter(file.get_tensor("spans").tolist())
        spans = []
        for start in numbers:
            prefix, count = next(numbers), next(numbers)
            spans.append(Span(start, prefix, tuple(next(numbers) for _ in range(count))))
        return Sequences(
            tuple(spans),
            *(file.get_tensor(name) for name in ("positions", "visual", "sound", "deepstack")),
        )


def save_hidden(path: Path, hidden: torch.Tensor) -> None:
    """Write hidden states, float32 [tokens, hidden], whole or not at all."""

    def write(part: Path) -> None:
        with part.open("wb") as file:
            np.save(file, hidden.numpy())

    write_whole(path, write)


def load_hidden(path: Path) -> torch.Tensor:
    """Map hidden states from disk; copied where they are changed."""
    return torch.from_numpy(np.load(path, mmap_mode="c"))
