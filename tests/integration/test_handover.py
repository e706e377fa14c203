"""From MQTT discovery to the integration and back, with neither duplicate nor orphan."""

import asyncio
import json
from typing import Any
from unittest.mock import patch

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_mqtt_message,
)
from pytest_homeassistant_custom_component.typing import MqttMockHAClient

from .node import Node

TOPIC = "homeassistant/device/omnicam_home_bedroom/config"
FALL = "binary_sensor.bedroom_fall"
DISCOVERY = json.dumps(
    {
        "dev": {"ids": ["omnicam_home_bedroom"], "name": "Bedroom"},
        "o": {"name": "OmniCam"},
        "cmps": {
            "fall": {
                "p": "binary_sensor",
                "unique_id": "omnicam_home_bedroom_fall",
                "default_entity_id": FALL,
                "name": "Fall",
                "state_topic": "omnicam/home/bedroom/fall",
            }
        },
    }
)


@pytest.fixture
async def announced(hass: HomeAssistant, mqtt_mock: MqttMockHAClient) -> MqttMockHAClient:
    """A node that has announced its entities itself."""
    async_fire_mqtt_message(hass, TOPIC, DISCOVERY)
    await hass.async_block_till_done()
    assert platforms(hass) == {FALL: "mqtt"}
    return mqtt_mock


def platforms(hass: HomeAssistant) -> dict[str, str]:
    """Give who owns the sensors for falls."""
    registry = er.async_get(hass)
    return {
        entity_id: entity.platform
        for entity_id, entity in registry.entities.items()
        if entity_id.startswith(FALL)
    }


def obey(hass: HomeAssistant, mqtt_mock: MqttMockHAClient) -> None:
    """Make the node follow the owner topic, a little later as a real one does."""

    async def publish(topic: str, payload: Any, *_: Any, **__: Any) -> None:
        if topic == "omnicam/home/owner":
            answer = "" if payload == "integration" else DISCOVERY
            hass.loop.call_later(0.02, async_fire_mqtt_message, hass, TOPIC, answer)

    mqtt_mock.async_publish.side_effect = publish


async def test_there_and_back(
    hass: HomeAssistant,
    announced: MqttMockHAClient,
    node: Node,
    entry: MockConfigEntry,
    device_registry: dr.DeviceRegistry,
) -> None:
    """The entity keeps its name through both changes of owner."""
    obey(hass, announced)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    assert platforms(hass) == {FALL: "omnicam"}
    mqtt_device = {("mqtt", "omnicam_home_bedroom")}
    assert not device_registry.async_get_devices(identifiers=mqtt_device)

    await hass.config_entries.async_remove(entry.entry_id)
    await hass.async_block_till_done()
    await asyncio.sleep(0.1)
    await hass.async_block_till_done()
    assert platforms(hass) == {FALL: "mqtt"}


async def test_node_does_not_withdraw(
    hass: HomeAssistant,
    announced: MqttMockHAClient,
    node: Node,
    entry: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A node that is down cannot withdraw: the sensors come all the same, and the log tells."""
    with patch("custom_components.omnicam.handover.HANDOVER_TIMEOUT", 0.1):
        assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    assert platforms(hass) == {FALL: "mqtt", f"{FALL}_2": "omnicam"}
    assert "Node home has not withdrawn its MQTT discovery" in caplog.text
