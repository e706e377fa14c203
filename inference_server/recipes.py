"""What the compressor makes and the planner counts: one table of recipes, read by both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Recipe:
    """How much of each part of the model is kept. Bits are 16 (bf16), 8 or 4 (integers).

    Attributes:
        name: as given on the command line.
        experts: experts kept in each layer, of those the checkpoint has.
        expert_bits: the experts' weights; 4 means groups of `group_size` with one bf16 scale.
        attention_bits: the decoder's attention; grouped like the experts where it is 4.
        vision_bits: the picture encoder's linear layers, one bf16 scale an output row where 8.
        audio_bits: the sound encoder's linear layers, likewise.
        embedding_bits: the table of token embeddings, one scale a row where 8.
        head_bits: `lm_head`, likewise.
        group_size: input columns that share a scale where bits are 4.
    """

    name: str
    experts: int
    expert_bits: int
    attention_bits: int
    vision_bits: int
    audio_bits: int
    embedding_bits: int
    head_bits: int
    group_size: int = 128


RECIPES: Mapping[str, Recipe] = MappingProxyType(
    {
        recipe.name: recipe
        for recipe in (
            Recipe("full-w4", 128, 4, 4, 16, 16, 16, 16),
            Recipe("half-w4", 64, 4, 4, 16, 16, 16, 16),
            Recipe("recommended", 64, 4, 4, 8, 8, 16, 16),
            Recipe("smallest", 48, 4, 4, 8, 8, 8, 8),
        )
    }
)
