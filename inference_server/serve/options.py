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
- `limit_mm_per_prompt` is the largest window: a whole view and eight pictures, or 30 s of video of
  an event that has ended, and as much sound.
- Media come inside the request: vLLM fetches no address that a client names.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

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
MIDDLEWARE: tuple[str, ...] = ()
"""ASGI middleware of ours inside the guard, by import path, the innermost first."""

NOWHERE = "media-come-inside-the-request.invalid"
"""The only domain that media may be fetched from: none (RFC 6761)."""

SPARE_TOKENS = 256
"""KV cache beyond what is asked for: vLLM keeps a block for itself, on a CPU one of 128 tokens."""

TOP_LOGPROBS = 20
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


@dataclass(frozen=True)
class Listen:
    """Where the server answers.

    Attributes:
        host: address to listen on.
        port: TCP port.
        name: of the model, as clients call it.
        cert: certificate chain, PEM; None without TLS.
        key: its private key, PEM.
    """

    host: str
    port: int
    name: str
    cert: str | None = None
    key: str | None = None


def engine(
    profile: Profile,
    checkpoint: Checkpoint,
    *,
    gpus: int = 1,
    windows: int | None = None,
    context: int | None = None,
    split: int = 1,
) -> Engine:
    """Choose how a checkpoint is served on a device.

    Args:
        profile: the device.
        checkpoint: what is served.
        gpus: GPUs of the profile's kind that the machine has.
        windows: at a time; None for as many as the table says and memory has room for.
        context: tokens; None for what the table says.
        split: GPUs that one copy of the model is cut over.

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
    fixed = serving.share is None
    return Engine(
        windows=load.windows,
        context=context,
        sequences=load.setup.sequences,
        batched_tokens=load.setup.batched_tokens,
        media_gib=serving.media_gib,
        kv_bytes=_kv_bytes(shape, load, context) if fixed else None,
        share=_least_share(profile, needed) if serving.share is None else serving.share,
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


def arguments(
    checkpoint: Checkpoint,
    chosen: Engine,
    listen: Listen,
    middleware: tuple[str, ...] = MIDDLEWARE,
) -> tuple[str, ...]:
    """Give the arguments of `vllm serve`. No secret is among them: `ps` shows them to everybody."""
    values: dict[str, Any] = {
        "served-model-name": listen.name,
        "host": listen.host,
        "port": listen.port,
        "dtype": "bfloat16",
        "max-model-len": chosen.context,
        "max-num-seqs": chosen.sequences,
        "max-num-batched-tokens": chosen.batched_tokens,
        "gpu-memory-utilization": f"{chosen.share:.2f}",
        "mm-processor-cache-gb": chosen.media_gib,
        "limit-mm-per-prompt": json.dumps(_media(chosen.context)),
        "max-logprobs": TOP_LOGPROBS,
        "allowed-media-domains": NOWHERE,
        # The checkpoint's own temperature would otherwise be that of requests which name none.
        "generation-config": "vllm",
    }
    if chosen.kv_bytes is not None:
        values["kv-cache-memory-bytes"] = chosen.kv_bytes
    if chosen.graph_sizes:
        sizes = {"cudagraph_capture_sizes": list(chosen.graph_sizes)}
        values["compilation-config"] = json.dumps(sizes)
    if chosen.replicas > 1:
        values["data-parallel-size"] = chosen.replicas
    if chosen.split > 1:
        values["tensor-parallel-size"] = chosen.split
    if listen.cert is not None and listen.key is not None:
        values |= {"ssl-certfile": listen.cert, "ssl-keyfile": listen.key}
    flags = ["--enable-prefix-caching", "--disable-uvicorn-access-log", "--disable-fastapi-docs"]
    if not chosen.graph_sizes:
        flags.append("--enforce-eager")
    if listen.cert is not None:
        flags.append("--enable-ssl-refresh")
    made = [str(checkpoint.folder)]
    for name, value in values.items():
        made += [f"--{name}", str(value)]
    # The last one is the outermost: nothing of ours or vLLM's comes before the guard.
    for path in (*middleware, GUARD):
        made += ["--middleware", path]
    return (*made, *flags)


ENVIRONMENT: Mapping[str, str] = MappingProxyType(
    {
        # Nothing is fetched and nothing is told to anybody.
        "HF_HUB_OFFLINE": "1",
        "VLLM_NO_USAGE_STATS": "1",
        "DO_NOT_TRACK": "1",
        # vLLM's own sockets stay on this machine.
        "VLLM_HOST_IP": "127.0.0.1",
        # It would be compiled when first used, with a compiler that a Jetson image need not have.
        "VLLM_USE_FLASHINFER_SAMPLER": "0",
        "PYTHONUNBUFFERED": "1",
    }
)
"""What vLLM's process gets beside this one's environment."""


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


def _media(context: int) -> dict[str, Any]:
    """The most of each kind in a request; sizes are what vLLM reserves memory for."""
    # A pair of frames of 448x448 is 196 tokens, and half of the context is enough for them.
    frames = min(30, 2 * (context // 2 // 196))
    return {
        "image": {"count": 9, "width": 768, "height": 768},
        "video": {"count": 1, "num_frames": max(2, frames), "width": 448, "height": 448},
        "audio": {"count": 1, "length": 30 * 16_000},
    }
