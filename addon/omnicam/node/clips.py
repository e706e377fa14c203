"""Clips that were asked for and wait until their last second has been received."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from omnicam.capture import ClipError, PacketRing
from omnicam.node.messages import ClipReply, ClipRequest

PATIENCE_S = 15.0
"""How long past its due time a clip waits for a stream that was lost; then it is cut as it is."""


class ClipDesk:
    """Takes requests and cuts each as soon as the ring covers it; safe to use from two threads."""

    def __init__(self, ring: PacketRing, reply: Callable[[ClipReply], None]) -> None:
        self._ring = ring
        self._reply = reply
        self._lock = threading.Lock()
        self._waiting: list[tuple[ClipRequest, float]] = []

    def add(self, request: ClipRequest) -> None:
        """Take a request."""
        deadline = time.monotonic() + (request.end - request.start) + PATIENCE_S
        with self._lock:
            self._waiting.append((request, deadline))

    def cut_due(self) -> None:
        """Cut what is covered, and what has waited too long."""
        covered = self._ring.covers_until()
        now = time.monotonic()
        self._cut(
            lambda request, deadline: (
                now >= deadline or (covered is not None and covered >= request.end)
            )
        )

    def cut_all(self) -> None:
        """Cut everything now: the stream has ended."""
        self._cut(lambda _request, _deadline: True)

    def _cut(self, due: Callable[[ClipRequest, float], bool]) -> None:
        with self._lock:
            ready = [entry for entry in self._waiting if due(*entry)]
            self._waiting = [entry for entry in self._waiting if entry not in ready]
        for request, _ in ready:
            error = ""
            try:
                self._ring.cut(request.start, request.end, request.path)
            except ClipError as problem:
                error = str(problem)
            self._reply(ClipReply(request=request.request, error=error))
