"""The devices that the model is meant for: one table, read by everything that serves or plans.

Figures are the makers' data sheets: memory and its bandwidth bound what fits and how fast a token
can be, arithmetic how fast a window is read; `VLLM_RANGE` is the versions that serve Qwen3-Omni
with per-token probabilities: 0.24 was run on a GPU, 0.32 on a CPU.

Arithmetic is that of dense bf16 matrices with fp32 sums, which is what vLLM's kernels do with
weights of 4 and 8 bits too. NVIDIA's Jetson figures are INT8 with half the weights zero: a quarter
of the GPU's share is dense bf16. AGX Orin: 170 of its 275 TOPS are the GPU's (Jetson AGX Orin
technical brief), so 42.5. Orin NX 16 GB: half the tensor cores (32 of 64) at 918 instead of
1300 MHz (Jetson Orin NX data sheet), so 15. RTX 4090: 165 (Ada architecture white paper). H100 SXM:
989 (data sheet). Of the cluster all figures are one GPU's. The CPU stands for two cores with AVX2
at 2.5 GHz: 32 operations a cycle each.

Usable memory is what a process can have. Orin NX: about 14 GB of 16 GiB once firmware, kernel and
JetPack's services have theirs; AGX Orin: the same 3.2 GB taken off 64 GiB. Both are estimates
until one of them has been looked at; on cards with memory of their own it is what nvidia-smi calls
the total.
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
        memory_gib: memory of a GPU, or unified memory on a Jetson.
        unified: whether CPU and GPU share that memory.
        bandwidth_gb_s: memory bandwidth in 10^9 bytes a second.
        compute_capability: CUDA's number of the architecture; None where there is no GPU.
        how_to_get_vllm: what to do where vLLM is missing.
        usable_gb: memory that processes can have, in 10^9 bytes.
        arithmetic_tflops: dense bf16, in 10^12 operations a second.
        gpus: how many GPUs there are at least; the model fits on one, and each has a copy.
    """

    name: str
    title: str
    memory_gib: float
    unified: bool
    bandwidth_gb_s: float
    compute_capability: str | None
    how_to_get_vllm: str
    usable_gb: float
    arithmetic_tflops: float
    gpus: int = 1


_JETSON = (
    "use a vLLM container image built for JetPack (SM 8.7), and in it: pip install --no-deps "
    "omnicam; the wheels on PyPI lack this architecture's Marlin kernels"
)
_WHEEL = "pip install 'omnicam[server]' in an environment of its own"

_CPU = "scripts/setup/run.sh serve makes .venv-serve with vLLM's build for CPUs"

PROFILES: Mapping[str, Profile] = MappingProxyType(
    {
        profile.name: profile
        for profile in (
            Profile(
                name="orin-nx-16gb",
                title="NVIDIA Jetson Orin NX 16 GB",
                memory_gib=16,
                unified=True,
                bandwidth_gb_s=102,
                compute_capability="8.7",
                how_to_get_vllm=_JETSON,
                usable_gb=14.0,
                arithmetic_tflops=15.0,
            ),
            Profile(
                name="orin-agx-64gb",
                title="NVIDIA Jetson AGX Orin 64 GB",
                memory_gib=64,
                unified=True,
                bandwidth_gb_s=205,
                compute_capability="8.7",
                how_to_get_vllm=_JETSON,
                usable_gb=65.5,
                arithmetic_tflops=42.5,
            ),
            Profile(
                name="rtx-4090",
                title="NVIDIA GeForce RTX 4090",
                memory_gib=24,
                unified=False,
                bandwidth_gb_s=1008,
                compute_capability="8.9",
                how_to_get_vllm=_WHEEL,
                usable_gb=25.7,
                arithmetic_tflops=165.0,
            ),
            Profile(
                name="h100",
                title="NVIDIA H100 80 GB",
                memory_gib=80,
                unified=False,
                bandwidth_gb_s=3350,
                compute_capability="9.0",
                how_to_get_vllm=_WHEEL,
                usable_gb=85.5,
                arithmetic_tflops=989.0,
            ),
            Profile(
                name="cluster",
                title="several NVIDIA H100 80 GB in one machine",
                memory_gib=80,
                unified=False,
                bandwidth_gb_s=3350,
                compute_capability="9.0",
                how_to_get_vllm=_WHEEL,
                usable_gb=85.5,
                arithmetic_tflops=989.0,
                gpus=2,
            ),
            Profile(
                name="cpu",
                title="CPU only, for tests with a tiny checkpoint",
                memory_gib=8,
                unified=True,
                bandwidth_gb_s=20,
                compute_capability=None,
                how_to_get_vllm=_CPU,
                usable_gb=7.5,
                arithmetic_tflops=0.16,
            ),
        )
    }
)
