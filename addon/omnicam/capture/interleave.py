"""Puts the pictures and the sound of a file into one order of time."""

from __future__ import annotations

import heapq
from typing import Final

from omnicam.media import AudioChunk, Frame

type Media = Frame | AudioChunk


class Interleaver:
    """Merges streams that are each in order.

    An item is known when it ends (a picture at its time, sound after its last sample). It is held
    until every stream has come as far, or until one is so far ahead that the other has stopped.

    Args:
        kinds: the streams that will come.
        patience_s: how far one stream may run ahead of a silent one.
    """

    PATIENCE_S: Final = 3.0

    def __init__(self, kinds: tuple[type[Media], ...], patience_s: float = PATIENCE_S) -> None:
        self._reached = dict.fromkeys(kinds, float("-inf"))
        self._patience_s = patience_s
        self._held: list[tuple[float, int, Media]] = []
        self._count = 0

    def add(self, item: Media) -> list[Media]:
        """Take an item and give those that are ready, in order of their time."""
        time = item.end if isinstance(item, AudioChunk) else item.time
        self._reached[type(item)] = time
        heapq.heappush(self._held, (time, self._count, item))
        self._count += 1
        furthest = max(self._reached.values())
        return self._release(max(min(self._reached.values()), furthest - self._patience_s))

    def flush(self) -> list[Media]:
        """Give all that is held."""
        return self._release(float("inf"))

    def _release(self, until: float) -> list[Media]:
        ready = []
        while self._held and self._held[0][0] <= until:
            ready.append(heapq.heappop(self._held)[2])
        return ready
