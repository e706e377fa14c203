"""One model in one vLLM engine: what it holds and takes at its worst, and how fast it answers."""

from __future__ import annotations

import os
import re
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from inference_server.serve.options import GRAPH_SIZES

KV_BYTES_A_TOKEN = 98_304
WINDOW_TOKENS = 1024
"""Room for one window: a picture of 768x768 with 2 s of sound and a question is about 750."""

BATCHED_TOKENS = 2048

_PARTS = (
    ("experts", r"\.experts\."),
    ("vision", r"(^|\.)visual\."),
    ("audio", r"(^|\.)audio_tower\."),
    ("lm_head", r"(^|\.)lm_head\."),
    ("embedding", r"\.embed_tokens\."),
    ("attention", r"\.self_attn\."),
)
_ANSWER_TOKENS = 96


@dataclass(frozen=True)
class Footprint:
    """Bytes on the GPU, as torch counts them.

    Attributes:
        weights: of the parameters, as they lie on the GPU after loading.
        parts: the same by component.
        cache: the KV cache.
        buffers: all else that stays: buffers, rotary tables, workspaces, CUDA graphs' own memory.
        loading_peak: the most that was allocated while loading, warming up and capturing.
        peak: the most that was allocated while answering.
        reserved: what torch has taken from the driver.
        device: what the driver has given away on the whole card, the CUDA context included.
    """

    weights: int
    parts: Mapping[str, int]
    cache: int
    buffers: int
    loading_peak: int
    peak: int
    reserved: int
    device: int


@dataclass(frozen=True)
class Latency:
    """Milliseconds of one kind of window, medians of `rounds`, each with pictures not seen before.

    Attributes:
        window: what it holds.
        tokens: of the whole prompt.
        first: one yes/no verdict of a new window.
        nine: all nine verdicts of a new window, asked at once.
        nine_p95: the same, 95th percentile.
        others: the other eight, when the window is in the cache.
        answer: a written answer of 96 tokens instead.
        rounds: repetitions.
    """

    window: str
    tokens: int
    first: float
    nine: float
    nine_p95: float
    others: float
    answer: float
    rounds: int


def measure(folder: Path, *, windows: int, rounds: int, dummy: bool, eager: bool) -> dict[str, Any]:
    """Load the model in `folder` and measure it; JSON-ready.

    `dummy` leaves the weights on disk alone and lets vLLM invent them.
    """
    os.environ |= {
        "HF_HUB_OFFLINE": "1",
        "VLLM_NO_USAGE_STATS": "1",
        "VLLM_ENABLE_V1_MULTIPROCESSING": "0",
        "VLLM_USE_FLASHINFER_SAMPLER": "0",
        "VLLM_LOGGING_LEVEL": os.environ.get("VLLM_LOGGING_LEVEL", "WARNING"),
    }
    import torch
    import vllm

    from inference_server.serve import vllm_plugin

    # vLLM finds it by itself where this package is installed; here it may only lie on the path.
    vllm_plugin.register()
    free_before, total = torch.cuda.mem_get_info()
    began = time.monotonic()
    cache = windows * WINDOW_TOKENS * KV_BYTES_A_TOKEN
    compilation = {} if eager else {"cudagraph_capture_sizes": list(GRAPH_SIZES)}
    llm = vllm.LLM(
        str(folder),
        load_format="dummy" if dummy else "auto",
        dtype="bfloat16",
        max_model_len=windows * WINDOW_TOKENS,
        max_num_seqs=16,
        max_num_batched_tokens=BATCHED_TOKENS,
        limit_mm_per_prompt={
            "image": {"count": 1, "width": 768, "height": 768},
            "video": {"count": 1, "num_frames": 4, "width": 448, "height": 448},
            "audio": {"count": 1, "length": 32_000},
        },
        enforce_eager=eager,
        kv_cache_memory_bytes=cache,
        gpu_memory_utilization=0.95,
        max_logprobs=20,
        enable_prefix_caching=True,
        compilation_config=compilation,
    )
    start_s = time.monotonic() - began
    model = _model(llm)
    parts = _parts(model)
    if dummy:
        _randomise(model)
    weights = sum(parts.values())
    loading_peak = torch.cuda.max_memory_allocated()
    settled = torch.cuda.memory_allocated()
    torch.cuda.reset_peak_memory_stats()
    latencies = [_latency(llm, window, rounds) for window in _WINDOWS]
    _together(llm, windows)
    footprint = Footprint(
        weights=weights,
        parts=parts,
        cache=cache,
        buffers=settled - weights - cache,
        loading_peak=loading_peak,
        peak=torch.cuda.max_memory_allocated(),
        reserved=torch.cuda.memory_reserved(),
        device=total - torch.cuda.mem_get_info()[0],
    )
    return {
        "device": torch.cuda.get_device_name(0),
        "vllm": vllm.__version__,
        "torch": torch.__version__,
        "windows": windows,
        "window_tokens": WINDOW_TOKENS,
        "batched_tokens": BATCHED_TOKENS,
        "graphs": not eager,
        "dummy": dummy,
        "start_s": round(start_s, 1),
        "device_before": total - free_before,
        "footprint": asdict(footprint),
        "latency": [asdict(latency) for latency in latencies],
    }


def _model(llm: Any) -> Any:
    engine = llm.llm_engine
    executor = (
        getattr(engine, "model_executor", None) or engine.engine_core.engine_core.model_executor
    )
    return executor.driver_worker.worker.model_runner.model


def _parts(model: Any) -> dict[str, int]:
    parts: dict[str, int] = {}
    seen: set[int] = set()
    for name, parameter in model.named_parameters():
        if parameter.data_ptr() in seen:
            continue
        seen.add(parameter.data_ptr())
        part = next((part for part, pattern in _PARTS if re.search(pattern, name)), "other")
        parts[part] = parts.get(part, 0) + parameter.numel() * parameter.element_size()
    return parts


def _randomise(model: Any) -> None:
    """Invented weights leave packed integers at zero: the router then sends all tokens one way."""
    for _, parameter in model.named_parameters():
        if not parameter.dtype.is_floating_point and parameter.numel() > 100_000:
            parameter.data.random_(-(2**31), 2**31 - 1)


@dataclass(frozen=True)
class _Window:
    name: str
    kind: str
    frames: int
    side: int


_WINDOWS = (
    _Window("1 picture 768x768 + 2 s sound", "image", 1, 768),
    _Window("4 pictures 448x448 + 2 s sound", "video", 4, 448),
)
_MEDIA = {
    "image": "<|vision_start|><|image_pad|><|vision_end|>",
    "video": "<|vision_start|><|video_pad|><|vision_end|>",
    "audio": "<|audio_start|><|audio_pad|><|audio_end|>",
}
_QUESTIONS = tuple(
    f"Does the clip show the anomaly of kind {number}? Answer Yes or No." for number in range(1, 10)
)
_PIXELS = {"size": {"shortest_edge": 1024, "longest_edge": 64 * 768 * 768}}
"""Frames keep their size: the processor's default would enlarge small ones."""


def _request(window: _Window, question: str, media: Mapping[str, Any]) -> dict[str, Any]:
    system = "You watch a camera in a home. Say what you see and hear in the clip. " * 4
    prompt = (
        f"<|im_start|>system\n{system}<|im_end|>\n<|im_start|>user\n"
        f"{_MEDIA[window.kind]}{_MEDIA['audio']}{question}<|im_end|>\n<|im_start|>assistant\n"
    )
    return {
        "prompt": prompt,
        "multi_modal_data": dict(media),
        "mm_processor_kwargs": _PIXELS if window.kind == "video" else {},
    }


def _fresh(window: _Window, seed: int) -> dict[str, Any]:
    import numpy as np

    random = np.random.default_rng(seed)
    frames = random.integers(0, 255, (window.frames, window.side, window.side, 3), dtype=np.uint8)
    sound = (random.standard_normal(32_000).astype(np.float32) * 0.1, 16_000)
    return {window.kind: frames[0] if window.kind == "image" else frames, "audio": sound}


def _timed(call: Callable[[], Sequence[Any]]) -> tuple[float, Sequence[Any]]:
    import torch

    torch.cuda.synchronize()
    began = time.perf_counter()
    result = call()
    torch.cuda.synchronize()
    return (time.perf_counter() - began) * 1e3, result


def _latency(llm: Any, window: _Window, rounds: int) -> Latency:
    from vllm import SamplingParams

    verdict = SamplingParams(max_tokens=1, temperature=0, logprobs=20)
    written = SamplingParams(max_tokens=_ANSWER_TOKENS, temperature=0, ignore_eos=True)
    times: dict[str, list[float]] = {"first": [], "others": [], "nine": [], "answer": []}
    tokens = 0

    def ask(questions: Sequence[str], media: Mapping[str, Any], how: Any) -> tuple[float, int]:
        taken, answers = _timed(
            lambda: llm.generate(
                [_request(window, question, media) for question in questions],
                how,
                use_tqdm=False,
            )
        )
        return taken, len(answers[0].prompt_token_ids)

    # Two rounds warm up: they are thrown away.
    for count in range(rounds + 2):
        media = _fresh(window, 3 * count)
        taken, tokens = ask(_QUESTIONS[:1], media, verdict)
        times["first"].append(taken)
        times["others"].append(ask(_QUESTIONS[1:], media, verdict)[0])
        times["nine"].append(ask(_QUESTIONS, _fresh(window, 3 * count + 1), verdict)[0])
        times["answer"].append(ask(_QUESTIONS[:1], _fresh(window, 3 * count + 2), written)[0])
    kept = {name: sorted(values[2:]) for name, values in times.items()}
    return Latency(
        window=window.name,
        tokens=tokens,
        **{name: round(statistics.median(values), 1) for name, values in kept.items()},
        nine_p95=round(kept["nine"][min(rounds - 1, int(0.95 * rounds))], 1),
        rounds=rounds,
    )


def _together(llm: Any, windows: int) -> None:
    """All windows at once, nine questions each: the worst that the memory must hold."""
    from vllm import SamplingParams

    verdict = SamplingParams(max_tokens=1, temperature=0, logprobs=20)
    window = _WINDOWS[0]
    clips = [_fresh(window, 1000 + number) for number in range(windows)]
    llm.generate(
        [_request(window, question, clip) for clip in clips for question in _QUESTIONS],
        verdict,
        use_tqdm=False,
    )
