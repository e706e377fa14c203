"""Any process of a node may die at any moment: nothing else suffers, and nothing is left over."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
import time
from pathlib import Path
from typing import Any

import pytest

from harness.house import House, open_house
from harness.rtsp import RtspServer
from harness.watching import Listener, until

from . import processes

pytestmark = pytest.mark.timeout(240)

CAMERAS = ("bedroom", "hall")
UP_S = 60.0
PAUSE_S = 10.0
"""Figures come every two seconds; one that comes late on a busy machine is no gap yet."""

type Json = dict[str, Any]


async def test_a_killed_worker_or_pose_process_comes_back_and_nobody_else_notices(
    tmp_path: Path, quiet: Path
):
    cameras = {camera: {"url": str(quiet)} for camera in CAMERAS}
    async with open_house(tmp_path, cameras, home_assistant=False) as house:
        await _all_online(house)
        counted = asyncio.create_task(_count(house, "hall"))

        await until(lambda: _analyses(house, "bedroom"), UP_S, "pictures of the camera")
        worker = await _pid(house, "bedroom")
        os.kill(worker, signal.SIGKILL)
        await until(lambda: _restarted(house, "bedroom"), 20, "the restart counted")
        await _all_online(house)
        await until(lambda: _analyses(house, "bedroom"), UP_S, "pictures after the restart")
        assert await _pid(house, "bedroom") != worker

        pose = await until(lambda: _now(processes.pose(house.node.pid)), UP_S, "the pose process")
        os.kill(pose, signal.SIGKILL)
        health = await until(lambda: _pose_restarted(house), 20, "the restart of the pose process")
        assert {each["status"] for each in health["cameras"].values()} == {"online"}
        again = await until(lambda: _now(processes.pose(house.node.pid)), UP_S, "the pose process")
        assert again != pose
        health = await house.node.get("/api/health")
        assert health["status"] == "ok"
        assert health["pose"][0]["running"]
        assert health["cameras"]["bedroom"]["restarts"] == 1

        counted.cancel()
        (read,) = await asyncio.gather(counted, return_exceptions=True)
        assert not isinstance(read, BaseException)
        frames = [each for _, each in read]
        assert frames == sorted(frames)  # a worker that began anew would count from 0
        assert _longest_pause(read) < PAUSE_S
        assert health["cameras"]["hall"]["restarts"] == 0


def _longest_pause(read: list[tuple[float, float]]) -> float:
    """Give the longest time in seconds for which a counter stood still."""
    longest, (since, value) = 0.0, read[0]
    for moment, count in read:
        longest = max(longest, moment - since)
        if count != value:
            since, value = moment, count
    return longest


async def test_a_killed_node_leaves_nothing_behind_and_ends_its_events_when_it_is_back(
    tmp_path: Path, quiet: Path
):
    server = RtspServer({"hall": quiet})
    async with server:
        cameras = {"hall": {"url": server.url("hall")}, "bedroom": {"url": str(quiet)}}
        async with (
            open_house(tmp_path, cameras, home_assistant=False) as house,
            Listener(house.broker, "omnicam/#") as heard,
        ):
            await _all_online(house)
            await until(lambda: _now(processes.pose(house.node.pid)), UP_S, "the pose process")
            await server.stop(kill=True)
            event = await until(lambda: _open_event(house), 30, "an open event")
            born = processes.children(house.node.pid)
            assert len(born) >= len(CAMERAS) + 1

            await house.node.stop(kill=True)
            await until(lambda: _now(not any(map(processes.alive, born))), 10, "no process left")
            await heard.log.find(
                lambda item: item.topic == "omnicam/home/status" and item.text == "offline",
                40,
                "the last will",
            )

            await server.start()
            await house.node.start()
            await _all_online(house)
            stored = await house.node.get(f"/api/events/{event}")
            assert stored["ended"] is not None
            assert [step["step"] for step in stored["steps"]][-1] == "resolved"
            page = await house.node.get("/api/events?open=true")
            assert event not in [each["event"] for each in page["events"]]
            # A kill between the broker's word and the record's note of it sends a step again.
            told = [message.json for message in heard.of("omnicam/home/hall/event")]
            steps = [step["step"] for step in told if step["event"] == event]
            assert list(dict.fromkeys(steps)) == [step["step"] for step in stored["steps"]]
            assert steps.count("resolved") == 1
            assert f"event {event} was cut short" in house.node.log(10_000)
            _record_is_intact(house.node.data, event)


def _record_is_intact(data: Path, event: str) -> None:
    lines = [json.loads(line) for line in (data / "events.jsonl").read_text("utf-8").splitlines()]
    assert [line["step"] for line in lines if line["event"] == event] == ["resolved"]
    with sqlite3.connect(f"file:{data / 'events.db'}?mode=ro", uri=True) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []
    database.close()


async def _all_online(house: House) -> None:
    async def online() -> bool:
        listed = (await house.node.get("/api/cameras"))["cameras"]
        return all(camera["status"] == "online" for camera in listed)

    try:
        await until(online, UP_S, "every camera online")
    except TimeoutError as error:
        raise AssertionError(f"{error}\n{house.node.log()}") from None


async def _count(house: House, camera: str) -> list[tuple[float, float]]:
    """Read the counter of analysed pictures until cancelled; give what was read when."""
    read: list[tuple[float, float]] = []
    try:
        while True:
            health = await house.node.get("/api/health")
            read.append((time.monotonic(), health["cameras"][camera].get("frames_analysed", 0)))
            await asyncio.sleep(0.5)
    except asyncio.CancelledError:
        return read


async def _pid(house: House, camera: str) -> int:
    return await until(
        lambda: _now(processes.worker(house.node.pid, camera)), 20, f"the worker of {camera}"
    )


async def _analyses(house: House, camera: str) -> bool:
    """Whether the present worker has analysed some pictures; its figures begin anew with it."""
    health = await house.node.get("/api/health")
    return health["cameras"][camera].get("frames_analysed", 0) > 10


async def _restarted(house: House, camera: str) -> bool:
    health = await house.node.get("/api/health")
    return health["cameras"][camera]["restarts"] == 1


async def _pose_restarted(house: House) -> Json | None:
    health: Json = await house.node.get("/api/health")
    return health if health["pose"][0]["restarts"] == 1 else None


async def _open_event(house: House) -> str | None:
    page = await house.node.get("/api/events?open=true&camera=hall")
    return page["events"][0]["event"] if page["events"] else None


async def _now[T](value: T) -> T:
    """Give a value that is there already to whoever awaits it."""
    return value
