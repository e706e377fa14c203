"""The event entities: the call for help and the steps of an anomaly."""

from typing import Any

import pytest
from homeassistant.const import STATE_UNKNOWN
from homeassistant.core import HomeAssistant, State
from pytest_homeassistant_custom_component.common import (
    async_capture_events,
    async_fire_mqtt_message,
)
from syrupy.assertion import SnapshotAssertion

from .node import Node

pytestmark = pytest.mark.usefixtures("loaded")

HELP = "event.bedroom_help_called"
ANOMALY = "event.bedroom_anomaly"
CALL = {
    "event": "h1",
    "word": "help",
    "confidence": 0.93,
    "time": "2026-11-22T10:00:00+00:00",
    "camera": "bedroom",
}
STEP = {
    "step": "suspected",
    "event": "e1",
    "camera": "bedroom",
    "class": "fall",
    "label": None,
    "level": "high",
    "confidence": 0.97,
    "time": "2026-11-22T10:00:03+00:00",
    "onset": "2026-11-22T10:00:00+00:00",
    "reason": "trunk fell to 80 degrees",
    "snapshot": "events/e1.jpg",
    "clip": "events/e1.mp4",
    "review": False,
}


def get(hass: HomeAssistant, entity_id: str) -> State:
    """Give an entity's state."""
    found = hass.states.get(entity_id)
    assert found is not None
    return found


async def test_help(hass: HomeAssistant, node: Node) -> None:
    """A call for help is told with its word and confidence."""
    assert get(hass, HELP).state == STATE_UNKNOWN
    await node.publish(hass, "bedroom/help", CALL)
    state = get(hass, HELP)
    assert state.state != STATE_UNKNOWN
    expected = {
        "event_type": "help",
        "event_id": "h1",
        "word": "help",
        "confidence": 0.93,
        "time": "2026-11-22T10:00:00+00:00",
    }
    assert expected.items() <= state.attributes.items()
    assert get(hass, ANOMALY).state == STATE_UNKNOWN


@pytest.mark.parametrize("step", ["suspected", "verified", "escalated", "resolved", "dismissed"])
async def test_steps(hass: HomeAssistant, node: Node, step: str) -> None:
    """Each step is an event type."""
    await node.publish(hass, "bedroom/event", STEP | {"step": step})
    attributes = get(hass, ANOMALY).attributes
    assert attributes["event_type"] == step
    assert attributes["anomaly"] == "fall"
    assert attributes["event_id"] == "e1"
    assert attributes["reason"] == "trunk fell to 80 degrees"
    assert "snapshot" not in attributes


async def test_states(hass: HomeAssistant, node: Node, snapshot: SnapshotAssertion) -> None:
    """Both entities after a message each, but for the clock."""
    await node.publish(hass, "bedroom/event", STEP)
    await node.publish(hass, "bedroom/help", CALL)
    for entity_id in (HELP, ANOMALY):
        assert dict(get(hass, entity_id).attributes) == snapshot(name=entity_id)


async def test_delivered_twice(hass: HomeAssistant, node: Node) -> None:
    """QoS 1 may repeat a message; people are called once."""
    changes = async_capture_events(hass, "state_changed")
    await node.publish(hass, "bedroom/help", CALL)
    await node.publish(hass, "bedroom/help", CALL)
    assert len(changes) == 1
    await node.publish(hass, "bedroom/help", CALL | {"event": "h2"})
    assert len(changes) == 2


@pytest.mark.parametrize(("suffix", "payload"), [("help", "{}"), ("event", "{}")])
async def test_retained_is_old(hass: HomeAssistant, suffix: str, payload: str) -> None:
    """A retained event would ring at every restart."""
    async_fire_mqtt_message(hass, f"omnicam/home/bedroom/{suffix}", payload, qos=1, retain=True)
    await hass.async_block_till_done()
    assert get(hass, HELP).state == STATE_UNKNOWN
    assert get(hass, ANOMALY).state == STATE_UNKNOWN


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"confidence": "high"}, "confidence"),
        ({"confidence": 7}, "confidence"),
        ({"word": ["help"]}, "word"),
        ({"event": 5}, "event"),
    ],
)
async def test_flawed_call_still_calls(
    hass: HomeAssistant,
    node: Node,
    caplog: pytest.LogCaptureFixture,
    changes: dict[str, Any],
    field: str,
) -> None:
    """A bad detail is dropped and named; the call is not."""
    await node.publish(hass, "bedroom/help", CALL | changes)
    assert get(hass, HELP).attributes["event_type"] == "help"
    assert f"Malformed message on omnicam/home/bedroom/help: field {field} is" in caplog.text


@pytest.mark.parametrize(
    ("payload", "field"),
    [
        (STEP | {"step": "maybe"}, "step"),
        (STEP | {"class": "flood"}, "class"),
        (STEP | {"event": None}, "event"),
        ("nonsense", "(payload)"),
        (b"\xff\xfe", "(payload)"),
    ],
)
async def test_senseless_event(
    hass: HomeAssistant, node: Node, caplog: pytest.LogCaptureFixture, payload: Any, field: str
) -> None:
    """A step without its core is named in the log and tells nothing."""
    await node.publish(hass, "bedroom/event", payload)
    assert get(hass, ANOMALY).state == STATE_UNKNOWN
    assert f"Malformed message on omnicam/home/bedroom/event: field {field} is" in caplog.text
