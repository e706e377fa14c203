"""Weights in four bits, 128 columns to a scale: GPTQ, or round to nearest.

GPTQ (arXiv 2210.17323) rounds one column after the other and lets those not yet rounded make up
for the error, weighed by what enters the layer. The arithmetic is llm-compressor's; the packing is
compressed-tensors'. llm-compressor's `oneshot` is not used: it wants the whole model in memory,
and where it fails to trace it (multimodal models: "Expected 4 subgraphs, but only traced 1") it
calibrates nothing and saves NaN without an error. Here one layer is in memory, its inputs are
given, and every matrix is checked.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from compressed_tensors.compressors.pack_quantized.helpers import pack_to_int32
from compressed_tensors.quantization import QuantizationArgs
from compressed_tensors.quantization.utils import calculate_qparams

from inference_server.compress.errors import CompressError
from inference_server.compress.weights import scaled

DAMP = 0.01
# Rounding to nearest in four bits changes random weights by 0.1 of their norm.
WORST = 0.5


@dataclass
class Rounded:
    """A batch of matrices in integers.

    Attributes:
        integers: int8 [batch, rows, columns].
        scale: bf16 [batch, rows, groups].
        error: float32 [batch], the outputs' squared error as a share of the outputs' square.
        nearest: the same of round to nearest.
        fell_back: which matrices were rounded to nearest after all.
    """

    integers: torch.Tensor
    scale: torch.Tensor
    error: torch.Tensor
    nearest: torch.Tensor
    fell_back: list[int]

    def weight(self, index: int) -> torch.Tensor:
        """What a matrix stands for now, in float32."""
        return scaled(self.integers[index], self.scale[index])

    def packed(self, index: int, bits: int) -> dict[str, torch.Tensor]:
        """The tensors of a checkpoint for a matrix, by the rest of their names."""
        integers = self.integers[index]
        return {
            "weight_packed": pack_to_int32(integers, bits),
            "weight_scale": self.scale[index],
            "weight_shape": torch.tensor(integers.shape, dtype=torch.int64),
        }


def hessian(inputs: torch.Tensor) -> torch.Tensor:
    """The mean of a layer's inputs' outer products, [columns, columns]."""
    return inputs.T @ inputs / max(1, len(inputs))


def round_weights(
    name: str,
    weights: torch.Tensor,
    hessians: torch.Tensor | None,
    *,
    bits: int = 4,
    group: int = 128,
) -> Rounded:
    """Round matrices [batch, rows, columns] in groups of columns.

    Args:
        name: for errors.
        weights: float32.
        hessians: [batch, columns, columns], or [1, columns, columns] for all; None rounds to
            nearest.
        bits: of an integer.
        group: columns that share a scale.

    Raises:
        CompressError: columns do not divide into groups, or the result is useless.
    """
    batch, rows, columns = weights.shape
    if columns % group:
        raise CompressError(f"{name}: {columns} columns are no multiple of {group}")
    arguments = QuantizationArgs(
        num_bits=bits, type="int", symmetric=True, strategy="group", group_size=group
    )
    grouped = weights.view(batch, rows, columns // group, group)
    scale, zero = calculate_qparams(grouped.amin(-1), grouped.amax(-1), arguments)
    # What is stored is bf16: rounding must know.
    scale = scale.to(torch.bfloat16).clamp_min(torch.finfo(torch.bfloat16).tiny)
    nearest = _integers(weights, scale, bits)
    if hessians is None:
        none = torch.full((batch,), float("nan"))
        return Rounded(nearest, scale, none, none, [])
    made = _gptq(weights, hessians, scale.float(), zero, arguments)
    integers = _integers(made, scale, bits)
    # GPTQ sets columns to zero whose inputs were: another input may not be.
    dead = hessians.diagonal(dim1=1, dim2=2) == 0
    integers = torch.where(dead[:, None, :], nearest, integers)
    error, nearest_error = (_error(weights, each, scale, hessians) for each in (integers, nearest))
    # No better than rounding to nearest, or not a number: the inputs did not determine it.
    worse = (~(error < nearest_error)).nonzero().flatten().tolist()
    for index in worse:
        integers[index] = nearest[index]
    error[worse] = nearest_error[worse]
    rounded = Rounded(integers, scale, error, nearest_error, worse)
    for index in range(batch):
        change = (rounded.weight(index) - weights[index]).norm() / weights[index].norm()
        if not change <= WORST and weights[index].any():
            raise CompressError(f"{name}: rounding changed a matrix by {float(change):.0%}")
    return rounded


def _gptq(
    weights: torch.Tensor,
    hessians: torch.Tensor,
    scale: torch.Tensor,
    zero: torch.Tensor,
    arguments: QuantizationArgs,
) -> torch.Tensor:
    # Rounding to nearest does without llm-compressor, as beside vLLM, which excludes it.
    from llmcompressor.modifiers.gptq.gptq_quantize import quantize_weight

    batch, rows, columns = weights.shape
    if len(hessians) == 1 < batch:
        # One Hessian: its factors are computed once, and all rows are those of one matrix.
        flat = _gptq(
            weights.reshape(1, batch * rows, columns),
            hessians,
            scale.reshape(1, batch * rows, -1),
            zero.reshape(1, batch * rows, -1),
            arguments,
        )
        return flat.view(batch, rows, columns)
    made, _, _ = quantize_weight(
        weights.clone(), hessians.clone(), scale, zero, None, arguments, percdamp=DAMP
    )
    return made


def _integers(weights: torch.Tensor, scale: torch.Tensor, bits: int) -> torch.Tensor:
    batch, rows, columns = weights.shape
    grouped = weights.view(batch, rows, scale.shape[-1], -1) / scale.float().unsqueeze(-1)
    most = 2 ** (bits - 1)
    return (
        grouped.nan_to_num_()
        .round_()
        .clamp_(-most, most - 1)
        .to(torch.int8)
        .view(batch, rows, columns)
    )


def _error(
    weights: torch.Tensor, integers: torch.Tensor, scale: torch.Tensor, hessians: torch.Tensor
) -> torch.Tensor:
    """Squared error of the outputs as a share of their square, one a matrix."""
    errors = []
    for index, weight in enumerate(weights):
        given = hessians[index if len(hessians) > 1 else 0]
        change = scaled(integers[index], scale[index]) - weight
        before = ((weight @ given) * weight).sum().clamp_min(torch.finfo(torch.float32).tiny)
        errors.append(((change @ given) * change).sum() / before)
    return torch.stack(errors)
