"""Someone lies on the floor and does not move, whether or not anyone saw the fall.

Falls out of sight, behind furniture or while the camera was off leave only this. A body that was
not seen to fall may as well rest on a bed, a sofa or a mat that nobody marked: a minute of
stillness makes it a matter for review, two an alarm. A fall that was seen does not wait for this.
Lying in a resting zone, or moving about while lying, says nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from omnicam.config.model import ZoneKind
from omnicam.detect.areas import active_zones, in_any
from omnicam.detect.body import Posture, posture
from omnicam.detect.descent import ramp
from omnicam.detect.fall import lying
from omnicam.detect.protocol import Need, Observation, Person, ScorerContext
from omnicam.evidence import Evidence, Region
from omnicam.taxonomy import AnomalyClass

LYING, UPRIGHT = 0.6, 0.2
"""Degree of lying (as in `fall`) from which someone lies, and below which the stillness ends."""

LOW_HIPS = 0.35
"""Hips of someone on the floor are in the lower part of the picture: below this, from the top.
Indoor cameras hang high and look down; a body above it lies on furniture or is no body."""

MOVED = 0.15
"""Movement of the trunk, in body lengths, that starts the stillness anew."""

STILL_S, LONG_S = 60.0, 120.0
"""Stillness from which it is for review, and from which it alarms."""

REVIEW, ALARM = 4.4, 6.5
"""Log-odds at these times: confidences of 0.81 and 0.97 over a prior of 0.05."""

RECOVERED = -6.0
SPAN_S, REPEAT_S = 2.0, 1.0


@dataclass(slots=True)
class _Rest:
    """One person's stillness."""

    since: float
    place: tuple[float, float]
    said_at: float


class FallenScorer:
    """Speaks for `fall` from people who lie still on the floor."""

    name = "fallen"
    needs = frozenset({Need.PICTURE})

    def __init__(self, context: ScorerContext) -> None:
        self._zones = context.camera.zones
        self._time_zone = context.time_zone
        self._rests: dict[int, _Rest] = {}

    def observe(self, observation: Observation) -> Iterable[Evidence]:
        """Take a picture's people."""
        picture = observation.picture
        if picture is None:
            return
        time = observation.time
        aspect = picture.aspect
        present = {person.track for person in picture.people}
        self._rests = {track: rest for track, rest in self._rests.items() if track in present}
        resting = active_zones(self._zones, ZoneKind.RESTING, time, self._time_zone)
        for person in picture.people:
            now = posture(person.pose, aspect)
            degree = lying(now, now.length)
            on_floor = now.hip_y >= LOW_HIPS and not in_any(resting, now.hip_x, now.hip_y)
            rest = self._rests.get(person.track)
            if rest is None:
                if degree >= LYING and on_floor and _measurable(person):
                    place = _place(now, aspect)
                    self._rests[person.track] = _Rest(since=time, place=place, said_at=time)
                continue
            if degree <= UPRIGHT or not on_floor:
                del self._rests[person.track]
                if degree <= UPRIGHT and time - rest.since >= STILL_S:
                    yield self._evidence(
                        observation, person.region, rest, RECOVERED, "the person got up again"
                    )
                continue
            if _moved(rest, now, aspect):
                rest.since, rest.place = time, _place(now, aspect)
            still = time - rest.since
            if still >= STILL_S and time - rest.said_at >= REPEAT_S:
                rest.said_at = time
                weight = REVIEW + (ALARM - REVIEW) * ramp(still, STILL_S, LONG_S)
                why = f"lying on the floor without moving for {still:.0f} s"
                yield self._evidence(observation, person.region, rest, weight, why)

    def _evidence(
        self, observation: Observation, region: Region, rest: _Rest, log_odds: float, why: str
    ) -> Evidence:
        return Evidence(
            camera=observation.camera,
            anomaly=AnomalyClass.FALL,
            log_odds=log_odds,
            time=observation.time,
            span_s=SPAN_S,
            scorer=self.name,
            why=why,
            region=region,
            onset=rest.since,
        )


def _measurable(person: Person) -> bool:
    """Whether enough of the body is seen to say that it lies; a head and shoulders are not."""
    return int(np.count_nonzero(person.pose.visibility >= 0.5)) >= 16


def _place(now: Posture, aspect: float) -> tuple[float, float]:
    return now.hip_x * aspect, now.hip_y


def _moved(rest: _Rest, now: Posture, aspect: float) -> bool:
    x, y = _place(now, aspect)
    far = float(np.hypot(x - rest.place[0], y - rest.place[1]))
    return far > MOVED * max(now.length, 1e-6)
