"""What is asked of the node: said to it, shown once it says so, and an error where it does not."""

from typing import Any

import pytest
from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from pytest_homeassistant_custom_component.typing import MqttMockHAClient

from .node import Node

PRIVACY = "switch.bedroom_privacy"
DETECTION = "switch.bedroom_detection"
SENSITIVITY = "number.bedroom_sensitivity"
LANGUAGE = "select.home_language"
BUTTON = "button.bedroom_test_alarm"
FALL = "binary_sensor.bedroom_fall"


def state(hass: HomeAssistant, entity_id: str) -> str:
    """Give an entity's state."""
    found = hass.states.get(entity_id)
    assert found is not None
    return found.state


async def act(hass: HomeAssistant, action: str, entity_id: str, **data: Any) -> None:
    """Call an action on an entity."""
    domain = entity_id.partition(".")[0]
    await hass.services.async_call(domain, action, {"entity_id": entity_id, **data}, blocking=True)


async def test_privacy(hass: HomeAssistant, obedient: Node) -> None:
    """Privacy is on while the camera is not watched."""
    assert state(hass, PRIVACY) == STATE_OFF
    await act(hass, "turn_on", PRIVACY)
    assert state(hass, PRIVACY) == STATE_ON
    assert state(hass, FALL) == STATE_UNAVAILABLE
    await act(hass, "turn_off", PRIVACY)
    assert state(hass, PRIVACY) == STATE_OFF
    assert obedient.asked == [("bedroom/enabled", "OFF"), ("bedroom/enabled", "ON")]


async def test_detection(hass: HomeAssistant, obedient: Node) -> None:
    """Detection is what the node says it is."""
    assert state(hass, DETECTION) == STATE_ON
    await act(hass, "turn_off", DETECTION)
    assert state(hass, DETECTION) == STATE_OFF
    await act(hass, "turn_off", DETECTION)  # the node says nothing new to that
    await act(hass, "turn_on", DETECTION)
    assert state(hass, DETECTION) == STATE_ON
    assert [value for _, value in obedient.asked] == ["OFF", "OFF", "ON"]


async def test_sensitivity(hass: HomeAssistant, obedient: Node) -> None:
    """The slider goes in whole steps."""
    assert state(hass, SENSITIVITY) == "50.0"
    await act(hass, "set_value", SENSITIVITY, value=70)
    assert state(hass, SENSITIVITY) == "70.0"
    assert obedient.asked == [("bedroom/sensitivity", "70")]


async def test_language(hass: HomeAssistant, obedient: Node) -> None:
    """The node's language."""
    assert state(hass, LANGUAGE) == "en"
    await act(hass, "select_option", LANGUAGE, option="zh_hans")
    assert state(hass, LANGUAGE) == "zh_hans"
    assert obedient.asked == [("language", "zh-Hans")]
    await obedient.publish(hass, "settings", {"language": "tlh"})
    assert state(hass, LANGUAGE) == STATE_UNKNOWN


async def test_test_alarm(hass: HomeAssistant, obedient: Node) -> None:
    """The button raises the alarm of a fall, marked as a test."""
    await act(hass, "press", BUTTON)
    assert obedient.asked == [("bedroom/test", "fall")]
    found = hass.states.get(FALL)
    assert found is not None
    assert (found.state, found.attributes["test"]) == (STATE_ON, True)


@pytest.mark.parametrize(
    ("entity_id", "action", "data"),
    [
        (PRIVACY, "turn_on", {}),
        (DETECTION, "turn_off", {}),
        (SENSITIVITY, "set_value", {"value": 10}),
        (LANGUAGE, "select_option", {"option": "zh_hans"}),
        (BUTTON, "press", {}),
    ],
)
async def test_a_node_that_does_not_obey(
    hass: HomeAssistant,
    mqtt_mock: MqttMockHAClient,
    obedient: Node,
    entity_id: str,
    action: str,
    data: dict[str, Any],
) -> None:
    """Nobody is left to believe that it was done."""
    mqtt_mock.async_publish.side_effect = None
    before = state(hass, entity_id)
    with pytest.raises(HomeAssistantError) as raised:
        await act(hass, action, entity_id, **data)
    assert raised.value.translation_key == "not_obeyed"
    assert "/set" in raised.value.translation_placeholders["topic"]
    if action != "press":  # a button's state is when it was pressed
        assert state(hass, entity_id) == before


async def test_a_node_that_is_away(hass: HomeAssistant, obedient: Node) -> None:
    """Nothing is asked of it; a camera that is away can still be closed and set."""
    entities = (PRIVACY, DETECTION, SENSITIVITY, LANGUAGE, BUTTON)
    await obedient.publish(hass, "bedroom/status", "offline")
    away = {entity_id for entity_id in entities if state(hass, entity_id) == STATE_UNAVAILABLE}
    assert away == {BUTTON}
    await obedient.publish(hass, "status", "offline")
    assert {state(hass, entity_id) for entity_id in entities} == {STATE_UNAVAILABLE}
    await act(hass, "turn_on", PRIVACY)
    assert obedient.asked == []


async def test_settings_that_cannot_be_read(
    hass: HomeAssistant, obedient: Node, caplog: pytest.LogCaptureFixture
) -> None:
    """What the node does not say is unknown, and said once."""
    wrong = {"enabled": "yes", "detection": 1, "sensitivity": 130}
    await obedient.publish(hass, "bedroom/settings", wrong)
    await obedient.publish(hass, "bedroom/settings", wrong)
    assert state(hass, DETECTION) == STATE_UNKNOWN
    assert state(hass, SENSITIVITY) == STATE_UNKNOWN
    assert caplog.text.count("field sensitivity is 130: send a number from 0 to 100") == 1
    await obedient.publish(hass, "bedroom/settings", "")
    assert state(hass, DETECTION) == STATE_UNKNOWN
