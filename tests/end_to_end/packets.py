"""The coded pictures of an MP4 file, to tell whether a clip holds the camera's own."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import av

_SLICES = frozenset({1, 5})
"""Types of H.264 units that hold pictures; a server may add parameter sets before them."""


def pictures(file: Path) -> list[tuple[float, str]]:
    """Give the time in seconds and a digest of the coded bytes of every picture, in file order."""
    with av.open(str(file)) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.codec.canonical_name == "h264"
        length = (stream.codec_context.extradata[4] & 3) + 1
        return [
            (float(packet.pts * packet.time_base), _digest(bytes(packet), length))
            for packet in container.demux(stream)
            if packet.size
        ]


def decoded(file: Path) -> tuple[int, int]:
    """Decode a whole file and give the numbers of its pictures and of its pieces of sound."""
    with av.open(str(file)) as container:
        frames = [type(frame).__name__ for frame in container.decode()]
    return frames.count("VideoFrame"), frames.count("AudioFrame")


def _digest(data: bytes, length: int) -> str:
    slices = b"".join(unit for unit in _units(data, length) if unit[0] & 0x1F in _SLICES)
    return hashlib.sha256(slices).hexdigest()


def _units(data: bytes, length: int) -> Iterator[bytes]:
    at = 0
    while at < len(data):
        size = int.from_bytes(data[at : at + length])
        at += length
        yield data[at : at + size]
        at += size
