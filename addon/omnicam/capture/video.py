"""From video packets to the few pictures that are analysed."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Final

import av.error
import numpy as np
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Interpolation, VideoReformatter
from av.video.stream import VideoStream

from omnicam.media import Pixels

MAX_WIDTH: Final = 640
"""Analysed pictures are at most this wide."""
_JUDGE_S: Final = 2.0
"""Seconds of stream after which it shows whether reference pictures alone are enough."""
_ENOUGH: Final = 0.9
_FULL: Final = ("yuvj", "gray")
_PLANAR: Final = frozenset(
    {"yuv420p", "yuv422p", "yuv444p", "yuvj420p", "yuvj422p", "yuvj444p", "nv12", "nv21", "gray"}
)
"""Formats whose first plane is brightness, a byte for each pixel."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture to analyse: its stamp in stream seconds, None where unknown, and its pixels."""

    stamp: float | None
    raster: DecodedRaster


class DecodedRaster:
    """A decoded picture as `omnicam.media.Raster`; safe to use from several threads.

    The converter is shared by the pictures of one stream, one at a time.
    """

    __slots__ = ("_converter", "_frame", "_image", "_turns", "shape")

    def __init__(self, frame: VideoFrame, converter: Converter) -> None:
        self._frame: VideoFrame | None = frame
        self._converter = converter
        self._image: Pixels | None = None
        self._turns = round(frame.rotation / 90) % 4
        width, height = analysed_size(frame.width, frame.height)
        if self._turns % 2:
            width, height = height, width
        self.shape = (height, width, 3)

    def rgb(self) -> Pixels:
        """Give the picture as RGB; the decoder's own is let go."""
        frame, image = self._frame, self._image  # in this order: another thread may be at it
        if image is not None:
            return image
        assert frame is not None  # noqa: S101 - it goes only once the image is there
        image = self._converter.convert(frame)
        if self._turns:
            image = np.ascontiguousarray(np.rot90(image, self._turns))
        self._image = image
        self._frame = None
        return image

    def luma(self) -> Pixels | None:
        """Give the decoder's own brightness, where it is a plane of bytes."""
        frame = self._frame
        if frame is None or frame.format.name not in _PLANAR:
            return None
        plane = frame.planes[0]
        rows = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)
        grey = rows[: frame.height, : frame.width]
        return np.rot90(grey, self._turns) if self._turns else grey

    def full_range(self) -> bool:
        """Whether that brightness uses 0..255."""
        frame = self._frame
        if frame is None:
            return True
        return frame.format.name.startswith(_FULL) or frame.color_range == ColorRange.JPEG


class Converter:
    """Converts pictures of one stream to RGB at the analysed size."""

    def __init__(self) -> None:
        self._reformatter = VideoReformatter()
        self._lock = threading.Lock()

    def convert(self, frame: VideoFrame) -> Pixels:
        """Give RGB of shape (height, width, 3), not turned."""
        width, height = analysed_size(frame.width, frame.height)
        # Area averaging keeps small figures when shrinking; at the stream's own size no scaler
        # touches brightness, and "area" is then the fast path for colour.
        with self._lock:
            converted = self._reformatter.reformat(
                frame, width, height, "rgb24", interpolation=Interpolation.AREA
            )
        return converted.to_ndarray().astype(np.uint8, copy=False)


class Pacer:
    """Chooses pictures on a grid of stream time, so that the mean rate is the one asked for."""

    def __init__(self, rate: float) -> None:
        self._period = 1.0 / rate
        self._due: float | None = None

    def takes(self, stamp: float) -> bool:
        """Whether the picture at this stamp is to be analysed."""
        due = self._due
        reset = due is None or stamp < due - 2 * self._period
        if not reset and due is not None and stamp < due - 1e-3:
            return False
        late = due is None or reset or stamp - due > self._period
        self._due = (stamp if late or due is None else due) + self._period
        return True


class VideoDecoder:
    """Decodes one video stream, and converts only what is analysed.

    Pictures that no other refers to are not even decoded, unless what is left is too little for
    the rate asked for.
    """

    def __init__(self, stream: VideoStream, rate: float) -> None:
        self._stream = stream
        self._rate = rate
        self._pacer = Pacer(rate)
        # Exact enough, and a hundred times faster than a fraction.
        self._unit = float(stream.time_base or 0)
        self._converter = Converter()
        self._judged_from: float | None = None
        self._decoded_then = 0
        self.decoded = 0
        self.corrupt = 0
        self.width = self.height = 0
        context = stream.codec_context
        # One thread: more would only add latency and switching at this little work.
        context.thread_count = 1
        context.skip_frame = "NONREF"

    def decode(self, packet: Packet[VideoStream]) -> list[Picture]:
        """Decode a packet (an empty one flushes); a corrupt one is counted and gives nothing."""
        try:
            frames = packet.decode()
        except (av.error.FFmpegError, ValueError):
            self.corrupt += 1
            return []
        pictures = []
        for frame in frames:
            if frame.is_corrupt:
                self.corrupt += 1
                continue
            self.decoded += 1
            self.width, self.height = frame.width, frame.height
            stamp = self._stamp(frame)
            if stamp is not None:
                self._judge(stamp)
            if stamp is None or self._pacer.takes(stamp):
                pictures.append(Picture(stamp, DecodedRaster(frame, self._converter)))
        return pictures

    def _stamp(self, frame: VideoFrame) -> float | None:
        stamp = frame.pts if frame.pts is not None else frame.dts
        return None if stamp is None else stamp * self._unit

    def _judge(self, stamp: float) -> None:
        """After a while, decode every picture if the reference pictures alone are too few."""
        context = self._stream.codec_context
        if context.skip_frame != "NONREF":
            return
        if self._judged_from is None or stamp < self._judged_from:
            self._judged_from, self._decoded_then = stamp, self.decoded
        elif stamp - self._judged_from >= _JUDGE_S:
            rate = (self.decoded - self._decoded_then) / (stamp - self._judged_from)
            if rate < _ENOUGH * self._rate:
                context.skip_frame = "DEFAULT"
            self._judged_from, self._decoded_then = stamp, self.decoded


def analysed_size(width: int, height: int) -> tuple[int, int]:
    """Give the size of the analysed picture: the stream's own, or 640 wide with its shape kept."""
    if width <= MAX_WIDTH:
        return width, height
    return MAX_WIDTH, max(1, round(height * MAX_WIDTH / width))
