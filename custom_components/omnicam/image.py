"""The picture of each camera's last event, as the node sends it over MQTT."""

from datetime import datetime
from typing import Final, override

from homeassistant.components import mqtt
from homeassistant.components.image import ImageEntity
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.util import dt as dt_util

from .data import OmnicamConfigEntry
from .entity import OmnicamCameraEntity
from .feed import CameraFeed
from .topics import payload_bytes

PARALLEL_UPDATES: Final = 0

_JPEG_MAGIC: Final = b"\xff\xd8"


async def async_setup_entry(
    hass: HomeAssistant,
    entry: OmnicamConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the picture of every camera, now and later."""

    @callback
    def add_camera(feed: CameraFeed) -> None:
        async_add_entities([LastEventImage(hass, feed)], config_subentry_id=feed.subentry)

    entry.async_on_unload(await entry.runtime_data.async_add_for_cameras(add_camera))


class LastEventImage(OmnicamCameraEntity, ImageEntity):
    """What the camera saw at its last event; it needs no API, so it arrives with the alarm."""

    _attr_translation_key = "last_event"
    _attr_content_type = "image/jpeg"

    def __init__(self, hass: HomeAssistant, feed: CameraFeed) -> None:
        """Take the feed."""
        ImageEntity.__init__(self, hass)
        OmnicamCameraEntity.__init__(self, feed, "last_event", "last_event")
        self._jpeg: bytes | None = None
        self._arrived: datetime | None = None

    @property
    @override
    def available(self) -> bool:
        """Whether the node is there and the camera is not closed; being away is no reason."""
        return self._feed.node_online and not self._feed.private

    @property
    @override
    def image_last_updated(self) -> datetime | None:
        """Give when the picture came; of one that was there before us, when its event began."""
        if self._jpeg is None:
            return None
        if self._arrived is not None:
            return self._arrived
        last = self._feed.last_event
        return dt_util.parse_datetime(last.onset) if last and last.onset else None

    @override
    async def async_added_to_hass(self) -> None:
        """Follow the pictures."""
        await super().async_added_to_hass()
        self.async_on_remove(await self._feed.async_subscribe("snapshot", self._on_picture))

    @override
    async def async_image(self) -> bytes | None:
        """Give the picture."""
        return self._jpeg

    @callback
    def _on_picture(self, message: mqtt.ReceiveMessage) -> None:
        jpeg = payload_bytes(message)
        picture = jpeg if jpeg.startswith(_JPEG_MAGIC) else None
        # A broker that is back says again what it retains: that is no new picture.
        if picture == self._jpeg:
            return
        self._jpeg = picture
        self._arrived = None if message.retain else dt_util.utcnow()
        self.async_write_ha_state()
