"""`bench/home-assistant`: set-up time, blocked loop and memory with many cameras and events."""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiomqtt

from harness.home_assistant import HomeAssistant
from harness.house import NODE, House, mqtt_client, open_house
from harness.watching import until
from omnicam.publish import topics
from omnicam.taxonomy import AnomalyClass

WATCH = Path(__file__).parent / "loop_watch"
WARM_UP = 2000
"""Events before memory is looked at first: caches fill once."""

SET_UP_S = 120.0

type Json = dict[str, Any]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="bench/home-assistant", description=__doc__)
    parser.add_argument("--cameras", type=int, default=100)
    parser.add_argument("--events", type=int, default=10_000)
    parser.add_argument("--rate", type=float, default=100.0, help="events a second")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="omnicam-household-") as folder:
        figures = asyncio.run(_measure(Path(folder), options.cameras, options.events, options.rate))
    for name, value in figures.items():
        if name != "stalls":
            print(f"{name:<44} {value}")
    for name, seen in figures["stalls"].items():
        longest, ours = seen["longest, ms"], seen["longest with OmniCam's code, ms"]
        print(f"loop blocked, {name:<30} {longest} ms, {ours} ms with OmniCam's code on the stack")
    if options.json is not None:
        options.json.write_text(json.dumps(figures, indent=2) + "\n", "utf-8")


async def _measure(folder: Path, cameras: int, events: int, rate: float) -> Json:
    names = [f"camera_{number:03d}" for number in range(cameras)]
    _install(folder / "home-assistant")
    # The node's own part is not what is measured: its cameras are off, and their messages are ours.
    sources = {name: {"url": "rtsp://127.0.0.1:9/none", "enabled": False} for name in names}
    async with open_house(folder, sources, set_up=False, more="loop_watch:\n") as house:
        hass = _home(house)
        async with mqtt_client(house.broker) as client:
            await until(lambda: _watched(hass), 60, "the loop's watch")
            await _report(hass, folder)  # what starting took is not looked at
            await asyncio.sleep(5)
            before = await _report(hass, folder)
            seconds = await _set_up(house, client, names)
            setting_up = await _report(hass, folder)
            total = len(await hass.states())
            again = await _reload(hass)
            reloading = await _report(hass, folder)
            # The node says again that its cameras are off whenever the integration claims them.
            await asyncio.sleep(2)
            await _be_there(client, names)
            await _play(client, names, WARM_UP, rate)
            warm = await _report(hass, folder)
            await _play(client, names, events, rate)
            await _settled(hass, names[-1])
            after = await _report(hass, folder)
    growth = after["resident"] - warm["resident"]
    return {
        "cameras": cameras,
        "states": total,
        "first set-up with hand-over from MQTT, s": round(seconds, 2),
        "unloaded and set up again, s": round(again, 2),
        "events": events,
        "memory after the warm-up, MB": round(warm["resident"] / 1e6, 1),
        "memory growth over the events, MB": round(growth / 1e6, 2),
        "objects more": after["objects"] - warm["objects"],
        "stalls": {
            name: {
                "longest, ms": round(seen["worst_ms"], 1),
                "longest with OmniCam's code, ms": round(seen["omnicam_ms"], 1),
                "held by": seen["held_by"][:4],
            }
            for name, seen in (
                ("idle", before),
                ("first set-up", setting_up),
                ("set-up again", reloading),
                ("events", after),
            )
        },
    }


def _home(house: House) -> HomeAssistant:
    if house.home_assistant is None:
        raise RuntimeError("the house has no Home Assistant")
    return house.home_assistant


async def _watched(hass: HomeAssistant) -> bool:
    """Whether Home Assistant, which answers before it has set all up, has the watch."""
    return any(each["domain"] == WATCH.name for each in await hass.get("/api/services"))


def _install(folder: Path) -> None:
    target = folder / "custom_components" / WATCH.name
    target.parent.mkdir(parents=True)
    shutil.copytree(WATCH, target, ignore=shutil.ignore_patterns("__pycache__"))


async def _report(hass: HomeAssistant, folder: Path) -> Json:
    file = folder / "report.json"
    file.unlink(missing_ok=True)
    await hass.post("/api/services/loop_watch/report", {"file": str(file)})
    report: Json = json.loads(file.read_text("utf-8"))
    return report


async def _set_up(house: House, client: aiomqtt.Client, names: list[str]) -> float:
    """Set the integration up; seconds from the last click until every sensor is there."""
    hass = _home(house)
    await _be_there(client, names)
    flow = await hass.discovered_flow("omnicam", 30)
    return await _until_known(
        hass,
        names,
        lambda: hass.finish_flow(flow, {"url": house.node.url, "token": house.node.token}),
    )


async def _be_there(client: aiomqtt.Client, names: list[str]) -> None:
    """Say that every camera is there and sees nothing."""
    off = json.dumps(_state("OFF"))
    for name in names:
        await client.publish(topics.camera_status(NODE, name), "online", qos=1, retain=True)
        for anomaly in AnomalyClass:
            await client.publish(topics.state(NODE, name, anomaly), off, qos=1, retain=True)


async def _reload(hass: HomeAssistant) -> float:
    """Set the entry up again, as a start of Home Assistant does; seconds until it is loaded."""
    (entry,) = await hass.get("/api/config/config_entries/entry?domain=omnicam")
    began = time.monotonic()
    await hass.post(f"/api/config/config_entries/entry/{entry['entry_id']}/reload", {})
    return time.monotonic() - began


async def _until_known(
    hass: HomeAssistant, names: list[str], begin: Callable[[], Awaitable[object]]
) -> float:
    """Seconds from an action until every sensor has a state that says something."""
    # A node without a model has nothing that could judge the other one.
    judged = set(AnomalyClass) - {AnomalyClass.DANGEROUS_TOOL}
    missing = {f"binary_sensor.{name}_{anomaly}" for name in names for anomaly in judged}
    async with hass.websocket() as socket:
        await socket.subscribe()
        began = time.monotonic()
        beginning = asyncio.ensure_future(begin())
        async with asyncio.timeout(SET_UP_S):
            async for state in socket.state_changes():
                if state["state"] not in ("unavailable", "unknown"):
                    missing.discard(state["entity_id"])
                if not missing:
                    break
        seconds = time.monotonic() - began
        await beginning
    return seconds


async def _play(client: aiomqtt.Client, names: list[str], events: int, rate: float) -> None:
    """Publish events as a node does: a state and a step when it begins, both when it ends."""
    kinds = list(AnomalyClass)
    began = time.monotonic()
    for number in range(events):
        name, kind = names[number % len(names)], kinds[number % len(kinds)]
        event = f"20261122T100000-{name}-{number:06d}"
        for step, state in (("suspected", "ON"), ("resolved", "OFF")):
            await client.publish(
                topics.event(NODE, name), json.dumps(_step(name, kind, event, step)), qos=1
            )
            await client.publish(
                topics.state(NODE, name, kind),
                json.dumps(_state(state, event)),
                qos=1,
                retain=True,
            )
        await asyncio.sleep(max(0.0, began + (number + 1) / rate - time.monotonic()))


async def _settled(hass: HomeAssistant, camera: str) -> None:
    """Wait until the last camera's last event has come through."""

    async def quiet() -> bool:
        first = await hass.states()
        await asyncio.sleep(1)
        second = await hass.states()
        changed = f"event.{camera}_anomaly"
        return bool(first[changed]["last_updated"] == second[changed]["last_updated"])

    await until(quiet, 120, "the end of the events")


def _state(state: str, event: str | None = None) -> Json:
    on = state == "ON"
    return {
        "state": state,
        "level": "high" if on else None,
        "confidence": 0.97 if on else None,
        "event": event if on else None,
        "since": datetime.now(UTC).isoformat() if on else None,
        "reason": "trunk fell to 80 degrees" if on else None,
        "label": None,
    }


def _step(camera: str, kind: AnomalyClass, event: str, step: str) -> Json:
    now = datetime.now(UTC)
    return {
        "step": step,
        "event": event,
        "camera": camera,
        "class": kind,
        "label": None,
        "level": "high",
        "confidence": 0.97,
        "time": now.isoformat(),
        "onset": (now - timedelta(seconds=2)).isoformat(),
        "reason": "trunk fell to 80 degrees",
        "snapshot": f"events/{event}.jpg",
        "clip": f"events/{event}.mp4",
        "review": False,
    }


if __name__ == "__main__":
    main()
