"""When the pose model looks: while something moves, shortly after, and now and then to be sure."""

from __future__ import annotations

import math

from omnicam.detect.protocol import Motion

AFTER_MOTION_S = 1.5
"""The model goes on looking after movement ends, so that the last pose is the resting one."""

AFTER_CHANGE_S = 2.0
"""It looks after the start, a lost signal and a change of light, when motion means nothing."""

VERIFY_KEPT_S = 10.0
"""Someone who is kept through stillness is looked for this often."""

VERIFY_EMPTY_S = 30.0
"""So is an empty picture, for whoever came in unseen (a stall of the stream, a slow blind)."""


class PoseGate:
    """Decides for each frame of one camera whether the pose model runs."""

    def __init__(self) -> None:
        self._open_until = -math.inf
        self._last_run = -math.inf
        self._started = False

    def reopen(self, time: float) -> None:
        """Look again for a while: the signal came back."""
        self._open_until = max(self._open_until, time + AFTER_CHANGE_S)

    def opens(self, time: float, motion: Motion, *, anyone_kept: bool) -> bool:
        """Whether to run the model on the frame of this stream time."""
        if not self._started or motion.global_change:
            self._started = True
            self.reopen(time)
        if motion.regions:
            self._open_until = max(self._open_until, time + AFTER_MOTION_S)
        patience = VERIFY_KEPT_S if anyone_kept else VERIFY_EMPTY_S
        looks = time <= self._open_until or time - self._last_run >= patience
        if looks:
            self._last_run = time
        return looks
