"""The event entity of a camera's check-ins: asked, and what was answered."""

from collections.abc import Mapping
from typing import Any, override

from homeassistant.components.event import EventEntity
from homeassistant.core import callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect

from .check_in import EVENT_TYPES, signal
from .entity import OmnicamCameraEntity
from .feed import CameraFeed


class CheckInEvent(OmnicamCameraEntity, EventEntity):
    """Somebody was asked whether all is well, and answered or did not."""

    _attr_translation_key = "check_in"

    def __init__(self, feed: CameraFeed) -> None:
        """Take the feed."""
        super().__init__(feed, "check_in", "status")
        self._attr_event_types = list(EVENT_TYPES)

    @override
    async def async_added_to_hass(self) -> None:
        """Follow the check-ins."""
        await super().async_added_to_hass()
        name = signal(self._feed.node_id, self._feed.info.id)
        self.async_on_remove(async_dispatcher_connect(self.hass, name, self._on_step))

    @callback
    def _on_step(self, kind: str, attributes: Mapping[str, Any]) -> None:
        self._trigger_event(kind, dict(attributes))
        self.async_write_ha_state()
