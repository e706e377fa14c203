"""The shared pose processes: started, and started again when they end.

Workers find them by a socket in a private folder, so either side may restart without the other.
"""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import os
import threading
from multiprocessing.context import SpawnProcess
from pathlib import Path

from omnicam.backoff import Backoff
from omnicam.detect.pose import service

_LOGGER = logging.getLogger(__name__)

STOP_S = 5.0
STEADY_S = 60.0
FAILING_AFTER = 3


class PoseService:
    """Keeps one pose process alive for as long as `run` is not cancelled."""

    def __init__(self, model: Path, socket: Path) -> None:
        self.restarts = 0
        self.failing = False
        self.running = False
        self.process_id: int | None = None
        self._model = model
        self.socket = socket

    async def run(self) -> None:
        """Start the process and start it again whenever it ends."""
        backoff, attempt = Backoff(first_s=1.0), 0
        loop = asyncio.get_running_loop()
        while True:
            started = loop.time()
            code = await self._live_once()
            self.restarts += 1
            attempt = 1 if loop.time() - started > STEADY_S else attempt + 1
            # It comes up and dies again and again: no wait will mend that.
            self.failing = attempt >= FAILING_AFTER
            wait = backoff.delay(attempt)
            _LOGGER.error(
                "the pose process ended (exit status %s); it is started again in %.1f s", code, wait
            )
            await asyncio.sleep(wait)

    async def _live_once(self) -> int | None:
        context = multiprocessing.get_context("spawn")
        process = context.Process(
            target=_serve,
            args=(self._model, self.socket),
            name="omnicam-pose",
            daemon=True,
        )
        await asyncio.to_thread(process.start)
        self.running, self.process_id = True, process.pid
        try:
            await asyncio.to_thread(process.join)
            return process.exitcode
        finally:
            self.running, self.process_id = False, None
            await _end(process)


def _serve(model: Path, socket: Path) -> None:
    """Run in the pose process: answer cameras for as long as the main process lives."""
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()
    service.listen(model, socket)


def _end_with_parent() -> None:
    """End this process when the main one is gone: one that was killed can end nobody itself."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


async def _end(process: SpawnProcess) -> None:
    for end in (process.terminate, process.kill):
        if process.is_alive():
            end()
            await asyncio.to_thread(process.join, STOP_S)
