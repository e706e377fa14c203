"""Sensors of the household's own questions, as the node's info names them."""

from typing import Any

import pytest
from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events

from .node import Node, camera, verdict

STOVE = {
    "id": "stove_alone",
    "english": "Stove on, nobody there",
    "chinese": "灶台无人看管",
    "cameras": ["bedroom"],
}
SENSOR = "binary_sensor.bedroom_stove_on_nobody_there"


def state(hass: HomeAssistant, entity_id: str) -> str | None:
    """Give an entity's state, None where there is no such entity."""
    found = hass.states.get(entity_id)
    return None if found is None else found.state


async def test_a_question_gets_its_sensor_and_loses_it(
    hass: HomeAssistant, node: Node, loaded: MockConfigEntry
) -> None:
    """It comes, moves and goes as the node's info says, and no other camera has it."""
    node.info["cameras"].append(camera("hall", "Hall"))
    node.info["questions"] = [STOVE]
    await node.announce(hass)
    assert state(hass, SENSOR) == STATE_UNKNOWN
    assert state(hass, "binary_sensor.hall_stove_on_nobody_there") is None
    await node.publish(hass, "bedroom/stove_alone", verdict("ON", level="high", confidence=0.95))
    assert state(hass, SENSOR) == STATE_ON
    assert state(hass, "binary_sensor.bedroom_fall") == STATE_UNKNOWN
    await node.publish(hass, "bedroom/stove_alone", verdict("OFF"))
    assert state(hass, SENSOR) == STATE_OFF

    await node.announce(hass)  # the same again changes nothing
    assert state(hass, SENSOR) == STATE_OFF
    node.info["questions"] = []
    await node.announce(hass)
    assert state(hass, SENSOR) is None
    assert er.async_get(hass).async_get(SENSOR) is None

    node.info["questions"] = [STOVE]
    await node.announce(hass)
    assert state(hass, SENSOR) == STATE_UNKNOWN


async def test_the_name_is_in_the_language_of_home_assistant(
    hass: HomeAssistant, node: Node, entry: MockConfigEntry, mqtt_mock: Any
) -> None:
    """A household that reads Chinese reads the Chinese name."""
    hass.config.language = "zh-Hans"
    node.info["questions"] = [STOVE]
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    await node.come_online(hass)
    names = {
        found.name
        for found in hass.states.async_all("binary_sensor")
        if found.name.endswith("灶台无人看管")
    }
    assert len(names) == 1


async def test_an_event_of_an_own_class_is_told(
    hass: HomeAssistant, node: Node, loaded: MockConfigEntry
) -> None:
    """Its steps reach the camera's event entity with the name of the class."""
    seen = async_capture_events(hass, "state_changed")
    node.info["questions"] = [STOVE]
    await node.announce(hass)
    message = {"step": "suspected", "event": "e1", "class": "stove_alone", "level": "low"}
    await node.publish(hass, "bedroom/event", message)
    told = [
        event.data["new_state"].attributes.get("anomaly")
        for event in seen
        if event.data["new_state"] is not None
    ]
    assert "stove_alone" in told


@pytest.mark.parametrize(
    "flaw", ["none", [7], [{"id": "a b", "cameras": []}], [{"id": "x", "cameras": "all"}]]
)
async def test_what_cannot_be_read_takes_nothing_else_along(
    hass: HomeAssistant,
    node: Node,
    loaded: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
    flaw: Any,
) -> None:
    """The fault is named, and the nine sensors stay."""
    node.info["questions"] = flaw
    await node.announce(hass)
    assert "questions" in caplog.text
    await node.publish(hass, "bedroom/fall", verdict("ON"))
    assert state(hass, "binary_sensor.bedroom_fall") == STATE_ON
