"""A real node: `omnicam run` in a process of its own, with its API."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp

from harness.ports import free_port
from harness.process import Child

START_S = 30.0
ROOT = Path(__file__).resolve().parents[2]

type Json = dict[str, Any]


class NodeError(RuntimeError):
    """The node did not do what it was asked; the message has its log's end."""


class Node:
    """Runs a node on a configuration; as a context manager it is started and ended.

    Args:
        folder: for its configuration, log and data.
        configuration: as in the YAML file; `data` and where the API listens are added.
    """

    def __init__(self, folder: Path, configuration: Json) -> None:
        self.data = folder / "data"
        self.port = free_port()
        api = {"host": "127.0.0.1", "port": self.port} | configuration.get("api", {})
        self.url = f"{'https' if api.get('tls') else 'http'}://127.0.0.1:{self.port}"
        self._file = folder / "omnicam.json"
        self._configuration = configuration | {
            "data": str(self.data),
            "api": api,
        }
        command = [sys.executable, "-m", "omnicam.cli", "run", "--config", str(self._file)]
        environment = {"PYTHONPATH": str(ROOT / "addon")}
        self._child = Child("the node", command, folder / "node.log", environment)

    @property
    def token(self) -> str:
        """The API's token, as a user reads it from the data folder."""
        return (self.data / "api_token").read_text(encoding="ascii").strip()

    @property
    def pid(self) -> int:
        """Process id of the main process."""
        return self._child.pid

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
        """Start it and wait until its API answers."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._file.write_text(json.dumps(self._configuration, ensure_ascii=False), "utf-8")
        await self._child.start()
        try:
            async with asyncio.timeout(START_S), aiohttp.ClientSession() as session:
                while self._child.running:
                    try:
                        async with session.get(f"{self.url}/api/health", ssl=False) as response:
                            if response.status == 200:
                                return
                    except aiohttp.ClientError:
                        await asyncio.sleep(0.1)
        except TimeoutError:
            pass
        await self.stop()
        raise NodeError(f"the node does not start:\n{self.log()}")

    async def stop(self, *, kill: bool = False) -> None:
        """End it."""
        await self._child.stop(kill=kill)

    async def get(self, path: str) -> Any:
        """GET JSON from its API."""
        headers = {"Authorization": f"Bearer {self.token}"}
        async with (
            aiohttp.ClientSession(headers=headers) as session,
            # On this machine nobody has to vouch for a certificate.
            session.get(
                f"{self.url}{path}", timeout=aiohttp.ClientTimeout(total=20), ssl=False
            ) as response,
        ):
            if response.status >= 400:
                raise NodeError(f"GET {path}: {response.status} {await response.text()}")
            if response.content_type == "application/json":
                return await response.json()
            return await response.read()

    def log(self, lines: int = 30) -> str:
        """Give the end of its log."""
        return self._child.tail(lines)
