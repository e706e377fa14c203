"""How a camera's stream fares, in numbers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple


class State(StrEnum):
    """What a stream is doing."""

    CONNECTING = "connecting"
    STREAMING = "streaming"
    WAITING = "waiting"  # lost; tried again after the back-off
    ENDED = "ended"
    FAILED = "failed"
    CLOSED = "closed"


class Offer(NamedTuple):
    """What a stream has: the size of its own pictures, zeros without any, and whether sound."""

    width: int
    height: int
    audio: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureStats:
    """A snapshot; counts are since the stream was made.

    Attributes:
        state: of the analysed stream.
        decoded: pictures decoded.
        decode_s: processor time spent on decoding pictures and sound, seconds.
        analysed: pictures handed on.
        dropped_frames: pictures handed on and then dropped because the reader was slow.
        dropped_chunks: the same of pieces of sound.
        corrupt: packets or pictures that could not be decoded.
        reconnects: connections after the first.
        frame_rate: pictures a second that come in, before any is left out.
        width: of the analysed stream's own pictures, pixels; 0 while unknown.
        height: the same.
        codec: of its pictures, "" without any.
        has_audio: whether it has sound.
        audio_codec: of its sound, "" without any.
        hardware: whether a hardware decoder is in use.
        warning: what is not as the settings ask, "" where all is.
        last_error: why the signal was lost last, "" if it never was.
        main_state: of the main stream; the same as `state` where it is the analysed one.
        main_error: the same for the main stream.
        ring_s: seconds of packets in the ring.
        ring_bytes: their size.
        ring_cut_short: how often packets younger than `ring_s` had to go for want of memory.
    """

    state: State
    decoded: int
    decode_s: float
    analysed: int
    dropped_frames: int
    dropped_chunks: int
    corrupt: int
    reconnects: int
    frame_rate: float
    width: int
    height: int
    codec: str
    has_audio: bool
    audio_codec: str
    hardware: bool
    warning: str
    last_error: str
    main_state: State
    main_error: str
    ring_s: float
    ring_bytes: int
    ring_cut_short: int


class Rate:
    """Counts events a second over the last whole stretch of two seconds."""

    STRETCH_S: Final = 2.0

    def __init__(self) -> None:
        self.value = 0.0
        self._since: float | None = None
        self._count = 0

    def add(self, time: float) -> None:
        """Count one event at a time in seconds."""
        if self._since is None or time < self._since:
            self._since, self._count = time, 0
        elif time - self._since >= self.STRETCH_S:
            self.value = self._count / (time - self._since)
            self._since, self._count = time, 0
        self._count += 1
