"""The nine sensors of a camera: state, unknown, unavailable, attributes."""

import pytest
from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry
from syrupy.assertion import SnapshotAssertion

from .node import CLASSES, Node, verdict

pytestmark = pytest.mark.usefixtures("loaded")

FALL = "binary_sensor.bedroom_fall"
TAMPERING = "binary_sensor.bedroom_camera_tampering"


def state(hass: HomeAssistant, entity_id: str) -> str:
    """Give an entity's state."""
    found = hass.states.get(entity_id)
    assert found is not None
    return found.state


@pytest.mark.parametrize("anomaly", [name for name in CLASSES if name != "dangerous_tool"])
async def test_alarm_and_all_clear(hass: HomeAssistant, node: Node, anomaly: str) -> None:
    """Each class moves its own sensor and no other."""
    entity = f"binary_sensor.bedroom_{anomaly}"
    assert state(hass, entity) == STATE_UNKNOWN
    await node.publish(hass, f"bedroom/{anomaly}", verdict("ON", level="high", confidence=0.97))
    assert state(hass, entity) == STATE_ON
    await node.publish(hass, f"bedroom/{anomaly}", verdict("OFF"))
    assert state(hass, entity) == STATE_OFF
    others = {f"binary_sensor.bedroom_{name}" for name in CLASSES}
    others -= {entity, "binary_sensor.bedroom_dangerous_tool"}
    assert {state(hass, other) for other in others} == {STATE_UNKNOWN}


async def test_states(hass: HomeAssistant, node: Node, snapshot: SnapshotAssertion) -> None:
    """All sensors of a camera after a word on each."""
    for index, anomaly in enumerate(CLASSES):
        await node.publish(
            hass, f"bedroom/{anomaly}", verdict("ON" if index % 2 else "OFF", confidence=index / 10)
        )
    for anomaly in CLASSES:
        entity_id = f"binary_sensor.bedroom_{anomaly}"
        assert hass.states.get(entity_id) == snapshot(name=entity_id)


async def test_attributes(hass: HomeAssistant, node: Node) -> None:
    """What stands behind the alarm is told."""
    await node.publish(
        hass,
        "bedroom/abnormal_sound",
        verdict(
            "ON",
            level="high",
            confidence=0.97,
            event="e1",
            since="2026-11-22T10:00:00+00:00",
            reason="a scream",
            label="scream",
        ),
    )
    found = hass.states.get("binary_sensor.bedroom_abnormal_sound")
    assert found is not None
    expected = {
        "level": "high",
        "confidence": 0.97,
        "event_id": "e1",
        "since": "2026-11-22T10:00:00+00:00",
        "reason": "a scream",
        "label": "scream",
        "device_class": "sound",
    }
    assert expected.items() <= found.attributes.items()


async def test_review_is_no_alarm(hass: HomeAssistant, node: Node) -> None:
    """Below the alarm the sensor stays off, and its level asks for a look."""
    await node.publish(
        hass, "bedroom/fall", verdict("OFF", level="medium", confidence=0.88, event="e2")
    )
    found = hass.states.get(FALL)
    assert found is not None
    assert (found.state, found.attributes["level"]) == (STATE_OFF, "medium")


async def test_unknown(hass: HomeAssistant, node: Node) -> None:
    """Null and a cleared topic are unknown; what nothing can ever judge is unavailable."""
    await node.publish(hass, "bedroom/fall", verdict("ON"))
    await node.publish(hass, "bedroom/fall", verdict(None))
    assert state(hass, FALL) == STATE_UNKNOWN

    await node.publish(hass, "bedroom/fall", verdict("ON"))
    await node.publish(hass, "bedroom/fall", "")
    assert state(hass, FALL) == STATE_UNKNOWN

    tool = "binary_sensor.bedroom_dangerous_tool"
    await node.publish(hass, "bedroom/dangerous_tool", verdict("OFF"))
    assert state(hass, tool) == STATE_UNAVAILABLE
    node.info["unknown"] = []
    await node.announce(hass)
    assert state(hass, tool) == STATE_OFF


async def test_node_offline(
    hass: HomeAssistant, node: Node, caplog: pytest.LogCaptureFixture
) -> None:
    """The last will takes every entity along; told once down and once up."""
    await node.publish(hass, "bedroom/fall", verdict("OFF"))
    await node.publish(hass, "status", "offline")
    await node.publish(hass, "status", "offline")
    assert {found.state for found in hass.states.async_all()} == {STATE_UNAVAILABLE}
    await node.publish(hass, "status", "online")
    assert state(hass, FALL) == STATE_OFF
    assert caplog.text.count("Node home is offline") == 1
    assert caplog.text.count("Node home is back online") == 1


async def test_camera_offline(
    hass: HomeAssistant, node: Node, caplog: pytest.LogCaptureFixture
) -> None:
    """Without pictures nothing is judged, but a cut cable must still be told."""
    await node.publish(hass, "bedroom/fall", verdict("OFF"))
    await node.publish(hass, "bedroom/camera_tampering", verdict("ON", reason="signal lost"))
    await node.publish(hass, "bedroom/status", "offline")
    assert state(hass, FALL) == STATE_UNAVAILABLE
    assert state(hass, "camera.bedroom") == STATE_UNAVAILABLE
    assert state(hass, "event.bedroom_help_called") == STATE_UNAVAILABLE
    assert state(hass, TAMPERING) == STATE_ON
    await node.publish(hass, "bedroom/status", "online")
    assert state(hass, FALL) == STATE_OFF
    assert caplog.text.count("Camera bedroom of node home is offline") == 1
    assert caplog.text.count("Camera bedroom of node home is back online") == 1


async def test_camera_disabled(hass: HomeAssistant, node: Node) -> None:
    """A camera that is switched off is not watched, not even for tampering."""
    await node.publish(hass, "bedroom/camera_tampering", verdict("OFF"))
    await node.publish(hass, "bedroom/status", "disabled")
    open_still = {"camera", "switch", "number", "select", "update"}
    there = {found.domain for found in hass.states.async_all() if found.state != STATE_UNAVAILABLE}
    assert there == open_still | {
        "sensor",
        "event",
    }  # the sentence on what was seen last, and its steps
    # Nobody may look in, and somebody must be able to open it again.
    assert state(hass, "switch.bedroom_privacy") == STATE_ON


async def test_unloaded_sensors_are_silent(
    hass: HomeAssistant, node: Node, loaded: MockConfigEntry
) -> None:
    """A reload brings back what the broker repeats, and nothing else."""
    await node.publish(hass, "bedroom/fall", verdict("ON"))
    await hass.config_entries.async_reload(loaded.entry_id)
    await hass.async_block_till_done()
    assert state(hass, FALL) == STATE_UNAVAILABLE
    await node.come_online(hass)
    assert state(hass, FALL) == STATE_UNKNOWN
