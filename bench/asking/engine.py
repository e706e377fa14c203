"""The engine as it is measured, and the two ways to ask it: vLLM's own, and this project's."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from asking.windows import Size
from inference_server.serve.verdict.engine import EngineJudge
from inference_server.serve.verdict.interface import Picture, Window
from real_size.engine import GRAPH_SIZES

MORE_GRAPH_SIZES = (448, 704, 832, 960, 1088, 1152)
"""Beside those of the footprint: a nine-question verdict's whole prefill is about 1100 tokens."""


def start(folder: Path, options: argparse.Namespace, sizes: Sequence[Size]) -> Any:
    """Start vLLM's engine in a process of its own, as `vllm serve` does.

    Weights are invented, but for the tiny model.
    """
    os.environ |= {
        "HF_HUB_OFFLINE": "1",
        "VLLM_NO_USAGE_STATS": "1",
        # As `vllm serve` does: a forked process could not use a GPU that this one has looked at.
        "VLLM_WORKER_MULTIPROC_METHOD": "spawn",
        "VLLM_USE_FLASHINFER_SAMPLER": "0",
        "VLLM_LOGGING_LEVEL": os.environ.get("VLLM_LOGGING_LEVEL", "WARNING"),
    }
    from vllm.engine.arg_utils import AsyncEngineArgs
    from vllm.v1.engine.async_llm import AsyncLLM

    from inference_server.serve import vllm_plugin

    vllm_plugin.register()
    _plugin(folder.parent / "plugin")
    compilation: dict[str, Any] = {}
    if not options.eager:
        most = options.most_graph
        graphs = sorted({*GRAPH_SIZES, *MORE_GRAPH_SIZES, *range(2560, most + 1, 512)})
        compilation["cudagraph_capture_sizes"] = [size for size in graphs if size <= most]
    if options.compile_encoder:
        compilation["compile_mm_encoder"] = True
    if options.cudagraph_encoder:
        compilation["cudagraph_mm_encoder"] = True
    named: dict[str, Any] = {}
    if options.no_async:
        named["async_scheduling"] = False
    if not options.tiny:
        named |= {"kv_cache_memory_bytes": options.kv_gb * 10**9, "load_format": "dummy"}
        named["gpu_memory_utilization"] = 0.95
    media: dict[str, Any] = {
        size.kind: {"count": 1, "width": size.side, "height": size.side} for size in sizes
    }
    media["video"]["num_frames"] = 4
    media["audio"] = {"count": 1, "length": 32_000}
    arguments = AsyncEngineArgs(
        model=str(folder),
        dtype="bfloat16",
        max_model_len=2048,
        max_num_seqs=options.sequences,
        max_num_batched_tokens=options.batched_tokens,
        limit_mm_per_prompt=media,
        enforce_eager=options.eager,
        max_logprobs=20,
        enable_prefix_caching=True,
        mm_processor_cache_gb=options.media_gb,
        compilation_config=compilation,
        worker_extension_cls="asking.worker.Probe",
        disable_log_stats=True,
        **named,
    )
    return AsyncLLM.from_engine_args(arguments)


def _plugin(folder: Path) -> None:
    """Have vLLM's processes find this project's plug-in, where it only lies on the path."""
    place = folder / "omnicam_bench-1.dist-info"
    place.mkdir(parents=True, exist_ok=True)
    (place / "METADATA").write_text("Metadata-Version: 2.1\nName: omnicam-bench\nVersion: 1\n")
    (place / "entry_points.txt").write_text(
        "[vllm.general_plugins]\nomnicam_cpu_experts = inference_server.cpu_experts:register\n"
        "omnicam_encoders = inference_server.serve.vllm_plugin:register\n"
    )
    sys.path.insert(0, str(folder))
    known = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join([str(folder), *([known] if known else [])])


class Asking:
    """Asks one engine."""

    def __init__(self, engine: Any) -> None:
        self.engine = engine
        self.judge = EngineJudge(engine)

    async def call(self, name: str, *arguments: Any) -> Any:
        """Have the worker do something; see `worker.Probe`."""
        (answer, *_) = await self.engine.collective_rpc(f"bench_{name}", args=arguments)
        return json.loads(answer)

    async def plain(self, window: Window, last: str, tokens: int) -> Any:
        """Ask as vLLM's chat route does: everything anew for one question."""
        from vllm import SamplingParams

        renderer = self.engine.renderer
        prompts = self.judge._writer.write(window, {"": last}, [1] * len(window.media))  # noqa: SLF001
        data = {
            "audio" if not isinstance(medium, Picture) else medium.kind: (
                (medium.pixels if medium.kind == "video" else medium.pixels[0])
                if isinstance(medium, Picture)
                else (medium.samples, 16_000)
            )
            for medium in window.media
        }
        prompt = await renderer._process_multimodal_async(  # noqa: SLF001 - what the route calls
            [*prompts.head, *prompts.tails[""]], data, None, None, None
        )
        if tokens == 1:
            params = SamplingParams(max_tokens=1, temperature=0.0, logprobs=20)
        else:
            params = SamplingParams(max_tokens=tokens, temperature=0.0, ignore_eos=True)
        answers = self.engine.generate(prompt, params, uuid.uuid4().hex)
        return [answer async for answer in answers][-1]

    async def plain_together(self, window: Window, questions: Sequence[str]) -> None:
        """Ask several questions at once, as vLLM's chat route does."""
        await asyncio.gather(*(self.plain(window, question, 1) for question in questions))
