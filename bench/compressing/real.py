"""A checkpoint of random weights with the real layers' sizes, written in pieces, and compressed.

Weights are drawn a tensor at a time, so that making the checkpoint takes no memory either.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

import psutil
import torch
from transformers import Qwen3OmniMoeForConditionalGeneration

from checkpoints import REAL, Shape
from checkpoints.build import configuration, save_processor
from inference_server.compress.shards import write_shard


def shapes(shape: Shape, config: object) -> dict[str, tuple[int, ...]]:
    """Names and shapes of the published layout's tensors, fused experts taken apart."""
    with torch.device("meta"):
        model = Qwen3OmniMoeForConditionalGeneration(config)
    found: dict[str, tuple[int, ...]] = {}
    width = shape.expert_width
    for name, weight in model.state_dict().items():
        if "code2wav" in name or name.startswith("talker."):
            continue
        if name.endswith("experts.gate_up_proj"):
            base = name.removesuffix("gate_up_proj")
            for expert in range(shape.experts):
                for part in ("gate_proj", "up_proj"):
                    found[f"{base}{expert}.{part}.weight"] = (width, shape.hidden)
        elif name.endswith("experts.down_proj"):
            base = name.removesuffix("down_proj")
            for expert in range(shape.experts):
                found[f"{base}{expert}.down_proj.weight"] = (shape.hidden, width)
        else:
            found[name] = tuple(weight.shape)
    return found


def make(folder: Path, layers: int) -> int:
    """Write the checkpoint, a shard a layer; return its bytes."""
    shape = replace(REAL, layers=layers)
    folder.mkdir(parents=True, exist_ok=True)
    config = configuration(shape, save_processor(folder))
    content = config.to_dict() | {"enable_audio_output": False, "dtype": "bfloat16"}
    for part in ("talker_config", "code2wav_config"):
        content.pop(part, None)
    random = torch.Generator().manual_seed(0)
    groups: dict[str, dict[str, tuple[int, ...]]] = {}
    for name, size in shapes(shape, config).items():
        parts = name.split(".")
        group = f"layer-{int(parts[3]):03d}" if ".model.layers." in name else parts[1]
        groups.setdefault(group, {})[name] = size
    index: dict[str, str] = {}
    total = 0
    for number, (_, named) in enumerate(sorted(groups.items()), start=1):
        shard = f"model-{number:05d}-of-{len(groups):05d}.safetensors"
        tensors = {name: _drawn(name, size, random) for name, size in named.items()}
        write_shard(folder / shard, tensors)
        total += sum(each.nbytes for each in tensors.values())
        index |= dict.fromkeys(tensors, shard)
    (folder / "model.safetensors.index.json").write_text(
        json.dumps({"metadata": {"total_size": total}, "weight_map": index})
    )
    (folder / "config.json").write_text(json.dumps(content, indent=2))
    return total


def _drawn(name: str, size: tuple[int, ...], random: torch.Generator) -> torch.Tensor:
    if "norm" in name or ".ln_" in name:
        return (torch.zeros if name.endswith("bias") else torch.ones)(size, dtype=torch.bfloat16)
    drawn = torch.empty(size, dtype=torch.bfloat16).normal_(std=0.02, generator=random)
    return drawn * 3 if name.endswith("mlp.gate.weight") else drawn


@dataclass
class Peak:
    """What runs of the compressor took.

    Attributes:
        resident: highest memory of a process, bytes, mapped files included.
        own: of that, what was not mapped from files.
        seconds: of all runs together.
        kills: how often one was killed, and after how many seconds.
    """

    resident: int
    own: int
    seconds: float
    kills: list[float]


def run(source: Path, target: Path, recipe: str, kills: int, seed: int = 0) -> Peak:
    """Compress, killing the compressor at random moments first."""
    command = [sys.executable, "-m", "inference_server.cli", "compress", str(source), str(target)]
    random, peak = Random(seed), Peak(0, 0, 0.0, [])
    began = time.monotonic()
    while True:
        process = subprocess.Popen([*command, "--recipe", recipe], env=os.environ)
        deadline = random.uniform(60, 600) if len(peak.kills) < kills else None
        code = _watch(process, deadline, peak)
        if code == 0:
            break
        if code != -signal.SIGKILL:
            raise SystemExit(code)
    peak.seconds = time.monotonic() - began
    return peak


def _watch(process: subprocess.Popen[bytes], deadline: float | None, peak: Peak) -> int:
    began = time.monotonic()
    watched = psutil.Process(process.pid)
    while process.poll() is None:
        try:
            memory = watched.memory_info()
        except psutil.NoSuchProcess:
            break
        peak.resident = max(peak.resident, memory.rss)
        peak.own = max(peak.own, memory.rss - memory.shared)
        passed = time.monotonic() - began
        if deadline is not None and passed > deadline:
            process.kill()
            peak.kills.append(round(passed, 1))
            print(f"killed after {passed:.0f} s", flush=True)
            break
        time.sleep(0.2)
    return process.wait()
