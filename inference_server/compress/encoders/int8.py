"""Eight bits, weights only: symmetric integers with one bf16 scale an output row."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from compressed_tensors.compressors.pack_quantized.helpers import pack_to_int32

BITS = 8
MOST = 127
# Packing takes several times a matrix's size: the embedding is packed piece by piece.
ROWS = 16_384


def rounded(weight: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Round a matrix [rows, columns] to nearest.

    A row's largest weight becomes 127. bf16 keeps the scale to 0.2 %, by which 127 is off by a
    quarter of a step at most, so that no weight is off by more than half of one.

    Returns:
        int8 [rows, columns] and bf16 [rows, 1].
    """
    values = weight.float()
    smallest = torch.finfo(torch.bfloat16).tiny
    scale = (values.abs().amax(dim=1, keepdim=True) / MOST).to(torch.bfloat16).clamp_min(smallest)
    integers = (values / scale.float()).round().clamp(-MOST, MOST)
    return integers.to(torch.int8), scale


def packed(name: str, weight: torch.Tensor) -> Iterator[tuple[str, torch.Tensor]]:
    """Yield what a checkpoint holds in place of the matrix `name` (which ends in `.weight`).

    `_packed` int32 [rows, columns / 4], `_scale` bf16 [rows, 1], `_shape` int64 [2].
    """
    pieces = [rounded(piece) for piece in weight.split(ROWS)]
    yield f"{name}_packed", torch.cat([pack_to_int32(each, BITS) for each, _ in pieces])
    yield f"{name}_scale", torch.cat([scale for _, scale in pieces])
    yield f"{name}_shape", torch.tensor(weight.shape, dtype=torch.int64)
