"""The processes of a node, told apart by what they do; Linux only, as the product is."""

from __future__ import annotations

import contextlib
from pathlib import Path

_PROC = Path("/proc")
_LONGEST_NAME = 15  # of a thread, in Linux


def alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and waits to be buried does not."""
    return _state(pid) not in ("", "Z", "X")


def children(pid: int) -> list[int]:
    """Give the running processes that a process started, and those that they started."""
    found: list[int] = []
    with contextlib.suppress(OSError):
        for thread in (_PROC / str(pid) / "task").iterdir():
            for child in map(int, (thread / "children").read_text("ascii").split()):
                if alive(child):
                    found += [child, *children(child)]
    return found


def worker(node: int, camera: str) -> int | None:
    """Give the worker of a camera, which is known by the thread that reads the stream."""
    name = f"capture-{camera}"[:_LONGEST_NAME]
    return next((child for child in children(node) if name in _threads(child)), None)


def pose(node: int) -> int | None:
    """Give the pose process: a child that listens on the socket of that name."""
    listening = {
        fields[6]
        for fields in map(str.split, (_PROC / "net" / "unix").read_text("ascii").splitlines())
        if len(fields) == 8 and fields[7].endswith("/pose-0") and fields[3] == "00010000"
    }
    return next((child for child in children(node) if _sockets(child) & listening), None)


def _threads(pid: int) -> set[str]:
    names: set[str] = set()
    with contextlib.suppress(OSError):
        for thread in (_PROC / str(pid) / "task").iterdir():
            names.add((thread / "comm").read_text().strip())
    return names


def _sockets(pid: int) -> set[str]:
    """Give the inodes of a process's sockets."""
    inodes: set[str] = set()
    with contextlib.suppress(OSError):
        for descriptor in (_PROC / str(pid) / "fd").iterdir():
            with contextlib.suppress(OSError):
                target = str(descriptor.readlink())
                if target.startswith("socket:["):
                    inodes.add(target[8:-1])
    return inodes


def _state(pid: int) -> str:
    try:
        text = (_PROC / str(pid) / "stat").read_text()
    except OSError:
        return ""
    return text.rpartition(")")[2].split()[0]
