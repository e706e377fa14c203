"""What the compressor makes and the planner counts: one table of recipes, read by both.

Why these four. Experts are 91 % of the thinker and a token goes through 8 of 128, so experts are
what is given up, and 4 bits are where they lose little; everything else is small and is kept as
fine as memory allows. Router, norms, biases and convolutions are never touched.

- `full-w4` keeps every expert: for a card with 24 GB, or an AGX Orin.
- `half-w4` is what was measured first: half of the experts, all else as published.
- `recommended` is for an Orin NX 16 GB: at most 11 GB with KV cache of four windows, activations
  and CUDA graphs, which leaves the system and the node 3 GB. Encoders, embedding and `lm_head` in 8
  bits, one scale a row, save 1.8 GB and are the cheapest bytes to save in accuracy; experts fill
  the rest. 64 experts would make 11.7 GB.
- `smallest` is the same with as many experts as 8.5 GB in all leave room for. Fewer experts cost
  accuracy first: take it only where `recommended` does not fit beside what else the machine does.

An expert of every layer is 0.117 GB. KV cache, activations and graphs are 1.9 GB (`plan/memory.py`,
fitted to earlier measurements). On an H100 the last two peaked at 10.70 and 8.44 GB.
"""

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
        heads_left_out: share of the picture encoder's attention heads that are zeroed, 0 to 0.5.
            It saves no byte and, with vLLM's kernels, no time; 0 where that is all that counts.
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
    heads_left_out: float = 0.0


RECIPES: Mapping[str, Recipe] = MappingProxyType(
    {
        recipe.name: recipe
        for recipe in (
            Recipe("full-w4", 128, 4, 4, 16, 16, 16, 16),
            Recipe("half-w4", 64, 4, 4, 16, 16, 16, 16),
            Recipe("recommended", 56, 4, 4, 8, 8, 8, 8, heads_left_out=0.3),
            Recipe("smallest", 36, 4, 4, 8, 8, 8, 8, heads_left_out=0.3),
        )
    }
)
