"""The language in which a node gives its reasons and sentences."""

from typing import Final, override

from homeassistant.components.select import SelectEntity
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import LANGUAGES
from .data import OmnicamConfigEntry
from .entity import OmnicamNodeEntity
from .node_feed import NodeFeed

PARALLEL_UPDATES: Final = 0

# Options are keys of translations, which have no capital letters.
_OPTIONS: Final = {language.lower().replace("-", "_"): language for language in LANGUAGES}


async def async_setup_entry(
    _hass: HomeAssistant,
    entry: OmnicamConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the node's language."""
    async_add_entities([NodeLanguage(entry.runtime_data.feed)])


class NodeLanguage(OmnicamNodeEntity, SelectEntity):
    """In which language a node gives reasons and sentences."""

    _attr_translation_key = "language"
    _attr_entity_category = EntityCategory.CONFIG

    def __init__(self, feed: NodeFeed) -> None:
        """Take the feed."""
        super().__init__(feed, "language")
        self._attr_options = list(_OPTIONS)

    @property
    @override
    def current_option(self) -> str | None:
        """Give what the node says."""
        spoken = self._feed.choice and self._feed.choice.language
        return next((key for key, language in _OPTIONS.items() if language == spoken), None)

    @override
    async def async_select_option(self, option: str) -> None:
        """Let the node use another one."""
        await self._feed.async_speak(_OPTIONS[option])
