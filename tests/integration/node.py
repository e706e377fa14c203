"""A node as Home Assistant meets it: the contract's HTTP API on a real server, and its topics."""

import json
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import async_fire_mqtt_message
from pytest_homeassistant_custom_component.typing import MqttMockHAClient

TOKEN = "correct-token"
JPEG = b"\xff\xd8\xff\xe0 a picture \xff\xd9"
CLASSES = (
    "perimeter_climbing",
    "restricted_area_intrusion",
    "night_loitering",
    "fall",
    "violent_conflict",
    "dangerous_tool",
    "smoke",
    "abnormal_sound",
    "camera_tampering",
)


def camera(camera_id: str, name: str) -> dict[str, Any]:
    """Give a camera as it stands in a node's info."""
    return {"id": camera_id, "name": name, "width": 640, "height": 480, "audio": True}


def verdict(state: str | None, **changes: Any) -> dict[str, Any]:
    """Give the payload of a class."""
    return {
        "state": state,
        "level": None,
        "confidence": None,
        "event": None,
        "since": None,
        "reason": None,
        "label": None,
    } | changes


class Node:
    """A stand-in at the HTTP boundary; everything behind it is the real integration."""

    def __init__(self) -> None:
        """Begin with one camera, nothing running."""
        self.name = "home"
        self.info: dict[str, Any] = {
            "contract": 1,
            "node": "home",
            "name": "Home",
            "version": "0.1.0",
            "api": None,
            "engine": "embedded",
            "language": "en",
            "cameras": [camera("bedroom", "Bedroom")],
            "classes": list(CLASSES),
            "unknown": ["dangerous_tool"],
        }
        self.health: dict[str, Any] = {"status": "ok", "record_problems": [], "model": None}
        self.token = TOKEN
        self.streams: dict[str, Any] = {"bedroom": "rtsp://user:secret@camera/main"}
        self.snapshot: bytes | int = JPEG
        self.answers: dict[str, web.Response] = {}
        self.requests: list[str] = []
        self._server: TestServer | None = None
        self._port: int | None = None

    @property
    def url(self) -> str:
        """Address of the API, the same before and after an outage."""
        return f"http://127.0.0.1:{self._port}"

    async def start(self) -> None:
        """Serve, on the port of the last time."""
        app = web.Application()
        app.router.add_get("/api/info", self._info)
        app.router.add_get("/api/health", self._health)
        app.router.add_get("/api/cameras/{camera}/snapshot", self._snapshot)
        app.router.add_get("/api/cameras/{camera}/stream", self._stream)
        self._server = TestServer(app, host="127.0.0.1", port=self._port or 0)
        await self._server.start_server()
        self._port = self._server.port
        self.info["api"] = self.url

    async def stop(self) -> None:
        """Close the server."""
        if self._server is not None:
            await self._server.close()
            self._server = None

    def _refusal(self, request: web.Request) -> web.Response | None:
        self.requests.append(request.path)
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            return web.json_response({"error": "token", "remedy": "send the token"}, status=401)
        return self.answers.get(request.path)

    async def _info(self, request: web.Request) -> web.Response:
        return self._refusal(request) or web.json_response(self.info)

    async def _health(self, request: web.Request) -> web.Response:
        return self._refusal(request) or web.json_response(self.health)

    async def _snapshot(self, request: web.Request) -> web.Response:
        if refusal := self._refusal(request):
            return refusal
        if isinstance(self.snapshot, int):
            return web.json_response({"error": "no picture"}, status=self.snapshot)
        return web.Response(body=self.snapshot, content_type="image/jpeg")

    async def _stream(self, request: web.Request) -> web.Response:
        refusal = self._refusal(request)
        return refusal or web.json_response({"url": self.streams.get(request.match_info["camera"])})

    async def publish(self, hass: HomeAssistant, suffix: str, payload: Any) -> None:
        """Send a message under the node's topic; dicts become JSON, text and bytes stay."""
        if isinstance(payload, dict):
            payload = json.dumps(payload)
        async_fire_mqtt_message(hass, f"omnicam/{self.name}/{suffix}", payload, qos=1)
        await hass.async_block_till_done()

    async def announce(self, hass: HomeAssistant) -> None:
        """Send the node's present info."""
        await self.publish(hass, "info", self.info)

    async def come_online(self, hass: HomeAssistant, *cameras: str) -> None:
        """Send that the node and its cameras are there."""
        await self.publish(hass, "status", "online")
        for name in cameras or ("bedroom",):
            await self.publish(hass, f"{name}/status", "online")

    def listened_to(self, mqtt_mock: MqttMockHAClient) -> bool:
        """Whether Home Assistant has subscribed to this very node's info."""
        return any(
            call.args[0] == f"omnicam/{self.name}/info"
            for call in mqtt_mock.async_subscribe.call_args_list
        )
