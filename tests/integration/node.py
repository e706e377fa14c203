"""A node as Home Assistant meets it: the contract's HTTP API on a real server, and its topics."""

import json
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import async_fire_mqtt_message
from pytest_homeassistant_custom_component.typing import MqttMockHAClient

from .certificate import Certificate
from .records import Records

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
        "test": False,
    } | changes


def step(name: str, **changes: Any) -> dict[str, Any]:
    """Give the payload of a step of a fall."""
    return {
        "step": name,
        "event": "e1",
        "camera": "bedroom",
        "class": "fall",
        "label": None,
        "level": "high",
        "confidence": 0.97,
        "time": "2026-11-22T10:00:03+00:00",
        "onset": "2026-11-22T10:00:00+00:00",
        "reason": "trunk fell to 80 degrees",
        "description": "",
        "snapshot": None,
        "clip": None,
        "review": False,
        "test": False,
    } | changes


class Node:
    """A stand-in at the HTTP boundary; everything behind it is the real integration."""

    def __init__(self, certificate: Certificate | None = None) -> None:
        """Begin with one camera, nothing running; with a certificate the API has TLS."""
        self.name = "home"
        self.certificate = certificate
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
            "fingerprint": certificate and certificate.fingerprint,
        }
        self.health: dict[str, Any] = {"status": "ok", "record_problems": [], "model": None}
        self.token = TOKEN
        self.streams: dict[str, Any] = {"bedroom": "rtsp://user:secret@camera/main"}
        self.snapshot: bytes | int = JPEG
        self.settings: dict[str, Any] = {"enabled": True, "detection": True, "sensitivity": 50}
        self.language = "en"
        self.asked: list[tuple[str, Any]] = []
        self.answers: dict[str, web.Response] = {}
        self.requests: list[str] = []
        self.records = Records(self._refusal)
        self.fields: dict[str, Any] = {}
        self.shown: Any = None
        self.changes: list[tuple[str, str, dict[str, Any]]] = []
        self._server: TestServer | None = None
        self._port: int | None = None

    @property
    def url(self) -> str:
        """Address of the API, the same before and after an outage."""
        scheme = "https" if self.certificate else "http"
        return f"{scheme}://127.0.0.1:{self._port}"

    async def start(self) -> None:
        """Serve, on the port of the last time."""
        app = web.Application()
        app.router.add_get("/api/info", self._info)
        app.router.add_get("/api/health", self._health)
        app.router.add_get("/api/cameras", self._cameras)
        app.router.add_post("/api/cameras", self._change)
        app.router.add_get("/api/cameras/{camera}/settings", self._settings)
        app.router.add_route("*", "/api/cameras/{camera}", self._change)
        app.router.add_get("/api/cameras/{camera}/snapshot", self._snapshot)
        app.router.add_get("/api/cameras/{camera}/stream", self._stream)
        self.records.serve(app)
        self._server = TestServer(app, host="127.0.0.1", port=self._port or 0)
        await self._server.start_server(ssl=self.certificate and self.certificate.context)
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

    async def _cameras(self, request: web.Request) -> web.Response:
        if refusal := self._refusal(request):
            return refusal
        if self.shown is None:
            return web.json_response({"error": "no cameras", "remedy": "show some"}, status=503)
        return web.json_response({"cameras": self.shown})

    async def _settings(self, request: web.Request) -> web.Response:
        fields = self.fields.get(request.match_info["camera"])
        return self._refusal(request) or web.json_response({"settings": fields})

    async def _change(self, request: web.Request) -> web.Response:
        """Take a change of a camera, as the real node does; `changes` keeps what was sent."""
        if refusal := self._refusal(request):
            return refusal
        body = await request.json() if request.method != "DELETE" else {}
        name = request.match_info.get("camera") or body["id"]
        self.changes.append((request.method, name, body))
        others = [each for each in self.info["cameras"] if each["id"] != name]
        if request.method != "DELETE":
            others.append(camera(name, body.get("name", name)) | {"origin": "api"})
        self.info["cameras"] = others
        return web.json_response({"id": name}, status=201 if request.method == "POST" else 200)

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

    async def say_everything(self, hass: HomeAssistant) -> None:
        """Send one word on every topic that is retained."""
        for index, anomaly in enumerate(CLASSES):
            told = verdict("ON" if index % 2 else "OFF", confidence=index / 10)
            await self.publish(hass, f"bedroom/{anomaly}", told)
        await self.publish(hass, "bedroom/settings", self.settings)
        figures = {"frame_rate": 14.9, "latency": 0.23, "dropped_frames": 3}
        await self.publish(hass, "bedroom/figures", figures)
        await self.publish(hass, "bedroom/level", "high")
        await self.publish(hass, "bedroom/last_event", step("escalated"))
        await self.publish(hass, "bedroom/snapshot", JPEG)
        await self.publish(hass, "settings", {"language": self.language})
        figures = {"queue": 1, "dropped_windows": 2, "answer_time": 0.71}
        await self.publish(hass, "figures", figures)
        model = {"state": "answered", "name": "omni", "since": None, "reason": "the model answers"}
        await self.publish(hass, "model", model)

    def obey(self, hass: HomeAssistant, mqtt_mock: MqttMockHAClient) -> None:
        """Do from now on what is asked through MQTT, a little later, as a real node does."""

        async def publish(topic: str, payload: Any, *_: Any, **__: Any) -> None:
            if not topic.endswith("/set"):
                return
            setting = topic.removeprefix(f"omnicam/{self.name}/").removesuffix("/set")
            self.asked.append((setting, payload))
            hass.loop.call_later(0.01, self._do, hass, setting, payload)

        mqtt_mock.async_publish.side_effect = publish

    def _do(self, hass: HomeAssistant, setting: str, payload: str) -> None:
        told: dict[str, Any] = {}
        match setting:
            case "language":
                self.language = payload
                told = {"settings": {"language": payload}}
            case "bedroom/enabled":
                status = "online" if payload == "ON" else "disabled"
                told = {"bedroom/status": status, "bedroom/snapshot": b""}
            case "bedroom/detection" | "bedroom/sensitivity":
                value = payload == "ON" if payload in ("ON", "OFF") else int(payload)
                self.settings[setting.rpartition("/")[2]] = value
                told = {"bedroom/settings": self.settings}
            case "bedroom/test":
                told = {"bedroom/fall": verdict("ON", level="high", confidence=1.0, test=True)}
        for suffix, message in told.items():
            text = json.dumps(message) if isinstance(message, dict) else message
            async_fire_mqtt_message(hass, f"omnicam/{self.name}/{suffix}", text, qos=1)

    def listened_to(self, mqtt_mock: MqttMockHAClient) -> bool:
        """Whether Home Assistant has subscribed to this very node's info."""
        return any(
            call.args[0] == f"omnicam/{self.name}/info"
            for call in mqtt_mock.async_subscribe.call_args_list
        )
