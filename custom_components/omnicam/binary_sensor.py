"""Binary sensors of each camera: on while the node raises the alarm for that class.

Nine are the node's own classes; the others are the household's own questions, as its info names
them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, override

from homeassistant.components.binary_sensor import (
    BinarySensorEntity,
    BinarySensorEntityDescription,
)
from homeassistant.components.binary_sensor.const import BinarySensorDeviceClass
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import DOMAIN, AnomalyClass
from .data import OmnicamConfigEntry
from .entity import OmnicamCameraEntity
from .feed import CameraFeed
from .models import OwnQuestion

PARALLEL_UPDATES: Final = 0


@dataclass(frozen=True, kw_only=True)
class AnomalyDescription(BinarySensorEntityDescription):
    """How one class is shown.

    Attributes:
        anomaly: the class, which also names the entity and its translation.
        survives_signal_loss: stays available while the camera's signal is lost.
    """

    anomaly: str
    survives_signal_loss: bool = False


def _describe(
    anomaly: AnomalyClass,
    device_class: BinarySensorDeviceClass,
    *,
    survives_signal_loss: bool = False,
) -> AnomalyDescription:
    return AnomalyDescription(
        key=anomaly.value,
        translation_key=anomaly.value,
        device_class=device_class,
        anomaly=anomaly,
        survives_signal_loss=survives_signal_loss,
    )


_QUESTION: Final = "question/"
"""Before the name in the unique id of a question's sensor: no other entity's can be the same."""


def _describe_own(question: OwnQuestion, *, chinese: bool) -> AnomalyDescription:
    return AnomalyDescription(
        key=f"{_QUESTION}{question.id}",
        name=question.chinese if chinese else question.english,
        icon="mdi:help-box-outline",
        anomaly=question.id,
    )


DESCRIPTIONS: Final = (
    _describe(AnomalyClass.PERIMETER_CLIMBING, BinarySensorDeviceClass.SAFETY),
    _describe(AnomalyClass.RESTRICTED_AREA_INTRUSION, BinarySensorDeviceClass.MOTION),
    _describe(AnomalyClass.NIGHT_LOITERING, BinarySensorDeviceClass.MOTION),
    _describe(AnomalyClass.FALL, BinarySensorDeviceClass.SAFETY),
    _describe(AnomalyClass.VIOLENT_CONFLICT, BinarySensorDeviceClass.SAFETY),
    _describe(AnomalyClass.DANGEROUS_TOOL, BinarySensorDeviceClass.SAFETY),
    _describe(AnomalyClass.SMOKE, BinarySensorDeviceClass.SMOKE),
    _describe(AnomalyClass.ABNORMAL_SOUND, BinarySensorDeviceClass.SOUND),
    # A cut cable is tampering: the alarm must not vanish with the signal that it is about.
    _describe(
        AnomalyClass.CAMERA_TAMPERING, BinarySensorDeviceClass.TAMPER, survives_signal_loss=True
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: OmnicamConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the sensors of every camera, now and later."""
    chinese = hass.config.language.startswith("zh")
    registry = er.async_get(hass)

    def add_own(feed: CameraFeed, questions: Iterable[OwnQuestion]) -> None:
        async_add_entities(
            [
                AnomalySensor(feed, _describe_own(question, chinese=chinese))
                for question in questions
            ],
            config_subentry_id=feed.subentry,
        )

    @callback
    def add_camera(feed: CameraFeed) -> None:
        async_add_entities(
            [AnomalySensor(feed, description) for description in DESCRIPTIONS],
            config_subentry_id=feed.subentry,
        )
        known = {question.id: question for question in feed.questions}
        add_own(feed, known.values())

        @callback
        def follow_questions() -> None:
            asked = {question.id: question for question in feed.questions}
            if asked == known:
                return
            for name in known.keys() - asked.keys():
                _forget(registry, _own_id(feed, name))
            add_own(feed, [question for name, question in asked.items() if name not in known])
            known.clear()
            known.update(asked)

        entry.async_on_unload(feed.async_listen(follow_questions, "status"))

    _forget_unasked(registry, entry)
    entry.async_on_unload(await entry.runtime_data.async_add_for_cameras(add_camera))


def _own_id(feed: CameraFeed, question: str) -> str:
    return f"{feed.node_id}/{feed.info.id}/{_QUESTION}{question}"


@callback
def _forget(registry: er.EntityRegistry, unique_id: str) -> None:
    if entity_id := registry.async_get_entity_id("binary_sensor", DOMAIN, unique_id):
        registry.async_remove(entity_id)


@callback
def _forget_unasked(registry: er.EntityRegistry, entry: OmnicamConfigEntry) -> None:
    """Take sensors of questions out of the registry that are asked no more since the last time."""
    asked = {
        _own_id(feed, question.id)
        for feed in entry.runtime_data.cameras.values()
        for question in feed.questions
    }
    for known in er.async_entries_for_config_entry(registry, entry.entry_id):
        if f"/{_QUESTION}" in known.unique_id and known.unique_id not in asked:
            registry.async_remove(known.entity_id)


class AnomalySensor(OmnicamCameraEntity, BinarySensorEntity):
    """One class on one camera."""

    entity_description: AnomalyDescription
    # They change with every event and stand in the node's own record.
    _unrecorded_attributes = frozenset({"confidence", "event_id", "reason", "since"})

    def __init__(self, feed: CameraFeed, description: AnomalyDescription) -> None:
        """Take the feed and the class to show."""
        super().__init__(feed, description.key, description.anomaly)
        self.entity_description = description

    @property
    @override
    def available(self) -> bool:
        """Whether the node can still speak for this class on this camera."""
        if not self._feed.judges(self.entity_description.anomaly):
            return False
        if self.entity_description.survives_signal_loss:
            return self._feed.watched
        return super().available

    @property
    @override
    def is_on(self) -> bool | None:
        """Whether the node raises the alarm; None (unknown) while it cannot judge."""
        verdict = self._feed.verdict(self.entity_description.anomaly)
        return None if verdict is None else verdict.on

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any]:
        """Give what stands behind the state; below the alarm a level asks for a review."""
        verdict = self._feed.verdict(self.entity_description.anomaly)
        return {
            "level": verdict and verdict.level,
            "confidence": verdict and verdict.confidence,
            "event_id": verdict and verdict.event,
            "since": verdict and verdict.since,
            "reason": verdict and verdict.reason,
            "label": verdict and verdict.label,
            "test": verdict and verdict.test,
        }
