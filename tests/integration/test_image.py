"""The picture of the last event."""

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.image import async_get_image
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from pytest_homeassistant_custom_component.common import async_fire_mqtt_message

from .node import JPEG, Node, step

IMAGE = "image.bedroom_last_event"
TOPIC = "omnicam/home/bedroom/snapshot"

pytestmark = pytest.mark.usefixtures("loaded")


def state(hass: HomeAssistant) -> str:
    """Give the image's state: when its picture came."""
    found = hass.states.get(IMAGE)
    assert found is not None
    return found.state


async def test_it_arrives_with_the_alarm(
    hass: HomeAssistant, node: Node, freezer: FrozenDateTimeFactory
) -> None:
    """Over MQTT, without the API, and also while the camera has gone away since."""
    await node.stop()
    assert state(hass) == STATE_UNKNOWN
    freezer.move_to("2026-11-22T10:00:05+00:00")
    await node.publish(hass, "bedroom/snapshot", JPEG)
    assert state(hass) == "2026-11-22T10:00:05+00:00"
    assert (await async_get_image(hass, IMAGE)).content == JPEG
    await node.publish(hass, "bedroom/status", "offline")
    assert state(hass) == "2026-11-22T10:00:05+00:00"
    freezer.move_to("2026-11-22T11:00:00+00:00")
    async_fire_mqtt_message(hass, TOPIC, JPEG, retain=True)  # the broker is back
    await hass.async_block_till_done()
    assert state(hass) == "2026-11-22T10:00:05+00:00"
    await node.publish(hass, "bedroom/snapshot", JPEG + b"another")
    assert state(hass) == "2026-11-22T11:00:00+00:00"


async def test_one_that_was_there_before(hass: HomeAssistant, node: Node) -> None:
    """After a restart it has the time of its event: it must not ring again."""
    async_fire_mqtt_message(hass, TOPIC, JPEG, retain=True)
    await hass.async_block_till_done()
    assert state(hass) == STATE_UNKNOWN
    await node.publish(hass, "bedroom/last_event", step("resolved"))
    assert state(hass) == "2026-11-22T10:00:00+00:00"
    assert (await async_get_image(hass, IMAGE)).content == JPEG


async def test_privacy(hass: HomeAssistant, node: Node) -> None:
    """The node takes the picture away, and it is gone here, too."""
    await node.publish(hass, "bedroom/snapshot", JPEG)
    await node.publish(hass, "bedroom/status", "disabled")
    assert state(hass) == STATE_UNAVAILABLE
    await node.publish(hass, "bedroom/snapshot", b"")
    await node.publish(hass, "bedroom/status", "online")
    assert state(hass) == STATE_UNKNOWN
    with pytest.raises(HomeAssistantError):
        await async_get_image(hass, IMAGE)


async def test_what_is_no_picture(hass: HomeAssistant, node: Node) -> None:
    """Something else on the topic is none."""
    await node.publish(hass, "bedroom/snapshot", b"GIF89a")
    assert state(hass) == STATE_UNKNOWN
