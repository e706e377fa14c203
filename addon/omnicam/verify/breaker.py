"""The circuit breaker: a model that fails is left alone, and tried again by one request.

closed --`FAILURES` in a row--> open --wait over--> half-open --answer--> closed
                                 ^------------------- failure (twice the wait) ---'
"""

from __future__ import annotations

from enum import StrEnum

FAILURES = 3
"""So many failures in a row open it."""

FIRST_S, LONGEST_S = 5.0, 120.0
"""The first wait, and the one to which it doubles."""


class Circuit(StrEnum):
    """Whether requests go out."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class Breaker:
    """Pure: the caller gives the time, in seconds of a clock that never goes back."""

    __slots__ = ("_failures", "_until", "_wait_s", "state")

    def __init__(self) -> None:
        self.state = Circuit.CLOSED
        self._failures = 0
        self._wait_s = FIRST_S
        self._until = 0.0

    def allows(self, now: float) -> bool:
        """Whether a request may go out now; the one that half-opens it is the only one then."""
        if self.state is Circuit.OPEN and now >= self._until:
            self.state = Circuit.HALF_OPEN
            return True
        return self.state is Circuit.CLOSED

    def succeeded(self) -> None:
        """Take an answer; one to a request from before it opened closes it all the same."""
        self.state = Circuit.CLOSED
        self._failures = 0
        self._wait_s = FIRST_S

    def failed(self, now: float) -> None:
        """Take a failure."""
        self._failures += 1
        if self.state is Circuit.HALF_OPEN:
            self._wait_s = min(self._wait_s * 2.0, LONGEST_S)
        elif self.state is Circuit.OPEN or self._failures < FAILURES:
            return
        self.state = Circuit.OPEN
        self._until = now + self._wait_s

    def abandoned(self, now: float) -> None:
        """Take a request that ended without an answer by no fault of the model (shut down)."""
        if self.state is Circuit.HALF_OPEN:
            self.state = Circuit.OPEN
            self._until = now
