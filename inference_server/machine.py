"""What this machine has: memory, GPUs, vLLM. Asks the system's own tools; needs no torch."""

from __future__ import annotations

import csv
import importlib.metadata
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

PLUGIN_GROUP = "vllm.general_plugins"
_TIMEOUT_S = 10.0
_MIB = 1024**2


@dataclass(frozen=True)
class Gpu:
    """One GPU as `nvidia-smi` names it.

    Attributes:
        name: of the model.
        memory: bytes, 0 where it shares the system's.
        compute_capability: CUDA's number of the architecture.
        free: bytes that nobody uses now, None where that is not told.
    """

    name: str
    memory: int
    compute_capability: str
    free: int | None = None


@dataclass(frozen=True)
class Machine:
    """What `inspect` found.

    Attributes:
        memory: bytes.
        gpus: that the driver shows.
        vllm: version of vLLM in this Python, None where it is not installed.
        plugins: names of vLLM's plug-ins in this Python.
        available: bytes of memory that nobody needs now, None where that is not told.
    """

    memory: int
    gpus: tuple[Gpu, ...]
    vllm: str | None
    plugins: frozenset[str] = frozenset()
    available: int | None = None


def inspect() -> Machine:
    """Look at this machine.

    Raises:
        OSError: the system does not tell its memory (not Linux).
    """
    lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    sizes = {
        name: int(rest.split()[0]) * 1024 for name, _, rest in (x.partition(":") for x in lines)
    }
    if "MemTotal" not in sizes:
        raise OSError("/proc/meminfo names no MemTotal")
    return Machine(
        memory=sizes["MemTotal"],
        gpus=_gpus(),
        vllm=_vllm(),
        plugins=_plugins(),
        available=sizes.get("MemAvailable"),
    )


def _gpus() -> tuple[Gpu, ...]:
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return ()
    query = [
        tool,
        "--query-gpu=name,memory.total,compute_cap,memory.free",
        "--format=csv,noheader,nounits",
    ]
    try:
        done = subprocess.run(
            query, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired:
        return ()
    return parse_gpus(done.stdout) if done.returncode == 0 else ()


def parse_gpus(text: str) -> tuple[Gpu, ...]:
    """Read `nvidia-smi`'s CSV of name, memory in MiB, compute capability and free memory in MiB.

    A Jetson gives `[N/A]` for memory, because it shares the system's: that is 0 here.
    """
    rows = [[cell.strip() for cell in row] for row in csv.reader(text.splitlines()) if row]
    return tuple(
        Gpu(
            name=name,
            memory=int(memory) * _MIB if memory.isdigit() else 0,
            compute_capability=cc,
            free=int(free) * _MIB if free.isdigit() else None,
        )
        for name, memory, cc, free in (row for row in rows if len(row) == 4)
    )


def _vllm() -> str | None:
    try:
        return importlib.metadata.version("vllm")
    except importlib.metadata.PackageNotFoundError:
        return None


def _plugins() -> frozenset[str]:
    """Give what vLLM will find too, of which it takes those of `VLLM_PLUGINS` where that is set."""
    wanted = os.environ.get("VLLM_PLUGINS")
    found = importlib.metadata.entry_points(group=PLUGIN_GROUP)
    names = frozenset(entry.name for entry in found)
    return names if wanted is None else names & frozenset(wanted.split(","))
