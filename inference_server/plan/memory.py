"""What lies beside the weights: KV cache, activations, CUDA graphs.

Activations are counted from the shapes, as vLLM 0.24 holds them:

- what stays, sized for `batched_tokens`: the deepstack states and the embeddings that wait for the
  decoder (`qwen3_omni_moe_thinker.py`), and the two workspaces of the experts' kernels
  (`MarlinExperts.workspace_shapes`);
- what fills up and is thrown away: encoded pictures, `encoder_tokens` of them, each the token
  itself and one state for each deepstack level;
- what comes and goes: the largest of the decoder's states, the picture encoder's for one window,
  and the logits.

What the shapes do not tell is one table, `FITTED`, fitted to the four runs in `measured.json`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from inference_server.model import Shape
from inference_server.plan.load import Load, Setup, kv_bytes_a_token
from inference_server.plan.weights import BF16
from inference_server.plan.window import Window

FITTED: Mapping[str, int] = MappingProxyType(
    {
        # Stays in every run beyond what the shapes give: tables of rotations and positions, ids and
        # masks, kernels' locks. 192 MB in the run without graphs.
        "tables": 190_000_000,
        # What the two runs with graphs took beyond the one without: 75 MB on average that stay, and
        # 780 MB while answering. They had packed encoders too, so part of it may be theirs.
        "graphs_staying": 80_000_000,
        "graphs_passing": 780_000_000,
        # What torch reserved beyond its peak, without graphs (0.29 GB) and with (1.08 and 1.10 GB):
        # pieces too small to use, and the graphs' own pools. No part of the total.
        "held_back": 300_000_000,
        "held_back_graphs": 1_100_000_000,
    }
)


@dataclass(frozen=True)
class Beside:
    """Bytes beside the weights."""

    kv_cache: int
    activations: int
    graphs: int


def beside(shape: Shape, load: Load) -> Beside:
    """Give the bytes that a load takes beside the weights."""
    setup, window = load.setup, load.window
    return Beside(
        kv_cache=load.kv_tokens(shape) * kv_bytes_a_token(shape, load.kv_bits),
        activations=staying(shape, setup) + passing(shape, setup, window),
        graphs=graphs(setup, answering=True),
    )


def graphs(setup: Setup, *, answering: bool) -> int:
    """Bytes of compiled code and CUDA graphs, at rest or while answering."""
    if not setup.graphs:
        return 0
    return FITTED["graphs_staying"] + (FITTED["graphs_passing"] if answering else 0)


def held_back(setup: Setup) -> int:
    """Bytes that torch may hold of the device's memory without using them."""
    return FITTED["held_back_graphs" if setup.graphs else "held_back"]


def staying(shape: Shape, setup: Setup) -> int:
    """Bytes of buffers that are there whether or not anything is asked."""
    text = shape.text
    waiting = (1 + len(shape.vision.deepstack)) * text.hidden
    wide, narrow = 2 * text.expert_width, text.expert_width
    workspaces = text.active_experts * (max(wide, text.hidden) + max(narrow, text.hidden))
    return setup.batched_tokens * (waiting + workspaces) * BF16 + FITTED["tables"]


def passing(shape: Shape, setup: Setup, window: Window) -> int:
    """Bytes that come and go: encoded pictures, and the largest of stages that take turns."""
    text, vision = shape.text, shape.vision
    encoded = setup.encoder_tokens * (1 + len(vision.deepstack)) * vision.output
    projected = (text.heads + 2 * text.kv_heads) * text.head_width
    decoder = setup.batched_tokens * (3 * text.hidden + projected + text.heads * text.head_width)
    # A block's input and residual, its norm, queries, keys and values, and the MLP's inner width.
    patches = window.patches(vision) * window.groups(vision)
    encoder = patches * (6 * vision.hidden + vision.mlp_width)
    # In fp32, as they come and as log-probabilities.
    logits = 2 * 2 * setup.sequences * text.vocabulary
    return BF16 * (encoded + max(decoder, encoder, logits))
