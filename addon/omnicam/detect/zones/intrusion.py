"""Somebody stands in a restricted zone, or steps over a line on the ground."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from omnicam.config.model import Direction, Line, LineKind, Point, ZoneKind
from omnicam.detect.areas import active_zones
from omnicam.detect.protocol import Need, Observation, Person, ScorerContext
from omnicam.detect.zones.geometry import allowed, crossing, distance_to_line, feet
from omnicam.evidence import Evidence
from omnicam.taxonomy import AnomalyClass

_SEEN_FEET, _GUESSED_FEET = 7.0, 5.0  # feet behind a sofa may stand elsewhere: for review
_SPAN_S = 3.0  # the scorer's own dwell or crossing settles the matter
_DWELL_S = 0.5
_GAP_S = 1.0  # a body lost for less than this has not left
_MARGIN = 0.012  # of the picture: standing on a line, pose noise does not cross it
_FORGET_S = 10.0


@dataclass(slots=True)
class _Track:
    """What is remembered of one person; `missed` since the first look that did not find them."""

    seen: float
    missed: float | None = None
    inside: dict[str, tuple[float, float]] = field(default_factory=dict)  # zone: since, last
    settled: dict[str, Point] = field(default_factory=dict)  # line: last place clear of it


class IntrusionScorer:
    """Says so for half a second and more in an active zone, and at once over an active line."""

    name = "intrusion"
    needs = frozenset({Need.PICTURE})

    def __init__(self, context: ScorerContext) -> None:
        camera = context.camera
        self._camera = camera.id
        self._time_zone = context.time_zone
        self._zones = tuple(zone for zone in camera.zones if zone.kind is ZoneKind.RESTRICTED)
        self._lines = tuple(line for line in camera.lines if line.kind is LineKind.CROSSING)
        self._tracks: dict[int, _Track] = {}

    def observe(self, observation: Observation) -> Iterable[Evidence]:
        """Take one picture with its people."""
        picture, now = observation.picture, observation.time
        if picture is None or not (self._zones or self._lines):
            return
        for number in [n for n, track in self._tracks.items() if now - track.seen > _FORGET_S]:
            del self._tracks[number]
        for person in picture.people:
            track = self._tracks.setdefault(person.track, _Track(now))
            track.seen = now
            if person.last_seen >= now:
                track.missed = None
            elif picture.pose_ran and track.missed is None:
                track.missed = now
            yield from self._in_zones(track, person, now)
            yield from self._over_lines(track, person, now)

    def _in_zones(self, track: _Track, person: Person, now: float) -> Iterator[Evidence]:
        place, seen = feet(person)
        for zone in active_zones(self._zones, ZoneKind.RESTRICTED, now, self._time_zone):
            if not zone.contains(*place):
                track.inside.pop(zone.name, None)
                continue
            if track.missed is not None and now - track.missed > _GAP_S:
                continue  # kept by the tracker, but looked for in vain: nobody stands here
            since, last = track.inside.get(zone.name, (now, now))
            if now - last > _GAP_S:
                since = now
            track.inside[zone.name] = (since, now)
            if now - since >= _DWELL_S - 1e-3:
                why = f"Somebody is in the restricted zone “{zone.name}”"
                yield self._evidence(person, now, since, why, seen=seen)

    def _over_lines(self, track: _Track, person: Person, now: float) -> Iterator[Evidence]:
        place, seen = feet(person)
        moment = datetime.fromtimestamp(now, self._time_zone).time()
        for line in self._lines:
            if distance_to_line(line.points, place) < _MARGIN:
                continue
            before = track.settled.get(line.name)
            track.settled[line.name] = place
            if before is None or not line.active(moment):
                continue
            crossed = crossing(line.points, before, place)
            if crossed is not None and allowed(line.direction, crossed):
                yield self._evidence(person, now, now, _crossing_reason(line, crossed), seen=seen)

    def _evidence(
        self, person: Person, now: float, onset: float, why: str, *, seen: bool
    ) -> Evidence:
        return Evidence(
            camera=self._camera,
            anomaly=AnomalyClass.RESTRICTED_AREA_INTRUSION,
            log_odds=_SEEN_FEET if seen else _GUESSED_FEET,
            time=now,
            span_s=_SPAN_S,
            scorer=self.name,
            why=why,
            region=person.region,
            onset=onset,
        )


def _crossing_reason(line: Line, crossed: Direction) -> str:
    way = "left to right" if crossed is Direction.LEFT_TO_RIGHT else "right to left"
    return f"Somebody crossed the line “{line.name}” from {way}"
