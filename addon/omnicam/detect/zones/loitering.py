"""Somebody stays at night for longer than passing by takes.

What is counted is the stay in a place and not the track: a tracker gives a new number to whoever
was hidden, and the stay goes on if somebody is there again within half a minute.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from omnicam.config.model import Point, Zone, ZoneKind
from omnicam.detect.areas import active_zones, in_any
from omnicam.detect.protocol import Need, Observation, Person, ScorerContext
from omnicam.detect.zones.geometry import feet
from omnicam.evidence import Evidence
from omnicam.taxonomy import AnomalyClass

_WEIGHT = 7.0
_SPAN_S = 3.0
_OCCLUSION_S = 30.0
_NEAR, _PACE, _FAR = 0.15, 0.05, 0.4  # of the picture: at once, more a second, at most
_MOST_STAYS = 32


@dataclass(slots=True)
class _Stay:
    """One uninterrupted stay; `dwell_s` counts seconds within the zone at night."""

    track: int
    place: Point
    began: float
    seen: float
    dwell_s: float = 0.0


class LoiteringScorer:
    """Says so while somebody has stayed for longer than the camera's `loitering_s` at night."""

    name = "loitering"
    needs = frozenset({Need.PICTURE})

    def __init__(self, context: ScorerContext) -> None:
        self._settings = context.camera
        self._time_zone = context.time_zone
        self._zones: tuple[Zone, ...] = tuple(
            zone for zone in context.camera.zones if zone.kind is ZoneKind.LOITERING
        )
        self._stays: list[_Stay] = []

    def observe(self, observation: Observation) -> Iterable[Evidence]:
        """Take one picture with its people."""
        picture, now = observation.picture, observation.time
        if picture is None:
            return
        if not self._settings.night.contains(datetime.fromtimestamp(now, self._time_zone).time()):
            self._stays.clear()
            return
        self._stays = [stay for stay in self._stays if now - stay.seen <= _OCCLUSION_S]
        # Those whose track goes on are served first, so that nobody takes over their stay.
        known = {stay.track for stay in self._stays}
        for person in sorted(picture.people, key=lambda one: one.track not in known):
            place, _ = feet(person)
            if not self._counts(place, now):
                continue
            stay = self._stay_of(person, place, now)
            stay.dwell_s += now - stay.seen
            stay.track, stay.place, stay.seen = person.track, place, now
            if stay.dwell_s > self._settings.loitering_s:
                yield self._evidence(person, stay, now)

    def _counts(self, place: Point, now: float) -> bool:
        if not self._zones:
            return True
        active = active_zones(self._zones, ZoneKind.LOITERING, now, self._time_zone)
        return in_any(active, *place)

    def _stay_of(self, person: Person, place: Point, now: float) -> _Stay:
        free = []
        for stay in self._stays:
            if stay.track == person.track:
                return stay
            gone = now - stay.seen
            reach = min(_NEAR + _PACE * gone, _FAR)
            away = math.dist(stay.place, place)
            if gone > 0.0 and away <= reach:
                free.append((away, stay))
        if free:
            return min(free, key=lambda entry: entry[0])[1]
        stay = _Stay(person.track, place, now, now)
        self._stays.append(stay)
        del self._stays[: max(0, len(self._stays) - _MOST_STAYS)]
        return stay

    def _evidence(self, person: Person, stay: _Stay, now: float) -> Evidence:
        return Evidence(
            camera=self._settings.id,
            anomaly=AnomalyClass.NIGHT_LOITERING,
            log_odds=_WEIGHT,
            time=now,
            span_s=_SPAN_S,
            scorer=self.name,
            why=f"Somebody has stayed for {stay.dwell_s / 60:.0f} min at night",
            region=person.region,
            onset=stay.began,
        )
