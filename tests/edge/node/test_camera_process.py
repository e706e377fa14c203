"""A worker's process as the main process sees it, with real processes."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from omnicam.node import camera_process
from omnicam.node.camera_process import CameraProcess, WorkerUnavailableError
from omnicam.node.messages import (
    ClipReply,
    ClipRequest,
    Finished,
    FromWorker,
    Progress,
    SnapshotReply,
    SnapshotRequest,
    Stop,
)


def _progress(number: int) -> Progress:
    return Progress(time=float(number), findings=(), wants_answer=False)


def answers(connection: Connection) -> None:
    """A worker that answers until it is told to stop."""
    connection.send(_progress(os.getpid()))
    while not isinstance(message := connection.recv(), Stop):
        if isinstance(message, SnapshotRequest):
            connection.send(SnapshotReply(request=message.request, jpeg=b"x" * 3_000_000))
        elif isinstance(message, ClipRequest):
            connection.send(ClipReply(request=message.request, error="the ring is empty"))


def dies(log: Path, connection: Connection) -> None:
    """A worker that dies twice and finishes the third time."""
    with log.open("a") as file:
        file.write("started\n")
    if len(log.read_text().splitlines()) < 3:
        os._exit(9)
    connection.send(Finished(error=""))
    connection.recv()


def silent(connection: Connection) -> None:
    """A worker that says nothing and does not listen."""
    time.sleep(600)


def floods(connection: Connection) -> None:
    """A worker that says more than the queue holds, then finishes."""
    for number in range(1000):
        connection.send(_progress(number))
    connection.send(Finished(error=""))
    connection.recv()


@asynccontextmanager
async def running(
    entry: Callable[[Connection], None],
) -> AsyncIterator[tuple[CameraProcess, list[FromWorker | None], asyncio.Task[None]]]:
    heard: list[FromWorker | None] = []

    async def hear(message: FromWorker | None) -> None:
        heard.append(message)

    process = CameraProcess("room", entry, hear)
    task = asyncio.create_task(process.run())
    try:
        yield process, heard, task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(condition: Callable[[], object], seconds: float = 20.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.02)


async def test_it_answers_also_with_something_large_and_tells_errors(tmp_path: Path) -> None:
    async with running(answers) as (process, heard, _):
        await until(lambda: heard)
        assert len(await process.snapshot(None)) == 3_000_000
        with pytest.raises(WorkerUnavailableError, match="ring is empty"):
            await process.clip(0.0, 1.0, tmp_path / "clip.mp4")


async def test_nothing_is_left_when_it_is_cancelled() -> None:
    async with running(answers) as (process, heard, _):
        await until(lambda: heard)
        assert isinstance(heard[0], Progress)
        pid = int(heard[0].time)
    assert not Path(f"/proc/{pid}").exists()
    with pytest.raises(WorkerUnavailableError, match="not running"):
        await process.snapshot(None)


@pytest.mark.timeout(120)  # three processes, one after the other
async def test_a_worker_that_dies_is_started_again_until_it_finishes(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(partial(dies, tmp_path / "log")) as (process, heard, task):
        await asyncio.wait_for(task, 100)
    assert process.restarts == 2
    assert heard == [None, None, Finished(error=""), None]
    assert caplog.text.count("ended unexpectedly") == 2


async def test_a_stuck_worker_is_ended_and_started_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(camera_process, "SILENCE_S", 1.0)
    monkeypatch.setattr(camera_process, "STOP_S", 0.5)
    async with running(silent) as (process, heard, _):
        await until(lambda: process.restarts)
        assert heard == [None]
    assert "stuck" in caplog.text


async def test_nothing_is_lost_or_reordered_when_the_main_process_is_slow() -> None:
    async with running(floods) as (_, heard, task):
        await asyncio.wait_for(task, 30)
    assert [m.time for m in heard if isinstance(m, Progress)] == [float(n) for n in range(1000)]


async def test_who_waits_for_an_answer_is_told_that_the_worker_is_gone() -> None:
    async with running(answers) as (process, heard, _):
        await until(lambda: heard)
        assert isinstance(heard[0], Progress)
        os.kill(int(heard[0].time), 9)
        with pytest.raises(WorkerUnavailableError):
            await process.snapshot(None)
