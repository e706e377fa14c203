"""The four acts of `scripts/demo --once`, played one after the other and measured."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from harness.footage import Footage
from harness.house import NODE, House, mqtt_client
from harness.rtsp import RtspServer

CONNECT_S = 45.0
"""From switching a camera on to the moment that its scene's onset leaves the server."""

type Json = dict[str, Any]


@dataclass(frozen=True)
class Act:
    """One thing that happens.

    Attributes:
        scene: staged scene.
        camera: where.
        anomaly: class whose sensor must turn on.
        limit_s: seconds from onset to entity that the project promises.
    """

    scene: str
    camera: str
    anomaly: str
    limit_s: float

    @property
    def entity(self) -> str:
        """The sensor in Home Assistant."""
        return f"binary_sensor.{self.camera}_{self.anomaly}"


ACTS: Mapping[str, Act] = {
    "fall": Act("fall", "bedroom", "fall", 5.0),
    "scream": Act("scream", "living_room", "abnormal_sound", 2.0),
    "help": Act("call_for_help", "kitchen", "abnormal_sound", 3.0),
    "covered": Act("covered", "hall", "camera_tampering", 2.0),
}

PATIENCE_S = 10.0
"""How long past its limit an entity is waited for, so that a late one is measured, too."""


@dataclass(frozen=True)
class Seen:
    """A sensor that turned on: when (Unix seconds), and how sure the node was."""

    time: float
    confidence: float | None


async def play(
    house: House, server: RtspServer, footage: Mapping[str, Footage], say: Callable[[str], None]
) -> tuple[Json, list[str]]:
    """Play every act and give the figures, and what was missing or late."""
    results: Json = {}
    missing: list[str] = []
    for name, shown in footage.items():
        act = ACTS[name]
        say(f"{name}: {shown.source} on camera {act.camera}")
        result, reason = await _play_one(house, server, act, shown)
        results[name] = result
        if reason:
            missing.append(f"{name}: {reason}")
        else:
            late = "" if result["latency_s"] <= act.limit_s else f", LATER than {act.limit_s:g} s"
            say(
                f"{name}: {act.entity} is on {result['latency_s']:.2f} s after the onset, "
                f"confidence {result['confidence']}{late}"
            )
    return results, missing


async def _play_one(house: House, server: RtspServer, act: Act, shown: Footage) -> tuple[Json, str]:
    result: Json = {
        "entity": act.entity,
        "state": "off",
        "confidence": None,
        "latency_s": None,
        "limit_s": act.limit_s,
        "source": shown.source,
    }
    ready = asyncio.Event()
    watching = asyncio.create_task(_first_on(house, act, ready))
    try:
        await asyncio.wait_for(ready.wait(), 10)
        await house.switch(act.camera, on=True)
        try:
            mark = await server.mark(act.camera, shown.onset_s, CONNECT_S)
        except TimeoutError:
            return result, f"camera {act.camera} did not play its scene within {CONNECT_S:.0f} s"
        try:
            left = mark.wall + act.limit_s + PATIENCE_S - time.time()
            seen = await asyncio.wait_for(asyncio.shield(watching), max(left, 0.1))
        except TimeoutError:
            return result, f"{act.entity} did not turn on within {act.limit_s + PATIENCE_S:.0f} s"
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        await house.switch(act.camera, on=False)
    latency = round(seen.time - mark.wall, 3)
    result |= {"state": "on", "confidence": seen.confidence, "latency_s": latency}
    if latency < 0:
        return result, f"{act.entity} turned on {-latency:.2f} s before its onset: a false alarm"
    return result, ""


async def _first_on(house: House, act: Act, ready: asyncio.Event) -> Seen:
    """Wait for the sensor to turn on, in Home Assistant or, without it, on MQTT."""
    changes = _on_mqtt(house, act, ready)
    if house.home_assistant is not None:
        changes = _in_home_assistant(house, act, ready)
    async for state, confidence in changes:
        if state.lower() == "on":
            return Seen(time.time(), confidence)
    raise RuntimeError("the changes of states ended")


async def _in_home_assistant(
    house: House, act: Act, ready: asyncio.Event
) -> AsyncIterator[tuple[str, float | None]]:
    if house.home_assistant is None:
        return
    async with house.home_assistant.websocket() as socket:
        changes = socket.state_changes()
        await socket.subscribe()
        ready.set()
        async for change in changes:
            if change["entity_id"] == act.entity:
                yield change["state"], change["attributes"].get("confidence")


async def _on_mqtt(
    house: House, act: Act, ready: asyncio.Event
) -> AsyncIterator[tuple[str, float | None]]:
    async with mqtt_client(house.broker) as client:
        await client.subscribe(f"omnicam/{NODE}/{act.camera}/{act.anomaly}", qos=1)
        ready.set()
        async for message in client.messages:
            said = json.loads(bytes(message.payload))
            yield said["state"] or "", said["confidence"]


def delay(event: Json) -> float:
    """Seconds from an event's onset to now; both are times of this machine."""
    return (datetime.now(UTC) - datetime.fromisoformat(event["onset"])).total_seconds()
