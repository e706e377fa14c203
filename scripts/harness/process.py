"""Child processes with a log file, ended for certain."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

STOP_S = 8.0


class Child:
    """One child process; its output goes to a file, so that no pipe can fill up."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        log: Path,
        environment: Mapping[str, str] = {},
    ) -> None:
        self.name = name
        self.log = log
        self._command = command
        self._environment = {**os.environ, **environment}
        self._process: asyncio.subprocess.Process | None = None

    @property
    def running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._process is not None and self._process.returncode is None

    @property
    def pid(self) -> int:
        """Its process id; RuntimeError where it was not started."""
        if self._process is None:
            msg = f"{self.name} was not started"
            raise RuntimeError(msg)
        return self._process.pid

    async def start(self) -> None:
        """Start it; its output is appended to the log."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as output:
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=asyncio.subprocess.STDOUT,
                env=self._environment,
            )

    async def wait(self, timeout_s: float) -> int:
        """Wait for its end and give its exit status; TimeoutError where it goes on."""
        if self._process is None:
            msg = f"{self.name} was not started"
            raise RuntimeError(msg)
        return await asyncio.wait_for(self._process.wait(), timeout_s)

    async def stop(self, *, kill: bool = False) -> None:
        """End it: ask, then kill; with `kill` at once, as a power cut would."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        for end in (process.kill,) if kill else (process.terminate, process.kill):
            end()
            try:
                await asyncio.wait_for(process.wait(), STOP_S)
            except TimeoutError:
                continue
            return

    def tail(self, lines: int = 15) -> str:
        """Give the last lines of its log."""
        if not self.log.exists():
            return ""
        return "\n".join(
            self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:]
        )
