"""Diagnostics for a bug report: the whole state, without secrets and private words."""

from dataclasses import asdict
from typing import Any, Final

from homeassistant.components.diagnostics import async_redact_data
from homeassistant.const import CONF_NAME, CONF_TOKEN, CONF_URL
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir

from .const import CONF_ANNOUNCED_URL, DOMAIN
from .data import OmnicamConfigEntry

# Names are chosen by people, reasons tell what happened in their home.
_REDACTED: Final = {CONF_TOKEN, CONF_URL, CONF_ANNOUNCED_URL, CONF_NAME, "api", "reason"}


async def async_get_config_entry_diagnostics(
    hass: HomeAssistant, entry: OmnicamConfigEntry
) -> dict[str, Any]:
    """Give what is known of a node; stream addresses, which carry passwords, only as yes or no."""
    hub = entry.runtime_data
    cameras = {
        camera: {
            "online": feed.available,
            "status": feed.status,
            "stream": bool(hub.monitor.streams.get(camera)),
            "info": asdict(feed.info),
            "verdicts": {str(name): asdict(verdict) for name, verdict in feed.verdicts.items()},
        }
        for camera, feed in hub.cameras.items()
    }
    diagnostics = {
        "entry": dict(entry.data),
        "options": dict(entry.options),
        "issues": sorted(
            str(issue.translation_key)
            for (domain, _), issue in ir.async_get(hass).issues.items()
            if domain == DOMAIN and issue.data and issue.data.get("entry_id") == entry.entry_id
        ),
        "node": {
            "online": hub.online,
            "version": hub.info and hub.info.version,
            "engine": hub.info and hub.info.engine,
            "language": hub.info and hub.info.language,
            "unknown": sorted(hub.info.unknown) if hub.info else [],
            "api": hub.info and hub.info.api,
            "foreign_contract": hub.foreign_contract,
        },
        "api_available": hub.monitor.available,
        "api_error": str(hub.monitor.error) if hub.monitor.error else None,
        "cameras": cameras,
    }
    return async_redact_data(diagnostics, _REDACTED)
