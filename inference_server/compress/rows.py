"""Linear layers in eight bits with one scale a row: the encoders, the embedding and `lm_head`.

Rounding to nearest, without calibration: in eight bits a row's largest weight is 127 steps, and the
error of a weight is at most half a step. No weight is dropped and no width is changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from inference_server.compress.errors import CompressError
from inference_server.compress.layout import group
from inference_server.compress.rounding import round_weights
from inference_server.compress.source import Source
from inference_server.compress.weights import Weights
from inference_server.compress.window import Window
from inference_server.recipes import Recipe

BITS = 8
# Rows that are rounded at a time: the embedding's table whole would take 5 GB in float32.
_BATCH_ROWS = 8192


@dataclass(frozen=True)
class InRows:
    """A part whose linear layers are written in eight bits where the recipe says so.

    Attributes:
        name: as in the journal; `<name>_bits` is the recipe's field.
        prefix: how its tensors' names begin.
        targets: its linear layers, as compressed-tensors names them.
        plain: all of it, as compressed-tensors' `ignore` names it.
        tables: names of two-dimensional weights that are no linear layers.
    """

    name: str
    prefix: str
    targets: tuple[str, ...]
    plain: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()

    def convert(
        self, source: Source, weights: Weights, recipe: Recipe, windows: Sequence[Window]
    ) -> Iterator[tuple[str, torch.Tensor]]:
        """Yield the part's tensors, linear layers packed."""
        del windows
        for name in source.names(self.prefix):
            tensor = weights.raw(name)
            if self._bits(recipe) == BITS and self._linear(name, tensor):
                stem = name.removesuffix("weight")
                for kind, packed in in_rows(name, tensor).items():
                    yield f"{stem}{kind}", packed
            else:
                yield name, tensor

    def groups(self, recipe: Recipe) -> Mapping[str, Any]:
        """One group for the part's linear layers."""
        if self._bits(recipe) != BITS:
            return {}
        return {self.name: group(BITS, None, self.targets)}

    def ignored(self, recipe: Recipe) -> Sequence[str]:
        """All of it where it stays plain."""
        return () if self._bits(recipe) == BITS else self.plain

    def _bits(self, recipe: Recipe) -> int:
        bits: int = getattr(recipe, f"{self.name}_bits")
        return bits

    def _linear(self, name: str, tensor: torch.Tensor) -> bool:
        return tensor.dim() == 2 and name.endswith(".weight") and name not in self.tables


def in_rows(name: str, weight: torch.Tensor) -> dict[str, torch.Tensor]:
    """Round a matrix [rows, columns] to eight bits; the tensors of a checkpoint, by last name.

    Args:
        name: for errors.
        weight: floating point.

    Raises:
        CompressError: the weights are not finite.
    """
    if not weight.isfinite().all():
        raise CompressError(f"{name} holds what is no number: download its shard again")
    batches = [
        round_weights(name, rows.float().unsqueeze(0), None, bits=BITS, group=weight.shape[1])
        for rows in weight.split(_BATCH_ROWS)
    ]
    packed = [batch.packed(0, BITS) for batch in batches]
    return {
        "weight_packed": torch.cat([each["weight_packed"] for each in packed]),
        "weight_scale": torch.cat([each["weight_scale"] for each in packed]),
        "weight_shape": torch.tensor(weight.shape, dtype=torch.int64),
    }
