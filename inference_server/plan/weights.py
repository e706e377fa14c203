"""Bytes of the weights under a recipe, as compressed-tensors packs them and vLLM holds them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from inference_server.model import Component, Matrix, Shape, components
from inference_server.plan.errors import PlanError
from inference_server.recipes import Recipe

BF16 = 2
_SHAPE_BYTES = 16
"""Each packed matrix carries its shape: two 64-bit integers."""

_KERNEL_COLUMNS = 128
"""Marlin's kernels for packed weights take widths that are multiples of this."""

_PADDED = frozenset({"mlp.fc1", "mlp.fc2"})
"""The picture encoder's MLP is 4304 wide. Packed, it becomes 4352 with rows and columns of zeros,
which change no result: the activation of 0 is 0, and its weights are 0 too."""


def padded_to(width: int, multiple: int = _KERNEL_COLUMNS) -> int:
    """Round a width up to what the kernels take."""
    return -(-width // multiple) * multiple


def weights(shape: Shape, recipe: Recipe) -> Mapping[str, int]:
    """Give the bytes of each component, for the experts that the recipe keeps.

    Raises:
        PlanError: the recipe's groups do not divide a matrix of this model.
    """
    bits = part_bits(recipe)
    parts = components(shape.with_experts(kept(shape, recipe)))
    return MappingProxyType(
        {name: _component(part, bits[name], recipe.group_size) for name, part in parts.items()}
    )


def kept(shape: Shape, recipe: Recipe) -> int:
    """Give the experts that are left in each layer: no recipe invents any."""
    return min(recipe.experts, shape.text.experts)


def part_bits(recipe: Recipe) -> Mapping[str, int]:
    """Give the bits of each component's matrices."""
    return MappingProxyType(
        {
            "experts": recipe.expert_bits,
            "attention": recipe.attention_bits,
            "router_norms": 16,
            "embedding": recipe.embedding_bits,
            "lm_head": recipe.head_bits,
            "vision": recipe.vision_bits,
            "audio": recipe.audio_bits,
        }
    )


def _component(part: Component, bits: int, group_size: int) -> int:
    packed = sum(_matrix(part.name, matrix, bits, group_size) for matrix in part.matrices)
    return packed + BF16 * part.rest


def _matrix(part: str, matrix: Matrix, bits: int, group_size: int) -> int:
    if bits == 16:
        return BF16 * matrix.parameters
    rows, columns = matrix.rows, matrix.columns
    if part == "vision" and matrix.name in _PADDED:
        rows, columns = padded_to(rows), padded_to(columns)
    groups = 1
    if bits == 4:
        groups, rest = divmod(columns, group_size)
        if rest:
            raise PlanError(
                f"{part}: groups of {group_size} do not divide the {columns} inputs of "
                f"{matrix.name}; choose a recipe with 8 or 16 bits there (--recipe)"
            )
    packed = rows * columns * bits // 8 + rows * groups * BF16 + _SHAPE_BYTES
    # The bias becomes as long as the padded rows; the rest of it is counted with the component.
    return matrix.count * (packed + (rows - matrix.rows) * BF16)
