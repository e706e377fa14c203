"""While the broker is away the node's API says how the cameras are."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from homeassistant.components.mqtt.const import MQTT_CONNECTION_STATE
from homeassistant.core import HomeAssistant
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_capture_events,
    async_fire_time_changed,
)
from pytest_homeassistant_custom_component.typing import MqttMockHAClient

from custom_components.omnicam import stand_in
from custom_components.omnicam.activity import EVENT_ANOMALY, EVENT_HELP
from custom_components.omnicam.catch_up import PASSES

from .node import CLASSES, Node, verdict
from .records import event

FALL = "binary_sensor.bedroom_fall"


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask without a pause that a test could feel."""
    monkeypatch.setattr(stand_in, "EVERY", 0.01)


def shown(**states: Any) -> dict[str, Any]:
    """Give the bedroom as the API does; calm but for some classes."""
    calm = dict.fromkeys(CLASSES, verdict("OFF"))
    return {"id": "bedroom", "status": "online", "states": calm | states}


async def settle(hass: HomeAssistant, wanted: str, entity: str = FALL) -> None:
    """Wait for a state that only the API can bring."""
    for _ in range(300):
        state = hass.states.get(entity)
        if state is not None and state.state == wanted:
            return
        await hass.async_block_till_done()
        await asyncio.sleep(0.01)
    pytest.fail(f"{entity} is {hass.states.get(entity)}, not {wanted}")


def broker(hass: HomeAssistant, *, connected: bool) -> None:
    """Lose the broker, or find it."""
    async_dispatcher_send(hass, MQTT_CONNECTION_STATE, connected)


async def test_a_fall_while_the_broker_is_away(
    hass: HomeAssistant, node: Node, loaded: MockConfigEntry
) -> None:
    """The sensor turns on, its steps are told, and all goes on when the broker is back."""
    told = async_capture_events(hass, EVENT_ANOMALY)
    node.shown = [shown()]
    broker(hass, connected=False)
    await settle(hass, "off")
    began = dt_util.utcnow().isoformat()
    rows = [{"step": "suspected", "level": "high", "confidence": 0.97, "time": began}]
    moment = {"event": "e1", "suspected": began, "onset": began, "time": began}
    node.records.events = [event(1) | moment | {"step": "suspected", "steps": rows}]
    node.shown = [shown(fall=verdict("ON", level="high", confidence=0.97, event="e1"))]
    await settle(hass, "on")
    assert hass.states.get("sensor.bedroom_level").state == "high"
    for delay in PASSES:
        async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=delay + 1))
        await hass.async_block_till_done()
        await asyncio.sleep(0.1)
    assert [each.data["step"] for each in told] == ["suspected"]

    broker(hass, connected=True)
    await node.come_online(hass)
    await node.publish(hass, "bedroom/fall", verdict("OFF"))
    await settle(hass, "off")
    asked = node.requests.count("/api/cameras")
    await asyncio.sleep(0.1)
    assert node.requests.count("/api/cameras") == asked  # the broker is enough


async def test_a_call_for_help_while_the_broker_is_away(
    hass: HomeAssistant, node: Node, loaded: MockConfigEntry
) -> None:
    """It rings although no sensor changes by it."""
    told = async_capture_events(hass, EVENT_HELP)
    node.shown = [shown()]
    broker(hass, connected=False)
    await settle(hass, "off")
    called = dt_util.utcnow().isoformat()
    node.records.calls = [{"event": "c1", "camera": "bedroom", "word": "help", "time": called}]
    node.shown = [shown() | {"last_call": "c1"}]
    asked = len(node.requests)
    while len(node.requests) < asked + 2:
        await asyncio.sleep(0.01)
    for delay in PASSES:
        async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=delay + 1))
        await hass.async_block_till_done()
        await asyncio.sleep(0.1)
    assert [(each.data["event_id"], each.data["late"]) for each in told] == [("c1", True)]


async def test_neither_broker_nor_api(
    hass: HomeAssistant, node: Node, loaded: MockConfigEntry
) -> None:
    """What nobody can tell is unavailable, and right again as soon as somebody can."""
    node.shown = [shown()]
    broker(hass, connected=False)
    await settle(hass, "off")
    node.shown = None
    await settle(hass, "unavailable")
    node.shown = [shown(smoke=None, fall={"state": "?"}), {"id": "elsewhere"}]
    await settle(hass, "unknown")
    assert hass.states.get("binary_sensor.bedroom_smoke").state == "unknown"
    assert hass.states.get("binary_sensor.bedroom_violent_conflict").state == "off"
    node.shown = [shown() | {"status": "disabled", "states": None}]
    await settle(hass, "unavailable")
    assert hass.states.get("switch.bedroom_privacy").state == "on"
    node.shown = "nothing"
    await settle(hass, "unavailable", "switch.bedroom_privacy")
    await hass.config_entries.async_unload(loaded.entry_id)
    asked = len(node.requests)
    await asyncio.sleep(0.1)
    assert len(node.requests) == asked


async def test_home_assistant_starts_while_the_broker_is_away(
    hass: HomeAssistant,
    node: Node,
    loaded: MockConfigEntry,
    mqtt_mock: MqttMockHAClient,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A fall that lasts is shown, too; one line says that the broker is away."""
    node.shown = [shown(fall=verdict("ON", level="high", confidence=0.97, event="e1"))]
    mqtt_mock.connected = False
    await hass.config_entries.async_reload(loaded.entry_id)
    await settle(hass, "on")
    assert caplog.text.count("The MQTT broker is away") == 1
    mqtt_mock.connected = True
    broker(hass, connected=True)
    await node.come_online(hass)
    assert caplog.text.count("Node home is back online") == 1
