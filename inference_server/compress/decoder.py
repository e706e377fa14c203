"""One decoder layer at a time, on all calibration tokens, in float32.

Attention, norms and rotary embedding are transformers' own classes. The experts are a loop of
our own: pruning and quantising look at each expert's inputs and outputs, which the fused classes
do not show.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch.nn import functional
from transformers.models.qwen3_omni_moe.modeling_qwen3_omni_moe import (
    Qwen3OmniMoeThinkerTextAttention,
    Qwen3OmniMoeThinkerTextRMSNorm,
    Qwen3OmniMoeThinkerTextRotaryEmbedding,
)

from inference_server.compress.sequences import Sequences
from inference_server.compress.weights import Weights

ATTENTION = ("q_proj", "k_proj", "v_proj", "o_proj")
EXPERT = ("gate_proj", "up_proj", "down_proj")


def layer_prefix(layer: int) -> str:
    """How the names of a layer's tensors begin."""
    return f"thinker.model.layers.{layer}."


@dataclass
class Experts:
    """A layer's router and experts.

    Attributes:
        router: float32 [experts, hidden].
        matrices: of each expert its gate, up and down projection, in whatever type they came.
        top: experts that each token goes to.
        normalised: whether a token's router weights are made to sum to 1.
    """

    router: torch.Tensor
    matrices: list[dict[str, torch.Tensor]]
    top: int
    normalised: bool

    def route(self, states: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Router weights and experts of each token, both [tokens, top]."""
        shares = functional.linear(states, self.router).softmax(dim=-1)
        weights, chosen = shares.topk(self.top, dim=-1)
        if self.normalised:
            weights = weights / weights.sum(dim=-1, keepdim=True)
        return weights, chosen

    def inner(self, expert: int, states: torch.Tensor) -> torch.Tensor:
        """What enters an expert's down projection."""
        gate, up = (self.matrices[expert][name].float() for name in EXPERT[:2])
        return functional.silu(states @ gate.T) * (states @ up.T)

    def output(self, expert: int, inner: torch.Tensor) -> torch.Tensor:
        """An expert's output from what entered its down projection."""
        return inner @ self.matrices[expert]["down_proj"].float().T

    def routed(self, states: torch.Tensor) -> Iterator[tuple[int, torch.Tensor, torch.Tensor]]:
        """Of each expert: its number, the tokens that go to it, their router weights."""
        weights, chosen = self.route(states)
        for expert in range(len(self.matrices)):
            tokens, slot = torch.where(chosen == expert)
            yield expert, tokens, weights[tokens, slot]

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        """What the experts add, [tokens, hidden]."""
        total = torch.zeros_like(states)
        for expert, tokens, weights in self.routed(states):
            if len(tokens):
                made = self.output(expert, self.inner(expert, states[tokens]))
                total.index_add_(0, tokens, made * weights.unsqueeze(1))
        return total


@dataclass
class Layer:
    """One decoder layer with its weights.

    Attributes:
        number: from 0.
        config: of the decoder, as transformers reads it.
        attention: transformers' module.
        norms: before attention and before the experts.
        experts: router and experts.
    """

    number: int
    config: Any
    attention: Any
    norms: dict[str, Any]
    experts: Experts
    _rotary: Any = field(init=False)

    def __post_init__(self) -> None:
        self._rotary = Qwen3OmniMoeThinkerTextRotaryEmbedding(self.config)

    def normed(self, name: str, hidden: torch.Tensor) -> torch.Tensor:
        """Hidden states after one of the two norms."""
        made: torch.Tensor = self.norms[name](hidden)
        return made

    def mixed(self, states: torch.Tensor, sequences: Sequences) -> torch.Tensor:
        """What enters attention's output projection, [tokens, heads * 128].

        Args:
            states: normed hidden states of all tokens.
            sequences: who sees whom.
        """
        made = torch.empty(states.shape[0], self.attention.o_proj.in_features)
        with _inputs_of(self.attention.o_proj) as taken:
            for span in sequences.spans:
                inputs = states[span.tokens][None]
                rotary = self._rotary(inputs, sequences.positions[:, None, span.tokens])
                self.attention(inputs, rotary, span.mask())
                made[span.tokens] = taken.pop()[0]
        return made

    def forward(self, hidden: torch.Tensor, sequences: Sequences) -> torch.Tensor:
        """Hidden states of all tokens after this layer, with what deepstack adds to it."""
        mixed = self.mixed(self.normed("input_layernorm", hidden), sequences)
        hidden = hidden + mixed @ self.attention.o_proj.weight.T
        hidden = hidden + self.experts.forward(self.normed("post_attention_layernorm", hidden))
        return self.deepened(hidden, sequences)

    def deepened(self, hidden: torch.Tensor, sequences: Sequences) -> torch.Tensor:
        """Add the picture encoder's inner states, which the first layers get."""
        if self.number < sequences.deepstack.shape[0]:
            hidden = hidden.clone()
            hidden[sequences.visual] += sequences.deepstack[self.number]
        return hidden


def load_layer(weights: Weights, config: Any, number: int, *, keep: torch.dtype) -> Layer:
    """Read a layer; `keep` is the type in which its experts stay in memory."""
    text = config.text_config
    prefix = layer_prefix(number)
    attention = Qwen3OmniMoeThinkerTextAttention(_attending(text), 0).eval().requires_grad_(False)
    attention.load_state_dict(weights.under(f"{prefix}self_attn."))
    norms = {}
    for name in ("input_layernorm", "post_attention_layernorm"):
        norm = Qwen3OmniMoeThinkerTextRMSNorm(text.hidden_size, eps=text.rms_norm_eps)
        norm.load_state_dict({"weight": weights[f"{prefix}{name}.weight"]})
        norms[name] = norm.requires_grad_(False)
    router = weights[f"{prefix}mlp.gate.weight"]
    matrices = [
        {name: weights[f"{prefix}mlp.experts.{expert}.{name}.weight"].to(keep) for name in EXPERT}
        for expert in range(router.shape[0])
    ]
    experts = Experts(router, matrices, text.num_experts_per_tok, text.norm_topk_prob)
    return Layer(number, text, attention, norms, experts)


def head(norm: torch.Tensor, table: torch.Tensor, eps: float, hidden: torch.Tensor) -> torch.Tensor:
    """Logits of hidden states that have passed all layers, [tokens, vocabulary]."""
    return functional.rms_norm(hidden, norm.shape, norm, eps) @ table.T


def _attending(text: Any) -> Any:
    """The configuration with PyTorch's own attention, which takes any mask."""
    text._attn_implementation = "sdpa"  # noqa: SLF001 - transformers has no other name for it
    return text


@contextmanager
def _inputs_of(module: torch.nn.Module) -> Iterator[list[torch.Tensor]]:
    """Collect what a linear layer is given."""
    taken: list[torch.Tensor] = []
    handle = module.register_forward_pre_hook(lambda _, inputs: taken.append(inputs[0]))
    try:
        yield taken
    finally:
        handle.remove()


def state_of(layer: Layer) -> Mapping[str, torch.Tensor]:
    """A layer's small weights by the rest of their names: norms and router."""
    small = {f"{name}.weight": norm.weight.data for name, norm in layer.norms.items()}
    for name in ("q_norm", "k_norm"):
        small[f"self_attn.{name}.weight"] = getattr(layer.attention, name).weight.data
    return small | {"mlp.gate.weight": layer.experts.router}
