"""The settings of a node after validation, as immutable values.

Everything that reads settings takes these; nothing reads the file again. Secrets are held in
`Secret`, whose text never shows by accident.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time as TimeOfDay  # noqa: N812 - reads as the type that it is
from enum import StrEnum
from pathlib import Path

from omnicam.taxonomy import ClassName, Level, OwnClass, Thresholds


class Secret:
    """A text that shows as `***` wherever it is printed, compared or formatted."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Give the text itself, for the one call that needs it."""
        return self._text

    def __repr__(self) -> str:
        return "***"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __bool__(self) -> bool:
        return bool(self._text)


@dataclass(frozen=True, slots=True)
class Hours:
    """A daily span of local time; it may run over midnight. `start == end` means all day."""

    start: TimeOfDay
    end: TimeOfDay

    def contains(self, moment: TimeOfDay) -> bool:
        """Whether the moment lies in start <= moment < end, over midnight where end <= start."""
        if self.start == self.end:
            return True
        if self.start < self.end:
            return self.start <= moment < self.end
        return moment >= self.start or moment < self.end


class ZoneKind(StrEnum):
    """What a polygon means."""

    RESTRICTED = "restricted"  # nobody may be here during its hours
    LOITERING = "loitering"  # dwell is counted here; without any, the whole picture counts
    RESTING = "resting"  # bed or sofa: lying here is no fall
    IGNORED = "ignored"  # masked: neither motion nor people count (privacy, television)


class LineKind(StrEnum):
    """What a polyline means."""

    CLIMBING = "climbing"  # the top of a fence or wall: going over it is climbing
    CROSSING = "crossing"  # a line on the ground: crossing it is intrusion


class Direction(StrEnum):
    """Which way over a line counts, seen along the line from its first point to its last."""

    BOTH = "both"
    LEFT_TO_RIGHT = "left_to_right"
    RIGHT_TO_LEFT = "right_to_left"


type Point = tuple[float, float]
"""x and y as fractions 0..1 of the picture's width and height, y downwards."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """A polygon of at least three points with a meaning and, optionally, hours."""

    name: str
    kind: ZoneKind
    points: tuple[Point, ...]
    hours: tuple[Hours, ...] = ()

    def active(self, moment: TimeOfDay) -> bool:
        """Whether the zone counts at this local time; without hours it always does."""
        return not self.hours or any(span.contains(moment) for span in self.hours)

    def contains(self, x: float, y: float) -> bool:
        """Whether a point (fractions of the picture) lies inside, by the even-odd rule.

        Method: Shimrat 1962.
        """
        within = False
        for (ax, ay), (bx, by) in zip(self.points, (*self.points[1:], self.points[0]), strict=True):
            if (ay > y) != (by > y) and x < (bx - ax) * (y - ay) / (by - ay) + ax:
                within = not within
        return within


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A polyline of at least two points with a meaning, a direction and, optionally, hours."""

    name: str
    kind: LineKind
    points: tuple[Point, ...]
    direction: Direction = Direction.BOTH
    hours: tuple[Hours, ...] = ()

    def active(self, moment: TimeOfDay) -> bool:
        """Whether the line counts at this local time; without hours it always does."""
        return not self.hours or any(span.contains(moment) for span in self.hours)


class When(StrEnum):
    """When a question of the household's own is asked."""

    ALWAYS = "always"
    PEOPLE = "people"  # while somebody is in the picture
    NOBODY = "nobody"  # while nobody is


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What the household wants to be watched for, in its own words.

    Attributes:
        text: the question to the model, to be answered by yes or no.
        english: name shown to English readers.
        chinese: name shown to readers of Chinese.
        every_s: stream time between two looks.
        when: what must be in the picture.
    """

    text: str
    english: str
    chinese: str
    every_s: float = 60.0
    when: When = When.ALWAYS


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassSettings:
    """How one class is decided on one camera; the defaults come from the taxonomy.

    Attributes:
        enabled: whether the class is watched for at all.
        thresholds: where the levels begin.
        alarm_level: from this level on the sensor turns on; below it an event is for review.
        window_s: seconds of stream over which evidence is fused.
        prior: confidence in 0..1 while nothing has been seen.
        refractory_s: seconds after an event in which the same class opens no new one.
        release_s: seconds that the confidence must stay low before an event ends.
        zones: names of the camera's zones outside which evidence with a place does not count;
            empty for the whole picture.
        verify: whether the model is asked about the class, where there is one.
        question: what the model is asked, for a class of the household's own; None for the others.
    """

    enabled: bool
    thresholds: Thresholds
    alarm_level: Level
    window_s: float
    prior: float
    refractory_s: float
    release_s: float
    zones: tuple[str, ...] = ()
    verify: bool = True
    question: Question | None = None


class Facing(StrEnum):
    """Where a camera looks, clockwise from north."""

    NORTH = "north"
    NORTH_EAST = "north_east"
    EAST = "east"
    SOUTH_EAST = "south_east"
    SOUTH = "south"
    SOUTH_WEST = "south_west"
    WEST = "west"
    NORTH_WEST = "north_west"


class Transport(StrEnum):
    """How RTSP media travels."""

    TCP = "tcp"
    UDP = "udp"


class Pace(StrEnum):
    """How fast a file is played."""

    LIVE = "live"
    FAST = "fast"


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraSettings:
    """One camera.

    Attributes:
        id: name in topics and records, [a-z0-9_]+.
        name: what people call it.
        url: RTSP or HTTP address, file path or video device; may hold a password.
        analysis_url: a smaller stream of the same camera for analysis, None for the same stream.
        transport: of RTSP.
        frame_rate: analysed frames a second.
        audio: whether sound is analysed.
        hardware: hardware decoder by PyAV's name ("cuda", "vaapi", …), "auto", or None.
        pace: of files; live sources ignore it.
        starts_at: stream time (Unix seconds) of a file's first frame; None for now (live pace) or
            the file's own modification time (fast).
        ring_s: seconds of undecoded packets kept for clips.
        enabled: whether the camera is watched at start.
        zones: polygons.
        lines: polylines.
        night: hours that count as night.
        loitering_s: dwell from which staying at night is loitering.
        classes: settings of every class: those of the taxonomy in its order, then own ones.
        verify: whether windows of this camera are shown to the model, where there is one.
        faces: where it looks, so that a place can be told as a corner of the room; None tells it
            as a part of the picture.
        added: whether it was added through the API; what stands in the file is not changed there.
    """

    id: str
    name: str
    url: Secret
    analysis_url: Secret | None = None
    transport: Transport = Transport.TCP
    frame_rate: float = 6.0
    audio: bool = True
    hardware: str | None = None
    pace: Pace = Pace.LIVE
    starts_at: float | None = None
    ring_s: float = 30.0
    enabled: bool = True
    zones: tuple[Zone, ...] = ()
    lines: tuple[Line, ...] = ()
    night: Hours = Hours(TimeOfDay(22, 0), TimeOfDay(6, 0))
    loitering_s: float = 300.0
    classes: Mapping[ClassName, ClassSettings] = field(default_factory=dict)
    verify: bool = True
    faces: Facing | None = None
    added: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MqttSettings:
    """Where the broker is and how to be let in."""

    host: str = "127.0.0.1"
    port: int = 1883
    username: str | None = None
    password: Secret | None = None
    tls: bool = False
    ca_file: Path | None = None
    discovery_prefix: str = "homeassistant"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiSettings:
    """Where the HTTP API listens, and how it is found and trusted.

    Attributes:
        host: address to listen on.
        port: 0 lets the system choose.
        public_url: what others are told, if not host and port.
        ingress: whether Home Assistant's ingress leads here, whose users need no token.
        tls: whether it speaks HTTPS, with a certificate of its own unless one is given.
        cert_file: a certificate (chain) to show instead, as PEM.
        key_file: its private key, as PEM without a passphrase.
        zeroconf: whether the network is told by multicast DNS.
    """

    host: str = "0.0.0.0"  # noqa: S104 - Home Assistant calls from outside; a token guards it
    port: int = 8130
    public_url: str | None = None
    ingress: bool = False
    tls: bool = False
    cert_file: Path | None = None
    key_file: Path | None = None
    zeroconf: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionSettings:
    """How long and how much is kept; the oldest events go first."""

    days: float = 30.0
    gigabytes: float = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundSettings:
    """What helps the ears of all cameras; `yamnet` is the file of the optional pack."""

    yamnet: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LearningSettings:
    """Whether cameras learn what is ordinary in their home, and after how many watched days."""

    enabled: bool = True
    days: int = 3


class Language(StrEnum):
    """Languages of reasons, names and prompts."""

    ENGLISH = "en"
    CHINESE = "zh-Hans"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSettings:
    """The model that verifies: an OpenAI-compatible endpoint that takes pictures and sound.

    Attributes:
        url: beginning of its address, such as `http://192.168.1.40:8000/v1`.
        name: of the model, as its server calls it.
        token: sent as bearer, None for none.
        language: of the sentences.
        ca_file: authority of its certificate, None for the system's.
        fingerprint: SHA-256 of its certificate as 64 hexadecimal digits, instead of an authority.
        deadline_s: longest wait for the verdicts on one window.
        sentence_s: longest wait for a sentence.
        windows_per_minute: of each camera; urgent ones go beyond it.
        audits_per_hour: windows of each camera in which nothing is suspected, at random times.
        pictures: cut pictures in a window, at most.
        parallel: windows asked about at once; one more where it is urgent.
        questions: the household's own, by the class that each makes.
    """

    url: str
    name: str
    language: Language
    token: Secret | None = None
    ca_file: Path | None = None
    fingerprint: str | None = None
    deadline_s: float = 8.0
    sentence_s: float = 6.0
    windows_per_minute: int = 6
    audits_per_hour: float = 1.0
    pictures: int = 4
    parallel: int = 2
    questions: Mapping[OwnClass, Question] = field(default_factory=dict)


DEFAULT_WORDS = ("help", "help me", "帮助", "救命")
"""Words and phrases of the spoken trigger, where the settings name none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeSettings:
    """The whole file.

    Attributes:
        node: id of this node in topics, [a-z0-9_]+.
        name: what people call it.
        data: folder of records, snapshots, clips and the API token.
        language: of reasons and names.
        time_zone: IANA name, for hours and night; None for the machine's own.
        words: words and phrases of the spoken trigger.
        sound: optional packs of the sound scorers.
        pose_model: the `.task` bundle; None for the one that the set-up installed.
        pose_processes: pose processes shared by the cameras.
        mqtt: None publishes nothing (files can still be judged).
        api: the HTTP API.
        retention: of records.
        learning: of what is ordinary in this home.
        model: None verifies nothing.
        cameras: at least one.
    """

    node: str
    name: str
    data: Path
    language: Language = Language.ENGLISH
    time_zone: str | None = None
    words: tuple[str, ...] = DEFAULT_WORDS
    sound: SoundSettings = SoundSettings()
    pose_model: Path | None = None
    pose_processes: int = 1
    mqtt: MqttSettings | None = None
    api: ApiSettings = ApiSettings()
    retention: RetentionSettings = RetentionSettings()
    learning: LearningSettings = LearningSettings()
    model: ModelSettings | None = None
    cameras: tuple[CameraSettings, ...] = ()
