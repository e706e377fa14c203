"""Writes undecoded packets to an MP4 file that browsers play."""

from __future__ import annotations

import io
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from itertools import pairwise
from pathlib import Path
from typing import Final

import av
import av.error
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.rational import AVRational
from av.stream import Stream
from av.video.stream import VideoStream

from omnicam.media import Samples

_TICKS: Final = 90_000
_AAC_RATE: Final = 16_000
_AAC_FRAME: Final = 1024
_COPIED: Final = frozenset({"aac", "mp3", "opus", "ac3", "eac3", "flac", "alac"})
"""Sound that MP4 holds as it is; any other (G.711, G.726, PCM) becomes AAC."""
_TAGS: Final = {"hevc": "hvc1"}
"""Apple's players take H.265 under this tag only."""
_RESYNC_S: Final = 0.3
"""A stamp this far from the stream's time is a jump, and the time counts."""


type MediaPacket = Packet[Stream]


class ClipError(RuntimeError):
    """A clip that cannot be written."""


class Track(Enum):
    """Which of a camera's two streams a packet belongs to."""

    VIDEO = auto()
    AUDIO = auto()


@dataclass(frozen=True, slots=True)
class StreamHeader:
    """What a decoder must know of the streams, as a NUT file that holds little but its header.

    It outlives the connection that it came from, which a stream object of PyAV does not.
    """

    nut: bytes

    @classmethod
    def of(cls, video: VideoStream | None, audio: AudioStream | None) -> StreamHeader:
        """Take it from open streams.

        Raises:
            ClipError: the codec is one that no file can hold.
        """
        buffer = io.BytesIO()
        try:
            with av.open(buffer, "w", format="nut") as output:
                for template in (video, audio):
                    if template is not None:
                        output.add_stream_from_template(template, opaque=True)
                # A NUT header is complete only with a packet behind it; its content is never read.
                for stream in output.streams:
                    packet: MediaPacket = Packet(b"\0")
                    packet.stream, packet.time_base = stream, stream.time_base
                    packet.pts = packet.dts = 0
                    packet.is_keyframe = True
                    output.mux(packet)
        except (av.error.FFmpegError, ValueError) as error:
            raise ClipError(f"the streams cannot be kept for clips: {error}") from error
        return cls(buffer.getvalue())

    def open(self) -> InputContainer:
        """Give the streams again, as templates."""
        return av.open(io.BytesIO(self.nut), "r", format="nut")


@dataclass(frozen=True, slots=True)
class RingPacket:
    """One undecoded packet.

    Attributes:
        track: its stream.
        time: stream time at which it is shown, Unix seconds.
        stamp: the same on the stream's own clock, seconds.
        data: the coded bytes.
        key: whether it can be decoded without those before it.
        opens: whether a clip can begin here.
        header: of the connection that it came with.
    """

    track: Track
    time: float
    stamp: float
    data: bytes
    key: bool
    opens: bool
    header: StreamHeader


@dataclass(frozen=True, slots=True)
class Clip:
    """A written clip: its file, the stream times of its first and last packet, its size."""

    path: Path
    start: float
    end: float
    size: int


def write_clip(packets: Sequence[RingPacket], path: Path) -> Clip:
    """Write packets of one camera, in the order in which they came, to an MP4 file.

    The file appears whole or not at all. Where the camera's settings changed within the clip, the
    longer part is written: one MP4 track holds one kind of stream.

    Raises:
        ClipError: there are no packets, MP4 cannot hold the pictures, or the file system refuses.
    """
    if not packets:
        raise ClipError("nothing of that time is in memory; ask for a later time or a longer ring")
    header = Counter(packet.header for packet in packets).most_common(1)[0][0]
    packets = [packet for packet in packets if packet.header == header]
    part = path.with_name(f".{path.name}.part")
    try:
        with header.open() as template, _mp4(part) as output:
            _mux(packets, template, output)
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        part.replace(path)
    except (av.error.FFmpegError, OSError, ValueError) as error:
        raise ClipError(f"{path}: the clip cannot be written: {error}") from error
    finally:
        part.unlink(missing_ok=True)
    times = [packet.time for packet in packets]
    return Clip(path, min(times), max(times), path.stat().st_size)


def _mp4(path: Path) -> OutputContainer:
    return av.open(path, "w", format="mp4", options={"movflags": "+faststart"})


def _mux(packets: Sequence[RingPacket], template: InputContainer, output: OutputContainer) -> None:
    video = [packet for packet in packets if packet.track is Track.VIDEO]
    audio = [packet for packet in packets if packet.track is Track.AUDIO]
    origin = (video or audio)[0].time
    tracks: list[Iterator[MediaPacket]] = []
    if video:
        tracks.append(_copied_video(video, origin, template, output))
    if audio and template.streams.audio:
        name = template.streams.audio[0].codec_context.codec.canonical_name
        track = _copied_audio if name in _COPIED else _encoded_audio
        tracks.append(track(audio, origin, template, output))
    # The muxer interleaves by itself but needs every stream before the first packet: so each
    # track has added its stream by the time its first packet is drawn.
    drawn = [packet for track in tracks for packet in track]
    for packet in sorted(drawn, key=_seconds):
        output.mux(packet)


def _seconds(packet: MediaPacket) -> float:
    return float((packet.dts or 0) * packet.time_base)


def laid_out(packets: Sequence[RingPacket], origin: float) -> list[float]:
    """Give each packet's second in the clip.

    The stream's own stamps keep the exact distances; its mapped time says where to go on after a
    jump, and how pictures and sound lie to each other.
    """
    seconds: list[float] = []
    before: RingPacket | None = None
    for packet in packets:
        second = packet.time - origin
        if before is not None:
            exact = seconds[-1] + packet.stamp - before.stamp
            second = exact if abs(exact - second) < _RESYNC_S else second
        seconds.append(second)
        before = packet
    return seconds


def decoding_stamps(shown: Sequence[int]) -> list[tuple[int, int]]:
    """Give (pts, dts) for packets in decoding order, from when they are shown.

    RTSP does not carry decoding stamps. The shown stamps in rising order, shifted so that none
    lies after its own picture, are what an encoder would have written.
    """
    in_order = sorted(shown)
    shift = max((due - pts for due, pts in zip(in_order, shown, strict=True)), default=0)
    stamps: list[tuple[int, int]] = []
    for due, pts in zip(in_order, shown, strict=True):
        dts = due - shift
        if stamps:
            dts = max(dts, stamps[-1][1] + 1)
        stamps.append((max(pts, dts), dts))
    return stamps


def _copied_video(
    packets: Sequence[RingPacket], origin: float, template: InputContainer, output: OutputContainer
) -> Iterator[MediaPacket]:
    source = template.streams.video[0]
    stream = output.add_stream_from_template(source, opaque=True)
    tag = _TAGS.get(source.codec_context.codec.canonical_name)
    if tag is not None:
        stream.codec_context.codec_tag = tag
    seconds = laid_out(packets, origin)
    # Pictures of an open group that are shown before its key frame lack what they refer to.
    kept = [(p, s) for p, s in zip(packets, seconds, strict=True) if s >= seconds[0]]
    stamps = decoding_stamps([round(second * _TICKS) for _, second in kept])
    return _packets([packet for packet, _ in kept], stamps, stream)


def _copied_audio(
    packets: Sequence[RingPacket], origin: float, template: InputContainer, output: OutputContainer
) -> Iterator[MediaPacket]:
    stream = output.add_stream_from_template(template.streams.audio[0], opaque=True)
    pairs = zip(packets, laid_out(packets, origin), strict=True)
    kept = [(packet, second) for packet, second in pairs if second >= 0]
    stamps = decoding_stamps([round(second * _TICKS) for _, second in kept])
    return _packets([packet for packet, _ in kept], stamps, stream)


def _packets(
    packets: Sequence[RingPacket],
    stamps: Sequence[tuple[int, int]],
    stream: VideoStream | AudioStream,
) -> Iterator[MediaPacket]:
    durations = [after - dts for (_, dts), (_, after) in pairwise(stamps)]
    durations += durations[-1:]  # without one, players leave the last picture out
    for number, (held, (pts, dts)) in enumerate(zip(packets, stamps, strict=True)):
        packet: MediaPacket = Packet(held.data)
        packet.stream = stream
        packet.time_base = AVRational(1, _TICKS)
        packet.pts, packet.dts = pts, dts
        packet.is_keyframe = held.key
        if durations:
            packet.duration = durations[number]
        yield packet


def _encoded_audio(
    packets: Sequence[RingPacket], origin: float, template: InputContainer, output: OutputContainer
) -> Iterator[MediaPacket]:
    stream = output.add_stream("aac", rate=_AAC_RATE)
    stream.layout = "mono"
    sound = _decoded(packets, laid_out(packets, origin), template.streams.audio[0])
    for start in range(0, len(sound) - _AAC_FRAME + 1, _AAC_FRAME):
        piece = np.ascontiguousarray(sound[start : start + _AAC_FRAME].reshape(1, -1))
        frame = AudioFrame.from_ndarray(piece, format="fltp", layout="mono")
        frame.sample_rate, frame.pts = _AAC_RATE, start
        frame.time_base = AVRational(1, _AAC_RATE)
        yield from stream.encode(frame)
    yield from stream.encode(None)


def _decoded(
    packets: Sequence[RingPacket], seconds: Sequence[float], stream: AudioStream
) -> Samples:
    """Decode sound to 16 kHz, with silence where packets are missing."""
    context = stream.codec_context
    resampler = AudioResampler(format="fltp", layout="mono", rate=_AAC_RATE)
    sound = np.zeros(max(0, round((seconds[-1] + 1.0) * _AAC_RATE)), np.float32)
    at = used = 0
    for held, second in zip(packets, seconds, strict=True):
        due = round(second * _AAC_RATE)
        at = due if abs(due - at) > _RESYNC_S * _AAC_RATE else at
        try:
            frames = context.decode(Packet(held.data))
        except av.error.FFmpegError:
            continue  # a corrupt packet leaves its silence
        for frame in frames:
            frame.pts = None
            for out in resampler.resample(frame):
                samples = out.to_ndarray().reshape(-1)
                first, last = max(0, at), min(len(sound), at + len(samples))
                if last > first:
                    sound[first:last] = samples[first - at : last - at]
                at += len(samples)
                used = max(used, last)
    return sound[:used]
