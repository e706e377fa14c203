"""The inner width of the picture encoder's MLPs, rounded up to what kernels take.

The published 4304 is no multiple of 128. Some kernels refuse it, and vLLM 0.24's Marlin pads it
while loading and then every activation in every pass. Zero rows in the first matrix and its bias
give activations of GELU(0) = 0, which zero columns of the second ignore: nothing changes, at 1 %
more bytes of these matrices.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import torch
from torch.nn.functional import pad

MULTIPLE = 128
_ROWS = re.compile(r"mlp\.linear_fc1\.(weight|bias)$")
_COLUMNS = re.compile(r"mlp\.linear_fc2\.weight$")


def padded_width(width: int) -> int:
    """The width rounded up to a multiple of 128."""
    return -(-width // MULTIPLE) * MULTIPLE


def padded(state: Mapping[str, torch.Tensor], width: int) -> dict[str, torch.Tensor]:
    """An encoder's tensors by name, with MLPs as wide as `padded_width(width)`."""
    more = padded_width(width) - width
    made = dict(state)
    for name, tensor in state.items():
        if _ROWS.search(name):
            made[name] = pad(tensor, (0, 0, 0, more) if tensor.dim() == 2 else (0, more))
        elif _COLUMNS.search(name):
            made[name] = pad(tensor, (0, more))
    return made
