"""Growing waits between tries, for everything that reconnects or restarts."""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """Waits that double from `first_s` to `longest_s`, with jitter against herds."""

    first_s: float = 0.5
    longest_s: float = 30.0

    def delay(self, attempt: int) -> float:
        """Seconds to wait before try number `attempt` (1 is the first repetition)."""
        full: float = min(self.longest_s, self.first_s * 2.0 ** min(attempt - 1, 16))
        return full * random.uniform(0.5, 1.0)
