"""RTSP cameras for tests and the demo: `rtsp_server.py` as an asyncio context manager."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

from harness.ports import free_port

SYSTEM_PYTHON = Path("/usr/bin/python3")
"""The interpreter that Debian's `python3-gi` belongs to."""
PROGRAM = Path(__file__).with_name("rtsp_server.py")
READY_S = 20.0
STOP_S = 5.0


class RtspServerError(RuntimeError):
    """The server did not start, with what it said."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a served file: when its picture left for the network, Unix seconds."""

    mount: str
    mark: float
    pts: float
    wall: float


@dataclass(slots=True)
class RtspServer:
    """Serves MP4 files as `rtsp://127.0.0.1:PORT/NAME`.

    Attributes:
        mounts: file of each name.
        marks: seconds of each name's file at which a `Mark` is reported, each time it is played.
        port: where to listen; None for any free port. It stays the same over restarts.
        user: with `password`, who is let in; None lets everybody in.
        g711: send sound as G.711 A-law at 8 kHz.
        seen: marks reported so far.
        events: every line that the server said.
    """

    mounts: Mapping[str, Path]
    marks: Mapping[str, Sequence[float]] = field(default_factory=dict)
    port: int | None = None
    user: str | None = None
    password: str = ""
    g711: bool = False
    seen: list[Mark] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    _process: asyncio.subprocess.Process | None = None
    _reader: asyncio.Task[None] | None = None
    _said: asyncio.Condition = field(default_factory=asyncio.Condition)

    def url(self, mount: str, *, login: bool = True) -> str:
        """Give the address of a mount, with user and password where the server wants them."""
        who = f"{quote(self.user)}:{quote(self.password, safe='')}@" if self.user and login else ""
        return f"rtsp://{who}127.0.0.1:{self.port}/{mount}"

    async def start(self) -> None:
        """Start the server and wait until it listens.

        Raises:
            RtspServerError: it ended, or was not ready in time.
        """
        self.port = self.port or free_port()
        already = len(self.events)
        self._process = await asyncio.create_subprocess_exec(
            SYSTEM_PYTHON,
            PROGRAM,
            *self._options(),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        self._reader = asyncio.create_task(self._read(self._process))
        try:
            await self._wait(
                lambda: any(event["event"] == "ready" for event in self.events[already:]), READY_S
            )
        except (TimeoutError, RtspServerError) as error:
            await self.stop()
            said = [event.get("reason") for event in self.events[already:]]
            message = f"the RTSP server did not start ({str(error) or 'time-out'}); it said {said}"
            raise RtspServerError(message) from error

    async def stop(self, *, kill: bool = False) -> None:
        """End the server; with `kill` at once, as a camera without power would."""
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            for end in (process.kill,) if kill else (process.terminate, process.kill):
                with contextlib.suppress(ProcessLookupError):
                    end()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(process.wait(), STOP_S)
                    break
        if self._reader is not None:
            await asyncio.wait_for(self._reader, STOP_S)
            self._reader = None

    async def restart(self) -> None:
        """Stop it and start it again on the same port."""
        await self.stop()
        await self.start()

    async def mark(self, mount: str, second: float, timeout_s: float) -> Mark:
        """Wait for the newest report of a mark; TimeoutError where none comes in time."""

        def found() -> list[Mark]:
            return [m for m in self.seen if m.mount == mount and abs(m.mark - second) < 1e-6]

        await self._wait(lambda: bool(found()), timeout_s)
        return found()[-1]

    async def __aenter__(self) -> Self:
        """Start."""
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop."""
        await self.stop()

    def _options(self) -> list[str]:
        options = ["--port", str(self.port)]
        for name, path in self.mounts.items():
            options += ["--mount", f"{name}={path}"]
        for name, seconds in self.marks.items():
            for second in seconds:
                options += ["--mark", f"{name}={second}"]
        if self.user is not None:
            options += ["--user", self.user, "--password", self.password]
        return [*options, "--g711"] if self.g711 else options

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None  # noqa: S101 - asked for above
        async for line in process.stdout:
            event = json.loads(line)
            self.events.append(event)
            if event["event"] == "mark":
                self.seen.append(Mark(event["mount"], event["mark"], event["pts"], event["wall"]))
            async with self._said:
                self._said.notify_all()
        async with self._said:
            self._said.notify_all()

    async def _wait(self, done: Any, timeout_s: float) -> None:
        def ended() -> bool:
            return self._process is None or self._reader is None or self._reader.done()

        async with asyncio.timeout(timeout_s), self._said:
            while not done():
                if ended() or (
                    self._process and self._process.stdout and self._process.stdout.at_eof()
                ):
                    raise RtspServerError("it ended")
                await self._said.wait()
