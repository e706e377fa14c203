"""The bounded queue between capture and whoever analyses."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Final

from omnicam.media import AudioChunk, Frame, MediaItem, SignalChange

MAX_FRAMES: Final = 3
"""Half a second: whoever falls behind loses pictures and not time."""
MAX_CHUNKS: Final = 100
_ABSENT_EVERY_S: Final = 1.0


class Outbox:
    """Hands media on in order; made for one writer and one reader.

    A live source never waits: the oldest frame goes when there are too many, sound only when ten
    seconds of it lie here. A file waits for its reader and loses nothing. While the signal is
    away, the reader is told again every second.

    Args:
        camera: id of the camera.
        lossless: whether the writer waits.
        wall: gives Unix seconds, for the time of the repeated word that the signal is away.
    """

    def __init__(self, camera: str, *, lossless: bool, wall: Callable[[], float]) -> None:
        self._camera = camera
        self._lossless = lossless
        self._wall = wall
        self._items: deque[MediaItem] = deque()
        self._frames = self._chunks = 0
        self._changed = threading.Condition()
        self._closed = False
        self._absent: SignalChange | None = None
        self._told = 0.0
        self.dropped_frames = 0
        self.dropped_chunks = 0

    def put(self, item: MediaItem) -> bool:
        """Add an item; False once closed."""
        with self._changed:
            while self._lossless and self._full(item) and not self._closed:
                self._changed.wait(1.0)
            if self._closed:
                return False
            while self._full(item):
                self._drop_oldest(type(item))
            self._count(item, 1)
            self._items.append(item)
            self._changed.notify_all()
            return True

    def get(self, timeout_s: float) -> MediaItem | None:
        """Take the next item; None when none came in time, or when all was taken after the end."""
        deadline = time.monotonic() + timeout_s
        with self._changed:
            while not self._items:
                now = time.monotonic()
                tell = self._told + _ABSENT_EVERY_S if self._absent and not self._closed else None
                if tell is not None and now >= tell:
                    return self._tell_again(now)
                if self._closed or now >= deadline:
                    return None
                self._changed.wait(min(deadline, tell or deadline) - now)
            item = self._items.popleft()
            self._count(item, -1)
            if isinstance(item, SignalChange):
                self._absent = None if item.present else item
                self._told = time.monotonic()
            self._changed.notify_all()
            return item

    def close(self) -> None:
        """End: what lies here can still be taken, nothing is added."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    @property
    def exhausted(self) -> bool:
        """Whether it is closed and empty."""
        with self._changed:
            return self._closed and not self._items

    def _tell_again(self, now: float) -> SignalChange:
        assert self._absent is not None  # noqa: S101 - the caller looked
        self._told = now
        return SignalChange(
            camera=self._camera, time=self._wall(), present=False, reason=self._absent.reason
        )

    def _full(self, item: MediaItem) -> bool:
        if isinstance(item, Frame):
            return self._frames >= MAX_FRAMES
        return isinstance(item, AudioChunk) and self._chunks >= MAX_CHUNKS

    def _count(self, item: MediaItem, by: int) -> None:
        self._frames += by * isinstance(item, Frame)
        self._chunks += by * isinstance(item, AudioChunk)

    def _drop_oldest(self, kind: type[MediaItem]) -> None:
        index = next(i for i, item in enumerate(self._items) if isinstance(item, kind))
        self._count(self._items[index], -1)
        del self._items[index]
        self.dropped_frames += kind is Frame
        self.dropped_chunks += kind is AudioChunk
