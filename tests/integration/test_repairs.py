"""What people must act on: told in time, in words, and taken back when it is over."""

from datetime import timedelta

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.components import mqtt
from homeassistant.components.repairs import DOMAIN as REPAIRS
from homeassistant.components.repairs import repairs_flow_manager
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed
from pytest_homeassistant_custom_component.typing import MqttMockHAClient

from custom_components.omnicam.const import DOMAIN
from custom_components.omnicam.repairs import async_create_fix_flow

from .node import Node, camera


def told(hass: HomeAssistant) -> set[str]:
    """Give the kinds of issues that people are told of."""
    issues = ir.async_get(hass).issues
    return {
        str(issue.translation_key)
        for domain, _ in issues
        if (issue := issues[domain, _]).active and domain == DOMAIN
    }


async def wait(hass: HomeAssistant, freezer: FrozenDateTimeFactory, minutes: int) -> None:
    """Let minutes pass."""
    for _ in range(minutes):
        freezer.tick(timedelta(seconds=61))
        async_fire_time_changed(hass)
        await hass.async_block_till_done(wait_background_tasks=True)


async def test_all_is_well(
    hass: HomeAssistant, node: Node, loaded: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    """A node that works gives no reason to tell anybody anything."""
    await wait(hass, freezer, 40)
    assert told(hass) == set()


async def test_node_away(
    hass: HomeAssistant,
    node: Node,
    loaded: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """A restart is no problem; ten minutes are, and they are over when the node is back."""
    await node.publish(hass, "status", "offline")
    await wait(hass, freezer, 8)
    assert told(hass) == set()
    await wait(hass, freezer, 3)
    assert told(hass) == {"node_away"}
    await node.publish(hass, "status", "online")
    await wait(hass, freezer, 1)
    assert told(hass) == set()
    # The minutes are counted anew.
    await node.publish(hass, "status", "offline")
    await wait(hass, freezer, 8)
    assert told(hass) == set()


async def test_broker_lost(
    hass: HomeAssistant,
    mqtt_mock: MqttMockHAClient,
    node: Node,
    loaded: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Without broker only the broker is told of: the node cannot be seen."""
    mqtt_mock.connected = False
    mqtt.client.async_dispatcher_send(hass, mqtt.MQTT_CONNECTION_STATE, False)
    await wait(hass, freezer, 8)
    assert told(hass) == set()
    await wait(hass, freezer, 30)
    assert told(hass) == {"broker_lost"}
    mqtt_mock.connected = True
    await node.come_online(hass)
    await wait(hass, freezer, 1)
    assert told(hass) == set()


async def test_camera_away_is_switched_off(
    hass: HomeAssistant,
    mqtt_mock: MqttMockHAClient,
    node: Node,
    loaded: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """A camera that was unplugged on purpose is no longer watched after a click."""
    assert await async_setup_component(hass, REPAIRS, {})
    node.info["cameras"].append(camera("kitchen", "Kitchen"))
    await node.announce(hass)
    await node.come_online(hass, "kitchen")
    await node.publish(hass, "bedroom/status", "offline")
    await wait(hass, freezer, 29)
    assert told(hass) == set()
    await wait(hass, freezer, 2)
    assert told(hass) == {"camera_away"}
    issue_id = f"camera_away_{loaded.entry_id}_bedroom"
    issue = ir.async_get(hass).async_get_issue(DOMAIN, issue_id)
    assert issue is not None
    assert issue.is_fixable
    assert issue.translation_placeholders == {"name": "Home", "camera": "Bedroom"}

    manager = repairs_flow_manager(hass)
    assert manager is not None
    form = await manager.async_init(DOMAIN, data={"issue_id": issue_id})
    assert form["type"] is FlowResultType.FORM
    assert form["description_placeholders"] == {"camera": "Bedroom"}

    mqtt_mock.async_publish.side_effect = HomeAssistantError("no broker")
    form = await manager.async_configure(form["flow_id"], {})
    assert form["errors"] == {"base": "mqtt_unavailable"}
    mqtt_mock.async_publish.side_effect = None

    done = await manager.async_configure(form["flow_id"], {})
    assert done["type"] is FlowResultType.CREATE_ENTRY
    assert mqtt_mock.async_publish.call_args.args[:3] == (
        "omnicam/home/bedroom/enabled/set",
        "OFF",
        1,
    )
    await node.publish(hass, "bedroom/status", "disabled")
    await wait(hass, freezer, 1)
    assert told(hass) == set()


async def test_camera_of_a_node_that_went(hass: HomeAssistant) -> None:
    """The form does not break when its node was removed meanwhile."""
    data: dict[str, str | int | float | None] = {
        "entry_id": "gone",
        "camera": "attic",
        "camera_name": "Attic",
    }
    flow = await async_create_fix_flow(hass, "camera_away_gone_attic", data)
    flow.hass = hass
    result = await flow.async_step_confirm({})  # type: ignore[attr-defined]
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "node_gone")
    other = await async_create_fix_flow(hass, "broker_lost_x", None)
    assert type(other).__name__ == "ConfirmRepairFlow"


async def test_record_and_model(
    hass: HomeAssistant, node: Node, loaded: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    """What the node says of its record and its model is told, with its own words."""
    node.health = {
        "status": "ok",
        "record_problems": ["the disk is full"],
        "model": {"state": "refused", "reason": "the server refused the token"},
    }
    await wait(hass, freezer, 5)
    assert told(hass) == {"record_problem", "model_refused"}
    placeholders = {
        str(issue.translation_key): issue.translation_placeholders
        for issue in ir.async_get(hass).issues.values()
    }
    assert placeholders["record_problem"] == {"name": "Home", "problems": "the disk is full"}
    assert placeholders["model_refused"] == {
        "name": "Home",
        "reason": "the server refused the token",
    }
    node.health = {"status": "ok", "record_problems": [], "model": {"state": "answered"}}
    await wait(hass, freezer, 5)
    assert told(hass) == set()


@pytest.mark.parametrize(
    "health",
    [{"record_problems": "full", "model": 3}, {"record_problems": [1, ""], "model": {"state": 7}}],
)
async def test_malformed_health(
    hass: HomeAssistant,
    node: Node,
    loaded: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    health: dict[str, object],
) -> None:
    """What cannot be read is no problem of the household's."""
    node.health = health
    await wait(hass, freezer, 5)
    assert told(hass) == set()


async def test_health_not_to_be_had(
    hass: HomeAssistant, node: Node, loaded: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    """An API that fails just then is looked at again by its monitor, and hides no old problem."""
    node.health = {"record_problems": ["the disk is full"]}
    await wait(hass, freezer, 5)
    assert told(hass) == {"record_problem"}
    await node.stop()
    await wait(hass, freezer, 5)
    assert not loaded.runtime_data.monitor.available
    await wait(hass, freezer, 5)
    assert told(hass) == set()


async def test_another_contract(
    hass: HomeAssistant, node: Node, loaded: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    """A node that was updated past the integration is told of within a minute."""
    await node.publish(hass, "info", node.info | {"contract": 2})
    await wait(hass, freezer, 1)
    assert told(hass) == {"unsupported_contract"}
    issue = next(iter(ir.async_get(hass).issues.values()))
    assert issue.translation_placeholders == {"name": "Home", "found": "2", "spoken": "1"}
    await node.announce(hass)
    await wait(hass, freezer, 1)
    assert told(hass) == set()


async def test_another_contract_at_set_up(
    hass: HomeAssistant, mqtt_mock: MqttMockHAClient, node: Node, entry: MockConfigEntry
) -> None:
    """The reason of a failed set-up stays told until it succeeds, or the entry goes."""
    issue_id = f"unsupported_contract_{entry.entry_id}"
    node.info["contract"] = 2
    await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_RETRY
    assert told(hass) == {"unsupported_contract"}

    node.info["contract"] = 1
    assert await hass.config_entries.async_reload(entry.entry_id)
    await node.come_online(hass)
    assert ir.async_get(hass).async_get_issue(DOMAIN, issue_id) is None

    node.info["contract"] = 2
    await hass.config_entries.async_reload(entry.entry_id)
    assert told(hass) == {"unsupported_contract"}
    await hass.config_entries.async_remove(entry.entry_id)
    assert told(hass) == set()


async def test_unload_takes_issues_back(
    hass: HomeAssistant, node: Node, loaded: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    """What is not looked at any more is not told of."""
    await node.publish(hass, "status", "offline")
    await wait(hass, freezer, 12)
    assert told(hass) == {"node_away"}
    assert await hass.config_entries.async_unload(loaded.entry_id)
    assert told(hass) == set()
