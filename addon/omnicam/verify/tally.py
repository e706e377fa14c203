"""What came of asking the model, in figures that run from the node's start."""

from __future__ import annotations

import statistics
from collections import Counter, deque
from typing import Any

from omnicam.taxonomy import ClassName
from omnicam.verify.outcomes import Outcome

_LATENCIES = 200


class Tally:
    """Counts by outcome, times, audits.

    Attributes:
        windows: how many windows ended how.
        sentences: how many sentences did.
        audits: windows in which nothing was suspected.
        positives: of these, in how many the model affirmed a class: what the gate missed.
    """

    def __init__(self) -> None:
        self.windows: Counter[Outcome] = Counter()
        self.sentences: Counter[Outcome] = Counter()
        self.audits = 0
        self.positives: Counter[ClassName] = Counter()
        self._seconds: deque[float] = deque(maxlen=_LATENCIES)

    def answered(self, seconds: float) -> None:
        """Count an answer that took so long."""
        self.windows[Outcome.ANSWERED] += 1
        self._seconds.append(seconds)

    def figures(self) -> dict[str, Any]:
        """Give everything as JSON-ready values; times are None before the first answer."""
        seconds = sorted(self._seconds)
        return {
            "outcomes": {str(outcome): self.windows[outcome] for outcome in Outcome},
            "sentences": {str(outcome): count for outcome, count in self.sentences.items()},
            "median_s": round(statistics.median(seconds), 3) if seconds else None,
            "p95_s": round(seconds[int(0.95 * (len(seconds) - 1))], 3) if seconds else None,
            "audits": self.audits,
            "positives": {str(anomaly): count for anomaly, count in self.positives.items()},
        }
