"""The parts of the model outside the decoder's layers, and how each is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch

from inference_server.compress.rows import InRows
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
        self, source: Source, weights: Weights, recipe: Recipe, windows: Sequence[Window]
    ) -> Iterator[tuple[str, torch.Tensor]]:
        """Yield the part's tensors for the target, by full name.

        Args:
            source: its configuration tells the part's sizes.
            weights: of the source.
            recipe: how many bits.
            windows: those that calibrate.
        """

    def groups(self, recipe: Recipe) -> Mapping[str, Any]:
        """Further `config_groups` of compressed-tensors for this part; none where it is plain."""

    def ignored(self, recipe: Recipe) -> Sequence[str]:
        """What of this part stays plain, as compressed-tensors' `ignore` names it."""


@dataclass(frozen=True)
class Copied:
    """A part that is written as it is in the source, bit for bit."""

    name: str
    prefix: str
    plain: tuple[str, ...] = ()

    def convert(
        self, source: Source, weights: Weights, recipe: Recipe, windows: Sequence[Window]
    ) -> Iterator[tuple[str, torch.Tensor]]:
        """Yield each tensor unchanged."""
        del recipe, windows
        for name in source.names(self.prefix):
            yield name, weights.raw(name)

    def groups(self, recipe: Recipe) -> Mapping[str, Any]:
        """None."""
        del recipe
        return {}

    def ignored(self, recipe: Recipe) -> Sequence[str]:
        """All of it."""
        del recipe
        return self.plain


PARTS: tuple[Part, ...] = (
    InRows(
        "vision",
        "thinker.visual.",
        (r"re:.*visual\..*(attn\.qkv|attn\.proj|linear_fc[12]|mlp\.[02])$",),
        plain=("re:.*visual.*",),
        tables=("thinker.visual.pos_embed.weight",),
    ),
    InRows(
        "audio",
        "thinker.audio_tower.",
        # vLLM runs q, k and v as one layer named qkv.
        (r"re:.*audio_tower\..*(qkv|[qkv]_proj|out_proj|fc[12]|conv_out|proj[12])$",),
        plain=("re:.*audio_tower.*",),
    ),
    InRows("embedding", "thinker.model.embed_tokens.", (r"re:.*embed_tokens$",)),
    Copied("norm", "thinker.model.norm."),
    # In vLLM this layer has a class of its own and no name.
    InRows(
        "head",
        "thinker.lm_head.",
        (r"re:.*lm_head$", "ParallelLMHead"),
        plain=("re:.*lm_head.*",),
    ),
)
