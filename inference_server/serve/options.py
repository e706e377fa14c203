"""From a device, a checkpoint and what fits to vLLM's options: pure.

Why each option is as it is:

- One window is nine questions about the same prefix: `max_num_seqs` lets those of all parallel
  windows into one batch, and prefix caching computes what they share once.
- CUDA graphs are captured at the sizes of a verdict's prefill too. Without them the host launches
  every kernel of it by itself, which took 84 of 198 ms on an H100 (docs/model.md).
- Where CPU and GPU share memory the KV cache has a fixed size, as `plan` counts it: a share of all
  memory would take what the system and the node need. A card of its own gives vLLM a share.
- vLLM keeps pictures and sound that were worked out for the next question, 4 GiB a process unless
  told otherwise; a window of five pictures is about 20 MB.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from inference_server.model import Shape
from inference_server.plan.fit import SYSTEM_BYTES
from inference_server.plan.load import Load, Setup, kv_bytes_a_token
from inference_server.plan.memory import beside, held_back
from inference_server.profiles import GIB, Profile
from inference_server.serve.checkpoint import Checkpoint
from inference_server.serve.errors import ServeError

GRAPH_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 576, 640, 768, 896, 1024, 1280, 1536, 2048)
"""Tokens in a batch for which a CUDA graph is captured; a batch is padded up to the next."""

GUARD = "inference_server.serve.guard.Guard"
MIDDLEWARE: tuple[str, ...] = ("inference_server.serve.verdict.route.Route",)
"""ASGI middleware of ours inside the guard, by import path, the innermost first."""

SPARE_TOKENS = 256
"""KV cache beyond what is asked for: vLLM keeps a block for itself, on a CPU one of 128 tokens."""

QUESTIONS = 9


@dataclass(frozen=True)
class Serving:
    """How a device is used.

    Attributes:
        windows: at a time; fewer where memory does not suffice.
        context: tokens of the longest prompt with its answer.
        batched_tokens: that go through the decoder together.
        media_gib: of worked-out pictures and sound that a process keeps.
        share: of a GPU's own memory that vLLM takes; None where the KV cache has a fixed size.
    """

    windows: int
    context: int
    batched_tokens: int
    media_gib: float
    share: float | None


SERVING: Mapping[str, Serving] = MappingProxyType(
    {
        "orin-nx-16gb": Serving(4, 4096, 2048, 0.25, share=None),
        "orin-agx-64gb": Serving(8, 8192, 2048, 1.0, share=None),
        "rtx-4090": Serving(8, 8192, 2048, 1.0, share=0.9),
        "h100": Serving(32, 8192, 8192, 4.0, share=0.9),
        "cluster": Serving(32, 8192, 8192, 4.0, share=0.9),
        "cpu": Serving(2, 4096, 2048, 0.1, share=None),
    }
)


@dataclass(frozen=True)
class Engine:
    """What vLLM is told of the model and the device.

    Attributes:
        windows: at a time.
        context: tokens of the longest prompt with its answer.
        sequences: questions answered together.
        batched_tokens: tokens that go through the decoder together.
        media_gib: of worked-out pictures and sound that a process keeps.
        kv_bytes: of the KV cache; None where it is what `share` leaves.
        share: of a GPU's memory.
        graph_sizes: of CUDA graphs; empty: none, and nothing is compiled.
        replicas: copies of the model, each on `split` GPUs.
        split: GPUs that one copy is cut over.
        bytes_needed: of the device, as `plan` counts.
    """

    windows: int
    context: int
    sequences: int
    batched_tokens: int
    media_gib: float
    kv_bytes: int | None
    share: float
    graph_sizes: tuple[int, ...]
    replicas: int
    split: int
    bytes_needed: int


def engine(
    profile: Profile,
    checkpoint: Checkpoint,
    *,
    gpus: int = 1,
    windows: int | None = None,
    context: int | None = None,
    split: int = 1,
    share: float | None = None,
) -> Engine:
    """Choose how a checkpoint is served on a device.

    Args:
        profile: the device.
        checkpoint: what is served.
        gpus: GPUs of the profile's kind that the machine has.
        windows: at a time; None for as many as the table says and memory has room for.
        context: tokens; None for what the table says.
        split: GPUs that one copy of the model is cut over.
        share: of a GPU's own memory that vLLM takes; None for what the table says.

    Raises:
        ServeError: it does not fit; the message says what to do.
    """
    serving, shape = SERVING[profile.name], checkpoint.shape
    context = serving.context if context is None else context
    if profile.gpus > 1 and gpus % split:
        raise ServeError(f"--split {split} does not divide the {gpus} GPUs of this machine")
    if shape.text.kv_heads % split:
        raise ServeError(
            f"--split {split} does not divide the model's {shape.text.kv_heads} heads of keys and "
            "values"
        )
    usable = round(profile.usable_gb * 1e9) - SYSTEM_BYTES[profile.unified]
    if serving.share is None and share is not None:
        raise ServeError(
            f"--share is for GPUs with memory of their own, which {profile.name} lacks"
        )
    share = serving.share if share is None else share
    if share is not None:
        usable = min(usable, round(share * profile.memory_gib * GIB))
    most = serving.windows if windows is None else windows
    loads = [_load(serving, profile, number) for number in range(most, 0, -1)]
    fitting = (
        (load, needed)
        for load in (loads if windows is None else loads[:1])
        if (needed := _needed(shape, checkpoint.weights, load, context, split)) <= usable
    )
    load, needed = next(fitting, (loads[0], 0))
    if not needed:
        wanted = _needed(shape, checkpoint.weights, loads[0], context, split)
        raise ServeError(
            f"{checkpoint.folder} does not fit {profile.name}: {len(loads)} windows need "
            f"{wanted / 1e9:.2f} GB and it has {usable / 1e9:.2f}; compress with a smaller recipe "
            f"(inference_server plan --profile {profile.name} names one), or give fewer --windows"
        )
    return Engine(
        windows=load.windows,
        context=context,
        sequences=load.setup.sequences,
        batched_tokens=load.setup.batched_tokens,
        media_gib=serving.media_gib,
        kv_bytes=_kv_bytes(shape, load, context) if share is None else None,
        share=_least_share(profile, needed) if share is None else share,
        graph_sizes=_graph_sizes(load.setup),
        replicas=gpus // split if profile.gpus > 1 else 1,
        split=split,
        bytes_needed=needed,
    )


def tight(profile: Profile, chosen: Engine) -> bool:
    """Say whether it no longer fits if torch holds back memory as it did when measured."""
    setup = Setup(graphs=bool(chosen.graph_sizes))
    free = profile.usable_gb * 1e9 - SYSTEM_BYTES[profile.unified] - chosen.bytes_needed
    return free < held_back(setup)


def requests_at_a_time(chosen: Engine) -> int:
    """Requests that the guard lets in: every window's questions and its sentence, twice over."""
    return 2 * chosen.windows * chosen.replicas * (QUESTIONS + 1)


def _load(serving: Serving, profile: Profile, windows: int) -> Load:
    setup = Setup(
        batched_tokens=serving.batched_tokens,
        sequences=max(Setup().sequences, windows * QUESTIONS),
        graphs=profile.compute_capability is not None,
    )
    return replace(Load(), windows=windows, setup=setup)


def _needed(shape: Shape, weights: int, load: Load, context: int, split: int) -> int:
    """Bytes on one GPU; of a model that is cut, what all hold alike is counted whole."""
    more = beside(shape, load)
    cut = weights + _kv_bytes(shape, load, context)
    return math.ceil(cut / split) + more.activations + more.graphs


def _kv_bytes(shape: Shape, load: Load, context: int) -> int:
    """Bytes of the KV cache: vLLM starts only where one request of full length fits too."""
    tokens = max(load.kv_tokens(shape), context) + SPARE_TOKENS
    return tokens * kv_bytes_a_token(shape, load.kv_bits)


def _least_share(profile: Profile, needed: int) -> float:
    """The share that vLLM wants to find free at its start, where the KV cache is fixed."""
    return min(0.95, math.ceil(100 * needed / (profile.memory_gib * GIB)) / 100)


def _graph_sizes(setup: Setup) -> tuple[int, ...]:
    if not setup.graphs:
        return ()
    return tuple(size for size in GRAPH_SIZES if size <= setup.batched_tokens)
