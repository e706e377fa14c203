"""Two event entities for each camera: the spoken call for help, and the steps of anomalies."""

from typing import Final, override

from homeassistant.components.event import EventEntity
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .check_in_event import CheckInEvent
from .const import Step
from .data import OmnicamConfigEntry
from .entity import OmnicamCameraEntity
from .feed import CameraFeed
from .models import AnomalyEvent, HelpCall

PARALLEL_UPDATES: Final = 0

HELP_CALLED: Final = "help"


async def async_setup_entry(
    _hass: HomeAssistant,
    entry: OmnicamConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the event entities of every camera, now and later."""

    @callback
    def add_camera(feed: CameraFeed) -> None:
        async_add_entities(
            [HelpEvent(feed), AnomalyEvents(feed), CheckInEvent(feed)],
            config_subentry_id=feed.subentry,
        )

    entry.async_on_unload(await entry.runtime_data.async_add_for_cameras(add_camera))


class HelpEvent(OmnicamCameraEntity, EventEntity):
    """Somebody called for help."""

    _attr_translation_key = "help_called"

    def __init__(self, feed: CameraFeed) -> None:
        """Take the feed."""
        super().__init__(feed, "help_called", "status")
        self._attr_event_types = [HELP_CALLED]

    @override
    async def async_added_to_hass(self) -> None:
        """Follow the calls."""
        await super().async_added_to_hass()
        self.async_on_remove(self._feed.async_listen_help(self._on_call))

    @callback
    def _on_call(self, call: HelpCall) -> None:
        self._trigger_event(
            HELP_CALLED,
            {
                "event_id": call.event,
                "word": call.word,
                "confidence": call.confidence,
                "time": call.time,
                "late": call.late,
            },
        )
        self.async_write_ha_state()


class AnomalyEvents(OmnicamCameraEntity, EventEntity):
    """The life of every anomaly that the camera saw or heard, step by step."""

    _attr_translation_key = "anomaly"

    def __init__(self, feed: CameraFeed) -> None:
        """Take the feed."""
        super().__init__(feed, "anomaly", "status")
        self._attr_event_types = [step.value for step in Step]

    @property
    @override
    def available(self) -> bool:
        """Whether the node is there: that the camera is not may be the very event."""
        return self._feed.node_online

    @override
    async def async_added_to_hass(self) -> None:
        """Follow the events."""
        await super().async_added_to_hass()
        self.async_on_remove(self._feed.async_listen_events(self._on_event))

    @callback
    def _on_event(self, event: AnomalyEvent) -> None:
        self._trigger_event(
            event.step.value,
            {
                "event_id": event.event,
                "anomaly": event.anomaly,
                "label": event.label,
                "level": event.level,
                "confidence": event.confidence,
                "time": event.time,
                "onset": event.onset,
                "reason": event.reason,
                "review": event.review,
                "description": event.description,
                "test": event.test,
                "late": event.late,
            },
        )
        self.async_write_ha_state()
