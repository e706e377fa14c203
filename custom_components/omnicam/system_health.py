"""A line for each question that a person who helps would ask first."""

from typing import Any

from homeassistant.components import mqtt
from homeassistant.components.system_health import SystemHealthRegistration
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant, callback
from homeassistant.loader import async_get_integration

from .const import DOMAIN
from .data import OmnicamConfigEntry


@callback
def async_register(_hass: HomeAssistant, register: SystemHealthRegistration) -> None:
    """Offer what follows to Home Assistant's page of system information."""
    register.async_register_info(async_system_health_info)


async def async_system_health_info(hass: HomeAssistant) -> dict[str, Any]:
    """Count nodes, cameras and APIs that work, of all that are set up."""
    entries: list[OmnicamConfigEntry] = hass.config_entries.async_entries(DOMAIN)
    hubs = [entry.runtime_data for entry in entries if entry.state is ConfigEntryState.LOADED]
    cameras = [feed for hub in hubs for feed in hub.cameras.values()]

    def count(works: int, total: int) -> str:
        return f"{works} / {total}"

    integration = await async_get_integration(hass, DOMAIN)
    return {
        "version": str(integration.version),
        "broker_connected": mqtt.is_connected(hass),
        "nodes_online": count(sum(hub.online is True for hub in hubs), len(entries)),
        "apis_reached": count(sum(hub.monitor.available for hub in hubs), len(entries)),
        "cameras_online": count(sum(feed.available for feed in cameras), len(cameras)),
    }
