"""Two real vLLM servers behind HAProxy: they share the cameras, and either may go and come back."""

from __future__ import annotations

import asyncio
import itertools
import signal
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.inference_server.serve.replicas import (
    QUESTIONS,
    Cluster,
    Counters,
    Node,
    Replica,
    a_node,
    open_cluster,
    readings,
)

pytestmark = [
    pytest.mark.skipif(find_spec("vllm") is None, reason="vLLM is not in this environment"),
    pytest.mark.slow,
    pytest.mark.timeout(900),
]

CAMERAS = tuple(f"camera_{number}" for number in range(8))
BLOCK = 128
"""Tokens of a block of the prefix cache on a CPU; a window's picture fills the first one."""
AT_ONCE = 3
"""Windows that are asked about at a time."""
PAUSE_S = 0.4
NOTICED_S = 11.0
"""A check every two seconds; then three that fail in two seconds each, a second between them."""
BACK_S = 15.0


@dataclass(frozen=True)
class Asked:
    """A window that was asked about: when (monotonic seconds), and the status of each question."""

    camera: str
    started: float
    ended: float
    statuses: tuple[int, ...]

    @property
    def answered(self) -> bool:
        return set(self.statuses) == {200}


async def test_two_replicas_share_the_cameras_and_either_may_go_and_come_back(tmp_path: Path):
    from checkpoints import TINY, build

    checkpoint = build(tmp_path / "tiny", TINY)
    async with open_cluster(checkpoint, tmp_path) as cluster, a_node(cluster.url) as node:
        homes = await _cameras_are_shared(cluster, node)
        assert await node.ask("hall", "", QUESTIONS[0], token="wrong") == 401
        assert [await node.get(path) for path in ("/v1/models", "/metrics", "/health")] == [
            401,
            404,
            404,
        ]
        first, second = cluster.replicas
        await _one_hangs_and_goes_on(first, node, homes, 0)
        await _one_dies_and_is_started_again(second, node, homes, 1)


async def _cameras_are_shared(cluster: Cluster, node: Node) -> Mapping[str, int]:
    """Each camera has its replica, which finds its windows' pictures in the prefix cache."""
    homes: dict[str, int] = {}
    for number, camera in itertools.product(range(2), CAMERAS):
        before = await readings(cluster.replicas)
        assert await node.window(camera, number) == [200] * len(QUESTIONS)
        moved = await _counted(cluster.replicas, before)
        (index,) = (index for index, counted in enumerate(moved) if counted.answered)
        assert moved[index].answered == len(QUESTIONS)
        assert moved[index].cached_tokens >= BLOCK * (len(QUESTIONS) - 1)
        assert homes.setdefault(camera, index) == index
    assert set(homes.values()) == {0, 1}
    return homes


async def _counted(replicas: Sequence[Replica], before: Sequence[Counters]) -> Sequence[Counters]:
    """Give what the replicas counted for a window; vLLM counts a moment after it has answered."""
    async with asyncio.timeout(5):
        while True:
            after = await readings(replicas)
            moved = [now - then for now, then in zip(after, before, strict=True)]
            if sum(each.answered for each in moved) >= len(QUESTIONS):
                return moved
            await asyncio.sleep(0.05)


async def _one_hangs_and_goes_on(
    replica: Replica, node: Node, homes: Mapping[str, int], index: int
) -> None:
    async with _asking(node) as asked:
        await _until(lambda: len(asked) > AT_ONCE, 20)
        replica.signal(signal.SIGSTOP)
        try:
            struck = time.monotonic()
            await _others_go_on(asked, homes, index, struck + NOTICED_S)
        finally:
            replica.signal(signal.SIGCONT)
        failed = [window for window in asked if not window.answered]
        assert all(homes[window.camera] == index for window in failed)
        assert all(window.ended < struck + NOTICED_S for window in failed), "told late"
        await _is_taken_back(replica)
    assert all(window.answered for window in asked if window.started > struck + NOTICED_S)


async def _one_dies_and_is_started_again(
    replica: Replica, node: Node, homes: Mapping[str, int], index: int
) -> None:
    async with _asking(node) as asked:
        await _until(lambda: len(asked) > AT_ONCE, 20)
        await replica.die()
        struck = time.monotonic()
        await _others_go_on(asked, homes, index, struck)
        await replica.start()
        await replica.ready()
        await _is_taken_back(replica)
    failed = [window for window in asked if not window.answered]
    # Nothing but what was under way: whoever is refused is sent to the other one.
    assert len(failed) <= AT_ONCE
    assert all(window.started < struck and homes[window.camera] == index for window in failed)


async def _others_go_on(
    asked: Sequence[Asked], homes: Mapping[str, int], index: int, since: float
) -> None:
    """Wait until every camera of the lost replica was answered about by the other one."""
    orphans = {camera for camera, home in homes.items() if home == index}

    def answered() -> set[str]:
        return {each.camera for each in asked if each.answered and each.started > since}

    await _until(lambda: orphans <= answered(), 60)


async def _is_taken_back(replica: Replica) -> None:
    before = await replica.counters()
    async with asyncio.timeout(BACK_S):
        while (await replica.counters()).answered <= before.answered + len(QUESTIONS):
            await asyncio.sleep(0.2)


@asynccontextmanager
async def _asking(node: Node) -> AsyncIterator[list[Asked]]:
    """Ask about window after window of all cameras, `AT_ONCE` at a time."""
    asked: list[Asked] = []
    windows = ((number, camera) for number in itertools.count(100) for camera in CAMERAS)

    async def ask() -> None:
        for number, camera in windows:
            started = time.monotonic()
            statuses = await node.window(camera, number)
            asked.append(Asked(camera, started, time.monotonic(), tuple(statuses)))
            await asyncio.sleep(PAUSE_S)

    tasks = [asyncio.create_task(ask()) for _ in range(AT_ONCE)]
    try:
        yield asked
    finally:
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(each, asyncio.CancelledError) for each in ended), ended


async def _until(seen, timeout_s: float) -> None:
    async with asyncio.timeout(timeout_s):
        while not seen():
            await asyncio.sleep(0.05)
