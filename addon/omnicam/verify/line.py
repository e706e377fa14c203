"""The windows that wait for the model: urgent ones first, bounded, the oldest unurgent ones go."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

MOST = 16
"""Windows that may wait, of all cameras together; a window is at most about half a megabyte."""

STALE_S = 20.0
"""An unurgent window that waited so long is not asked about any more."""


class Urgency(IntEnum):
    """Who goes first; lower is sooner."""

    URGENT = 0  # a fall, or somebody called for help
    EVENT = 1
    SUSPICION = 2
    LOOK = 3  # a class that nothing but the model can judge
    AUDIT = 4


@dataclass(frozen=True, slots=True)
class Place[T]:
    """Somebody in the line."""

    urgency: Urgency
    since: float
    number: int
    item: T


@dataclass(slots=True)
class Line[T]:
    """Pure: the caller gives the time, in seconds of a clock that never goes back."""

    most: int = MOST
    _places: list[Place[T]] = field(default_factory=list)
    _number: int = 0

    def __len__(self) -> int:
        return len(self._places)

    def push(self, item: T, urgency: Urgency, now: float) -> list[T]:
        """Let somebody join, and give those who had to leave: it may be the one who joined.

        Those who waited too long leave first, then the oldest of those who are not urgent; an
        urgent one leaves only where all are urgent, the oldest again.
        """
        self._number += 1
        self._places.append(Place(urgency, now, self._number, item))
        gone = [place for place in self._places if _stale(place, now)]
        self._places = [place for place in self._places if not _stale(place, now)]
        while len(self._places) > self.most:
            patient = [place for place in self._places if place.urgency is not Urgency.URGENT]
            oldest = min(patient or self._places, key=lambda place: place.number)
            self._places.remove(oldest)
            gone.append(oldest)
        return [place.item for place in gone]

    def pop(self, now: float, *, urgent_only: bool = False) -> tuple[T | None, list[T]]:
        """Give who is next (None for nobody), and those who had waited too long."""
        stale = [place for place in self._places if _stale(place, now)]
        self._places = [place for place in self._places if not _stale(place, now)]
        ready = [
            place for place in self._places if not urgent_only or place.urgency is Urgency.URGENT
        ]
        gone = [place.item for place in stale]
        if not ready:
            return None, gone
        first = min(ready, key=lambda place: (place.urgency, place.number))
        self._places.remove(first)
        return first.item, gone

    def clear(self) -> list[T]:
        """Send everybody away."""
        items = [place.item for place in self._places]
        self._places.clear()
        return items


def _stale(place: Place[object], now: float) -> bool:
    return place.urgency is not Urgency.URGENT and now - place.since > STALE_S
