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
from .feed import API_TOPIC, CameraFeed
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
        async_add_entities([OmnicamCamera(feed, hub.monitor)], config_subentry_id=feed.subentry)

    entry.async_on_unload(await hub.async_add_for_cameras(add_camera))


class OmnicamCamera(OmnicamCameraEntity, Camera):
    """One camera's picture and, when the node names one, its stream."""

    _attr_name = None
    _attr_translation_key = "camera"

    def __init__(self, feed: CameraFeed, monitor: ApiMonitor) -> None:
        """Take the feed and the monitor of the API that pictures come from."""
        Camera.__init__(self)
        OmnicamCameraEntity.__init__(self, feed, "camera", "settings", API_TOPIC)
        self._monitor = monitor
        self._was_on = True

    @property
    @override
    def available(self) -> bool:
        """Whether pictures can be had: unlike the sensors, they also need the API.

        A camera that is closed for privacy stays available, or nobody could open it again.
        """
        if self._feed.private:
            return self._feed.node_online
        return super().available and self._monitor.available and self._stream_available

    @property
    def _stream_available(self) -> bool:
        return self.stream is None or self.stream.available

    @property
    @override
    def supported_features(self) -> CameraEntityFeature:
        """Offer a stream when the node has one and the camera is not closed."""
        if self.is_on and self._monitor.streams.get(self._feed.info.id):
            return CameraEntityFeature.ON_OFF | CameraEntityFeature.STREAM
        return CameraEntityFeature.ON_OFF

    @property
    @override
    def is_on(self) -> bool:
        """Whether the camera is watched; off, neither picture nor stream is given to anybody."""
        return not self._feed.private

    @property
    @override
    def motion_detection_enabled(self) -> bool:
        """Whether the node judges what the camera sees."""
        return bool(self._feed.choice and self._feed.choice.detection)

    @override
    async def async_added_to_hass(self) -> None:
        """Follow the feed, and close the stream with the camera, whoever closes it."""
        await super().async_added_to_hass()
        self._was_on = self.is_on
        self.async_on_remove(self._feed.async_listen(self._follow_privacy, "status"))

    @override
    async def async_turn_on(self) -> None:
        """Let the node watch the camera again."""
        await self._feed.async_watch(on=True)

    @override
    async def async_turn_off(self) -> None:
        """Close the camera: the node neither looks nor records nor shows."""
        await self._feed.async_watch(on=False)

    @override
    async def async_enable_motion_detection(self) -> None:
        """Let the node judge what the camera sees and hears."""
        await self._feed.async_detect(on=True)

    @override
    async def async_disable_motion_detection(self) -> None:
        """Let the node judge nothing of it."""
        await self._feed.async_detect(on=False)

    @callback
    def _follow_privacy(self) -> None:
        if self.is_on is self._was_on:
            return
        self._was_on = self.is_on
        if self.is_on:
            # The node gives no address of a closed camera's stream.
            self._monitor.async_refresh()
        elif (stream := self.stream) is not None:
            self.stream = None
            self.hass.async_create_task(stream.stop(), "omnicam privacy")

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
        if not self.is_on:
            return None
        camera = self._feed.info.id
        try:
            return await self._monitor.api.stream(camera)
        except ApiError as error:
            LOGGER.debug("No new stream address of camera %s: %s", camera, error)
            self._monitor.async_recheck()
            return self._monitor.streams.get(camera)
