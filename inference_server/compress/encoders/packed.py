"""Parts of the checkpoint whose matrices are rounded to eight bits, all else as it is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from inference_server.compress.encoders.int8 import BITS, packed
from inference_server.compress.layout import group

if TYPE_CHECKING:
    from inference_server.compress.source import Source
    from inference_server.compress.weights import Weights
    from inference_server.compress.window import Window
    from inference_server.recipes import Recipe

# Modules by name, in the checkpoint and in vLLM, which joins q, k and v. Named one by one: a wider
# pattern takes norms and convolutions too, in transformers.
AUDIO = (
    r".*audio_tower\.layers\.\d+\.(self_attn\.(q_proj|k_proj|v_proj|qkv|qkv_proj|out_proj)|fc[12])",
    r".*audio_tower\.(conv_out|proj[12])",
)
EMBEDDING = (r".*embed_tokens",)
HEAD = (r".*lm_head",)


@dataclass(frozen=True)
class Packed:
    """Such a part.

    Attributes:
        name: in the journal and in shards' names.
        prefix: how the names of its tensors begin.
        modules: patterns of the names of its matrices' modules.
        bits: the recipe's field that tells how many; 16 copies the part.
        classes: of vLLM's modules that it builds without a name.
    """

    name: str
    prefix: str
    modules: Sequence[str]
    bits: str
    classes: Sequence[str] = ()

    def convert(
        self,
        source: Source,
        weights: Weights,
        recipe: Recipe,
        windows: Sequence[Window],
        report: dict[str, Any],
    ) -> Iterator[tuple[str, torch.Tensor]]:
        """Yield the part's tensors for the target, by full name."""
        del windows, report
        state = ((name, weights.raw(name)) for name in source.names(self.prefix))
        yield from written(state, self.modules, getattr(recipe, self.bits))

    def configure(self, config: dict[str, Any], recipe: Recipe) -> None:
        """No size changes."""

    def groups(self, recipe: Recipe) -> Mapping[str, Any]:
        """One group of eight bits."""
        return groups(self.name, self.modules, getattr(recipe, self.bits), self.classes)

    def ignored(self, recipe: Recipe) -> Sequence[str]:
        """All its matrices where they stay as they are."""
        return ignored(self.modules, getattr(recipe, self.bits))


def written(
    state: Iterator[tuple[str, torch.Tensor]], modules: Sequence[str], bits: int
) -> Iterator[tuple[str, torch.Tensor]]:
    """Yield tensors as a checkpoint has them: those of `modules` packed where bits are 8."""
    matching = [re.compile(f"{module}\\.weight$") for module in modules]
    for name, tensor in state:
        if bits == BITS and any(each.match(name) for each in matching):
            yield from packed(name, tensor)
        else:
            yield name, tensor


def groups(
    name: str, modules: Sequence[str], bits: int, classes: Sequence[str] = ()
) -> dict[str, Any]:
    """compressed-tensors' groups for modules of so many bits."""
    if bits != BITS:
        return {}
    return {name: group(BITS, None, [*targets(modules), *classes])}


def ignored(modules: Sequence[str], bits: int) -> list[str]:
    """What compressed-tensors is to leave alone."""
    return [] if bits == BITS else targets(modules)


def targets(modules: Sequence[str]) -> list[str]:
    """Patterns of module names as compressed-tensors wants them."""
    return [f"re:{module}$" for module in modules]
