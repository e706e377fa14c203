"""Processor time and memory of other processes, from /proc."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Memory:
    """Mebibytes of a process: resident, and of these its own that nobody shares."""

    resident: float
    own: float


def cpu_seconds(pid: int) -> float:
    """Give the processor time of a process with all its threads, to the nanosecond.

    Raises:
        OSError: there is no such process.
    """
    # Linux: the clock of a process is its number inverted, over the code of "scheduler time".
    return time.clock_gettime((~pid << 3) | 2)


def memory(pid: int) -> Memory:
    """Give the memory of a process; OSError where there is none."""
    sizes: dict[str, int] = {}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()[1:]:
        name, size = line.split(":")
        sizes[name] = int(size.split()[0]) * 1024
    own = sizes["Private_Clean"] + sizes["Private_Dirty"]
    return Memory(sizes["Rss"] / _MIB, own / _MIB)


def children(pid: int) -> dict[int, str]:
    """Give the processes that a process started, with their command lines."""
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue  # it ended meanwhile
        if parent == pid:
            found[int(entry.name)] = command
    return found


def machine() -> str:
    """Name the processor and how busy the machine is."""
    model = "unknown processor"
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    load = ", ".join(f"{each:.2f}" for each in os.getloadavg())
    return f"{os.cpu_count()} x {model}, load average {load}"
