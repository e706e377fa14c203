"""Puts what a node reports on Home Assistant's event bus, for the logbook and for automations."""

from typing import Final

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import device_registry as dr

from .data import OmnicamConfigEntry
from .devices import camera_identifier
from .feed import CameraFeed
from .models import AnomalyEvent, HelpCall

EVENT_ANOMALY: Final = "omnicam_anomaly"
EVENT_HELP: Final = "omnicam_help"


class Activity:
    """Fires one event on the bus for each step of an anomaly and each call for help."""

    def __init__(self, hass: HomeAssistant, entry: OmnicamConfigEntry) -> None:
        """Take the entry whose cameras are to be followed."""
        self._hass = hass
        self._entry = entry

    @callback
    def async_follow(self, feed: CameraFeed) -> None:
        """Follow a camera until its feed ends with the entry."""

        @callback
        def on_anomaly(event: AnomalyEvent) -> None:
            self._fire(
                feed,
                EVENT_ANOMALY,
                step=event.step.value,
                event_id=event.event,
                anomaly=event.anomaly,
                label=event.label,
                level=event.level and event.level.value,
                confidence=event.confidence,
                reason=event.reason,
                description=event.description,
                review=event.review,
                time=event.time,
                late=event.late,
            )

        @callback
        def on_help(call: HelpCall) -> None:
            self._fire(
                feed,
                EVENT_HELP,
                event_id=call.event,
                word=call.word,
                confidence=call.confidence,
                time=call.time,
                late=call.late,
            )

        self._entry.async_on_unload(feed.async_listen_events(on_anomaly))
        self._entry.async_on_unload(feed.async_listen_help(on_help))

    def _fire(self, feed: CameraFeed, event_type: str, **data: str | float | bool | None) -> None:
        identifier = camera_identifier(feed.node_id, feed.info.id)
        devices = dr.async_get(self._hass).async_get_devices(identifiers={identifier})
        device = next(iter(devices), None)
        where: dict[str, str | float | bool | None] = {
            "device_id": None if device is None else device.id,
            "node": feed.node_id,
            "camera": feed.info.id,
            "camera_name": _name(device) or feed.info.name,
        }
        self._hass.bus.async_fire(event_type, where | data)


def _name(device: dr.DeviceEntry | None) -> str | None:
    return None if device is None else device.name_by_user or device.name


@callback
def async_follow_activity(hass: HomeAssistant, entry: OmnicamConfigEntry) -> CALLBACK_TYPE:
    """Follow every camera of a node, those that are known and those to come."""
    return entry.runtime_data.async_on_camera(Activity(hass, entry).async_follow)
