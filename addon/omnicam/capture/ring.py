"""The last seconds of the main stream as undecoded packets, for clips from before an event."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from omnicam.capture.clip import Clip, ClipError, RingPacket, write_clip

MAX_BYTES: Final = 48 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class RingStats:
    """What a ring holds: seconds, bytes, and how often memory cut it short."""

    seconds: float
    size: int
    cut_short: int


class PacketRing:
    """Keeps whole groups of pictures, from a key frame on; safe to use from several threads.

    Args:
        seconds: kept at least, while memory allows.
        max_bytes: bound on the packets' bytes; the oldest groups go first.
    """

    def __init__(self, seconds: float, max_bytes: int = MAX_BYTES) -> None:
        self._seconds = seconds
        self._max_bytes = max_bytes
        self._groups: deque[_Group] = deque()
        self._size = 0
        self._cut_short = 0
        self._lock = threading.Lock()

    def add(self, packet: RingPacket) -> None:
        """Add the next packet; until the first key frame nothing is kept."""
        with self._lock:
            if packet.opens:
                self._groups.append(_Group(packet.time))
            if not self._groups:
                return
            self._groups[-1].add(packet)
            self._size += len(packet.data)
            self._forget()

    def covers_from(self) -> float | None:
        """Give the stream time of the oldest key frame, None while empty."""
        with self._lock:
            return self._groups[0].start if self._groups else None

    def covers_until(self) -> float | None:
        """Give the stream time up to which packets are here, None while empty."""
        with self._lock:
            return max(group.end for group in self._groups) if self._groups else None

    def stats(self) -> RingStats:
        """Say how much is kept."""
        with self._lock:
            span = self._groups[-1].end - self._groups[0].start if self._groups else 0.0
            return RingStats(max(0.0, span), self._size, self._cut_short)

    def cut(self, start: float, end: float, path: Path) -> Clip:
        """Write what lies between two stream times to an MP4 file, without encoding pictures.

        The clip begins at the last key frame at or before `start`, or with the oldest packet
        where the ring does not reach back so far. The file appears whole or not at all. Waiting
        until `covers_until()` has passed `end` is the caller's part.

        Raises:
            ClipError: nothing of that time is here, or the file cannot be written.
        """
        if not start < end:
            raise ClipError(f"start {start:.3f} is not before end {end:.3f}; ask for a later end")
        with self._lock:
            groups = [group for group in self._groups if group.start <= end and group.end >= start]
            packets = [packet for group in groups for packet in group.packets]
        return write_clip([packet for packet in packets if packet.time <= end], path)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._groups.clear()
            self._size = 0

    def _forget(self) -> None:
        """Let go of groups that are no longer needed, or that memory has no room for."""
        groups = self._groups
        while len(groups) > 1 and groups[1].start <= groups[-1].end - self._seconds:
            self._size -= groups.popleft().size
        while groups and self._size > self._max_bytes:
            self._size -= groups.popleft().size
            self._cut_short += 1


class _Group:
    """A key frame and what follows it, with the sound of the same time."""

    __slots__ = ("end", "packets", "size", "start")

    def __init__(self, start: float) -> None:
        self.start = self.end = start
        self.packets: list[RingPacket] = []
        self.size = 0

    def add(self, packet: RingPacket) -> None:
        self.packets.append(packet)
        self.size += len(packet.data)
        self.end = max(self.end, packet.time)
