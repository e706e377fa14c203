"""The sensitivity of each camera."""

from typing import Final, override

from homeassistant.components.number import NumberEntity
from homeassistant.components.number.const import NumberMode
from homeassistant.const import PERCENTAGE, EntityCategory
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
    """Add the slider of every camera, now and later."""

    @callback
    def add_camera(feed: CameraFeed) -> None:
        async_add_entities([Sensitivity(feed)], config_subentry_id=feed.subentry)

    entry.async_on_unload(await entry.runtime_data.async_add_for_cameras(add_camera))


class Sensitivity(OmnicamCameraEntity, NumberEntity):
    """How soon something is suspected; in the middle it is as the node is configured."""

    _attr_translation_key = "sensitivity"
    _attr_entity_category = EntityCategory.CONFIG
    _attr_mode = NumberMode.SLIDER
    _attr_native_min_value = 0
    _attr_native_max_value = 100
    _attr_native_step = 5
    _attr_native_unit_of_measurement = PERCENTAGE

    def __init__(self, feed: CameraFeed) -> None:
        """Take the feed."""
        super().__init__(feed, "sensitivity", "settings")

    @property
    @override
    def available(self) -> bool:
        """Whether the node is there; the camera itself is not needed."""
        return self._feed.node_online

    @property
    @override
    def native_value(self) -> float | None:
        """Give what the node says."""
        return self._feed.choice.sensitivity if self._feed.choice else None

    @override
    async def async_set_native_value(self, value: float) -> None:
        """Let the node set it."""
        await self._feed.async_tune(round(value))
