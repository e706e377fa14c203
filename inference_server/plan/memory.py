"""What lies beside the weights: KV cache, activations, CUDA graphs.

Activations are counted from the shapes, as vLLM 0.24 holds them:

- what stays, sized for `batched_tokens`: the deepstack states and the embeddings that wait for the
  decoder (`qwen3_omni_moe_thinker.py`), and the two workspaces of the experts' kernels
  (`MarlinExperts.workspace_shapes`);
- what comes and goes: the larger of the decoder's states, the picture encoder's with a full budget
  of `batched_tokens`, and the logits.

What the shapes do not tell is one table, `FITTED`, fitted to the runs in `measured.json`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from inference_server.model import Shape
from inference_server.plan.load import Load, Setup, kv_bytes_a_token
from inference_server.plan.weights import BF16

FITTED: Mapping[str, int] = MappingProxyType(
    {
        "tables": 60_000_000,
        "graphs": 250_000_000,
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
    return Beside(
        kv_cache=load.kv_tokens(shape) * kv_bytes_a_token(shape, load.kv_bits),
        activations=staying(shape, load.setup) + passing(shape, load.setup),
        graphs=FITTED["graphs"] if load.setup.graphs else 0,
    )


def staying(shape: Shape, setup: Setup) -> int:
    """Bytes of buffers that are there whether or not anything is asked."""
    text = shape.text
    waiting = (1 + len(shape.vision.deepstack)) * text.hidden
    wide, narrow = 2 * text.expert_width, text.expert_width
    workspaces = text.active_experts * (max(wide, text.hidden) + max(narrow, text.hidden))
    return setup.batched_tokens * (waiting + workspaces) * BF16 + FITTED["tables"]


def passing(shape: Shape, setup: Setup) -> int:
    """Bytes that come and go: the largest stage counts, for one follows the other."""
    text, vision = shape.text, shape.vision
    projected = (text.heads + 2 * text.kv_heads) * text.head_width
    decoder = setup.batched_tokens * (3 * text.hidden + projected + text.heads * text.head_width)
    patches = setup.batched_tokens * vision.merge**2
    # A block's input and residual, queries, keys and values, and the MLP's inner width.
    encoder = patches * (3 * vision.hidden + 3 * vision.hidden + vision.mlp_width)
    # Logits in fp32 twice: as they come, and as log-probabilities.
    logits = setup.sequences * text.vocabulary * 4
    return BF16 * max(decoder, encoder, logits)
