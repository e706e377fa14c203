"""vLLM's command line and environment for what was chosen: pure, and without a secret.

- `limit_mm_per_prompt` is the largest window: a whole view and eight pictures, or 30 s of video of
  an event that has ended, and as much sound.
- Media come inside the request: vLLM fetches no address that a client names.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from inference_server.serve.checkpoint import Checkpoint
from inference_server.serve.options import GUARD, MIDDLEWARE, Engine

NOWHERE = "media-come-inside-the-request.invalid"
"""The only domain that media may be fetched from: none (RFC 6761)."""

TOP_LOGPROBS = 20


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


def _media(context: int) -> dict[str, Any]:
    """The most of each kind in a request; sizes are what vLLM reserves memory for."""
    # A pair of frames of 448x448 is 196 tokens, and half of the context is enough for them.
    frames = min(30, 2 * (context // 2 // 196))
    return {
        "image": {"count": 9, "width": 768, "height": 768},
        "video": {"count": 1, "num_frames": max(2, frames), "width": 448, "height": 448},
        "audio": {"count": 1, "length": 30 * 16_000},
    }
