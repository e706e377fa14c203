"""One camera: frames, sound and the state of its signal, and the ring of its packets."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Final, Self

from omnicam.capture.feed import Feed, Session, Taker, WallClock
from omnicam.capture.outbox import Outbox
from omnicam.capture.problems import CaptureError, Problem
from omnicam.capture.ring import PacketRing
from omnicam.capture.source import Source, sources_of
from omnicam.capture.stats import CaptureStats, Offer
from omnicam.capture.takers import Emitter, PictureTaker, RingTaker, SoundTaker
from omnicam.config.model import CameraSettings, Pace
from omnicam.media import AudioChunk, Frame, MediaItem

_CLOSE_S: Final = 1.5
_POLL_S: Final = 1.0
_LEAD_S: Final = 2.0
"""How far the main stream of a fast file may run ahead of the analysed one."""


class CameraStream:
    """Opens a camera and hands on what it sends until closed, or until its file ends.

    Use it as a context manager; iterate, or call `get`. Live sources are tried again for ever and
    never wait for the reader; a file that cannot be read ends with `CaptureError`.

    A frame's `time`, and a chunk's, rises from one to the next of its kind. Between a frame and a
    chunk of a live stream the order is that of arrival, which may differ from that of time by a
    tenth of a second; those of a file come in order of their ends. After the end of a file that is
    played fast, time runs on by `RUN_ON_S`, in silence, up to a last `Tick`.

    Attributes:
        ring: undecoded packets of the main stream, for clips.
    """

    def __init__(self, settings: CameraSettings) -> None:
        analysed, main = _with_one_start(*sources_of(settings))
        self._pace = analysed.pace
        self._wall = WallClock()
        self._problem: Problem | None = None
        self._stop = threading.Event()
        self._outbox = Outbox(settings.id, lossless=analysed.pace is Pace.FAST, wall=self._wall.now)
        self._emitter = Emitter(settings.id, self._outbox, ordered=not analysed.live)
        self._pictures = PictureTaker(settings.id, settings.frame_rate, self._emitter)
        self._sound = SoundTaker(settings.id, self._emitter)
        self._main_sound = SoundTaker(settings.id, self._emitter, self._main_sound_wanted)
        self.ring = PacketRing(settings.ring_s)
        self._ring_taker = RingTaker(self.ring)
        takers: list[Taker] = [_Kinds(self._emitter, audio=settings.audio), self._pictures]
        takers += [self._sound] if settings.audio else []
        takers += [self._ring_taker] if main is None else []
        self._feed = Feed(
            f"capture-{settings.id}",
            analysed,
            takers,
            self._wall,
            hardware_name=settings.hardware,
            on_lost=self._lost,
            on_end=self._ended,
            hold=self._until_due if analysed.pace is Pace.LIVE else None,
        )
        self._main = self._feed if main is None else self._main_feed(settings, main)

    def _main_feed(self, settings: CameraSettings, main: Source) -> Feed:
        takers: list[Taker] = [self._ring_taker]
        takers += [self._main_sound] if settings.audio else []
        hold = {Pace.LIVE: self._until_due, Pace.FAST: self._until_analysed}
        return Feed(
            f"capture-{settings.id}-main",
            main,
            takers,
            WallClock(),
            on_lost=lambda _problem: None,  # the analysed stream says whether the camera is there
            on_end=lambda _problem: None,
            hold=None if main.pace is None else hold[main.pace],
        )

    @property
    def lossless(self) -> bool:
        """Whether a slow reader is waited for: a file that is played as fast as it can be read."""
        return self._pace is Pace.FAST

    def start(self) -> Self:
        """Begin to read, in threads of its own."""
        for feed in self._feeds():
            feed.start()
        return self

    def close(self) -> None:
        """End within two seconds; a thread that waits for the network ends by itself later."""
        self._stop.set()
        for feed in self._feeds():
            feed.stop()
        self._outbox.close()
        deadline = time.monotonic() + _CLOSE_S
        for feed in self._feeds():
            feed.join(max(0.0, deadline - time.monotonic()))

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    def get(self, timeout_s: float) -> MediaItem | None:
        """Take the next item in stream order; None when none came in time or the stream ended.

        Raises:
            CaptureError: the file cannot be read (any further).
        """
        item = self._outbox.get(timeout_s)
        if item is None and self._problem is not None and self._outbox.exhausted:
            raise CaptureError(self._problem)
        return item

    @property
    def ended(self) -> bool:
        """Whether nothing more will come: the file is over, or the stream was closed."""
        return self._outbox.exhausted

    def __iter__(self) -> Iterator[MediaItem]:
        """Give every item until the end.

        Raises:
            CaptureError: the file cannot be read (any further).
        """
        while True:
            item = self.get(_POLL_S)
            if item is not None:
                yield item
            elif self.ended:
                return

    def offers(self) -> Offer | None:
        """Say what the stream has; None while its pictures are announced but none has come.

        Sound comes first after a connect. To say "no pictures" until the first one would end every
        event of a picture at each short loss of the signal. Cheap enough to ask at every item.
        """
        width, height = self._pictures.size
        if self._pictures.codec and not width:
            return None
        return Offer(width, height, self._heard().has_sound)

    def stats(self) -> CaptureStats:
        """Say how the stream fares."""
        feed, main, pictures, sound = self._feed, self._main, self._pictures, self._heard()
        ring = self.ring.stats()
        width, height = pictures.size
        corrupt = pictures.corrupt + self._sound.corrupt + self._main_sound.corrupt
        corrupt += sum(each.corrupt for each in self._feeds())
        return CaptureStats(
            state=feed.state,
            decoded=pictures.decoded,
            decode_s=pictures.decode_s + self._sound.decode_s + self._main_sound.decode_s,
            analysed=pictures.analysed,
            dropped_frames=self._outbox.dropped_frames,
            dropped_chunks=self._outbox.dropped_chunks,
            corrupt=corrupt,
            reconnects=max(0, feed.connections - 1),
            frame_rate=feed.rate.value,
            width=width,
            height=height,
            codec=pictures.codec,
            has_audio=sound.has_sound,
            audio_codec=sound.codec,
            hardware=pictures.hardware,
            warning="; ".join(text for text in (feed.warning, self._ring_taker.error) if text),
            last_error=feed.last_error,
            main_state=main.state,
            main_error=main.last_error,
            ring_s=ring.seconds,
            ring_bytes=ring.size,
            ring_cut_short=ring.cut_short,
        )

    def _heard(self) -> SoundTaker:
        """Give the taker whose sound is analysed: the main stream's where the other has none."""
        own = self._sound.has_sound or self._main is self._feed
        return self._sound if own else self._main_sound

    def _feeds(self) -> tuple[Feed, ...]:
        return (self._feed,) if self._main is self._feed else (self._feed, self._main)

    def _main_sound_wanted(self) -> bool:
        return self._sound.connected and not self._sound.has_sound

    def _lost(self, problem: Problem) -> None:
        self._emitter.lost(self._wall.now(), str(problem))

    def _ended(self, problem: Problem | None) -> None:
        self._emitter.flush()
        if self.lossless and problem is None:
            self._emitter.run_on()
        self._problem = problem
        self._outbox.close()

    def _until_due(self, moment: float) -> None:
        """Wait until a packet of a file that plays live is due."""
        self._stop.wait(max(0.0, self._play_time(moment) - time.monotonic()))

    _played_from: tuple[float, float] | None = None

    def _play_time(self, moment: float) -> float:
        if self._played_from is None:
            self._played_from = (moment, time.monotonic())
        first, began = self._played_from
        return began + moment - first

    def _until_analysed(self, moment: float) -> None:
        """Wait until the analysed stream of a fast file has come near the main one."""
        while not self._stop.is_set() and not self._outbox.exhausted:
            reached = self._emitter.time
            if reached is not None and moment <= reached + _LEAD_S:
                return
            self._stop.wait(0.02)


class _Kinds:
    """Tells the emitter which kinds of media a file has, so that it knows what to wait for."""

    def __init__(self, emitter: Emitter, *, audio: bool) -> None:
        self._emitter = emitter
        self._audio = audio

    def begin(self, session: Session) -> None:
        """A file was opened."""
        kinds: tuple[type[Frame | AudioChunk], ...] = ()
        kinds += (Frame,) if session.video is not None else ()
        kinds += (AudioChunk,) if session.audio is not None and self._audio else ()
        self._emitter.expect(kinds)

    def take(self, session: Session, packet: object) -> None:
        """Packets are of no interest."""


def _with_one_start(analysed: Source, main: Source | None) -> tuple[Source, Source | None]:
    """Let two files of one camera begin at the same stream time: that of the analysed one."""
    both = [source for source in (analysed, main) if source is not None and not source.live]
    if len(both) < 2 or analysed.starts_at is not None:
        return analysed, main
    live = analysed.pace is Pace.LIVE
    starts_at = time.time() if live or not analysed.path.exists() else analysed.path.stat().st_mtime
    return replace(analysed, starts_at=starts_at), main and replace(main, starts_at=starts_at)
