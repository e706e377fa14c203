"""The parts of the model outside the decoder's layers, and how each is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch

from inference_server.compress.encoders.packed import AUDIO, EMBEDDING, HEAD, Packed
from inference_server.compress.encoders.vision import Vision
from inference_server.compress.source import Source
from inference_server.compress.weights import Weights
from inference_server.compress.window import Window
from inference_server.recipes import Recipe

# Dropped: the parts that speak.
DROPPED = ("talker.", "code2wav.")
LAYERS = "thinker.model.layers."


class Part(Protocol):
    """One part: which tensors are its own, and what becomes of them."""

    @property
    def name(self) -> str:
        """Its name in the journal and in the names of its shards."""

    @property
    def prefix(self) -> str:
        """How the names of its tensors begin."""

    def convert(
        self,
        source: Source,
        weights: Weights,
        recipe: Recipe,
        windows: Sequence[Window],
        report: dict[str, Any],
    ) -> Iterator[tuple[str, torch.Tensor]]:
        """Yield the part's tensors for the target, by full name.

        Args:
            source: its configuration tells the part's sizes.
            weights: of the source.
            recipe: how many bits.
            windows: those that calibrate.
            report: takes what there is to say about it, for the journal.
        """

    def configure(self, config: dict[str, Any], recipe: Recipe) -> None:
        """Change the target's configuration where the part's sizes change."""

    def groups(self, recipe: Recipe) -> Mapping[str, Any]:
        """Further `config_groups` of compressed-tensors for this part; none where it is plain."""

    def ignored(self, recipe: Recipe) -> Sequence[str]:
        """What of this part stays plain, as compressed-tensors' `ignore` names it."""


@dataclass(frozen=True)
class Copied:
    """A part that is written as it is in the source, bit for bit."""

    name: str
    prefix: str

    def convert(
        self,
        source: Source,
        weights: Weights,
        recipe: Recipe,
        windows: Sequence[Window],
        report: dict[str, Any],
    ) -> Iterator[tuple[str, torch.Tensor]]:
        """Yield each tensor unchanged."""
        del recipe, windows, report
        for name in source.names(self.prefix):
            yield name, weights.raw(name)

    def configure(self, config: dict[str, Any], recipe: Recipe) -> None:
        """Nothing changes."""

    def groups(self, recipe: Recipe) -> Mapping[str, Any]:
        """None."""
        del recipe
        return {}

    def ignored(self, recipe: Recipe) -> Sequence[str]:
        """Nothing that compressed-tensors would look for."""
        del recipe
        return ()


PARTS: tuple[Part, ...] = (
    Vision(),
    Packed("audio", "thinker.audio_tower.", AUDIO, "audio_bits"),
    Packed("embedding", "thinker.model.embed_tokens.", EMBEDDING, "embedding_bits"),
    Copied("norm", "thinker.model.norm."),
    Packed("head", "thinker.lm_head.", HEAD, "head_bits", ("ParallelLMHead",)),
)
