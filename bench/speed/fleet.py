"""Many cameras in a real node: `omnicam run` over RTSP, seen through its API and /proc."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.node import Node
from harness.rtsp import RtspServer
from speed.processes import Memory, children, cpu_seconds, memory

WARM_UP_S = 10.0
_START_S = 60.0
_LOOK_S = 1.0
_KEPT_UP = 0.9
_RATE = 6.0


@dataclass(frozen=True, slots=True)
class Process:
    """Share of a core and memory of one process."""

    cpu: float
    memory: Memory


@dataclass(frozen=True, slots=True, kw_only=True)
class Camera:
    """One camera.

    `lag_ms` is the time from a frame's arrival to its findings: of the worst frame of every two
    seconds, the median and the worst.
    """

    name: str
    view: str
    frames_s: float
    dropped: int
    pose_dropped: int
    cpu: float
    memory: Memory
    lag_ms: float
    worst_lag_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """All cameras and the node's other processes."""

    seconds: float
    cameras: tuple[Camera, ...]
    processes: Mapping[str, Process] = field(default_factory=dict)
    cpu: float
    own_mib: float
    dropped: int
    pose_dropped: int
    kept_up: bool


async def measure(films: Mapping[str, Path], streams: int, people: int, seconds: float) -> Fleet:
    """Run a node with `streams` cameras, of which `people` have somebody in view.

    Raises:
        RuntimeError: the node or the RTSP server does not start, or a camera does not come up.
    """
    views = {f"camera_{n + 1}": "person" if n < people else "empty" for n in range(streams)}
    mounts = {name: films[view] for name, view in views.items()}
    with tempfile.TemporaryDirectory() as folder:
        async with RtspServer(mounts) as server:
            cameras = {name: {"url": server.url(name)} for name in views}
            configuration = {"node": "bench", "cameras": cameras}
            async with Node(Path(folder), configuration) as node:
                await _all_running(node, views)
                await asyncio.sleep(WARM_UP_S)
                before = await _look(node)
                lags: dict[str, list[float]] = {name: [] for name in views}
                while time.monotonic() < before.wall + seconds:
                    await asyncio.sleep(_LOOK_S)
                    for name, figures in (await _figures(node)).items():
                        lags[name].append(float(figures.get("lag_seconds", 0.0)) * 1000)
                after = await _look(node)
    return _fleet(views, before, after, lags)


@dataclass(frozen=True, slots=True)
class _Meters:
    """All meters at one moment; seconds of processor time and memory by process id."""

    wall: float
    figures: Mapping[str, Mapping[str, Any]]
    cpu: Mapping[int, float]
    memory: Mapping[int, Memory]
    names: Mapping[int, str]


async def _figures(node: Node) -> dict[str, dict[str, Any]]:
    health = await node.get("/api/health")
    cameras: dict[str, dict[str, Any]] = health["cameras"]
    return cameras


async def _all_running(node: Node, views: Mapping[str, str]) -> None:
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline:
        figures = await _figures(node)
        if all(figures[name].get("frames_analysed", 0) > 0 for name in views):
            return
        await asyncio.sleep(_LOOK_S)
    raise RuntimeError(f"not every camera came up within {_START_S:.0f} s:\n{node.log()}")


async def _look(node: Node) -> _Meters:
    figures = await _figures(node)
    names = {node.pid: "main process"}
    for pid, command in children(node.pid).items():
        names[pid] = "helper" if "resource_tracker" in command else "worker or pose"
    for each in figures.values():
        names.pop(int(each["process_id"]), None)
    names |= {pid: "pose process" for pid, name in names.items() if name == "worker or pose"}
    pids = [*names, *(int(each["process_id"]) for each in figures.values())]
    return _Meters(
        wall=time.monotonic(),
        figures=figures,
        cpu={pid: cpu_seconds(pid) for pid in pids},
        memory={pid: memory(pid) for pid in pids},
        names=names,
    )


def _fleet(
    views: Mapping[str, str], before: _Meters, after: _Meters, lags: Mapping[str, list[float]]
) -> Fleet:
    wall = after.wall - before.wall

    def share(pid: int) -> float:
        return (after.cpu[pid] - before.cpu.get(pid, 0.0)) / wall

    def grown(name: str, figure: str) -> int:
        return int(after.figures[name][figure]) - int(before.figures[name][figure])

    cameras = []
    for name, view in views.items():
        pid = int(after.figures[name]["process_id"])
        delays = sorted(lags[name]) or [0.0]
        cameras.append(
            Camera(
                name=name,
                view=view,
                frames_s=grown(name, "frames_analysed") / wall,
                dropped=grown(name, "frames_dropped"),
                pose_dropped=grown(name, "pose_dropped"),
                cpu=share(pid),
                memory=after.memory[pid],
                lag_ms=delays[len(delays) // 2],
                worst_lag_ms=delays[-1],
            )
        )
    processes = {name: Process(share(pid), after.memory[pid]) for pid, name in after.names.items()}
    running: list[Camera | Process] = [*cameras, *processes.values()]
    dropped = sum(camera.dropped for camera in cameras)
    pose_dropped = sum(camera.pose_dropped for camera in cameras)
    return Fleet(
        seconds=wall,
        cameras=tuple(cameras),
        processes=processes,
        cpu=sum(each.cpu for each in running),
        own_mib=sum(each.memory.own for each in running),
        dropped=dropped,
        pose_dropped=pose_dropped,
        # The figures are told every two seconds, so a rate may be off by as much at either end.
        kept_up=dropped == 0 and all(each.frames_s > _KEPT_UP * _RATE for each in cameras),
    )
