"""Two ways into Home Assistant, never both: entities by MQTT discovery or by the integration."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from harness.home_assistant import HomeAssistant
from harness.house import add_integration, open_house
from harness.watching import until
from omnicam.taxonomy import AnomalyClass

pytestmark = pytest.mark.timeout(240)

CAMERAS = ("bedroom", "hall")
PATIENCE_S = 40.0
SENSORS = {f"binary_sensor.{camera}_{kind}" for camera in CAMERAS for kind in AnomalyClass}
EVENTS = {f"event.{camera}_{kind}" for camera in CAMERAS for kind in ("help_called", "anomaly")}
KEYS = ("image.{}_last_event", "switch.{}_privacy", "switch.{}_detection", "number.{}_sensitivity",
        "button.{}_test_alarm", "sensor.{}_level", "sensor.{}_description")  # fmt: skip
OTHERS = {key.format(camera) for key in KEYS for camera in CAMERAS} | {"select.home_language"}
FIGURES = {
    f"sensor.{camera}_{key}"
    for key in ("frame_rate", "latency", "dropped_frames")
    for camera in CAMERAS
}
"""Off until somebody switches them on, so they are registered and have no state."""

ONLY_INTEGRATION = {
    key.format(camera) for key in ("camera.{}", "event.{}_check_in") for camera in CAMERAS
} | {"update.home_software"}
BY_MQTT = SENSORS | EVENTS | OTHERS | FIGURES
BY_INTEGRATION = BY_MQTT | ONLY_INTEGRATION
JUDGED = {entity for entity in BY_MQTT if not entity.endswith("_dangerous_tool")} - FIGURES

type Json = dict[str, Any]


class Registry:
    """What Home Assistant's registries hold of OmniCam, whichever way it came."""

    def __init__(self, devices: list[Json], entities: list[Json]) -> None:
        self.devices = [
            device
            for device in devices
            if any("omnicam" in part for pair in device["identifiers"] for part in pair)
        ]
        known = {device["id"] for device in self.devices}
        self.entities = [entity for entity in entities if entity["device_id"] in known]

    @classmethod
    async def read(cls, hass: HomeAssistant) -> Registry:
        async with hass.websocket() as socket:
            return cls(
                await socket.call("config/device_registry/list"),
                await socket.call("config/entity_registry/list"),
            )

    def ids(self, platform: str) -> set[str]:
        return {each["entity_id"] for each in self.entities if each["platform"] == platform}

    def owners(self) -> set[str]:
        """The integrations that have devices here."""
        return {pair[0] for device in self.devices for pair in device["identifiers"]}

    def empty_devices(self) -> list[str]:
        """Cameras' devices without an entity; the node's own stands above its cameras."""
        used = {entity["device_id"] for entity in self.entities}
        above = {device["via_device_id"] for device in self.devices}
        return [each["name"] for each in self.devices if each["id"] not in used | above]


async def _settled(hass: HomeAssistant, wanted: Callable[[Registry], bool], what: str) -> Registry:
    async def look() -> Registry | None:
        registry = await Registry.read(hass)
        return registry if wanted(registry) else None

    try:
        return await until(look, PATIENCE_S, what)
    except TimeoutError as error:
        found = sorted((each["platform"], each["entity_id"]) for each in
                       (await Registry.read(hass)).entities)  # fmt: skip
        raise AssertionError(f"{error}; found {found}\n{hass.log()}") from None


async def _states_are_right(hass: HomeAssistant, entities: set[str]) -> None:
    async def look() -> bool:
        states = await hass.states()
        return all(
            states[entity]["state"] == expected
            for entity, expected in {
                **{f"binary_sensor.{camera}_fall": "off" for camera in CAMERAS},
                **{f"binary_sensor.{camera}_camera_tampering": "off" for camera in CAMERAS},
                **{f"binary_sensor.{camera}_dangerous_tool": "unavailable" for camera in CAMERAS},
            }.items()
        ) and all(states[entity]["state"] != "unavailable" for entity in entities)

    try:
        await until(look, PATIENCE_S, "the states")
    except TimeoutError:
        states = await hass.states()
        shown = {entity: states.get(entity, {}).get("state") for entity in sorted(entities)}
        raise AssertionError(f"states: {shown}\n{hass.log()}") from None


async def test_entities_are_handed_over_and_back(tmp_path: Path, quiet: Path):
    cameras = {camera: {"url": str(quiet)} for camera in CAMERAS}
    async with open_house(tmp_path, cameras, set_up=False) as house:
        hass = house.home_assistant

        first = await _settled(hass, lambda all_: all_.ids("mqtt") == BY_MQTT, "MQTT discovery")
        assert first.ids("omnicam") == set()
        assert first.owners() == {"mqtt"}
        assert first.empty_devices() == []
        await _states_are_right(hass, JUDGED)

        began = datetime.now(UTC)
        entry = await add_integration(hass, house.node)
        second = await _settled(
            hass,
            lambda all_: all_.ids("omnicam") == BY_INTEGRATION and not all_.ids("mqtt"),
            "the integration's entities alone",
        )
        assert second.owners() == {"omnicam"}
        assert second.empty_devices() == []
        await _states_are_right(hass, JUDGED | ONLY_INTEGRATION)
        assert (await house.node.get("/api/info"))["node"] == "home"

        # Under the same entity ids stands what was recorded before the hand-over.
        await until(lambda: _have_history(hass, began), PATIENCE_S, "history of both sides")

        back = datetime.now(UTC)
        await hass.delete(f"/api/config/config_entries/entry/{entry}")
        third = await _settled(
            hass,
            lambda all_: all_.ids("mqtt") == BY_MQTT and not all_.ids("omnicam"),
            "MQTT discovery again",
        )
        assert third.owners() == {"mqtt"}
        assert third.empty_devices() == []
        await _states_are_right(hass, JUDGED)
        await until(lambda: _have_history(hass, back), PATIENCE_S, "history of both sides")
        # Nothing of the integration lives on as a state, either.
        assert not ONLY_INTEGRATION & set(await hass.states())

        await house.node.stop()
        await until(
            lambda: _unavailable(hass, SENSORS), PATIENCE_S, "sensors unavailable without a node"
        )
        await house.node.start()
        fourth = await _settled(hass, lambda all_: all_.ids("mqtt") == BY_MQTT, "the same again")
        assert fourth.owners() == {"mqtt"}
        await _states_are_right(hass, JUDGED)


async def _have_history(hass: HomeAssistant, moment: datetime) -> bool:
    """Whether Home Assistant shows of every sensor what it was before a moment, and after it."""
    begin = quote((moment - timedelta(minutes=5)).isoformat())
    entities = ",".join(sorted(SENSORS))
    path = f"/api/history/period/{begin}?filter_entity_id={entities}&significant_changes_only=0"
    times = {
        series[0]["entity_id"]: [datetime.fromisoformat(each["last_updated"]) for each in series]
        for series in await hass.get(path)
    }
    return set(times) == SENSORS and all(min(each) < moment < max(each) for each in times.values())


async def _unavailable(hass: HomeAssistant, entities: set[str]) -> bool:
    states = await hass.states()
    return all(states[entity]["state"] == "unavailable" for entity in entities)
