"""What capture hands to detect: frames, sound and the state of the signal, in stream time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, final

import numpy as np
import numpy.typing as npt

SAMPLE_RATE = 16_000
"""Samples a second of every `AudioChunk`, whatever the camera sends."""

type Pixels = npt.NDArray[np.uint8]
type Samples = npt.NDArray[np.float32]


class Raster(Protocol):
    """A decoded picture whose colours are worked out only when somebody asks for them.

    Most pictures of an empty room are looked at in grey alone, and converting a picture to RGB
    costs as much as a third of decoding it.
    """

    @property
    def shape(self) -> tuple[int, int, int]:
        """Height, width and 3 of the RGB picture."""

    def rgb(self) -> Pixels:
        """Give the picture as RGB, shape (height, width, 3), uint8; the same array each time."""

    def luma(self) -> Pixels | None:
        """Give its brightness, shape (h, w) of the same aspect; None where only RGB is there.

        The array belongs to the decoder: it is for reading.
        """

    def full_range(self) -> bool:
        """Whether `luma` uses 0..255; television uses 16..235."""


@final
class Still:
    """A raster that is RGB from the start."""

    __slots__ = ("_image",)

    def __init__(self, image: Pixels) -> None:
        self._image = image

    @property
    def shape(self) -> tuple[int, int, int]:
        """Height, width and 3."""
        height, width = self._image.shape[:2]
        return height, width, 3

    def rgb(self) -> Pixels:
        """Give the picture."""
        return self._image

    def luma(self) -> Pixels | None:
        """There is none."""
        return None

    def full_range(self) -> bool:
        """RGB is."""
        return True


def raster(image: Pixels | Raster) -> Raster:
    """Make a raster of an RGB array; a raster stays what it is."""
    return Still(image) if isinstance(image, np.ndarray) else image


class Frame:
    """One picture at the analysis rate.

    Attributes:
        camera: id of the camera.
        time: seconds since the Unix epoch on the stream's own clock.
        raster: the picture as it was decoded.
        sequence: counts the frames of this camera from 0; it goes on over reconnects.
    """

    __slots__ = ("camera", "raster", "sequence", "time")

    def __init__(self, *, camera: str, time: float, image: Pixels | Raster, sequence: int) -> None:
        self.camera = camera
        self.time = time
        self.raster = raster(image)
        self.sequence = sequence

    @property
    def image(self) -> Pixels:
        """RGB, shape (height, width, 3), uint8; worked out when first asked for."""
        return self.raster.rgb()


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
