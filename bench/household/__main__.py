"""`bench/home-assistant`: set-up time, blocked loop and memory with many cameras and events."""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
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
WARM_UP = 2500
"""Events before memory is looked at first: caches and what is remembered of events fill once."""

SAMPLES = 4
RELOADS = 3
REST_S = 5.0
_KNOWN = "{{ states.binary_sensor | selectattr('state', 'in', ('on', 'off')) | list | count }}"

SET_UP_S = 60.0

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
        if name != "turns of the loop, ms":
            print(f"{name:<44} {value}")
    for name, seen in figures["turns of the loop, ms"].items():
        print(f"{name:<20} " + ", ".join(f"{what} {value}" for what, value in seen.items()))
    if options.json is not None:
        options.json.write_text(json.dumps(figures, indent=2) + "\n", "utf-8")


async def _measure(folder: Path, cameras: int, events: int, rate: float) -> Json:
    names = [f"camera_{number:03d}" for number in range(cameras)]
    _install(folder / "home-assistant")
    # The node's own part is not what is measured: its cameras are off, and their messages are ours.
    sources = {name: {"url": "rtsp://127.0.0.1:9/none", "enabled": False} for name in names}
    async with open_house(folder, sources, set_up=False, more="loop_watch:\n") as house:
        hass = _home(house)
        async with mqtt_client(house.broker) as client, _kept_there(house, names):
            await until(lambda: _watched(hass), 60, "the loop's watch")
            await asyncio.sleep(5)  # what starting took is not looked at
            withdrawn = await _withdraw(hass, client, cameras)
            first = await _set_up(house, cameras)
            await asyncio.sleep(REST_S)
            again = [await _reload(hass, cameras) for _ in range(RELOADS)]
            total = len(await hass.states())
            await hass.post("/api/services/loop_watch/begin", {})
            await asyncio.sleep(REST_S)
            phases = {"idle": await _report(hass, folder)}
            await _reload(hass, cameras)
            phases["set-up again"] = await _report(hass, folder)
            await _be_away(client)
            phases["node away and back"] = await _report(hass, folder)
            held = []
            for number in (WARM_UP, *[events // SAMPLES] * SAMPLES):
                await _play(client, names, number, rate)
                await _settled(hass, names[-1])
                phases["events"] = await _report(hass, folder)
                held.append(phases["events"])
    after = [f"{(each['resident'] - held[0]['resident']) / 1e6:+.1f}" for each in held[1:]]
    return {
        "cameras": cameras,
        "states": total,
        "MQTT discovery taken away by Home Assistant, s": round(withdrawn, 2),
        "first set-up, s; every sensor known, s": _rounded(first),
        "unloaded and set up again, s; known, s": [_rounded(each) for each in again],
        "events": events,
        "memory after the warm-up, MB": round(held[0]["resident"] / 1e6, 1),
        f"memory more after each {events // SAMPLES} events, MB": after,
        "objects more": held[-1]["objects"] - held[0]["objects"],
        "objects of OmniCam's more": held[-1]["ours"] - held[0]["ours"],
        "turns of the loop, ms": {
            name: {
                "longest": round(seen["longest_ms"], 1),
                "longest with OmniCam in it": round(seen["longest_with_ours_ms"], 1),
                "OmniCam's part": round(seen["ours_ms"], 1),
                "made by": seen["ours_by"],
                "collector": round(seen["collector_ms"], 1),
            }
            for name, seen in phases.items()
        },
    }


def _rounded(seconds: tuple[float, float]) -> list[float]:
    return [round(each, 2) for each in seconds]


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


async def _withdraw(hass: HomeAssistant, client: aiomqtt.Client, cameras: int) -> float:
    """Claim the node as the integration does; seconds until its MQTT discovery is gone."""

    async def shown() -> int:
        return sum("binary_sensor.camera_" in name for name in await hass.states())

    async def complete() -> bool:
        return await shown() == cameras * len(AnomalyClass)

    async def gone() -> bool:
        return await shown() == 0

    await until(complete, SET_UP_S, "the node's MQTT discovery")
    began = time.monotonic()
    await client.publish(topics.owner(NODE), "integration", qos=1, retain=True)
    await until(gone, SET_UP_S, "the end of the MQTT discovery")
    seconds = time.monotonic() - began
    await asyncio.sleep(REST_S)
    return seconds


async def _set_up(house: House, cameras: int) -> tuple[float, float]:
    """Set the integration up as with the last click."""
    hass = _home(house)
    flow = await hass.discovered_flow("omnicam", 30)
    answers = {"url": house.node.url, "token": house.node.token}
    return await _timed(hass, cameras, hass.finish_flow(flow, answers))


@asynccontextmanager
async def _kept_there(house: House, names: list[str]) -> AsyncIterator[None]:
    """Say that every camera is there and sees nothing, also when the node says that it is off.

    The node does so whenever the integration claims it.
    """
    off = json.dumps(_state("OFF"))
    wanted = {topics.camera_status(NODE, name): "online" for name in names} | {
        topics.state(NODE, name, anomaly): off for name in names for anomaly in AnomalyClass
    }
    unwanted = {b"", b"offline", b"disabled"}
    async with mqtt_client(house.broker) as client:

        async def keep() -> None:
            async for message in client.messages:
                if message.payload in unwanted and (say := wanted.get(str(message.topic))):
                    await client.publish(str(message.topic), say, qos=1, retain=True)

        keeping = asyncio.create_task(keep())
        await client.subscribe(f"omnicam/{NODE}/+/+", qos=1)
        for topic, say in wanted.items():
            await client.publish(topic, say, qos=1, retain=True)
        try:
            yield
        finally:
            keeping.cancel()


async def _be_away(client: aiomqtt.Client) -> None:
    """Say that the node is gone and, when that has come through, that it is back."""
    for status in ("offline", "online"):
        await client.publish(topics.node_status(NODE), status, qos=1, retain=True)
        await asyncio.sleep(3)


async def _reload(hass: HomeAssistant, cameras: int) -> tuple[float, float]:
    """Set the entry up again, as a start of Home Assistant does, and let the node rest."""
    (entry,) = await hass.get("/api/config/config_entries/entry?domain=omnicam")
    path = f"/api/config/config_entries/entry/{entry['entry_id']}/reload"
    seconds = await _timed(hass, cameras, hass.post(path, {}))
    await asyncio.sleep(REST_S)
    return seconds


async def _timed(
    hass: HomeAssistant, cameras: int, begin: Awaitable[object]
) -> tuple[float, float]:
    """Seconds until the entry is set up, with all its entities, and until every sensor says on/off.

    The question is asked by a template, for a listener to all states would slow down what it sees.
    """
    began = time.monotonic()
    await begin
    set_up = time.monotonic() - began
    # A node without a model has nothing that could judge the other one.
    judged = set(AnomalyClass) - {AnomalyClass.DANGEROUS_TOOL}

    async def known() -> bool:
        count = await hass.post("/api/template", {"template": _KNOWN})
        return int(count) == cameras * len(judged)

    await until(known, SET_UP_S, "the state of every sensor")
    return set_up, time.monotonic() - began


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
    """Wait until the last camera's last event has come through, and the recorder has written it.

    What waits for the recorder, a thread that is slower than this rate of events, is memory too.
    """
    changed = f"/api/states/event.{camera}_anomaly"
    async with hass.websocket() as socket:

        async def quiet() -> bool:
            first = await hass.get(changed)
            await asyncio.sleep(6)  # it commits every five seconds
            second = await hass.get(changed)
            waiting = (await socket.call("recorder/info"))["backlog"]
            return bool(first["last_updated"] == second["last_updated"]) and not waiting

        await until(quiet, 300, "the end of the events")


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
