"""What packets are for: pictures to analyse, sound to analyse, the ring."""

from __future__ import annotations

import threading
import time as clock
from collections.abc import Callable
from typing import cast

import numpy as np
from av.audio.stream import AudioStream
from av.packet import Packet
from av.video.stream import VideoStream

from omnicam.capture.audio import AudioDecoder
from omnicam.capture.clip import ClipError, RingPacket, StreamHeader, Track
from omnicam.capture.feed import MediaPacket, Session
from omnicam.capture.interleave import Interleaver, Media
from omnicam.capture.outbox import Outbox
from omnicam.capture.ring import PacketRing
from omnicam.capture.timing import Forward
from omnicam.capture.video import VideoDecoder
from omnicam.media import SAMPLE_RATE, AudioChunk, Frame, SignalChange, Tick, time_of

RUN_ON_S = 1.0
"""Stream time after the end of a recording: what it showed last is still weighed, as it would be
while a camera goes on. A word is complete, and a step of decide due, only some time later."""


class Emitter:
    """Gives media to the outbox in order, and says when the signal comes and goes."""

    def __init__(self, camera: str, outbox: Outbox, *, ordered: bool) -> None:
        self._camera = camera
        self._outbox = outbox
        self._interleaver = Interleaver((Frame, AudioChunk)) if ordered else None
        self._lock = threading.Lock()
        self._present = False
        self._reason: str | None = None
        self._reached: float | None = None
        self._heard: float | None = None
        self.time: float | None = None

    def expect(self, kinds: tuple[type[Media], ...]) -> None:
        """Say which streams the file has."""
        if self._interleaver is not None:
            self._interleaver = Interleaver(kinds)

    def emit(self, item: Media) -> None:
        """Give one item."""
        with self._lock:
            ready = [item] if self._interleaver is None else self._interleaver.add(item)
            self._put(ready)

    def flush(self) -> None:
        """Give what is held for the sake of order."""
        with self._lock:
            if self._interleaver is not None:
                self._put(self._interleaver.flush())

    def run_on(self) -> None:
        """After the end of a recording, let its time go on: in silence where it had sound.

        Silence alone is added, no picture: nothing may speak for an event that was not recorded.
        """
        with self._lock:
            if self._reached is None:
                return
            if self._heard is not None:
                silence = np.zeros(round(RUN_ON_S * SAMPLE_RATE), np.float32)
                self._outbox.put(AudioChunk(camera=self._camera, time=self._heard, samples=silence))
            self._outbox.put(Tick(camera=self._camera, time=self._reached + RUN_ON_S))

    def lost(self, time: float, reason: str) -> None:
        """Say that the signal is away; said once for each reason."""
        with self._lock:
            if self._present or reason != self._reason:
                self._present, self._reason = False, reason
                self._signal(time, present=False, reason=reason)

    def _put(self, items: list[Media]) -> None:
        for item in items:
            if not self._present:
                self._present, self._reason = True, None
                self._signal(item.time, present=True)
            self.time = item.time
            self._reached = max(time_of(item), self._reached or 0.0)
            if isinstance(item, AudioChunk):
                self._heard = item.end
            self._outbox.put(item)

    def _signal(self, time: float, *, present: bool, reason: str = "") -> None:
        self._outbox.put(
            SignalChange(camera=self._camera, time=time, present=present, reason=reason)
        )


class PictureTaker:
    """Decodes pictures at the analysis rate."""

    def __init__(self, camera: str, rate: float, emitter: Emitter) -> None:
        self._camera = camera
        self._rate = rate
        self._emitter = emitter
        self._decoder: VideoDecoder | None = None
        self._forward = Forward()
        self._decoded = self._corrupt = 0
        self.decode_s = 0.0
        self.analysed = 0
        self.codec = ""
        self.hardware = False

    def begin(self, session: Session) -> None:
        """Make a decoder for the new connection."""
        before, decoder, codec = self._decoder, None, ""
        if session.video is not None:
            context = session.video.codec_context
            decoder = VideoDecoder(session.video, self._rate)
            codec, self.hardware = context.codec.canonical_name, context.is_hwaccel
        # The codec first, and never a moment without a decoder: whoever asks meanwhile must not
        # take a camera that reconnects for one without pictures.
        self.codec = codec
        self._decoder = decoder
        if before is not None:
            self._decoded += before.decoded
            self._corrupt += before.corrupt

    def take(self, session: Session, packet: MediaPacket) -> None:
        """Decode a packet of the video stream."""
        if self._decoder is None or packet.stream is not session.video:
            return
        began = clock.thread_time()
        pictures = self._decoder.decode(cast("Packet[VideoStream]", packet))
        self.decode_s += clock.thread_time() - began
        for picture in pictures:
            time = self._forward.next(session.time(packet, picture.stamp))
            frame = Frame(
                camera=self._camera, time=time, image=picture.raster, sequence=self.analysed
            )
            self.analysed += 1
            self._emitter.emit(frame)

    @property
    def decoded(self) -> int:
        """Pictures decoded over all connections."""
        return self._decoded + (self._decoder.decoded if self._decoder else 0)

    @property
    def corrupt(self) -> int:
        """Packets and pictures that could not be decoded, over all connections."""
        return self._corrupt + (self._decoder.corrupt if self._decoder else 0)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the stream's own pictures, zeros while unknown."""
        return (self._decoder.width, self._decoder.height) if self._decoder else (0, 0)


class SoundTaker:
    """Decodes sound.

    Args:
        wanted: asked at each packet; the main stream's sound serves where the analysed stream
            has none.
    """

    def __init__(
        self, camera: str, emitter: Emitter, wanted: Callable[[], bool] = lambda: True
    ) -> None:
        self._camera = camera
        self._emitter = emitter
        self._wanted = wanted
        self._decoder: AudioDecoder | None = None
        self._forward = Forward()
        self._corrupt = 0
        self.decode_s = 0.0
        self.connected = False
        self.codec = ""

    def begin(self, session: Session) -> None:
        """Make a decoder for the new connection."""
        before, decoder, codec = self.corrupt, None, ""
        if session.audio is not None:
            decoder = AudioDecoder(session.audio)
            codec = session.audio.codec_context.codec.canonical_name
        # Never a moment without a decoder: a camera that reconnects has not lost its sound.
        self._decoder = decoder
        self._corrupt = before
        self.connected = True
        self.codec = codec

    def take(self, session: Session, packet: MediaPacket) -> None:
        """Decode a packet of the audio stream."""
        if self._decoder is None or packet.stream is not session.audio or not self._wanted():
            return
        began = clock.thread_time()
        sounds = self._decoder.decode(cast("Packet[AudioStream]", packet))
        self.decode_s += clock.thread_time() - began
        for sound in sounds:
            time = self._forward.next(session.time(packet, sound.stamp))
            self._emitter.emit(AudioChunk(camera=self._camera, time=time, samples=sound.samples))

    @property
    def has_sound(self) -> bool:
        """Whether the connection has sound."""
        return self._decoder is not None

    @property
    def corrupt(self) -> int:
        """Packets that could not be decoded, over all connections."""
        return self._corrupt + (self._decoder.corrupt if self._decoder else 0)


class RingTaker:
    """Puts packets into the ring as they are."""

    def __init__(self, ring: PacketRing) -> None:
        self._ring = ring
        self._header: StreamHeader | None = None
        self.error = ""

    def begin(self, session: Session) -> None:
        """Keep the new connection's stream header."""
        self._header, self.error = None, ""
        video = session.video
        if video is not None and video.codec_context.codec.canonical_name == "rawvideo":
            self.error = "Uncompressed pictures are too large to keep: there will be no clips"
            return
        try:
            self._header = StreamHeader.of(video, session.audio)
        except ClipError as error:
            self.error = str(error)

    def take(self, session: Session, packet: MediaPacket) -> None:
        """Keep a packet; one without a stamp (parameter sets alone) has no place in a clip."""
        if self._header is None or not packet.size or packet.pts is None:
            return
        is_video = packet.stream is session.video
        stamp = packet.pts * session.units[packet.stream.index]
        self._ring.add(
            RingPacket(
                track=Track.VIDEO if is_video else Track.AUDIO,
                time=session.time(packet, stamp),
                stamp=stamp,
                data=bytes(packet),
                key=packet.is_keyframe,
                opens=packet.is_keyframe and (is_video or session.video is None),
                header=self._header,
            )
        )
