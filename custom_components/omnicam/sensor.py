"""Sensors: a camera's level, last sentence and figures; how the node's model fares."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, override

from homeassistant.components.sensor import SensorEntity, SensorEntityDescription
from homeassistant.components.sensor.const import SensorDeviceClass, SensorStateClass
from homeassistant.const import EntityCategory, Platform, UnitOfTime
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import DOMAIN
from .data import OmnicamConfigEntry
from .entity import OmnicamCameraEntity, OmnicamNodeEntity
from .feed import LEVELS, CameraFeed
from .node_feed import NodeFeed

PARALLEL_UPDATES: Final = 0

_STATE_LIMIT: Final = 255

MODEL_STATES: Final = (
    "reached",
    "answered",
    "away",
    "slow",
    "refused",
    "untrusted",
    "busy",
    "failed",
    "rejected",
    "oversize",
    "nonsense",
)
"""How a node says that its model fares, once it has heard of it."""


@dataclass(frozen=True, kw_only=True)
class CameraSensorDescription(SensorEntityDescription):
    """A sensor of a camera.

    Attributes:
        topic: where the node says it.
        value: gives its state.
        attributes: gives what stands behind it.
        outlives_camera: stays available while the camera is away.
    """

    topic: str
    value: Callable[[CameraFeed], float | str | None]
    attributes: Callable[[CameraFeed], Mapping[str, Any]] | None = None
    outlives_camera: bool = False


@dataclass(frozen=True, kw_only=True)
class NodeSensorDescription(SensorEntityDescription):
    """A sensor of a node's model."""

    value: Callable[[NodeFeed], float | str | None]
    attributes: Callable[[NodeFeed], Mapping[str, Any]] | None = None


def _sentence(feed: CameraFeed) -> str | None:
    last = feed.last_event
    text = (last.description or last.reason) if last else None
    if not text or len(text) <= _STATE_LIMIT:
        return text
    return f"{text[: _STATE_LIMIT - 1]}…"


def _last_event(feed: CameraFeed) -> dict[str, Any]:
    last = feed.last_event
    return {
        "anomaly": last and last.anomaly,
        "step": last and last.step.value,
        "level": last and last.level,
        "event_id": last and last.event,
        "onset": last and last.onset,
        "test": last and last.test,
    }


def _model_state(feed: NodeFeed) -> str | None:
    # A state that this version does not know is none of its options: a newer node may have it.
    return feed.model.state if feed.model and feed.model.state in MODEL_STATES else None


def _model(feed: NodeFeed) -> dict[str, Any]:
    model = feed.model
    return {
        "model": model and model.name,
        "since": model and model.since,
        "reason": model and model.reason,
    }


CAMERA_SENSORS: Final = (
    CameraSensorDescription(
        key="level",
        translation_key="level",
        topic="level",
        device_class=SensorDeviceClass.ENUM,
        options=list(LEVELS),
        value=lambda feed: feed.level,
    ),
    CameraSensorDescription(
        key="description",
        translation_key="description",
        topic="last_event",
        value=_sentence,
        attributes=_last_event,
        outlives_camera=True,
    ),
    CameraSensorDescription(
        key="frame_rate",
        translation_key="frame_rate",
        topic="figures",
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement="fps",
        suggested_display_precision=1,
        value=lambda feed: feed.figures.frame_rate,
    ),
    CameraSensorDescription(
        key="latency",
        translation_key="latency",
        topic="figures",
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        device_class=SensorDeviceClass.DURATION,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfTime.SECONDS,
        suggested_display_precision=2,
        value=lambda feed: feed.figures.latency,
    ),
    CameraSensorDescription(
        key="dropped_frames",
        translation_key="dropped_frames",
        topic="figures",
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        state_class=SensorStateClass.TOTAL_INCREASING,
        suggested_display_precision=0,
        value=lambda feed: feed.figures.dropped_frames,
    ),
)

MODEL_SENSORS: Final = (
    NodeSensorDescription(
        key="model",
        translation_key="model",
        entity_category=EntityCategory.DIAGNOSTIC,
        device_class=SensorDeviceClass.ENUM,
        options=list(MODEL_STATES),
        value=_model_state,
        attributes=_model,
    ),
    NodeSensorDescription(
        key="queue",
        translation_key="queue",
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        value=lambda feed: feed.figures.queue,
    ),
    NodeSensorDescription(
        key="dropped_windows",
        translation_key="dropped_windows",
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        state_class=SensorStateClass.TOTAL_INCREASING,
        suggested_display_precision=0,
        value=lambda feed: feed.figures.dropped_windows,
    ),
    NodeSensorDescription(
        key="answer_time",
        translation_key="answer_time",
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        device_class=SensorDeviceClass.DURATION,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfTime.SECONDS,
        suggested_display_precision=2,
        value=lambda feed: feed.figures.answer_time,
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: OmnicamConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the sensors of every camera, now and later, and of the model where there is one."""
    hub = entry.runtime_data
    shown: set[str] = set()

    @callback
    def add_camera(feed: CameraFeed) -> None:
        async_add_entities(
            [CameraSensor(feed, description) for description in CAMERA_SENSORS],
            config_subentry_id=feed.subentry,
        )

    @callback
    def follow_model() -> None:
        """A node may get a model, or lose it, at its next start."""
        info = hub.feed.info
        if info is None or (info.model is not None) is bool(shown):
            return
        if info.model is None:
            _forget(hass, shown)
            return
        sensors = [ModelSensor(hub.feed, description) for description in MODEL_SENSORS]
        shown.update(str(sensor.unique_id) for sensor in sensors)
        async_add_entities(sensors)

    entry.async_on_unload(await hub.async_add_for_cameras(add_camera))
    if hub.feed.info is not None and hub.feed.info.model is None:
        _forget(hass, {f"{hub.node}/{description.key}" for description in MODEL_SENSORS})
    follow_model()
    entry.async_on_unload(hub.feed.async_listen(follow_model))


@callback
def _forget(hass: HomeAssistant, unique_ids: set[str]) -> None:
    """Take the sensors of a model away that is no longer set."""
    registry = er.async_get(hass)
    for unique_id in tuple(unique_ids):
        entity_id = registry.async_get_entity_id(Platform.SENSOR, DOMAIN, unique_id)
        if entity_id is not None:
            registry.async_remove(entity_id)
    unique_ids.clear()


class CameraSensor(OmnicamCameraEntity, SensorEntity):
    """One thing about a camera."""

    entity_description: CameraSensorDescription
    _unrecorded_attributes = frozenset({"event_id", "onset"})

    def __init__(self, feed: CameraFeed, description: CameraSensorDescription) -> None:
        """Take the feed and what to show of it."""
        super().__init__(feed, description.key, description.topic)
        self.entity_description = description

    @property
    @override
    def available(self) -> bool:
        """Whether the camera is there; what was seen last is known without it."""
        if self.entity_description.outlives_camera:
            return self._feed.node_online
        return super().available

    @property
    @override
    def native_value(self) -> float | str | None:
        """Give the state."""
        return self.entity_description.value(self._feed)

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any] | None:
        """Give what stands behind it."""
        attributes = self.entity_description.attributes
        return None if attributes is None else attributes(self._feed)


class ModelSensor(OmnicamNodeEntity, SensorEntity):
    """One thing about a node's model."""

    entity_description: NodeSensorDescription
    _unrecorded_attributes = frozenset({"reason", "since"})

    def __init__(self, feed: NodeFeed, description: NodeSensorDescription) -> None:
        """Take the feed and what to show of it."""
        super().__init__(feed, description.key)
        self.entity_description = description

    @property
    @override
    def native_value(self) -> float | str | None:
        """Give the state."""
        return self.entity_description.value(self._feed)

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any] | None:
        """Give what stands behind it."""
        attributes = self.entity_description.attributes
        return None if attributes is None else attributes(self._feed)
