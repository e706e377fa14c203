"""A real Mosquitto on a free port of the loopback address."""

from __future__ import annotations

import getpass
import shutil
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

from harness.ports import free_port, wait_for_port
from harness.process import Child

_START_S = 10.0


class Broker:
    """Runs Mosquitto; as a context manager it is started and ended.

    With user and password the broker lets nobody else in. Retained messages are kept over a
    restart only with `persistent`, as a broker that lost its store is the harder case.
    """

    def __init__(
        self,
        folder: Path,
        *,
        username: str | None = None,
        password: str | None = None,
        persistent: bool = False,
    ) -> None:
        self.port = free_port()
        self.username = username
        self.password = password
        self._folder = folder
        self._persistent = persistent
        self._child = Child("mosquitto", self._command(), folder / "mosquitto.log")

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Start it and wait until it listens."""
        await self._child.start()
        try:
            await wait_for_port(self.port, _START_S)
        except TimeoutError:
            await self.stop()
            msg = f"mosquitto does not listen: {self._child.tail()}"
            raise RuntimeError(msg) from None

    async def stop(self) -> None:
        """End it."""
        await self._child.stop()

    def _command(self) -> list[str]:
        program = shutil.which("mosquitto", path="/usr/sbin:/usr/bin:/usr/local/sbin")
        if program is None:
            msg = "mosquitto is missing: scripts/test and scripts/demo install it"
            raise RuntimeError(msg)
        self._folder.mkdir(parents=True, exist_ok=True)
        lines = [f"listener {self.port} 127.0.0.1", f"user {_user()}"]
        # As Home Assistant's app has it: what a hundred cameras retain would not fit in Mosquitto's
        # own limit of 1,000, and the broker drops the rest without a word.
        lines.append("max_queued_messages 8192")
        if self.username is None:
            lines.append("allow_anonymous true")
        else:
            lines += ["allow_anonymous false", f"password_file {self._passwords()}"]
        if self._persistent:
            lines += ["persistence true", f"persistence_location {self._folder}/"]
        config = self._folder / "mosquitto.conf"
        config.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return [program, "-c", str(config)]

    def _passwords(self) -> Path:
        file = self._folder / "passwords"
        file.touch(mode=0o600)
        tool = shutil.which("mosquitto_passwd") or "mosquitto_passwd"
        arguments = [tool, "-b", str(file), str(self.username), str(self.password)]
        subprocess.run(arguments, check=True, timeout=10, capture_output=True)
        return file


def _user() -> str:
    """Whom to run as: Mosquitto started by root would otherwise change to a user without rights."""
    return getpass.getuser()
