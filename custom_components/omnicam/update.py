"""Whether the node is as new as this integration.

Node and integration are released together, so a node that is older than the integration can be
updated, and that is all this entity knows: it asks no server. How a node is updated depends on how
it was installed (the Supervisor does it for its app), so it is not done from here.
"""

from typing import Final, override

from awesomeversion import AwesomeVersion, AwesomeVersionException
from homeassistant.components.update import UpdateEntity
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.loader import async_get_integration

from .const import DOMAIN
from .data import OmnicamConfigEntry
from .entity import OmnicamNodeEntity
from .node_feed import NodeFeed

PARALLEL_UPDATES: Final = 0

_RELEASES: Final = "https://github.com/omnicam/omnicam/releases"


async def async_setup_entry(
    hass: HomeAssistant,
    entry: OmnicamConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the node's version."""
    integration = await async_get_integration(hass, DOMAIN)
    version = str(integration.version) if integration.version else None
    async_add_entities([NodeSoftware(entry.runtime_data.feed, version)])


class NodeSoftware(OmnicamNodeEntity, UpdateEntity):
    """The node's version beside the one that belongs to this integration."""

    _attr_translation_key = "software"
    _attr_title = "OmniCam"
    _attr_release_url = _RELEASES

    def __init__(self, feed: NodeFeed, version: str | None) -> None:
        """Take the feed and the integration's own version."""
        super().__init__(feed, "software")
        self._version = version

    @property
    @override
    def installed_version(self) -> str | None:
        """Give the node's version."""
        return self._feed.info.version if self._feed.info else None

    @property
    @override
    def latest_version(self) -> str | None:
        """Give the newest version that is known to exist: the newer of the two."""
        installed = self.installed_version
        if installed is None or self._version is None:
            return installed
        try:
            is_older = AwesomeVersion(installed) < AwesomeVersion(self._version)
        except AwesomeVersionException:
            return installed
        return self._version if is_older else installed
