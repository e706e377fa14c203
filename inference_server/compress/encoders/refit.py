"""Fitting a linear layer's weights so that it puts out something else: least squares, held back."""

from __future__ import annotations

from dataclasses import dataclass

import torch

# How strongly weights are held to what they were, as shares of the inputs' mean square; the one
# that serves windows best that were not fitted to is taken.
RIDGES = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)


@dataclass
class Moments:
    """Sums over tokens of a layer's inputs and of what its output lacks.

    The last input is a 1, for the bias.

    Attributes:
        inputs: float64 [columns + 1, columns + 1], of inputs with inputs.
        lacking: float64 [columns + 1, outputs], of inputs with what lacks.
        square: of what lacks.
        tokens: how many.
    """

    inputs: torch.Tensor
    lacking: torch.Tensor
    square: float = 0.0
    tokens: int = 0

    @classmethod
    def none(cls, columns: int, outputs: int) -> Moments:
        """Of no tokens."""
        return cls(
            torch.zeros(columns + 1, columns + 1, dtype=torch.float64),
            torch.zeros(columns + 1, outputs, dtype=torch.float64),
        )

    def add(self, inputs: torch.Tensor, lacking: torch.Tensor) -> None:
        """Count tokens: inputs [tokens, columns], what lacks [tokens, outputs]."""
        ones = torch.ones(len(inputs), 1, dtype=inputs.dtype)
        full = torch.cat([inputs, ones], dim=1)
        self.inputs += (full.T @ full).double()
        self.lacking += (full.T @ lacking).double()
        self.square += float(lacking.double().square().sum())
        self.tokens += len(inputs)

    def covariance(self) -> torch.Tensor:
        """Of the inputs, [columns, columns]."""
        mean = self.inputs[:-1, -1] / self.tokens
        return self.inputs[:-1, :-1] / self.tokens - torch.outer(mean, mean)

    def left(self, change: torch.Tensor) -> float:
        """The square of what still lacks after a change [columns + 1, outputs] of the weights."""
        explained = 2 * (change * self.lacking).sum() - (change * (self.inputs @ change)).sum()
        return self.square - float(explained)


@torch.no_grad()
def refit(layer: torch.nn.Module, fitted: Moments, held: Moments) -> float:
    """Change a linear layer's weights and bias towards putting out what lacks.

    Inputs that are always 0 keep their weights exactly.

    Args:
        layer: linear, with a bias.
        fitted: tokens that are fitted to.
        held: tokens by which the strength is chosen; where none helps them, nothing changes.

    Returns:
        The share of what lacked in `held` that still does, at most 1.
    """
    best: torch.Tensor | None = None
    least = held.square
    size = fitted.inputs.shape[0]
    unit = fitted.inputs.diagonal()[:-1].mean()
    if held.square <= 0 or not unit > 0:
        return 1.0
    # All ones, the last input's diagonal is the number of tokens: the bias is held as loosely.
    identity = torch.eye(size, dtype=torch.float64)
    for ridge in RIDGES:
        factor = torch.linalg.cholesky(fitted.inputs + ridge * unit * identity)
        change = torch.cholesky_solve(fitted.lacking, factor)
        left = held.left(change)
        if left < least:
            best, least = change, left
    if best is None:
        return 1.0
    best[:-1][fitted.inputs.diagonal()[:-1] == 0] = 0
    layer.weight += best[:-1].T.to(layer.weight.dtype)
    layer.bias += best[-1].to(layer.bias.dtype)
    return least / held.square
