"""Whether a machine meets a profile, and what to do where it does not: pure, given both."""

from __future__ import annotations

import re
from dataclasses import dataclass

from inference_server.machine import Gpu, Machine
from inference_server.profiles import GIB, VLLM_RANGE, Profile

# A data sheet's memory is never all visible: firmware and the driver keep a part.
_VISIBLE_SHARE = 0.85


@dataclass(frozen=True)
class Finding:
    """One point of the check: whether it holds, what was found, and the remedy if not."""

    subject: str
    holds: bool
    found: str
    remedy: str


def check(profile: Profile, machine: Machine) -> tuple[Finding, ...]:
    """Compare a machine with a profile, point by point."""
    return (_device(profile, machine), _memory(profile, machine), _vllm(profile, machine))


def _device(profile: Profile, machine: Machine) -> Finding:
    if profile.compute_capability is None:
        return Finding("device", holds=True, found="CPU", remedy="")
    found = ", ".join(f"{gpu.name} (SM {gpu.compute_capability})" for gpu in machine.gpus)
    holds = len(suiting(profile, machine)) >= profile.gpus
    many = f"at least {profile.gpus} GPUs with " if profile.gpus > 1 else ""
    remedy = (
        f"{profile.title}: {many}SM {profile.compute_capability}; choose another --profile, or "
        "install the NVIDIA driver so that nvidia-smi shows the GPU"
    )
    return Finding("device", holds, found or "no NVIDIA GPU", "" if holds else remedy)


def suiting(profile: Profile, machine: Machine) -> tuple[Gpu, ...]:
    """Give the GPUs that are of the profile's kind."""
    wanted = profile.compute_capability
    return tuple(gpu for gpu in machine.gpus if gpu.compute_capability == wanted)


def _memory(profile: Profile, machine: Machine) -> Finding:
    present = machine.memory
    if not profile.unified:
        present = max((gpu.memory for gpu in machine.gpus), default=0)
    holds = present >= profile.memory_gib * GIB * _VISIBLE_SHARE
    kind = "memory" if profile.unified else "GPU memory"
    remedy = f"{profile.title} has {profile.memory_gib:g} GiB: choose a smaller --profile"
    return Finding(kind, holds, f"{present / GIB:.1f} GiB", "" if holds else remedy)


def _vllm(profile: Profile, machine: Machine) -> Finding:
    if machine.vllm is None:
        return Finding("vLLM", holds=False, found="not installed", remedy=profile.how_to_get_vllm)
    # By this name vLLM itself takes the machine for a CPU, whatever else it has.
    fitting = ("cpu" in machine.vllm) == (profile.compute_capability is None)
    holds = in_range(machine.vllm) and fitting
    remedy = f"install vLLM {VLLM_RANGE} for this device: {profile.how_to_get_vllm}"
    return Finding("vLLM", holds, machine.vllm, "" if holds else remedy)


def in_range(version: str) -> bool:
    """Whether a vLLM version lies in `VLLM_RANGE`, by major and minor number."""
    low, high = (_numbers(bound) for bound in VLLM_RANGE.split(","))
    return low <= _numbers(version) < high


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:2])
