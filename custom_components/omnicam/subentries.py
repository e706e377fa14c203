"""The added cameras of a node as subentries: what the node has is what the entry shows.

A subentry holds the camera's id and nothing else; its settings, with the password, stay at the
node. Removing a subentry removes the camera at the node. A camera that was added or removed in
another way gets or loses its subentry, so that the two never differ for long.
"""

from types import MappingProxyType

from homeassistant.config_entries import (
    SIGNAL_CONFIG_ENTRY_CHANGED,
    ConfigEntry,
    ConfigEntryChange,
    ConfigSubentry,
)
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect

from .api import ApiError, NodeApi
from .const import LOGGER, SUBENTRY_CAMERA
from .data import OmnicamConfigEntry
from .models import NodeInfo


class CameraSubentries:
    """Keeps the subentries of an entry equal to the node's added cameras."""

    def __init__(self, hass: HomeAssistant, entry: OmnicamConfigEntry, api: NodeApi) -> None:
        """Take the entry and the API through which cameras are removed."""
        self._hass = hass
        self._entry = entry
        self._api = api
        self._info: NodeInfo | None = None
        self._shown: set[str] = set()
        self.pending: set[str] = set()
        """Cameras that a flow is adding or that are being removed: left alone meanwhile."""

    @callback
    def async_start(self) -> CALLBACK_TYPE:
        """Begin to notice when the user removes a subentry; gives what ends it."""
        self._shown = set(self._by_camera())
        return async_dispatcher_connect(
            self._hass, SIGNAL_CONFIG_ENTRY_CHANGED, self._on_entry_changed
        )

    @callback
    def async_sync(self, info: NodeInfo) -> None:
        """Bring the subentries in line with a node's info; doing it twice changes nothing."""
        self._info = info
        entries = self._hass.config_entries
        there = self._by_camera()
        added = {name: camera for name, camera in info.cameras.items() if camera.added}
        for name in there.keys() - added.keys() - self.pending:
            self._shown.discard(name)
            entries.async_remove_subentry(self._entry, there[name].subentry_id)
        for name in added.keys() - self.pending:
            title = added[name].name
            if (subentry := there.get(name)) is None:
                entries.async_add_subentry(self._entry, _subentry(name, title))
            elif subentry.title != title:
                entries.async_update_subentry(self._entry, subentry, title=title)

    @callback
    def _on_entry_changed(self, change: ConfigEntryChange, entry: ConfigEntry) -> None:
        if change is not ConfigEntryChange.UPDATED or entry.entry_id != self._entry.entry_id:
            return
        there = set(self._by_camera())
        gone, self._shown = self._shown - there, there
        for camera in gone:
            self.pending.add(camera)
            self._entry.async_create_background_task(
                self._hass, self._async_remove(camera), f"omnicam remove {camera}"
            )

    async def _async_remove(self, camera: str) -> None:
        try:
            await self._api.remove_camera(camera)
        except ApiError as error:
            LOGGER.warning(
                "The node did not remove camera %s, which it goes on watching: %s. Its entry comes "
                "back; delete it again when the node can be reached",
                camera,
                error,
            )
        finally:
            self.pending.discard(camera)
            # A node that removed it tells so in its next info; one that did not keeps it.
        if self._info is not None and camera in self._info.cameras:
            try:
                self.async_sync(await self._api.info(self._entry.unique_id))
            except ApiError:
                self.async_sync(self._info)

    def _by_camera(self) -> dict[str, ConfigSubentry]:
        return {
            subentry.unique_id: subentry
            for subentry in self._entry.subentries.values()
            if subentry.subentry_type == SUBENTRY_CAMERA and subentry.unique_id is not None
        }


def _subentry(camera: str, title: str) -> ConfigSubentry:
    return ConfigSubentry(
        data=MappingProxyType({}),
        subentry_type=SUBENTRY_CAMERA,
        title=title,
        unique_id=camera,
    )
