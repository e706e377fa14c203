"""Reads one source for ever: opens it, hands its packets on, and tries again when it is lost."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

import av.error
from av.audio.stream import AudioStream
from av.codec.hwaccel import HWAccel
from av.container import InputContainer
from av.packet import Packet
from av.stream import Disposition, Stream
from av.video.stream import VideoStream

from omnicam.backoff import Backoff
from omnicam.capture import hardware
from omnicam.capture.problems import Problem, ProblemKind, describe, problem_of
from omnicam.capture.source import Source, open_source
from omnicam.capture.stats import Rate, State
from omnicam.capture.timing import FileClock, LiveClock, StampClock
from omnicam.config.model import Pace

type MediaPacket = Packet[Stream]

_BACKOFF: Final = Backoff(first_s=0.5, longest_s=30.0)
_STEADY_S: Final = 5.0
"""Media that flowed this long make the next loss a new one, tried again fast."""
_BURST_WAIT_S: Final = 0.005
_BURST_WAITS: Final = 4
"""What was gathered while the stream was looked at comes without waiting: so many waits mean that
it is over, and not only that the machine was busy."""
_BURST_S: Final = 2.0
_MAX_CORRUPT_IN_A_ROW: Final = 100
_NAP_S: Final = 0.12
"""After each wait for the network, so that the packets of the next moments are read in one go:
waking for each of them would cost a fifth to a third more processor time."""


class WallClock:
    """Unix time that does not jump while a connection lasts, even if the machine's clock is set."""

    def __init__(self) -> None:
        self._offset = 0.0
        self.sync()

    def sync(self) -> None:
        """Take the machine's time over."""
        self._offset = time.time() - time.monotonic()

    def now(self) -> float:
        """Give Unix seconds."""
        return time.monotonic() + self._offset


@dataclass(slots=True)
class Session:
    """One connection: the open container, the streams in use, their clocks and units of time.

    A unit is seconds as a float: exact enough, and a hundred times faster than a fraction.
    """

    container: InputContainer
    video: VideoStream | None
    audio: AudioStream | None
    clocks: dict[int, StampClock] = field(default_factory=dict)
    units: dict[int, float] = field(default_factory=dict)

    def time(self, packet: MediaPacket, stamp: float | None) -> float:
        """Give the Unix time of a stamp of this packet's stream."""
        return self.clocks[packet.stream.index].at(stamp)


class Taker(Protocol):
    """Something that a feed's packets are for."""

    def begin(self, session: Session) -> None:
        """A connection stands."""

    def take(self, session: Session, packet: MediaPacket) -> None:
        """Take the next packet; an empty one says that its stream ends."""


class Feed:
    """One source with its thread.

    Args:
        source: what to read.
        takers: what its packets are for, in this order.
        wall: the camera's clock.
        hardware_name: decoder as in the settings; None where nothing is decoded.
        on_lost: told when the source is lost, with the reason.
        hold: for files: called with the stream time of each packet before it is taken, and waits
            until it is due.
    """

    def __init__(
        self,
        name: str,
        source: Source,
        takers: Sequence[Taker],
        wall: WallClock,
        *,
        hardware_name: str | None = None,
        on_lost: Callable[[Problem], None],
        on_end: Callable[[Problem | None], None],
        hold: Callable[[float], None] | None = None,
    ) -> None:
        self._source = source
        self._takers = takers
        self._wall = wall
        self._on_lost, self._on_end = on_lost, on_end
        self._hold = hold
        self._attempt = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._hardware_name = hardware_name
        self._hardware: HWAccel | None = None
        self.state = State.CONNECTING
        self.warning = ""
        self.last_error = ""
        self.connections = 0
        self.corrupt = 0
        self.rate = Rate()

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def stop(self) -> None:
        """Ask the thread to end."""
        self._stop.set()

    def join(self, timeout_s: float) -> bool:
        """Wait for the thread; False if it still waits for the network.

        It then ends by itself at its time-out and lets the connection go: libav cannot be woken
        from another thread, and closing under its feet would crash.
        """
        if self._thread.ident is not None:
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    @property
    def stopping(self) -> bool:
        """Whether the end was asked for."""
        return self._stop.is_set()

    def _run(self) -> None:
        self._hardware, self.warning = hardware.choose(self._hardware_name)
        while not self._stop.is_set():
            self.state = State.CONNECTING
            problem = self._once()
            if self._stop.is_set():
                break
            if problem is not None:
                self.last_error = str(problem)
            if not self._source.live:
                self.state = State.FAILED if problem else State.ENDED
                self._on_end(problem)
                return
            self.state = State.WAITING
            self._on_lost(problem or describe(ProblemKind.ENDED, self._source))
            self._attempt += 1
            self._stop.wait(_BACKOFF.delay(self._attempt))
        self.state = State.CLOSED

    def _once(self) -> Problem | None:
        """Connect and read until the end; None is an orderly end."""
        try:
            container = self._open()
        except (av.error.FFmpegError, OSError, ValueError) as error:
            return problem_of(error, self._source)
        began = time.monotonic()
        try:
            with container:
                return self._play(container)
        except av.error.FFmpegError as error:
            return problem_of(error, self._source)
        finally:
            if time.monotonic() - began >= _STEADY_S:
                self._attempt = 0

    def _open(self) -> InputContainer:
        if self._hardware is not None:
            try:
                return open_source(self._source, self._hardware)
            except (av.error.FFmpegError, RuntimeError) as error:
                if isinstance(error, OSError) and self._source.remote:
                    raise  # the network, not the decoder
                self._hardware = None
                self.warning = f"The hardware decoder cannot be used ({error}): software decodes"
        return open_source(self._source)

    def _play(self, container: InputContainer) -> Problem | None:
        session = Session(container, *_streams(container))
        if session.video is None and session.audio is None:
            coded = any(stream.type in ("video", "audio") for stream in container.streams)
            kind = ProblemKind.UNSUPPORTED if coded else ProblemKind.NO_STREAM
            return describe(kind, self._source)
        context = session.video.codec_context if session.video is not None else None
        if self._hardware is not None and context is not None and not context.is_hwaccel:
            self.warning = f"The hardware cannot decode {context.name}: software decodes"
        self._wall.sync()
        self._set_clocks(session)
        self.connections += 1
        for taker in self._takers:
            taker.begin(session)
        for packet in self._packets(session):
            if self._stop.is_set():
                return None
            self.state = State.STREAMING
            if self._hold is not None and packet.size:
                self._hold(session.time(packet, None))
            for taker in self._takers:
                taker.take(session, packet)
        return None

    def _set_clocks(self, session: Session) -> None:
        streams = [stream for stream in (session.video, session.audio) if stream is not None]
        session.units = {stream.index: float(stream.time_base or 0) for stream in streams}
        if self._source.live:
            session.clocks = {stream.index: LiveClock() for stream in streams}
            return
        starts_at, first = self._starts_at(), _first_stamp(session)
        session.clocks = {stream.index: FileClock(starts_at, first) for stream in streams}

    def _starts_at(self) -> float:
        source = self._source
        if source.starts_at is not None:
            return source.starts_at
        return self._wall.now() if source.pace is Pace.LIVE else source.path.stat().st_mtime

    def _packets(self, session: Session) -> Iterator[MediaPacket]:
        """Give the packets, their clocks told; those of the opening burst come after its end.

        While a stream is looked at, its packets gather for a second or so. Taken by themselves
        they would seem to have arrived only now; the last of the burst is the one that did.
        """
        began = time.monotonic()
        burst: list[MediaPacket] | None = [] if self._source.live else None
        waits = 0
        for packet, waited in self._read(session):
            if packet.size:
                self._observe(session, packet)
            if burst is None:
                yield packet
                if waited >= _BURST_WAIT_S and self._source.remote:
                    self._stop.wait(_NAP_S)
                continue
            burst.append(packet)
            waits += waited >= _BURST_WAIT_S
            if waits >= _BURST_WAITS or time.monotonic() - began >= _BURST_S:
                _stamp_leading(burst)
                yield from burst
                burst = None
        yield from burst or ()

    def _observe(self, session: Session, packet: MediaPacket) -> None:
        stamp = packet.dts if packet.dts is not None else packet.pts
        index = packet.stream.index
        seconds = None if stamp is None else stamp * session.units[index]
        arrival = self._wall.now()
        session.clocks[index].observe(seconds, arrival)
        if packet.stream is session.video:
            self.rate.add(session.time(packet, None))

    def _read(self, session: Session) -> Iterator[tuple[MediaPacket, float]]:
        """Demux with the time waited for each packet; skip what cannot be read."""
        streams = [stream for stream in (session.video, session.audio) if stream is not None]
        following: dict[int, int] = {} if self._source.live else dict.fromkeys(session.clocks, 0)
        in_a_row = 0
        packets = session.container.demux(*streams)
        while not self._stop.is_set():
            before = time.monotonic()
            try:
                packet = next(packets)
            except StopIteration:
                return
            except av.error.InvalidDataError:
                self.corrupt += 1
                in_a_row += 1
                if in_a_row >= _MAX_CORRUPT_IN_A_ROW:
                    raise
                packets = session.container.demux(*streams)
                continue
            in_a_row = 0
            self.corrupt += packet.is_corrupt
            _stamp(packet, following)
            yield packet, time.monotonic() - before


def _stamp(packet: MediaPacket, following: dict[int, int]) -> None:
    """Give a packet without any stamp the one that follows from the packet before."""
    index = packet.stream.index
    if packet.size and packet.pts is None and packet.dts is None:
        packet.pts = following.get(index)
    stamp = packet.pts if packet.pts is not None else packet.dts
    if stamp is not None:
        following[index] = stamp + (packet.duration or 0)


def _stamp_leading(packets: Sequence[MediaPacket]) -> None:
    """Give the first packets, which RTSP may leave without stamps, those before the first known."""
    known: dict[int, int] = {}
    for packet in reversed(packets):
        index = packet.stream.index
        if packet.size and packet.pts is None and packet.dts is None and index in known:
            packet.pts = packet.dts = known[index] - (packet.duration or 0)
        if packet.pts is not None:
            known[index] = packet.pts


def _streams(container: InputContainer) -> tuple[VideoStream | None, AudioStream | None]:
    """Choose the first video stream that is no cover picture, and the first audio stream."""
    video = [
        stream
        for stream in container.streams.video
        if _decodable(stream) and not stream.disposition & Disposition.attached_pic
    ]
    audio = [stream for stream in container.streams.audio if _decodable(stream)]
    return video[0] if video else None, audio[0] if audio else None


def _decodable(stream: Stream) -> bool:
    """Whether libav has a decoder; PyAV gives no context otherwise, whatever its types say."""
    return getattr(stream, "codec_context", None) is not None


def _first_stamp(session: Session) -> float:
    for stream in (session.video, session.audio):
        if stream is not None and stream.start_time is not None:
            return float(stream.start_time * stream.time_base)
    return 0.0
