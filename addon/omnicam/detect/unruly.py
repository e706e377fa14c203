"""Whether the motion of the last second looks like bodies that wrestle.

The limits are a table of plain physical bounds, not fitted weights: bodies that move much, in many
directions close together and throughout, but neither as fast and erratic as flames, curtains and a
hand before the camera, nor all inside the outline of the only person there is.
"""

from __future__ import annotations

from collections import deque

import numpy as np

from omnicam.detect.descent import ramp
from omnicam.detect.unrest import Unrest

WINDOW_S = 1.2
"""Over which the numbers are averaged."""

_LEAST_S, _LEAST_PICTURES = 0.7, 4
_ALONE_S = 2.5  # for so long a person who was alone stays so, since poses are lost in a fall

LIMITS: dict[str, tuple[float, float]] = {
    "disorder": (0.020, 0.045),
    "area": (0.10, 0.14),
    "least_area": (0.04, 0.08),
    "speed": (3.4, 2.9),
    "change": (1.45, 1.25),
    "inside": (0.92, 0.86),
}
"""From no fight to clear, for each number; all are needed. `least_area` is the smallest area of the
window, `inside` the largest share of the last seconds."""


class Unruly:
    """Remembers the numbers of the last pictures."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, Unrest]] = deque(maxlen=64)

    def add(self, time: float, unrest: Unrest | None) -> None:
        """Take the numbers of one picture; None where there are none."""
        if unrest is not None:
            self._seen.append((time, unrest))

    def strength(self, time: float) -> float:
        """Give 0 for no fight to 1 for clearly unruly motion over the window."""
        lately = [(at, each) for at, each in self._seen if time - at <= WINDOW_S]
        if len(lately) < _LEAST_PICTURES or lately[-1][0] - lately[0][0] < _LEAST_S:
            return 0.0
        window = [each for _, each in lately]
        numbers = {
            "disorder": float(np.mean([each.disorder for each in window])),
            "area": float(np.mean([each.area for each in window])),
            "least_area": min(each.area for each in window),
            "speed": float(np.mean([each.speed for each in window])),
            "change": float(np.mean([each.change for each in window])),
            "inside": max(each.inside for at, each in self._seen if time - at <= _ALONE_S),
        }
        return min(ramp(numbers[name], *limits) for name, limits in LIMITS.items())
