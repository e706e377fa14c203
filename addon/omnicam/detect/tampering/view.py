"""The usual view of one camera, learned while it is seen, and how a new picture compares."""

from __future__ import annotations

import math
from dataclasses import dataclass

from omnicam.detect.tampering.layout import Layout, Match, Reference, layout_of
from omnicam.media import Pixels

LEARN_S = 3.0
"""Seconds of a steady view before anything is judged."""

ADAPT_S = 20.0
"""Time constant with which the learned view follows the scene afterwards."""

_LOST_AGREEMENT = 0.3  # of the usual agreement
_LOST_SURVIVING = 0.25
_BACK_SURVIVING = 0.45
_LONGEST_STEP_S = 1.0
_EVERY_S = 0.3  # a learned view is brought up to date this often, which is cheaper


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """One picture against the usual view.

    Attributes:
        layout: of the picture.
        match: None while nothing can be compared (nothing learned, or a bare wall).
        ready: whether the view is learned, so that a difference means something.
        lost: hardly anything of the view is left.
        seen: much of the view is there.
    """

    layout: Layout
    match: Match | None
    ready: bool
    lost: bool
    seen: bool


class UsualView:
    """Learns the view of one camera; the owner decides when it may learn."""

    def __init__(self) -> None:
        self.reference = Reference()
        self._usual = 0.0
        self._learned_s = 0.0
        self._last: float | None = None

    def look(self, grey: Pixels) -> Look:
        """Compare a small grey picture of shape (h, w) with the view."""
        return self.compare(layout_of(grey))

    def compare(self, layout: Layout) -> Look:
        """Compare the layout of a picture with the view."""
        match = self.reference.match(layout)
        if match is None:
            return Look(layout, None, ready=False, lost=False, seen=False)
        weak = match.agreement <= _LOST_AGREEMENT * self._usual
        return Look(
            layout,
            match,
            ready=self._learned_s >= LEARN_S,
            lost=weak and match.surviving <= _LOST_SURVIVING,
            seen=match.surviving >= _BACK_SURVIVING,
        )

    def learn(self, look: Look, now: float) -> None:
        """Let the view follow this picture, seen at stream time `now`."""
        step = 0.0 if self._last is None else min(max(now - self._last, 0.0), _LONGEST_STEP_S)
        if look.ready and 0.0 < step < _EVERY_S:
            return
        self._last = now
        # At first a plain mean of all pictures, later one that forgets.
        memory = min(self._learned_s + step, ADAPT_S)
        rate = 1.0 if memory == 0.0 else 1.0 - math.exp(-step / memory)
        self.reference.learn(look.layout, rate)
        if look.match is None:
            return
        if look.ready and not look.seen:
            return
        self._learned_s += step
        self._usual += rate * (look.match.agreement - self._usual)

    def forget(self) -> None:
        """Learn the view anew, as after a camera was moved for good."""
        self.reference.forget()
        self._usual = self._learned_s = 0.0
        self._last = None
