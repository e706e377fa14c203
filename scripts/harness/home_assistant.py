"""A real Home Assistant on a free port, set up over its own REST and websocket interfaces."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp

from harness.ports import free_port
from harness.process import Child

_START_S = 90.0
_REQUEST_S = 30.0
_CONFIGURATION = """\
homeassistant:
  name: Home
  time_zone: UTC
  unit_system: metric
frontend:
api:
websocket_api:
config:
history:
logbook:
conversation:
media_source:
stream:
logger:
  default: warning
  logs:
    custom_components.omnicam: info
"""

type Json = dict[str, Any]


class HomeAssistantError(RuntimeError):
    """Home Assistant did not do what it was asked; the message has its log's end."""


class HomeAssistant:
    """Runs `hass` with a configuration folder of its own; use it as a context manager.

    Args:
        folder: its configuration folder, made as needed.
        program: the `hass` program.
        integration: the folder `custom_components/omnicam`, linked in; None to run without it.
        port: of its HTTP interface; None for a free one.
        more: lines for its configuration, beside what every test needs.
    """

    def __init__(
        self,
        folder: Path,
        program: Path,
        integration: Path | None,
        *,
        port: int | None = None,
        more: str = "",
    ) -> None:
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.token = ""
        self._folder = folder
        self._integration = integration
        self._configuration = _CONFIGURATION + more
        command = [str(program), "-c", str(folder), "--skip-pip"]
        # Without written bytecode every start would compile Home Assistant anew.
        environment = {"PYTHONDONTWRITEBYTECODE": ""}
        self._child = Child("Home Assistant", command, folder / "hass.log", environment)
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._prepare()
        await self.start()
        await self._onboard()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Start it and wait until it answers and is initialised."""
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_REQUEST_S))
        await self._child.start()
        try:
            async with asyncio.timeout(_START_S):
                while not await self._answers():
                    if not self._child.running:
                        break
                    await asyncio.sleep(0.2)
        except TimeoutError:
            pass
        if not await self._answers():
            await self.stop()
            msg = f"Home Assistant does not start:\n{self.log()}"
            raise HomeAssistantError(msg)

    async def stop(self) -> None:
        """End it."""
        if self._session is not None:
            await self._session.close()
        await self._child.stop()

    def log(self, lines: int = 30) -> str:
        """Give the end of its log."""
        return self._child.tail(lines)

    async def get(self, path: str) -> Any:
        """GET a path of the REST API."""
        return await self._request("GET", path)

    async def download(self, path: str) -> tuple[str, bytes]:
        """GET a path and give its content type and its bytes."""
        headers = {"Authorization": f"Bearer {self.token}"}
        async with self._open.get(f"{self.url}{path}", headers=headers) as response:
            body = await response.read()
            if response.status >= 400:
                msg = f"GET {path}: {response.status} {body[:300]!r}\n{self.log()}"
                raise HomeAssistantError(msg)
            return response.content_type, body

    async def post(self, path: str, body: Json) -> Any:
        """POST JSON to a path of the REST API."""
        return await self._request("POST", path, json=body)

    async def delete(self, path: str) -> Any:
        """DELETE a path of the REST API."""
        return await self._request("DELETE", path)

    async def states(self) -> dict[str, Json]:
        """Give all states by entity id."""
        return {state["entity_id"]: state for state in await self.get("/api/states")}

    async def add_mqtt(
        self, port: int, username: str | None = None, password: str | None = None
    ) -> None:
        """Set up Home Assistant's MQTT integration with a broker on this machine."""
        flow = await self.post("/api/config/config_entries/flow", {"handler": "mqtt"})
        answers: Json = {
            "broker": "127.0.0.1",
            "port": port,
            "protocol": "5",
            "other_settings": {"set_client_cert": False, "set_ca_cert": "off", "transport": "tcp"},
        }
        if username is not None:
            answers |= {"username": username, "password": password}
        await self.finish_flow(flow["flow_id"], answers)

    async def finish_flow(self, flow: str, answers: Json) -> Json:
        """Answer the last step of a configuration flow and give its entry."""
        result = await self.post(f"/api/config/config_entries/flow/{flow}", answers)
        if result.get("type") != "create_entry":
            msg = f"the flow made no entry: {json.dumps(result)[:500]}"
            raise HomeAssistantError(msg)
        entry: Json = result["result"]
        return entry

    async def discovered_flow(self, handler: str, timeout_s: float) -> str:
        """Wait until a flow of this integration was discovered and give its id."""
        async with asyncio.timeout(timeout_s), self.websocket() as socket:
            while True:
                for flow in await socket.call("config_entries/flow/progress"):
                    if flow["handler"] == handler:
                        return str(flow["flow_id"])
                await asyncio.sleep(0.2)

    @asynccontextmanager
    async def websocket(self) -> AsyncIterator[Websocket]:
        """Open the websocket interface."""
        async with self._open.ws_connect(f"{self.url}/api/websocket", heartbeat=20) as raw:
            socket = Websocket(raw)
            await socket.authenticate(self.token)
            yield socket

    @property
    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise HomeAssistantError("Home Assistant was not started")
        return self._session

    async def _answers(self) -> bool:
        try:
            async with self._open.get(f"{self.url}/api/onboarding") as response:
                return response.status < 500
        except (aiohttp.ClientError, TimeoutError):
            return False

    async def _onboard(self) -> None:
        """Make the first user and a token, as a browser would."""
        client = f"{self.url}/"
        person = {"name": "Demo", "username": "demo", "password": "demo", "language": "en"}
        user = await self.post("/api/onboarding/users", person | {"client_id": client})
        form = {
            "grant_type": "authorization_code",
            "code": user["auth_code"],
            "client_id": client,
        }
        tokens = await self._request("POST", "/auth/token", data=form)
        self.token = tokens["access_token"]

    async def _request(self, method: str, path: str, **options: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        async with self._open.request(
            method, f"{self.url}{path}", headers=headers, **options
        ) as response:
            text = await response.text()
            if response.status >= 400:
                msg = f"{method} {path}: {response.status} {text[:300]}\n{self.log()}"
                raise HomeAssistantError(msg)
            return json.loads(text) if text else None

    def _prepare(self) -> None:
        """Write what a fresh installation would have after the first clicks."""
        storage = self._folder / ".storage"
        storage.mkdir(parents=True, exist_ok=True)
        (self._folder / "configuration.yaml").write_text(self._configuration, encoding="utf-8")
        if self._integration is not None:
            link = self._folder / "custom_components" / self._integration.name
            link.parent.mkdir(exist_ok=True)
            link.unlink(missing_ok=True)
            link.symlink_to(self._integration)
        http = {
            "server_port": self.port,
            "server_host": ["127.0.0.1"],
            "cors_allowed_origins": [],
            "login_attempts_threshold": -1,
            "ip_ban_enabled": False,
            "ssl_profile": "intermediate_v6",
            "use_x_frame_options": True,
            "created_at": datetime.now(UTC).isoformat(),
            "error": None,
            "error_message": None,
        }
        stored = {"stable": http, "pending": None, "yaml_migration_done": True}
        # `http:` in YAML would be a trial that reverts after five minutes.
        _store(storage / "http", 3, stored)
        # With these steps done it asks nothing of the internet.
        _store(storage / "onboarding", 4, {"done": ["core_config", "analytics", "integration"]})


class Websocket:
    """Home Assistant's websocket: calls, and the changes of states."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._number = 0

    async def authenticate(self, token: str) -> None:
        """Log in."""
        await self._receive()
        await self._socket.send_json({"type": "auth", "access_token": token})
        answer = await self._receive()
        if answer["type"] != "auth_ok":
            msg = f"websocket: {answer}"
            raise HomeAssistantError(msg)

    async def call(self, kind: str, **fields: Any) -> Any:
        """Call a command and give its result; events that come meanwhile are dropped."""
        self._number += 1
        await self._socket.send_json({"id": self._number, "type": kind, **fields})
        while True:
            answer = await self._receive()
            if answer.get("id") == self._number and answer["type"] == "result":
                if not answer["success"]:
                    msg = f"{kind}: {answer['error']}"
                    raise HomeAssistantError(msg)
                return answer["result"]

    async def subscribe(self) -> None:
        """Ask for the changes of states."""
        await self.call("subscribe_events", event_type="state_changed")

    async def state_changes(self) -> AsyncIterator[Json]:
        """Give every new state after `subscribe`: `{"entity_id", "state", "attributes", …}`."""
        while True:
            message = await self._receive()
            if message["type"] == "event" and message["event"]["data"]["new_state"]:
                state: Json = message["event"]["data"]["new_state"]
                yield state

    async def _receive(self) -> Json:
        message: Json = await self._socket.receive_json()
        return message


def _store(file: Path, version: int, data: Json) -> None:
    document = {"version": version, "minor_version": 1, "key": file.name, "data": data}
    file.write_text(json.dumps(document), encoding="utf-8")
