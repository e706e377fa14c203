"""What the page of system information says."""

from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry, get_system_health_info

from custom_components.omnicam.const import DOMAIN

from .node import Node, camera


async def test_system_health(hass: HomeAssistant, node: Node, loaded: MockConfigEntry) -> None:
    """Nodes, APIs and cameras that work, of all; a node that did not load counts as one."""
    assert await async_setup_component(hass, "system_health", {})
    await hass.async_block_till_done()
    MockConfigEntry(domain=DOMAIN, unique_id="barn").add_to_hass(hass)
    node.info["cameras"].append(camera("kitchen", "Kitchen"))
    await node.announce(hass)
    found = await get_system_health_info(hass, DOMAIN)
    assert found == {
        "version": "0.1.0",
        "broker_connected": True,
        "nodes_online": "1 / 2",
        "apis_reached": "1 / 2",
        "cameras_online": "1 / 2",
    }
