"""Compressing one decoder layer with what enters it.

The order within a layer, each step with what the ones before it made of the inputs: queries, keys
and values; attention's output; which experts stay; their gate and up projections; their down
projections. What enters has passed the compressed layers before, so errors do not add up unseen.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch

from inference_server.compress.decoder import EXPERT, Experts, Layer, layer_prefix, state_of
from inference_server.compress.errors import CompressError
from inference_server.compress.pruning import Saliency, prune, saliency
from inference_server.compress.rounding import Rounded, hessian, round_weights
from inference_server.compress.sequences import Sequences
from inference_server.recipes import Recipe

# Matrices that are rounded at once; bounds memory.
BATCH = 8
# Tokens of all that an expert is shown which few are routed to.
SAMPLE = 2048


@dataclass(frozen=True)
class Method:
    """How experts are chosen and weights rounded; the naive ways are there to be compared with.

    Attributes:
        pruning: "reap", or "random".
        rounding: "gptq", or "nearest".
        seed: of the random choice.
    """

    pruning: str = "reap"
    rounding: str = "gptq"
    seed: int = 0


@dataclass(frozen=True)
class Compressed:
    """A compressed layer.

    Attributes:
        tensors: for the checkpoint, by full name.
        hidden: hidden states of all tokens after the layer, as it is now.
        report: figures for the journal, plain numbers and lists.
    """

    tensors: dict[str, torch.Tensor]
    hidden: torch.Tensor
    report: dict[str, Any]


class _Rounder:
    """Rounds matrices of one layer as the method says, and remembers how well."""

    def __init__(self, prefix: str, method: Method, recipe: Recipe) -> None:
        self.tensors: dict[str, torch.Tensor] = {}
        self.errors: dict[str, list[tuple[float, float]]] = {}
        self.fell_back: list[str] = []
        self._prefix, self._method, self._group = prefix, method, recipe.group_size

    def __call__(
        self, names: list[str], weights: torch.Tensor, hessians: torch.Tensor, bits: int
    ) -> torch.Tensor:
        """Round matrices [batch, rows, columns]; return what they stand for now."""
        given = hessians if self._method.rounding == "gptq" else None
        group = self._group if bits == 4 else weights.shape[-1]
        made = round_weights(f"{self._prefix}{names[0]}", weights, given, bits=bits, group=group)
        for index, name in enumerate(names):
            for part, tensor in made.packed(index, bits).items():
                self.tensors[f"{self._prefix}{name}.{part}"] = tensor
        self._note(names, made)
        return torch.stack([made.weight(index) for index in range(len(names))])

    def plain(self, name: str, weight: torch.Tensor) -> None:
        """Keep a matrix in bf16."""
        self.tensors[f"{self._prefix}{name}.weight"] = weight.to(torch.bfloat16)

    def _note(self, names: list[str], made: Rounded) -> None:
        for index, name in enumerate(names):
            kind = name.rsplit(".", 1)[-1]
            pair = (float(made.error[index]), float(made.nearest[index]))
            self.errors.setdefault(kind, []).append(pair)
            if index in made.fell_back:
                self.fell_back.append(name)

    def report(self) -> dict[str, Any]:
        """Mean error of outputs by kind of matrix, beside that of round to nearest."""
        means = {
            kind: [sum(column) / len(pairs) for column in zip(*pairs, strict=True)]
            for kind, pairs in self.errors.items()
        }
        return {
            "output_error": {
                kind: {"this": this, "nearest": nearest}
                for kind, (this, nearest) in means.items()
                if this == this  # noqa: PLR0124 - not a number where nothing was measured
            },
            "rounded_to_nearest": self.fell_back,
        }


@torch.inference_mode()
def compress_layer(
    layer: Layer,
    hidden: torch.Tensor,
    sequences: Sequences,
    recipe: Recipe,
    method: Method,
) -> Compressed:
    """Prune and round a layer; `layer` is changed into what it is afterwards.

    Raises:
        CompressError: the recipe does not fit the layer, or a result is not finite.
    """
    rounder = _Rounder(layer_prefix(layer.number), method, recipe)
    hidden = hidden + _attention(layer, hidden, sequences, recipe, rounder)
    states = layer.normed("post_attention_layernorm", hidden)
    found = saliency(layer.experts, states)
    kept = _kept(layer, found, recipe, method)
    layer.experts = prune(layer.experts, kept)
    few = _experts(layer.experts, states, recipe, rounder)
    hidden = layer.deepened(hidden + layer.experts.forward(states), sequences)
    if not hidden.isfinite().all():
        raise CompressError(f"layer {layer.number}: what leaves it is not finite")
    for name, weight in state_of(layer).items():
        rounder.tensors[f"{layer_prefix(layer.number)}{name}"] = weight.to(torch.bfloat16)
    report = {
        "kept": kept,
        "saliency": [float(f"{value:.6g}") for value in found.mean.tolist()],
        "tokens": found.tokens.tolist(),
        "few_tokens": few,
        **rounder.report(),
    }
    return Compressed(rounder.tensors, hidden, report)


def _attention(
    layer: Layer, hidden: torch.Tensor, sequences: Sequences, recipe: Recipe, rounder: _Rounder
) -> torch.Tensor:
    """Round attention; return what it adds to the hidden states."""
    states = layer.normed("input_layernorm", hidden)
    attention, bits = layer.attention, recipe.attention_bits
    given = hessian(states)[None]
    for name in ("q_proj", "k_proj", "v_proj"):
        _round_linear(name, getattr(attention, name), given, bits, rounder)
    mixed = layer.mixed(states, sequences)
    _round_linear("o_proj", attention.o_proj, hessian(mixed)[None], bits, rounder)
    added: torch.Tensor = attention.o_proj(mixed)
    return added


def _round_linear(
    name: str, linear: Any, given: torch.Tensor, bits: int, rounder: _Rounder
) -> None:
    full = f"self_attn.{name}"
    if bits == 16:
        rounder.plain(full, linear.weight.data)
    else:
        linear.weight.data = rounder([full], linear.weight.data[None], given, bits)[0]


def _kept(layer: Layer, found: Saliency, recipe: Recipe, method: Method) -> list[int]:
    number = len(layer.experts.matrices)
    count = min(recipe.experts, number)
    if count < layer.experts.top:
        raise CompressError(
            f"each token goes to {layer.experts.top} experts: {count} cannot be all that are kept"
        )
    if method.pruning == "reap" or count == number:
        return found.kept(count)
    generator = torch.Generator().manual_seed(method.seed * 1000 + layer.number)
    return sorted(torch.randperm(number, generator=generator)[:count].tolist())


def _experts(
    experts: Experts, states: torch.Tensor, recipe: Recipe, rounder: _Rounder
) -> list[int]:
    """Round the experts; return those that too few tokens were routed to.

    Gate and up projections of all experts share one Hessian, that of all tokens, as where
    llm-compressor shows every expert every token. A down projection has its own, of the tokens
    routed to its expert; where these are fewer than its columns, a sample of all tokens.
    """
    bits = recipe.expert_bits
    if bits == 16:
        for expert, matrices in enumerate(experts.matrices):
            for name in EXPERT:
                rounder.plain(f"mlp.experts.{expert}.{name}", matrices[name])
        return []
    shared = hessian(states)[None]
    for batch in _batches(len(experts.matrices)):
        for name in EXPERT[:2]:
            _round_batch(experts, name, batch, shared, bits, rounder)
    few = []
    sample = states[:: max(1, len(states) // SAMPLE)]
    given: dict[int, torch.Tensor] = {}
    for expert, tokens, _ in experts.routed(states):
        routed = states[tokens]
        if len(tokens) < experts.matrices[expert]["down_proj"].shape[1]:
            few.append(expert)
            routed = torch.cat([routed, sample])
        given[expert] = hessian(experts.inner(expert, routed))
        if len(given) == BATCH or expert == len(experts.matrices) - 1:
            hessians = torch.stack(list(given.values()))
            _round_batch(experts, "down_proj", list(given), hessians, bits, rounder)
            given.clear()
    return few


def _round_batch(
    experts: Experts,
    name: str,
    batch: list[int],
    hessians: torch.Tensor,
    bits: int,
    rounder: _Rounder,
) -> None:
    weights = torch.stack([experts.matrices[expert][name].float() for expert in batch])
    names = [f"mlp.experts.{expert}.{name}" for expert in batch]
    made = rounder(names, weights, hessians, bits)
    for expert, weight in zip(batch, made, strict=True):
        experts.matrices[expert][name] = weight


def _batches(number: int) -> Iterator[list[int]]:
    for start in range(0, number, BATCH):
        yield list(range(start, min(number, start + BATCH)))
