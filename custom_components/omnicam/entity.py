"""What the entities of a camera have in common."""

from typing import override

from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity import Entity

from .devices import camera_identifier, node_identifier
from .feed import CameraFeed
from .node_feed import NodeFeed


class OmnicamCameraEntity(Entity):
    """An entity of one camera, pushed by the camera's feed."""

    _attr_has_entity_name = True
    _attr_should_poll = False

    def __init__(self, feed: CameraFeed, key: str, *topics: str) -> None:
        """Take the feed of the camera and the entity's name within it.

        Args:
            feed: of the camera.
            key: the entity's name within the camera.
            topics: those that it shows, beside whether the camera is there.
        """
        self._feed = feed
        self._topics = topics
        # Slashes, as in the topics: node "a_b" with camera "c" is not node "a" with "b_c".
        self._attr_unique_id = f"{feed.node_id}/{feed.info.id}/{key}"
        self._attr_device_info = DeviceInfo(
            identifiers={camera_identifier(feed.node_id, feed.info.id)}
        )

    @property
    @override
    def available(self) -> bool:
        """Whether the node and the camera are there."""
        return self._feed.available

    @override
    async def async_added_to_hass(self) -> None:
        """Follow the feed."""
        await super().async_added_to_hass()
        for topic in self._topics:
            self.async_on_remove(self._feed.async_listen(self.async_write_ha_state, topic))


class OmnicamNodeEntity(Entity):
    """An entity of the node itself, pushed by the node's feed."""

    _attr_has_entity_name = True
    _attr_should_poll = False

    def __init__(self, feed: NodeFeed, key: str) -> None:
        """Take the feed of the node and the entity's name within it."""
        self._feed = feed
        # A single slash, where a camera's entity has two.
        self._attr_unique_id = f"{feed.node_id}/{key}"
        self._attr_device_info = DeviceInfo(identifiers={node_identifier(feed.node_id)})

    @property
    @override
    def available(self) -> bool:
        """Whether the node is there."""
        return self._feed.online

    @override
    async def async_added_to_hass(self) -> None:
        """Follow the feed."""
        await super().async_added_to_hass()
        self.async_on_remove(self._feed.async_listen(self.async_write_ha_state))
