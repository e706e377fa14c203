"""How long to wait before trying a camera again."""

from __future__ import annotations

import random
from typing import Final


class Backoff:
    """Doubling waits with jitter: 0.5 s first, 30 s at most.

    Each wait is drawn from the upper half of its step ("equal jitter"), so that cameras lost
    together, behind one switch, do not all return at the same moment.
    """

    FIRST_S: Final = 0.5
    CAP_S: Final = 30.0

    def __init__(self, chance: random.Random | None = None) -> None:
        self._chance = chance or random.Random()
        self._step = self.FIRST_S

    def next(self) -> float:
        """Give the seconds to wait now."""
        step, self._step = self._step, min(self.CAP_S, self._step * 2)
        return step * self._chance.uniform(0.5, 1.0)

    def reset(self) -> None:
        """Start again from the first step; call it when media have flowed for a while."""
        self._step = self.FIRST_S
