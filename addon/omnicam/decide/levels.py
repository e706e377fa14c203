"""From a confidence at every step to the beginning and the end of an event.

Steps lie on a grid of 0.25 s of stream time. A confidence counts once two of three steps reach it,
so that one odd step opens nothing; an event ends when every step of `release_s` lies well below
the lowest level; after it the class rests, unless the matter is worse than the one that ended.
"""

from __future__ import annotations

import math
from collections import deque
from enum import Enum, auto

from omnicam.config.model import ClassSettings
from omnicam.taxonomy import Level, Thresholds

STEP_S = 0.25
"""Seconds of stream between two steps."""

HYSTERESIS = 0.10
"""An event begins to end this far below the threshold at which it began."""

_STEPS_SEEN = 3


class Turn(Enum):
    """What a step changes."""

    NONE = auto()
    ENTER = auto()
    LEAVE = auto()


class Gate:
    """Whether one class has an open event on one camera, and when it may have the next."""

    __slots__ = (
        "_below_since",
        "_ended_rank",
        "_leave",
        "_muted_until",
        "_quiet_until",
        "_recent",
        "_refractory_s",
        "_release_s",
        "open",
        "thresholds",
    )

    def __init__(self, settings: ClassSettings) -> None:
        self.thresholds: Thresholds = settings.thresholds
        self.open = False
        self._leave = settings.thresholds.low - HYSTERESIS
        self._release_s = settings.release_s
        self._refractory_s = settings.refractory_s
        self._recent: deque[float] = deque(maxlen=_STEPS_SEEN)
        self._below_since: float | None = None
        self._ended_rank = 0
        self._quiet_until = -math.inf
        self._muted_until = -math.inf

    @property
    def held(self) -> float:
        """The highest confidence that two of the last three steps reached; 0 before two steps."""
        return sorted(self._recent)[-2] if len(self._recent) > 1 else 0.0

    def idle(self, time: float) -> bool:
        """Whether steps at the prior confidence would change nothing."""
        low = self.thresholds.low
        return not self.open and time >= self._muted_until and max(self._recent, default=0.0) < low

    def step(self, time: float, confidence: float) -> Turn:
        """Take the confidence (0..1) of one step."""
        self._recent.append(confidence)
        if confidence >= self._leave:
            self._below_since = None
        elif self._below_since is None:
            self._below_since = time
        released = self._below_since is not None and time - self._below_since >= self._release_s
        if self.open:
            return Turn.LEAVE if released else Turn.NONE
        if released and time < self._muted_until:
            self._muted_until = time
            self._quiet_until = time + self._refractory_s
        level = self.thresholds.level(self.held)
        return Turn.ENTER if level is not None and self.admits(time, level) else Turn.NONE

    def admits(self, time: float, level: Level) -> bool:
        """Whether a new event of this level may begin now."""
        if self.open:
            return False
        resting = time < max(self._quiet_until, self._muted_until)
        return not resting or level.rank > self._ended_rank

    def begin(self) -> None:
        """Open: an event begins."""
        self.open = True
        self._below_since = None

    def end(self, time: float, level: Level, *, mute_s: float = 0.0) -> None:
        """Close: the event ends and the class rests.

        Args:
            time: stream time of the end.
            level: highest level of the event; only a higher one ends the rest early.
            mute_s: for a dismissed event, for how long the same evidence that goes on may open no
                new one; the mute ends earlier once the evidence has gone.
        """
        self.open = False
        self._below_since = None
        self._ended_rank = level.rank
        self._quiet_until = time + self._refractory_s
        self._muted_until = time + mute_s if mute_s else -math.inf
