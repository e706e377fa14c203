"""The nine anomaly classes and the sound labels: one table that everything else reads.

A newcomer finds here what each class is called in both languages, how Home Assistant shows it,
over which window and at which confidence it is decided, and which scorers may speak for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum, auto
from types import MappingProxyType
from typing import NewType


class AnomalyClass(StrEnum):
    """What the guardian watches for; the value is the name in topics, records and settings."""

    PERIMETER_CLIMBING = "perimeter_climbing"
    RESTRICTED_AREA_INTRUSION = "restricted_area_intrusion"
    NIGHT_LOITERING = "night_loitering"
    FALL = "fall"
    VIOLENT_CONFLICT = "violent_conflict"
    DANGEROUS_TOOL = "dangerous_tool"
    SMOKE = "smoke"
    ABNORMAL_SOUND = "abnormal_sound"
    CAMERA_TAMPERING = "camera_tampering"


OwnClass = NewType("OwnClass", str)
"""Name of a class that the household described in its own words (`model.questions`)."""

type ClassName = AnomalyClass | OwnClass
"""Name of any class in topics, records and settings; what is no member of the table is own."""


class SoundLabel(StrEnum):
    """Kinds of sound that are told apart inside `abnormal_sound`."""

    SCREAM = "scream"
    GLASS_BREAKING = "glass_breaking"
    COUGH = "cough"
    CRYING = "crying"
    SMOKE_ALARM = "smoke_alarm"
    CALL_FOR_HELP = "call_for_help"


class Sense(Enum):
    """What a scorer may look at, and so what a stream must offer for a class to be judged."""

    PICTURE = auto()
    SOUND = auto()
    SIGNAL = auto()


class Level(StrEnum):
    """How sure a decision is; the order of the members is the order of severity."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"

    @property
    def rank(self) -> int:
        """Position in the order of severity: 1 for low to 3 for high."""
        return list(Level).index(self) + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """Confidences in 0..1 from which a level begins; above `high` the class alarms."""

    low: float = 0.75
    medium: float = 0.85
    high: float = 0.92

    def level(self, confidence: float) -> Level | None:
        """Give the level of a confidence in 0..1, or None below `low`.

        `high` is exclusive (the contract says "> 0.92"), `low` and `medium` are inclusive.
        """
        if confidence > self.high:
            return Level.HIGH
        if confidence >= self.medium:
            return Level.MEDIUM
        return Level.LOW if confidence >= self.low else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Anomaly:
    """One row of the taxonomy.

    Attributes:
        english: name shown to English readers.
        chinese: name shown to readers of simplified Chinese.
        device_class: Home Assistant binary sensor device class.
        icon: Material Design icon of the entity.
        scorers: names of the scorers that may give evidence; empty means that nothing on the CPU
            can judge this class and its state stays unknown until a model verifies it.
        senses: a stream that offers one of them can be judged.
        thresholds: where the levels begin.
        window_s: seconds of stream over which evidence is fused.
        prior: confidence in 0..1 while nothing has been seen.
        refractory_s: seconds after the end of an event in which the same class opens no new one.
        release_s: seconds that the confidence must stay low before an event ends.
    """

    english: str
    chinese: str
    device_class: str
    icon: str
    scorers: tuple[str, ...]
    senses: frozenset[Sense] = frozenset({Sense.PICTURE})
    thresholds: Thresholds = Thresholds()
    window_s: float = 3.0
    prior: float = 0.05
    refractory_s: float = 10.0
    release_s: float = 3.0


ANOMALIES: Mapping[AnomalyClass, Anomaly] = MappingProxyType(
    {
        AnomalyClass.PERIMETER_CLIMBING: Anomaly(
            english="Perimeter climbing",
            chinese="周界翻越",
            device_class="safety",
            icon="mdi:gate-alert",
            scorers=("climbing",),
        ),
        AnomalyClass.RESTRICTED_AREA_INTRUSION: Anomaly(
            english="Restricted area intrusion",
            chinese="禁区闯入",
            device_class="motion",
            icon="mdi:home-alert",
            scorers=("intrusion",),
        ),
        AnomalyClass.NIGHT_LOITERING: Anomaly(
            english="Night loitering",
            chinese="夜间徘徊",
            device_class="motion",
            icon="mdi:walk",
            scorers=("loitering",),
            refractory_s=60.0,
        ),
        AnomalyClass.FALL: Anomaly(
            english="Fall",
            chinese="跌倒",
            device_class="safety",
            icon="mdi:human-male-board",
            scorers=("fall", "fallen"),
        ),
        AnomalyClass.VIOLENT_CONFLICT: Anomaly(
            english="Violent conflict",
            chinese="剧烈冲突",
            device_class="safety",
            icon="mdi:karate",
            scorers=("violence",),
        ),
        AnomalyClass.DANGEROUS_TOOL: Anomaly(
            english="Dangerous tool in hand",
            chinese="危险工具持有",
            device_class="safety",
            icon="mdi:knife",
            scorers=(),
        ),
        AnomalyClass.SMOKE: Anomaly(
            english="Smoke",
            chinese="烟雾",
            device_class="smoke",
            icon="mdi:smoke",
            scorers=("smoke", "flames"),
            release_s=10.0,
        ),
        AnomalyClass.ABNORMAL_SOUND: Anomaly(
            english="Abnormal sound",
            chinese="异常声响",
            device_class="sound",
            icon="mdi:volume-high",
            scorers=(
                "scream",
                "glass_breaking",
                "cough",
                "crying",
                "smoke_alarm",
                "call_for_help",
                "yamnet",
            ),
            senses=frozenset({Sense.SOUND}),
            refractory_s=3.0,
        ),
        AnomalyClass.CAMERA_TAMPERING: Anomaly(
            english="Camera tampering",
            chinese="摄像头遮挡",
            device_class="tamper",
            icon="mdi:camera-off",
            scorers=("covered", "defocused", "moved", "frozen", "signal"),
            senses=frozenset({Sense.PICTURE, Sense.SIGNAL}),
        ),
    }
)

_NAMES = frozenset(anomaly.value for anomaly in AnomalyClass)

WORD_SCORER = "help_word"
"""Name of the scorer of the spoken trigger; it makes no event of a class by itself."""


def class_named(name: str) -> ClassName:
    """Give the class of this name: of the table, or else one of the household's own."""
    return AnomalyClass(name) if name in _NAMES else OwnClass(name)


def scorers_of(anomaly: ClassName) -> tuple[str, ...]:
    """Give the names of the scorers that may speak for a class; own classes have none."""
    return ANOMALIES[anomaly].scorers if isinstance(anomaly, AnomalyClass) else ()


def judged_without_model(anomaly: ClassName) -> bool:
    """Whether any always-on scorer can judge this class; otherwise its state is unknown."""
    return bool(scorers_of(anomaly))


def only_heard(anomaly: ClassName) -> bool:
    """Whether sound alone tells of this class."""
    row = ANOMALIES[anomaly] if isinstance(anomaly, AnomalyClass) else None
    return row is not None and row.senses == frozenset({Sense.SOUND})
