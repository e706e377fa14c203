"""What capture hands to detect: frames, sound and the state of the signal, in stream time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

SAMPLE_RATE = 16_000
"""Samples a second of every `AudioChunk`, whatever the camera sends."""

type Pixels = npt.NDArray[np.uint8]
type Samples = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Frame:
    """One picture at the analysis rate.

    Attributes:
        camera: id of the camera.
        time: seconds since the Unix epoch on the stream's own clock.
        image: RGB, shape (height, width, 3), uint8.
        sequence: counts the frames of this camera from 0; it goes on over reconnects.
    """

    camera: str
    time: float
    image: Pixels
    sequence: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AudioChunk:
    """A piece of mono sound at 16 kHz.

    Attributes:
        camera: id of the camera.
        time: seconds since the Unix epoch of the first sample, on the stream's own clock.
        samples: shape (n,), float32 in -1..1.
    """

    camera: str
    time: float
    samples: Samples

    @property
    def end(self) -> float:
        """Stream time just after the last sample."""
        return self.time + len(self.samples) / SAMPLE_RATE


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalChange:
    """The stream was lost or came back.

    Attributes:
        camera: id of the camera.
        time: seconds since the Unix epoch.
        present: whether media flows.
        reason: why it was lost, in plain words without secrets; empty when present.
    """

    camera: str
    time: float
    present: bool
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """Stream time went on without media, so that waiting scorers can see that nothing came."""

    camera: str
    time: float


type MediaItem = Frame | AudioChunk | SignalChange | Tick


def time_of(item: MediaItem) -> float:
    """Stream time that is reached with an item: for sound that of its last sample."""
    return item.end if isinstance(item, AudioChunk) else item.time
