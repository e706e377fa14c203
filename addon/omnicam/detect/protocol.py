"""The one protocol of all scorers, and what they are shown.

An `Observation` is one step of one camera in stream order: a picture, a piece of sound, or a change
of the signal. A scorer says which of them it `needs` and is shown nothing else. It may keep what it
has seen (it belongs to one camera), but it asks no clock: `Observation.time` is the only time.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import tzinfo
from enum import Enum, auto
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from omnicam.config.model import CameraSettings
from omnicam.evidence import Evidence, Region, WordHeard
from omnicam.media import Pixels, Raster, Samples, SignalChange, raster


class Need(Enum):
    """What a scorer wants to be shown."""

    PICTURE = auto()
    SOUND = auto()
    SIGNAL = auto()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pose:
    """One body as BlazePose gives it, 33 landmarks in MediaPipe's order.

    Attributes:
        landmarks: shape (33, 3), float32: x and y as fractions of the picture's width and height
            (they may lie outside 0..1), z in about the scale of x.
        world: shape (33, 3), float32: metres, origin between the hips, y downwards.
        visibility: shape (33,), float32 in 0..1.
    """

    landmarks: npt.NDArray[np.float32]
    world: npt.NDArray[np.float32]
    visibility: npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Person:
    """A tracked body.

    Attributes:
        track: number that stays with the person through short occlusions.
        pose: the newest pose.
        region: box around the visible landmarks.
        first_seen: stream time of the first pose of the track.
        last_seen: stream time of the newest pose; older than the picture while nothing moves.
    """

    track: int
    pose: Pose
    region: Region
    first_seen: float
    last_seen: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Motion:
    """What moved since the picture before.

    Attributes:
        fraction: moving share of the picture, 0..1.
        mask: shape of `Picture.grey`, bool.
        regions: boxes around what moves, largest first.
        global_change: whether the light changed or the whole picture jumped.
    """

    fraction: float
    mask: npt.NDArray[np.bool_]
    regions: tuple[Region, ...]
    global_change: bool


class Picture:
    """One analysed frame.

    Attributes:
        raster: the frame as it was decoded; `shape` is there without its colours.
        grey: the same, small and grey: shape (h, w), uint8, w = 160, for motion and tampering.
        motion: what moved.
        people: tracked people; kept through stillness, dropped when they leave.
        pose_ran: whether people come from this very frame (the gate was open).
        shared: what a scorer worked out of this picture, by what it is, for those who come after.
    """

    __slots__ = ("grey", "motion", "people", "pose_ran", "raster", "shared")

    def __init__(
        self,
        *,
        image: Pixels | Raster,
        grey: Pixels,
        motion: Motion,
        people: tuple[Person, ...],
        pose_ran: bool,
    ) -> None:
        self.raster = raster(image)
        self.grey = grey
        self.motion = motion
        self.people = people
        self.pose_ran = pose_ran
        self.shared: dict[str, object] = {}

    @property
    def image(self) -> Pixels:
        """RGB, shape (height, width, 3), uint8; worked out when first asked for."""
        return self.raster.rgb()

    @property
    def aspect(self) -> float:
        """Width by height."""
        height, width = self.raster.shape[:2]
        return width / height


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sound:
    """The newest piece of sound with what came before it.

    Attributes:
        window: shape (n,), float32 mono 16 kHz in -1..1: the last second, ending at the
            observation's time; shorter only at the start of the stream.
        hop: how many samples at the end of `window` are new (4000 = 0.25 s).
        level_db: level of the new samples, dB relative to full scale.
        noise_db: the camera's own background level, dB relative to full scale (slow minimum).
    """

    window: Samples
    hop: int
    level_db: float
    noise_db: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Observation:
    """One step of one camera; exactly one of picture, sound and signal is set.

    `time` is the stream time of the picture, of the end of the sound, or of the change. `signal`
    None with no picture and no sound never occurs: time that passes without media comes as a
    repeated `SignalChange(present=False)`.
    """

    camera: str
    time: float
    picture: Picture | None = None
    sound: Sound | None = None
    signal: SignalChange | None = field(default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScorerContext:
    """What every scorer is made from: `SomeScorer(context)`.

    Attributes:
        camera: the camera's settings; the scorer takes zones, lines and classes from here.
        time_zone: local time of the camera, for hours and night.
        words: words and phrases of the spoken trigger.
        yamnet: the file of the optional YAMNet pack, None where it is not used.
    """

    camera: CameraSettings
    time_zone: tzinfo
    words: tuple[str, ...] = ()
    yamnet: Path | None = None


class Scorer(Protocol):
    """One way of noticing one class on one camera."""

    @property
    def name(self) -> str:
        """The scorer's name as in the taxonomy."""

    @property
    def needs(self) -> frozenset[Need]:
        """What it wants to be shown."""

    def observe(self, observation: Observation) -> Iterable[Evidence | WordHeard]:
        """Take one step and say what it means; nothing where there is nothing to say."""


class PoseEstimator(Protocol):
    """Finds bodies in a picture, in this process or in a shared one."""

    def estimate(self, image: Pixels) -> tuple[Pose, ...]:
        """Find the bodies in an RGB image of shape (height, width, 3).

        Raises:
            PoseUnavailableError: no answer in time, or the shared process is gone.
        """

    def close(self) -> None:
        """Let the model or the connection go."""


class PoseUnavailableError(RuntimeError):
    """The pose model gave no answer; the frame counts as dropped, the camera goes on."""
