"""The added cameras of a node as subentries: what the node has is what the entry shows.

A subentry holds the camera's id and nothing else; its settings, with the password, stay at the
node. The camera's device and entities belong to it, so that they go with it. Removing a subentry
removes the camera at the node. A camera that was added or removed in another way gets or loses its
subentry, so that the two never differ for long.
"""

from collections.abc import Awaitable, Callable
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

    def __init__(
        self,
        hass: HomeAssistant,
        entry: OmnicamConfigEntry,
        api: NodeApi,
        ask: Callable[[], Awaitable[None]],
        show: Callable[[], Awaitable[None]],
    ) -> None:
        """Take the entry and the API that removes cameras.

        `ask` gets the node's present info, if it can be had; `show` brings devices and entities in
        line with what is known.
        """
        self._hass = hass
        self._entry = entry
        self._api = api
        self._ask = ask
        self._show = show
        self._shown: set[str] = set()
        self.pending: set[str] = set()
        """Cameras that a flow is adding or that are being removed: not shown meanwhile."""

    def of(self, camera: str) -> str | None:
        """Give the id of a camera's subentry; one of the node's own file has none."""
        subentry = self._by_camera().get(camera)
        return subentry.subentry_id if subentry is not None else None

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
        entries = self._hass.config_entries
        there = self._by_camera()
        added = {name: camera for name, camera in info.cameras.items() if camera.added}
        for name in there.keys() - added.keys() - self.pending:
            self._shown.discard(name)
            entries.async_remove_subentry(self._entry, there[name].subentry_id)
        for name in added.keys() - self.pending:
            title = added[name].name
            if (subentry := there.get(name)) is None:
                self._shown.add(name)
                entries.async_add_subentry(self._entry, _subentry(name, title))
            elif subentry.title != title:
                entries.async_update_subentry(self._entry, subentry, title=title)

    @callback
    def _on_entry_changed(self, change: ConfigEntryChange, entry: ConfigEntry) -> None:
        if change is not ConfigEntryChange.UPDATED or entry.entry_id != self._entry.entry_id:
            return
        there = set(self._by_camera())
        gone, new, self._shown = self._shown - there, there - self._shown, there
        if new:
            self._entry.async_create_background_task(
                self._hass, self._async_show(), "omnicam show cameras"
            )
        for camera in gone:
            self.pending.add(camera)
            self._entry.async_create_background_task(
                self._hass, self._async_remove(camera), f"omnicam remove {camera}"
            )

    async def _async_show(self) -> None:
        await self._show()

    async def _async_remove(self, camera: str) -> None:
        # Home Assistant has removed its device and entities; nothing is heard of it any more.
        await self._show()
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
        # A node that removed it tells so; one that did not keeps it, and so does Home Assistant.
        await self._ask()
        await self._show()

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
