"""Somebody goes over the top of a fence or wall.

Who walks in front of a fence, or behind it, may also be seen above its top. A climber is told apart
by the feet: they leave the ground by a good part of the body's own length within seconds, while the
body neither shrinks nor grows as it would by walking away from the camera or towards it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from omnicam.config.model import Line, LineKind, Point
from omnicam.detect.protocol import Need, Observation, Person, ScorerContext
from omnicam.detect.zones.geometry import (
    LEFT_ANKLE,
    LEFT_HIP,
    LEFT_KNEE,
    LEFT_SHOULDER,
    RIGHT_ANKLE,
    RIGHT_HIP,
    RIGHT_KNEE,
    RIGHT_SHOULDER,
    allowed,
    crossing,
    height_above,
    joint,
    middle,
)
from omnicam.evidence import Evidence
from omnicam.taxonomy import AnomalyClass

_CROSSED, _ASTRIDE = 8.0, 5.0  # astride and not yet over: for review
_CROSSED_SPAN_S, _ASTRIDE_SPAN_S = 3.0, 1.0
_MEMORY_S = 5.0  # a climb from the ground to the top
_AFTER_S = 1.0  # a crossing is said for this long
_CLEAR = 0.1  # trunk lengths above or below the line that count as one side of it
_RISE = 0.8  # trunk lengths by which the feet leave, or come back to, the ground
_LEAST_TRUNK = 0.01  # of the picture; smaller bodies are pose noise
_SAME_SIZE = 1.15  # a body that changes more than this walks to or from the camera


@dataclass(frozen=True, slots=True)
class _Body:
    """One look at a body; places are fractions of the picture, `trunk` of its height."""

    time: float
    hips: Point
    trunk: float
    high: Point  # the higher of knees and ankles
    low: Point  # the lower ankle


@dataclass(slots=True)
class _Track:
    bodies: deque[_Body] = field(default_factory=lambda: deque(maxlen=64))
    crossed: dict[str, float] = field(default_factory=dict)


class ClimbingScorer:
    """Says `astride` the line for review and `over` it for an alarm."""

    name = "climbing"
    needs = frozenset({Need.PICTURE})

    def __init__(self, context: ScorerContext) -> None:
        self._camera = context.camera.id
        self._time_zone = context.time_zone
        self._lines = tuple(line for line in context.camera.lines if line.kind is LineKind.CLIMBING)
        self._tracks: dict[int, _Track] = {}

    def observe(self, observation: Observation) -> Iterable[Evidence]:
        """Take one picture with its people."""
        picture, now = observation.picture, observation.time
        if picture is None or not self._lines:
            return
        self._forget(now)
        moment = datetime.fromtimestamp(now, self._time_zone).time()
        for person in picture.people:
            body = _body(person, now)
            if body is None:
                continue
            track = self._tracks.setdefault(person.track, _Track())
            track.bodies.append(body)
            recent = [one for one in track.bodies if now - one.time <= _MEMORY_S]
            for line in self._lines:
                if line.active(moment):
                    yield from self._judge(track, recent, line, person)

    def _judge(
        self, track: _Track, recent: list[_Body], line: Line, person: Person
    ) -> Iterator[Evidence]:
        body = recent[-1]
        start = _over(line, recent)
        if start is not None:
            track.crossed.setdefault(line.name, body.time)
            if body.time - track.crossed[line.name] <= _AFTER_S:
                why = f"Somebody climbed over “{line.name}”"
                yield self._evidence(person, body.time, start, _CROSSED, _CROSSED_SPAN_S, why)
            return
        track.crossed.pop(line.name, None)
        if _astride(line, recent):
            why = f"Somebody is astride “{line.name}”"
            yield self._evidence(person, body.time, None, _ASTRIDE, _ASTRIDE_SPAN_S, why)

    def _forget(self, now: float) -> None:
        gone = [n for n, track in self._tracks.items() if now - track.bodies[-1].time > _MEMORY_S]
        for number in gone:
            del self._tracks[number]

    def _evidence(
        self,
        person: Person,
        now: float,
        onset: float | None,
        weight: float,
        span_s: float,
        why: str,
    ) -> Evidence:
        return Evidence(
            camera=self._camera,
            anomaly=AnomalyClass.PERIMETER_CLIMBING,
            log_odds=weight,
            time=now,
            span_s=span_s,
            scorer=self.name,
            why=why,
            region=person.region,
            onset=onset,
        )


def _body(person: Person, now: float) -> _Body | None:
    hips = middle([joint(person, LEFT_HIP), joint(person, RIGHT_HIP)])
    shoulders = middle([joint(person, LEFT_SHOULDER), joint(person, RIGHT_SHOULDER)])
    ankles = [joint(person, index) for index in (LEFT_ANKLE, RIGHT_ANKLE)]
    knees = [joint(person, index) for index in (LEFT_KNEE, RIGHT_KNEE)]
    feet = [ankle for ankle in ankles if ankle is not None]
    legs = feet + [knee for knee in knees if knee is not None]
    if hips is None or shoulders is None or not feet:
        return None
    # Whoever lies over the top has a level trunk.
    trunk = max(abs(hips[1] - shoulders[1]), abs(hips[0] - shoulders[0]))
    if trunk < _LEAST_TRUNK:
        return None
    return _Body(
        time=now,
        hips=hips,
        trunk=trunk,
        high=min(legs, key=lambda point: point[1]),
        low=max(feet, key=lambda point: point[1]),
    )


def _same_size(before: _Body, after: _Body) -> bool:
    ratio = after.trunk / before.trunk
    return 1 / _SAME_SIZE <= ratio <= _SAME_SIZE


def _over(line: Line, recent: list[_Body]) -> float | None:
    """When a crossing that has been completed within the memory began, else None."""
    now = recent[-1]
    above = height_above(line.points, now.hips)
    if above is None:
        return None
    for before in recent[:-1]:
        if abs(before.low[1] - now.low[1]) <= _RISE * now.trunk or not _same_size(before, now):
            continue
        was = height_above(line.points, before.hips)
        if was is None:
            continue
        up = was < -_CLEAR * now.trunk and above > _CLEAR * now.trunk
        down = was > _CLEAR * now.trunk and above < -_CLEAR * now.trunk
        crossed = crossing(line.points, before.hips, now.hips)
        if (up or down) and crossed and allowed(line.direction, crossed):
            return before.time
    return None


def _astride(line: Line, recent: list[_Body]) -> bool:
    """Whether one leg is over the line and the hips have risen to it from one side."""
    now = recent[-1]
    hips = height_above(line.points, now.hips)
    high, low = height_above(line.points, now.high), height_above(line.points, now.low)
    if hips is None or high is None or low is None:
        return False
    if not (abs(hips) < 0.5 * now.trunk and high > -_CLEAR * now.trunk and low < 0.0):
        return False
    return any(
        abs(before.low[1] - now.low[1]) > _RISE * now.trunk / 2 and _same_size(before, now)
        for before in recent[:-1]
    )
