"""One camera over RTSP through capture and the analyser, stage by stage.

The camera has a process of its own, as in a node, and so has the pose model. Everything is measured
in processor time, not in time that passes: other work on the machine delays but is not counted.
"""

from __future__ import annotations

import multiprocessing
import tempfile
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import av
import numpy as np

from harness.rtsp import RtspServer
from omnicam.capture import CameraStream
from omnicam.config.load import default_classes
from omnicam.config.model import CameraSettings, Secret
from omnicam.detect.analyser import Analyser
from omnicam.detect.pose.model import find_model
from omnicam.detect.pose.remote import RemotePoseEstimator
from omnicam.detect.protocol import PoseUnavailableError
from omnicam.detect.registry import make_scorers
from omnicam.media import Frame
from omnicam.time_zone import local_zone
from speed.processes import Memory, cpu_seconds, memory

WARM_UP_S = 8.0
"""The start looks for people for two seconds, learns the view for three, and connects."""

_START_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The worker's meters at one moment; seconds are of processor time."""

    wall: float
    cpu: float
    capture: float
    decode: float
    stages: Mapping[str, float]
    frames: int
    decoded: int
    dropped: int
    pose_runs: int
    pose_drops: int
    delays: tuple[float, ...]
    pose_cpu: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one camera cost.

    Attributes:
        rows: share of a core by stage, in the order of the pipeline.
        total: share of a core of everything.
        frames_s: analysed frames a second.
        decoded_s: decoded pictures a second.
        pose_s: looks of the pose model a second.
        dropped: frames dropped.
        pose_drops: looks for which there was no answer.
        delay_ms: median and 95th percentile from a frame's arrival to its findings.
        worker: memory of the camera's process.
        pose: memory of the pose process.
        further_mib: what a further camera adds: its worker's own memory, and its part of the pose
            process while somebody is in its view.
    """

    rows: Mapping[str, float]
    total: float
    frames_s: float
    decoded_s: float
    pose_s: float
    dropped: int
    pose_drops: int
    delay_ms: tuple[float, float]
    worker: Memory
    pose: Memory
    further_mib: float


async def measure(film: Path, seconds: float) -> Cost:
    """Play a film as a camera for some seconds and say what it cost."""
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        socket = Path(folder) / "pose"
        pose = context.Process(target=_serve_pose, args=(find_model(None), socket), daemon=True)
        pose.start()
        ours, theirs = context.Pipe()
        try:
            if not RemotePoseEstimator(socket).wait_until_ready(_START_S):
                raise RuntimeError("the pose process does not start")
            async with RtspServer({"camera": film}) as server:
                worker = context.Process(
                    target=_watch, args=(server.url("camera"), socket, seconds, theirs), daemon=True
                )
                worker.start()
                theirs.close()
                meters = []
                for _ in range(2):
                    snapshot = ours.recv()
                    meters.append((snapshot, cpu_seconds(pose.pid or 0)))
                of_worker, of_pose = memory(worker.pid or 0), memory(pose.pid or 0)
                ours.send("end")
                worker.join(10.0)
            grown = _second_camera(film, socket, pose.pid or 0)
        finally:
            for process in (pose,):
                process.terminate()
                process.join(5.0)
    (before, pose_before), (after, pose_after) = meters
    return _cost(before, after, pose_after - pose_before, (of_worker, of_pose), grown)


def _serve_pose(model: Path, socket: Path) -> None:
    from omnicam.detect.pose.service import listen  # here: it loads MediaPipe, and the worker not

    listen(model, socket)


def _watch(url: str, socket: Path, seconds: float, connection: Connection) -> None:
    """Run one camera; send its meters after the warm-up and at the end."""
    settings = CameraSettings(
        id="camera", name="Camera", url=Secret(url), classes=default_classes()
    )
    zone = local_zone(None)
    pose = RemotePoseEstimator(socket)
    analyser = Analyser(settings, zone, pose, make_scorers(settings, zone, ("help",)))
    delays: list[float] = []
    with CameraStream(settings) as stream:
        started, begun, deadline = False, False, time.monotonic() + _START_S
        while time.monotonic() < deadline:
            item = stream.get(0.5)
            if item is None:
                continue
            analyser.observe(item)
            if isinstance(item, Frame):
                delays.append(time.time() - item.time)
            if not started and (analyser.stats.frames or analyser.stats.sounds):
                started, deadline = True, time.monotonic() + WARM_UP_S
            if not begun and started and time.monotonic() >= deadline - 0.2:
                begun, deadline = True, time.monotonic() + seconds
                delays.clear()
                connection.send(_snapshot(stream, analyser, delays))
        connection.send(_snapshot(stream, analyser, delays))
        connection.recv()
    pose.close()


def _snapshot(stream: CameraStream, analyser: Analyser, delays: list[float]) -> Snapshot:
    capture = 0.0
    for thread in threading.enumerate():
        if thread.name.startswith("capture-") and thread.ident is not None:
            capture += time.clock_gettime(time.pthread_getcpuclockid(thread.ident))
    figures = stream.stats()
    return Snapshot(
        wall=time.monotonic(),
        cpu=time.process_time(),
        capture=capture,
        decode=figures.decode_s,
        stages=dict(analyser.stats.seconds),
        frames=analyser.stats.frames,
        decoded=figures.decoded,
        dropped=figures.dropped_frames,
        pose_runs=analyser.stats.pose_runs,
        pose_drops=analyser.stats.pose_drops,
        delays=tuple(delays),
    )


def _second_camera(film: Path, socket: Path, pid: int) -> float:
    """Give what the pose process takes for one more camera that looks for people, in MiB."""
    with av.open(str(film)) as container:
        if not container.streams.video:
            return 0.0
        image = next(container.decode(video=0)).to_ndarray(format="rgb24").astype(np.uint8)
    before = memory(pid).own
    second = RemotePoseEstimator(socket, timeout_s=10.0)
    try:
        for _ in range(8):
            with suppress(PoseUnavailableError):
                second.estimate(image)
        return memory(pid).own - before
    finally:
        second.close()


def _cost(
    before: Snapshot,
    after: Snapshot,
    pose_cpu: float,
    sizes: tuple[Memory, Memory],
    grown_mib: float,
) -> Cost:
    wall = after.wall - before.wall
    stages = {
        name: (spent - before.stages.get(name, 0.0)) / wall for name, spent in after.stages.items()
    }
    cpu, capture = (after.cpu - before.cpu) / wall, (after.capture - before.capture) / wall
    decode = (after.decode - before.decode) / wall
    rows: dict[str, float] = {"decode": decode, "read, ring and queue": capture - decode}
    rows |= {"grey": stages.pop("grey", 0.0), "motion": stages.pop("motion", 0.0)}
    rows |= {"colours": stages.pop("colours", 0.0)}
    rows |= {"pose: ask": stages.pop("pose", 0.0), "pose: model": pose_cpu / wall}
    rows |= stages
    # What the meters do not see: the reader's thread between stages, and PyAV's and OpenCV's own.
    rows["python"] = cpu + rows["pose: model"] - sum(rows.values())
    delays = after.delays or (0.0,)
    return Cost(
        rows=rows,
        total=sum(rows.values()),
        frames_s=(after.frames - before.frames) / wall,
        decoded_s=(after.decoded - before.decoded) / wall,
        pose_s=(after.pose_runs - before.pose_runs) / wall,
        dropped=after.dropped - before.dropped,
        pose_drops=after.pose_drops - before.pose_drops,
        delay_ms=(
            float(np.median(delays)) * 1000,
            float(np.percentile(delays, 95)) * 1000,
        ),
        worker=sizes[0],
        pose=sizes[1],
        further_mib=sizes[0].own + max(0.0, grown_mib),
    )
