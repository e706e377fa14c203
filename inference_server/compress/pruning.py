"""Which experts stay: by REAP (router-weighted expert activation pruning, arXiv 2510.13999).

An expert's saliency is the mean, over the tokens routed to it, of its router weight times the norm
of its output: what the layer's output would lack without it. An expert that no token reaches has
none, and goes first.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from inference_server.compress.decoder import Experts


@dataclass
class Saliency:
    """What calibration says of a layer's experts.

    Attributes:
        mean: float64 [experts], REAP's saliency.
        tokens: int64 [experts], how many tokens it rests on.
    """

    mean: torch.Tensor
    tokens: torch.Tensor

    def kept(self, count: int) -> list[int]:
        """The experts with most saliency, in the order of the checkpoint; the first of equals."""
        order = torch.sort(self.mean, descending=True, stable=True).indices[:count]
        return sorted(order.tolist())


def saliency(experts: Experts, states: torch.Tensor) -> Saliency:
    """REAP's saliency of each expert for these tokens, [tokens, hidden] after the norm."""
    number = len(experts.matrices)
    mean = torch.zeros(number, dtype=torch.float64)
    tokens = torch.zeros(number, dtype=torch.int64)
    for expert, routed, weights in experts.routed(states):
        tokens[expert] = len(routed)
        if len(routed):
            made = experts.output(expert, experts.inner(expert, states[routed]))
            mean[expert] = (weights * made.norm(dim=1)).double().mean()
    return Saliency(mean, tokens)


def prune(experts: Experts, kept: list[int]) -> Experts:
    """The layer with some of its experts; the router chooses among these alone."""
    return Experts(
        experts.router[kept],
        [experts.matrices[expert] for expert in kept],
        experts.top,
        experts.normalised,
    )
