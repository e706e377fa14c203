"""Which attention heads matter least, and taking them out of work.

A head's cost is what leaving it out changes in the attention's output once the other heads' output
weights and the bias have made up for what they can: with the covariance S of the heads' outputs and
a head's output weights W, trace(W [S^-1]_hh^-1 W'), as in Optimal Brain Surgeon (Hassibi and Stork,
1993) for a group of weights. Divided by the variance of what it is added to, costs of different
layers compare.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch

# A layer keeps half of its heads, whatever the others of the model cost.
MOST_OF_A_LAYER = 0.5
DAMP = 1e-4


def costs(covariance: torch.Tensor, output: torch.Tensor, heads: int) -> torch.Tensor:
    """What each head of a layer is worth, in the units of the output's square.

    Args:
        covariance: float64 [heads * width] squared, of the heads' outputs.
        output: weights [outputs, heads * width] that mix them.
        heads: how many there are.

    Returns:
        float64 [heads].
    """
    size = covariance.shape[0]
    damp = DAMP * covariance.diagonal().mean().clamp_min(torch.finfo(torch.float64).tiny)
    inverse = torch.linalg.inv(covariance + damp * torch.eye(size, dtype=torch.float64))
    width = size // heads
    blocks = inverse.view(heads, width, heads, width).diagonal(dim1=0, dim2=2).permute(2, 0, 1)
    weights = output.double().view(-1, heads, width).permute(1, 0, 2)
    return (weights @ torch.linalg.inv(blocks) @ weights.mT).diagonal(dim1=1, dim2=2).sum(dim=1)


def choose(worth: torch.Tensor, share: float) -> list[tuple[int, ...]]:
    """The cheapest heads of the whole model, no more than half of any layer.

    Args:
        worth: [layers, heads].
        share: of all heads, 0 to 0.5.

    Returns:
        For each layer the numbers of the heads to leave out, rising.
    """
    layers, heads = worth.shape
    most = int(heads * MOST_OF_A_LAYER)
    left = math.floor(share * layers * heads + 0.5)
    chosen: list[list[int]] = [[] for _ in range(layers)]
    for flat in worth.flatten().argsort(stable=True).tolist():
        layer, head = divmod(flat, heads)
        if left and len(chosen[layer]) < most:
            chosen[layer].append(head)
            left -= 1
    return [tuple(sorted(each)) for each in chosen]


@torch.no_grad()
def leave_out(attention: torch.nn.Module, heads: Sequence[int]) -> None:
    """Zero heads of an attention with joint `qkv` and `proj`: their rows, biases and columns.

    The shapes stay, so that whatever loads the model finds as many heads as before.
    """
    width = attention.proj.in_features // attention.num_heads
    for head in heads:
        rows = slice(head * width, (head + 1) * width)
        for tensor in (attention.qkv.weight, attention.qkv.bias):
            tensor.view(3, attention.num_heads * width, -1)[:, rows] = 0
        attention.proj.weight[:, rows] = 0
