"""When the pose model looks: while something moves, shortly after, and now and then to be sure.

Whoever is alone and upright is looked at every third of a second only, which halves the cost of
somebody at home. The moment they lean, sink or are not alone any more, every picture counts.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from omnicam.detect.body import Posture, posture
from omnicam.detect.protocol import Motion, Person

AFTER_MOTION_S = 1.5
"""The model goes on looking after movement ends, so that the last pose is the resting one."""

AFTER_CHANGE_S = 2.0
"""It looks after the start, a lost signal and a change of light, when motion means nothing."""

VERIFY_KEPT_S = 10.0
"""Someone who is kept through stillness is looked for this often."""

VERIFY_EMPTY_S = 30.0
"""So is an empty picture, for whoever came in unseen (a stall of the stream, a slow blind)."""


CALM_S = 0.3
"""Between two looks at somebody who is alone, upright and not sinking."""

CALM_TRUNK_DEGREES = 25.0
CALM_SINKING = 0.25
"""Speed of the head downwards, in body lengths a second; a fall passes 1, sitting down 0.5."""

LIVELIER, LEAST_RISE = 1.15, 0.001
"""More movement than at the last look, by this factor and share of the picture, ends the calm."""


class PoseGate:
    """Decides for each frame of one camera whether the pose model runs."""

    def __init__(self) -> None:
        self._open_until = -math.inf
        self._last_run = -math.inf
        self._started = False
        self._calm = False
        self._fraction = 0.0
        self._seen: tuple[float, Posture] | None = None

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
        livelier = motion.fraction > LIVELIER * self._fraction + LEAST_RISE
        if self._calm and not livelier and time - self._last_run < CALM_S:
            looks = False
        if looks:
            self._last_run, self._fraction = time, motion.fraction
        return looks

    def learn(self, time: float, people: Sequence[Person], aspect: float) -> None:
        """Take what a look found, for the pace of the next ones."""
        before, self._seen, self._calm = self._seen, None, False
        if len(people) != 1 or people[0].last_seen != time:
            return
        now = posture(people[0].pose, aspect)
        self._seen = (time, now)
        if before is None or now.length <= 0 or time <= before[0]:
            return
        sinking = (now.head_y - before[1].head_y) / now.length / (time - before[0])
        self._calm = now.trunk_degrees < CALM_TRUNK_DEGREES and sinking < CALM_SINKING
