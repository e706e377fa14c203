"""A button for each camera that raises a test alarm, to see that alarms arrive."""

from typing import Final, override

from homeassistant.components.button import ButtonEntity
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .data import OmnicamConfigEntry
from .entity import OmnicamCameraEntity
from .feed import CameraFeed

PARALLEL_UPDATES: Final = 0


async def async_setup_entry(
    _hass: HomeAssistant,
    entry: OmnicamConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the button of every camera, now and later."""

    @callback
    def add_camera(feed: CameraFeed) -> None:
        async_add_entities([AlarmTest(feed)], config_subentry_id=feed.subentry)

    entry.async_on_unload(await entry.runtime_data.async_add_for_cameras(add_camera))


class AlarmTest(OmnicamCameraEntity, ButtonEntity):
    """Lets the node raise the alarm of a fall for ten seconds, marked as a test."""

    _attr_translation_key = "test_alarm"
    _attr_entity_category = EntityCategory.DIAGNOSTIC

    def __init__(self, feed: CameraFeed) -> None:
        """Take the feed."""
        super().__init__(feed, "test_alarm", "status")

    @override
    async def async_press(self) -> None:
        """Raise the alarm."""
        await self._feed.async_test()
