"""The devices of an entry: its node and, behind it, each camera."""

from collections.abc import Callable

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr

from .const import DOMAIN, LOGGER
from .data import OmnicamConfigEntry
from .models import CameraInfo, NodeInfo
from .page import page_url

_MANUFACTURER = "OmniCam"

type Identifier = tuple[str, str]


def node_identifier(node: str) -> Identifier:
    """Give the identifier of a node's device."""
    return (DOMAIN, node)


def camera_identifier(node: str, camera: str) -> Identifier:
    """Give the identifier of a camera's device."""
    return (DOMAIN, f"{node}_{camera}")


def live_identifiers(info: NodeInfo) -> set[Identifier]:
    """Give the identifiers of all devices that a node's info speaks of."""
    cameras = {camera_identifier(info.node, camera) for camera in info.cameras}
    return {node_identifier(info.node), *cameras}


@callback
def async_sync_devices(
    hass: HomeAssistant,
    entry: OmnicamConfigEntry,
    info: NodeInfo,
    subentry_of: Callable[[str], str | None],
) -> None:
    """Bring the device registry in line with a node's info; doing it twice changes nothing."""
    registry = dr.async_get(hass)
    node = registry.async_get_or_create(
        config_entry_id=entry.entry_id,
        identifiers={node_identifier(info.node)},
        manufacturer=_MANUFACTURER,
        model="Edge node",
        name=info.name,
        sw_version=info.version,
        configuration_url=page_url(entry.data),
    )
    for camera in info.cameras.values():
        registry.async_get_or_create(
            config_entry_id=entry.entry_id,
            config_subentry_id=subentry_of(camera.id),
            identifiers={camera_identifier(info.node, camera.id)},
            manufacturer=_MANUFACTURER,
            model=_camera_model(camera),
            name=camera.name,
            via_device_id=node.id,
            configuration_url=page_url(entry.data, camera.id),
        )
    live = live_identifiers(info)
    for device in dr.async_entries_for_config_entry(registry, entry.entry_id):
        if not device.identifiers & live:
            LOGGER.info("Removing %s, which node %s no longer has", device.name, info.node)
            registry.async_remove_device(device.id)


def _camera_model(camera: CameraInfo) -> str:
    if camera.width is None or camera.height is None:
        return "Camera"
    return f"Camera {camera.width}x{camera.height}"
