"""The live picture of each camera, fetched from the node's API when somebody looks at it."""

from typing import Final, override

from homeassistant.components.camera import Camera
from homeassistant.components.camera.const import CameraEntityFeature
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .api import ApiError
from .const import LOGGER
from .data import OmnicamConfigEntry
from .entity import OmnicamCameraEntity
from .feed import CameraFeed
from .monitor import ApiMonitor

PARALLEL_UPDATES: Final = 0


async def async_setup_entry(
    _hass: HomeAssistant,
    entry: OmnicamConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add every camera, now and later."""
    hub = entry.runtime_data

    @callback
    def add_camera(feed: CameraFeed) -> None:
        async_add_entities([OmnicamCamera(feed, hub.monitor)])

    entry.async_on_unload(hub.async_on_camera(add_camera))


class OmnicamCamera(OmnicamCameraEntity, Camera):
    """One camera's picture and, when the node names one, its stream."""

    _attr_name = None
    _attr_translation_key = "camera"

    def __init__(self, feed: CameraFeed, monitor: ApiMonitor) -> None:
        """Take the feed and the monitor of the API that pictures come from."""
        Camera.__init__(self)
        OmnicamCameraEntity.__init__(self, feed, "camera")
        self._monitor = monitor

    @property
    @override
    def available(self) -> bool:
        """Whether pictures can be had: unlike the sensors, they also need the API."""
        return super().available and self._monitor.available and self._stream_available

    @property
    def _stream_available(self) -> bool:
        return self.stream is None or self.stream.available

    @property
    @override
    def supported_features(self) -> CameraEntityFeature:
        """Offer a stream when the node has one."""
        if self._monitor.streams.get(self._feed.info.id):
            return CameraEntityFeature.STREAM
        return CameraEntityFeature(0)

    @override
    async def async_camera_image(
        self, width: int | None = None, height: int | None = None
    ) -> bytes | None:
        """Give the present picture as JPEG, or None when the node has none."""
        try:
            return await self._monitor.api.snapshot(self._feed.info.id)
        except ApiError as error:
            LOGGER.debug("No picture of camera %s: %s", self._feed.info.id, error)
            self._monitor.async_recheck()
            return None

    @override
    async def stream_source(self) -> str | None:
        """Give the stream's address: asked anew, for it may carry a password that changes."""
        camera = self._feed.info.id
        try:
            return await self._monitor.api.stream(camera)
        except ApiError as error:
            LOGGER.debug("No new stream address of camera %s: %s", camera, error)
            self._monitor.async_recheck()
            return self._monitor.streams.get(camera)
