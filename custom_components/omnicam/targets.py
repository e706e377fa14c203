"""Which cameras an action is about, and which node has an event."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import area_registry as ar
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.target import TargetSelection, async_extract_referenced_entity_ids

from .const import DOMAIN
from .data import OmnicamConfigEntry
from .devices import camera_identifier
from .feed import CameraFeed
from .hub import OmnicamHub

ATTR_CONFIG_ENTRY = "config_entry_id"


@dataclass(frozen=True, slots=True)
class Camera:
    """A camera of a loaded entry."""

    entry: OmnicamConfigEntry
    feed: CameraFeed

    @property
    def hub(self) -> OmnicamHub:
        """The node that watches it."""
        return self.entry.runtime_data

    @property
    def id(self) -> str:
        """Its name in topics and in the API."""
        return self.feed.info.id

    @property
    def name(self) -> str:
        """Its name for people."""
        return self.feed.info.name


@callback
def async_device(hass: HomeAssistant, camera: Camera) -> dr.DeviceEntry | None:
    """Give a camera's device."""
    identifier = camera_identifier(camera.hub.node, camera.id)
    return dr.async_get(hass).async_get_device_by_identifier(identifier, camera.entry.entry_id)


@callback
def async_area(hass: HomeAssistant, camera: Camera) -> ar.AreaEntry | None:
    """Give the area in which a camera is."""
    device = async_device(hass, camera)
    if device is None or device.area_id is None:
        return None
    return ar.async_get(hass).async_get_area(device.area_id)


@callback
def async_loaded(hass: HomeAssistant) -> list[OmnicamConfigEntry]:
    """Give the entries whose node can be asked now."""
    entries: list[OmnicamConfigEntry] = hass.config_entries.async_entries(DOMAIN)
    return [entry for entry in entries if entry.state is ConfigEntryState.LOADED]


@callback
def async_cameras(hass: HomeAssistant) -> list[Camera]:
    """Give all cameras of all loaded entries."""
    return [
        Camera(entry, feed)
        for entry in async_loaded(hass)
        for feed in entry.runtime_data.cameras.values()
    ]


@callback
def async_entries_of(hass: HomeAssistant, data: Mapping[str, Any]) -> list[OmnicamConfigEntry]:
    """Give the entry that an action names, or all; raises `ServiceValidationError`."""
    entries = async_loaded(hass)
    wanted = data.get(ATTR_CONFIG_ENTRY)
    found = [entry for entry in entries if wanted in (None, entry.entry_id)]
    if not found:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="node_not_loaded",
            translation_placeholders={"entry": str(wanted or DOMAIN)},
        )
    return found


@callback
def async_targeted(hass: HomeAssistant, data: Mapping[str, Any]) -> list[Camera]:
    """Give the cameras among an action's targets: by entity, device, area, floor or label."""
    selected = async_extract_referenced_entity_ids(
        hass, TargetSelection(dict(data)), primary_entities_only=False
    )
    entities = er.async_get(hass)
    devices = set(selected.referenced_devices)
    for entity_id in selected.referenced | selected.indirectly_referenced:
        entity = entities.async_get(entity_id)
        if entity is not None and entity.device_id is not None:
            devices.add(entity.device_id)
    return [
        camera
        for camera in async_cameras(hass)
        if (device := async_device(hass, camera)) is not None and device.id in devices
    ]


@callback
def async_some_targeted(hass: HomeAssistant, data: Mapping[str, Any]) -> list[Camera]:
    """Give the targeted cameras; raises `ServiceValidationError` when there are none."""
    cameras = async_targeted(hass, data)
    if not cameras:
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="no_camera")
    return cameras
