"""Two switches for each camera: privacy, and detection."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, override

from homeassistant.components.switch import SwitchEntity, SwitchEntityDescription
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .data import OmnicamConfigEntry
from .entity import OmnicamCameraEntity
from .feed import CameraFeed

# The node obeys one command after the other; a scene that closes all cameras must not wait in turn.
PARALLEL_UPDATES: Final = 0


@dataclass(frozen=True, kw_only=True)
class CameraSwitchDescription(SwitchEntityDescription):
    """A switch of a camera.

    Attributes:
        topic: where the node says it.
        is_on: reads it, None while the node has not said.
        turn: lets the node set it.
    """

    topic: str
    is_on: Callable[[CameraFeed], bool | None]
    turn: Callable[[CameraFeed, bool], Awaitable[None]]


DESCRIPTIONS: Final = (
    CameraSwitchDescription(
        key="privacy",
        translation_key="privacy",
        topic="status",
        is_on=lambda feed: None if feed.status is None else feed.private,
        turn=lambda feed, on: feed.async_watch(on=not on),
    ),
    CameraSwitchDescription(
        key="detection",
        translation_key="detection",
        entity_category=EntityCategory.CONFIG,
        topic="settings",
        is_on=lambda feed: feed.choice.detection if feed.choice else None,
        turn=lambda feed, on: feed.async_detect(on=on),
    ),
)


async def async_setup_entry(
    _hass: HomeAssistant,
    entry: OmnicamConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the switches of every camera, now and later."""

    @callback
    def add_camera(feed: CameraFeed) -> None:
        async_add_entities(
            [CameraSwitch(feed, description) for description in DESCRIPTIONS],
            config_subentry_id=feed.subentry,
        )

    entry.async_on_unload(await entry.runtime_data.async_add_for_cameras(add_camera))


class CameraSwitch(OmnicamCameraEntity, SwitchEntity):
    """Something of a camera that is on or off."""

    entity_description: CameraSwitchDescription

    def __init__(self, feed: CameraFeed, description: CameraSwitchDescription) -> None:
        """Take the feed and what to switch."""
        super().__init__(feed, description.key, description.topic)
        self.entity_description = description

    @property
    @override
    def available(self) -> bool:
        """Whether the node is there: a camera must be closed, and opened, while it is away."""
        return self._feed.node_online

    @property
    @override
    def is_on(self) -> bool | None:
        """Whether it is on, as the node says."""
        return self.entity_description.is_on(self._feed)

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Let the node switch it on."""
        await self.entity_description.turn(self._feed, True)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Let the node switch it off."""
        await self.entity_description.turn(self._feed, False)
