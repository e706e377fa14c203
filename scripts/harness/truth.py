"""What Home Assistant shows and was told, held against what the node itself says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

import aiohttp

from harness.home_assistant import HomeAssistant, HomeAssistantError
from harness.house import House
from harness.node import NodeError

_TAMPERING = "camera_tampering"
_LEVELS = ("low", "medium", "high")
_OTHERS = (
    "event.{}_anomaly",
    "event.{}_help_called",
    "sensor.{}_description",
    "number.{}_sensitivity",
    "button.{}_test_alarm",
    "switch.{}_detection",
    "image.{}_last_event",
    "camera.{}",
)
"""What must at least be there while the camera is; their values are not the node's states."""

HELP = "help"
"""The only step of a spoken call for help."""

type Json = dict[str, Any]


@dataclass(frozen=True)
class Steps:
    """Steps of events and calls for help, `(id, step)`: on record, lost and doubled."""

    recorded: tuple[tuple[str, str], ...]
    lost: tuple[tuple[str, str], ...]
    doubled: tuple[tuple[str, str], ...]
    late: int


async def differences(house: House) -> list[str]:
    """Give what Home Assistant shows otherwise than the node says; empty where all is right.

    Where one of them does not answer, that is the difference.
    """
    try:
        unknown = (await house.node.get("/api/info"))["unknown"]
        cameras = (await house.node.get("/api/cameras"))["cameras"]
        shown = await _hass(house).states()
    except (aiohttp.ClientError, HomeAssistantError, NodeError, TimeoutError) as error:
        return [f"no answer: {type(error).__name__}"]
    wrong = []
    for camera in cameras:
        for entity, wanted in _expected(camera, unknown).items():
            state = shown.get(entity, {}).get("state", "missing")
            right = state not in ("unavailable", "missing") if wanted is None else state == wanted
            if not right:
                wrong.append(f"{entity} is {state}, not {wanted or 'available'}")
    return wrong


def _expected(camera: Json, unknown: list[str]) -> dict[str, str | None]:
    """Give the state of each entity of a camera; None where it only has to be available."""
    name, status, states = camera["id"], camera["status"], camera["states"]
    expected: dict[str, str | None] = {}
    for anomaly, told in states.items():
        there = status == "online" or (status == "offline" and anomaly == _TAMPERING)
        value = {"ON": "on", "OFF": "off", None: "unknown"}[told["state"]]
        expected[f"binary_sensor.{name}_{anomaly}"] = (
            value if there and anomaly not in unknown else "unavailable"
        )
    expected[f"switch.{name}_privacy"] = "on" if status == "disabled" else "off"
    if status == "online":
        levels = [told["level"] for told in states.values() if told["level"]]
        expected[f"sensor.{name}_level"] = max(levels, key=_LEVELS.index) if levels else "none"
        expected |= dict.fromkeys(entity.format(name) for entity in _OTHERS)
    return expected


async def steps(house: House, cameras: list[str], begin: datetime) -> Steps:
    """Compare what the node recorded since `begin` with what its event entities showed.

    What they showed is read from Home Assistant's own history.
    """
    recorded = []
    since = f"limit=200&from={quote(begin.isoformat())}"
    page = await house.node.get(f"/api/events?{since}")
    for event in page["events"]:
        whole = await house.node.get(f"/api/events/{event['event']}")
        recorded += [(event["event"], row["step"]) for row in whole["steps"]]
    calls = await house.node.get(f"/api/calls?{since}")
    recorded += [(call["event"], HELP) for call in calls["calls"]]
    kinds = ("anomaly", "help_called")
    entities = ",".join(f"event.{camera}_{kind}" for camera in cameras for kind in kinds)
    path = f"/api/history/period/{quote(begin.isoformat())}?filter_entity_id={entities}"
    history = await _hass(house).get(f"{path}&significant_changes_only=0")
    # The state of an event entity is the time at which it was told. A restored one repeats it, or
    # has none, beside the old attributes, if the entity was unavailable as Home Assistant ended.
    told = {
        (change["entity_id"], change["state"]): change["attributes"]
        for series in history
        for change in series
        if "event_id" in change["attributes"] and change["state"] not in ("unknown", "unavailable")
    }
    shown = [(each["event_id"], each["event_type"]) for each in told.values()]
    return Steps(
        recorded=tuple(recorded),
        lost=tuple(step for step in recorded if step not in shown),
        doubled=tuple(step for step in set(shown) if shown.count(step) > 1),
        late=sum(bool(each.get("late")) for each in told.values()),
    )


def _hass(house: House) -> HomeAssistant:
    if house.home_assistant is None:
        raise HomeAssistantError("the house has no Home Assistant")
    return house.home_assistant


LINES = {
    "integration down": ("Node home is offline", "The MQTT broker is away"),
    "integration up": ("Node home is back online",),
    "node down": ("events are kept and sent later",),
    "node up": ("connected to MQTT broker",),
}
"""What is said of the connection between node and Home Assistant, by both ends."""


def lines(house: House) -> dict[str, int]:
    """Count these lines in the logs, from the beginning."""
    logs = {"integration": _hass(house).log(100_000), "node": house.node.log(100_000)}
    return {
        kind: sum(logs[kind.split()[0]].count(text) for text in texts)
        for kind, texts in LINES.items()
    }


def lines_since(house: House, before: dict[str, int]) -> dict[str, int]:
    """Count the lines that came after `lines` gave `before`."""
    return {kind: count - before[kind] for kind, count in lines(house).items()}
