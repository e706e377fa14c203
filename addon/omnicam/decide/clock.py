"""The stream's own time: its grid of steps, and what to do with words that come late."""

from __future__ import annotations

import math
from collections.abc import Iterator
from enum import Enum, auto

from omnicam.decide.levels import STEP_S
from omnicam.decide.track import LATE_S

SET_BACK_S = 10.0
"""Time that lies this far back is no late word but perhaps a clock that was set back."""

SET_BACK_TIMES = 24
"""So many such times in a row, and it was: without this, a guardian whose clock was corrected by an
hour would be deaf for an hour."""


class Admission(Enum):
    """What to do with something said at a time."""

    TAKE = auto()
    IGNORE = auto()
    RESTART = auto()


class StreamClock:
    """How far the stream has come, and which steps are due.

    Attributes:
        now: newest time taken, -inf before the first.
        ignored: how many times were too late to be taken.
        restarts: how often the stream's clock was set back.
    """

    __slots__ = ("_behind", "_next", "ignored", "now", "restarts")

    def __init__(self) -> None:
        self.now = -math.inf
        self.ignored = 0
        self.restarts = 0
        self._behind = 0
        self._next = 0

    def admit(self, time: float) -> Admission:
        """Judge a time. After RESTART the clock has forgotten the old time.

        Raises:
            ValueError: the time is not finite.
        """
        if not math.isfinite(time):
            msg = f"stream time = {time!r}: must be a finite number of Unix seconds"
            raise ValueError(msg)
        if time >= self.now - LATE_S:
            self._behind = 0
            return Admission.TAKE
        self.ignored += 1
        self._behind = self._behind + 1 if time < self.now - SET_BACK_S else 0
        if self._behind < SET_BACK_TIMES:
            return Admission.IGNORE
        self.now, self._behind = -math.inf, 0
        self.restarts += 1
        return Admission.RESTART

    def due(self, until: float, *, inclusive: bool) -> Iterator[float]:
        """Give the steps that have become due, oldest first, and go on to `until`.

        A step waits for everything said at its very time, so `until` itself is due only when the
        caller knows that nothing more will be said at it (`inclusive`).
        """
        if self.now == -math.inf:
            self._next = math.ceil(until / STEP_S)
        self.now = max(self.now, until)
        while (at := self._next * STEP_S) < until or (inclusive and at == until):
            self._next += 1
            yield at

    def skip(self) -> None:
        """Leave out the steps before now: the caller knows that they would change nothing."""
        self._next = max(self._next, math.ceil(self.now / STEP_S))
