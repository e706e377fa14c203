"""Set-up, its failures, unloading, removal; the owner topic and the devices."""

import asyncio
import json
from typing import Any

import pytest
from aiohttp import web
from homeassistant.components import mqtt
from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntryState
from homeassistant.const import STATE_OFF, STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_mqtt_message,
)
from pytest_homeassistant_custom_component.typing import MqttMockHAClient
from syrupy.assertion import SnapshotAssertion

from custom_components.omnicam import async_remove_config_entry_device
from custom_components.omnicam.const import DOMAIN

from .node import Node, camera, verdict

OWNER = "omnicam/home/owner"


def owners(mqtt_mock: MqttMockHAClient) -> list[Any]:
    """Give what was published on the owner topic, with QoS and retain."""
    calls = mqtt_mock.async_publish.call_args_list
    return [call.args[1:4] for call in calls if call.args[0] == OWNER]


async def test_setup_claims_the_entities(
    hass: HomeAssistant, mqtt_mock: MqttMockHAClient, loaded: MockConfigEntry
) -> None:
    """The node is told, retained, to leave its entities to the integration."""
    assert loaded.state is ConfigEntryState.LOADED
    assert owners(mqtt_mock) == [("integration", 1, True)]


async def test_unload_keeps_the_owner(
    hass: HomeAssistant, mqtt_mock: MqttMockHAClient, node: Node, loaded: MockConfigEntry
) -> None:
    """A restart or reload must not make the node announce its entities for a moment."""
    assert await hass.config_entries.async_unload(loaded.entry_id)
    await hass.async_block_till_done()
    assert loaded.state is ConfigEntryState.NOT_LOADED
    assert owners(mqtt_mock) == [("integration", 1, True)]
    assert hass.states.get("binary_sensor.bedroom_fall").state == STATE_UNAVAILABLE

    # Nothing listens any more.
    await node.publish(hass, "bedroom/fall", verdict("ON"))
    assert hass.states.get("binary_sensor.bedroom_fall").state == STATE_UNAVAILABLE

    assert await hass.config_entries.async_setup(loaded.entry_id)
    await hass.async_block_till_done()
    await node.come_online(hass)
    await node.publish(hass, "bedroom/fall", verdict("OFF"))
    assert hass.states.get("binary_sensor.bedroom_fall").state == STATE_OFF


async def test_remove_gives_the_owner_back(
    hass: HomeAssistant, mqtt_mock: MqttMockHAClient, loaded: MockConfigEntry
) -> None:
    """After the removal the node announces its entities itself."""
    await hass.config_entries.async_remove(loaded.entry_id)
    await hass.async_block_till_done()
    assert owners(mqtt_mock) == [("integration", 1, True), ("", 1, True)]
    assert not hass.states.async_entity_ids("binary_sensor")


async def test_remove_without_broker(
    hass: HomeAssistant,
    mqtt_mock: MqttMockHAClient,
    loaded: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A broker that is gone does not keep the entry; the log says what is left to do."""
    mqtt_mock.async_publish.side_effect = HomeAssistantError("no broker")
    await hass.config_entries.async_remove(loaded.entry_id)
    await hass.async_block_till_done()
    assert not hass.config_entries.async_entries(DOMAIN)
    assert f"Could not publish '' on {OWNER}" in caplog.text


@pytest.mark.parametrize(
    ("changes", "token", "state", "key"),
    [
        ({}, "other", ConfigEntryState.SETUP_ERROR, "invalid_auth"),
        ({"contract": 2}, None, ConfigEntryState.SETUP_RETRY, "unsupported_contract"),
        ({"node": "barn"}, None, ConfigEntryState.SETUP_RETRY, "wrong_node"),
        ({"cameras": 3}, None, ConfigEntryState.SETUP_RETRY, "bad_answer"),
    ],
)
async def test_setup_fails(
    hass: HomeAssistant,
    mqtt_mock: MqttMockHAClient,
    node: Node,
    entry: MockConfigEntry,
    changes: dict[str, Any],
    token: str | None,
    state: ConfigEntryState,
    key: str,
) -> None:
    """Without info on the broker the API's fault is the entry's fault, by its own name."""
    node.info |= changes
    node.token = token or node.token
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    assert entry.state is state
    assert entry.error_reason_translation_key == key
    assert owners(mqtt_mock) == []
    flows = hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    assert [flow["context"]["source"] for flow in flows] == (
        [SOURCE_REAUTH] if key == "invalid_auth" else []
    )


async def test_setup_nobody_there(
    hass: HomeAssistant, mqtt_mock: MqttMockHAClient, node: Node, entry: MockConfigEntry
) -> None:
    """Neither API nor broker know the node: try again later."""
    await node.stop()
    await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_RETRY
    assert entry.error_reason_translation_key == "cannot_connect"
    assert entry.error_reason_translation_placeholders["name"] == "Home"


@pytest.mark.parametrize("fault", ["down", "token", "server"])
async def test_setup_without_api(
    hass: HomeAssistant,
    mqtt_mock: MqttMockHAClient,
    node: Node,
    entry: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
    fault: str,
) -> None:
    """The sensors hang on MQTT alone: no fault of the API keeps a fall from being told."""
    if fault == "down":
        await node.stop()
    elif fault == "token":
        node.token = "other"
    else:
        node.answers["/api/info"] = web.Response(status=503)

    # The info comes while the set-up waits for it, as a retained message does.
    async with asyncio.timeout(10):
        setup = hass.async_create_task(hass.config_entries.async_setup(entry.entry_id))
        while not node.listened_to(mqtt_mock):
            await asyncio.sleep(0.01)
    async_fire_mqtt_message(hass, "omnicam/home/info", json.dumps(node.info))
    assert await setup
    await hass.async_block_till_done()

    assert entry.state is ConfigEntryState.LOADED
    await node.come_online(hass)
    await node.publish(hass, "bedroom/fall", verdict("ON", level="high"))
    assert hass.states.get("binary_sensor.bedroom_fall").state == "on"
    assert hass.states.get("camera.bedroom").state == STATE_UNAVAILABLE
    assert caplog.text.count("The API of node home cannot be used") == 1
    flows = [
        flow
        for flow in hass.config_entries.flow.async_progress_by_handler(DOMAIN)
        if flow["context"]["source"] == SOURCE_REAUTH
    ]
    assert len(flows) == (1 if fault == "token" else 0)


async def test_devices(
    hass: HomeAssistant,
    node: Node,
    loaded: MockConfigEntry,
    device_registry: dr.DeviceRegistry,
    entity_registry: er.EntityRegistry,
) -> None:
    """One device for the node, and one behind it for each camera."""
    home = device_registry.async_get_device_by_identifier((DOMAIN, "home"), loaded.entry_id)
    bedroom = device_registry.async_get_device_by_identifier(
        (DOMAIN, "home_bedroom"), loaded.entry_id
    )
    assert home is not None
    assert bedroom is not None
    assert (home.name, home.sw_version, home.via_device_id) == ("Home", "0.1.0", None)
    assert (bedroom.name, bedroom.model) == ("Bedroom", "Camera 640x480")
    assert bedroom.via_device_id == home.id
    pages = (home.configuration_url, bedroom.configuration_url)
    assert pages == (f"{node.url}/", f"{node.url}/#camera=bedroom")
    entities = er.async_entries_for_device(entity_registry, bedroom.id)
    assert len(entities) == 9 + 1 + 3 + 1 + 2 + 2 + 1 + 1  # three more are disabled


async def test_entities(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    entity_registry: er.EntityRegistry,
    snapshot: SnapshotAssertion,
) -> None:
    """All entities of a camera as they are registered."""
    entries = er.async_entries_for_config_entry(entity_registry, loaded.entry_id)
    for entity in sorted(entries, key=lambda entity: entity.entity_id):
        assert entity == snapshot(name=entity.entity_id)


async def test_delete_device(
    hass: HomeAssistant, node: Node, loaded: MockConfigEntry, device_registry: dr.DeviceRegistry
) -> None:
    """Only a device that the node no longer has may be deleted by hand."""
    bedroom = device_registry.async_get_device_by_identifier(
        (DOMAIN, "home_bedroom"), loaded.entry_id
    )
    gone = device_registry.async_get_or_create(
        config_entry_id=loaded.entry_id, identifiers={(DOMAIN, "home_attic")}
    )
    assert bedroom is not None
    assert not await async_remove_config_entry_device(hass, loaded, bedroom)
    assert await async_remove_config_entry_device(hass, loaded, gone)


async def test_stale_device_from_before(
    hass: HomeAssistant,
    mqtt_mock: MqttMockHAClient,
    node: Node,
    entry: MockConfigEntry,
    device_registry: dr.DeviceRegistry,
) -> None:
    """A camera that went while Home Assistant was down is removed at the next start."""
    device_registry.async_get_or_create(
        config_entry_id=entry.entry_id, identifiers={(DOMAIN, "home_attic")}
    )
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    assert not device_registry.async_get_device_by_identifier(
        (DOMAIN, "home_attic"), entry.entry_id
    )


async def test_cameras_come_and_go(
    hass: HomeAssistant,
    mqtt_mock: MqttMockHAClient,
    node: Node,
    loaded: MockConfigEntry,
    device_registry: dr.DeviceRegistry,
) -> None:
    """A newer info adds and removes cameras without a reload; the same info changes nothing."""
    node.info["cameras"].append(camera("kitchen", "Kitchen"))
    await node.announce(hass)
    await node.come_online(hass, "kitchen")
    await node.publish(hass, "kitchen/smoke", verdict("ON"))
    assert hass.states.get("binary_sensor.kitchen_smoke").state == "on"
    assert hass.states.get("camera.kitchen") is not None
    assert hass.states.get("event.kitchen_help_called") is not None
    count = len(hass.states.async_all())

    subscribed = mqtt_mock.async_subscribe.call_count
    await node.announce(hass)
    assert mqtt_mock.async_subscribe.call_count == subscribed
    assert len(hass.states.async_all()) == count

    node.info["cameras"] = [camera("kitchen", "Big kitchen")]
    await node.announce(hass)
    assert hass.states.get("binary_sensor.bedroom_fall") is None
    assert not device_registry.async_get_device_by_identifier(
        (DOMAIN, "home_bedroom"), loaded.entry_id
    )
    kitchen = device_registry.async_get_device_by_identifier(
        (DOMAIN, "home_kitchen"), loaded.entry_id
    )
    assert kitchen is not None
    assert kitchen.name == "Big kitchen"
    assert hass.states.get("binary_sensor.kitchen_smoke").state == "on"

    # And back again, with nothing left of its former life.
    node.info["cameras"].append(camera("bedroom", "Bedroom"))
    await node.announce(hass)
    await node.come_online(hass)
    await node.publish(hass, "bedroom/fall", verdict("OFF"))
    assert hass.states.get("binary_sensor.bedroom_fall").state == "off"


async def test_broker_lost(
    hass: HomeAssistant, mqtt_mock: MqttMockHAClient, node: Node, loaded: MockConfigEntry
) -> None:
    """Without broker nothing is known; back, the node's word is awaited and the claim renewed."""
    await node.publish(hass, "bedroom/fall", verdict("OFF"))
    assert hass.states.get("binary_sensor.bedroom_fall").state == STATE_OFF

    mqtt_mock.connected = False
    mqtt.client.async_dispatcher_send(hass, mqtt.MQTT_CONNECTION_STATE, False)
    await hass.async_block_till_done()
    assert hass.states.get("binary_sensor.bedroom_fall").state == STATE_UNAVAILABLE

    mqtt_mock.connected = True
    mqtt.client.async_dispatcher_send(hass, mqtt.MQTT_CONNECTION_STATE, True)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert hass.states.get("binary_sensor.bedroom_fall").state == STATE_UNAVAILABLE
    assert owners(mqtt_mock) == [("integration", 1, True)] * 2
    assert node.requests.count("/api/info") == 2

    await node.come_online(hass)
    assert hass.states.get("binary_sensor.bedroom_fall").state == STATE_OFF
