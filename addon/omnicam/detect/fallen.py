"""Someone lies on the floor and does not move, whether or not anyone saw the fall.

Falls out of sight, behind furniture or while the camera was off leave only this. It takes time to
tell it from stretching out on a mat: a still minute makes it a matter for review, three an alarm.
Lying in a resting zone, or moving about while lying, says nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from omnicam.config.model import ZoneKind
from omnicam.detect.areas import active_zones, in_any
from omnicam.detect.body import Posture, postures
from omnicam.detect.descent import lying, ramp
from omnicam.detect.fall_limits import FOUND_LYING, FallenLimits
from omnicam.detect.protocol import Need, Observation, Person, ScorerContext
from omnicam.evidence import Evidence, Region
from omnicam.taxonomy import AnomalyClass

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

    def __init__(self, context: ScorerContext, limits: FallenLimits = FOUND_LYING) -> None:
        self._zones = context.camera.zones
        self._time_zone = context.time_zone
        self._limits = limits
        self._rests: dict[int, _Rest] = {}

    def observe(self, observation: Observation) -> Iterable[Evidence]:
        """Take a picture's people."""
        picture = observation.picture
        if picture is None:
            return
        time = observation.time
        aspect, limits = picture.aspect, self._limits
        bodies = postures(picture)
        present = {person.track for person in picture.people}
        self._rests = {track: rest for track, rest in self._rests.items() if track in present}
        resting = active_zones(self._zones, ZoneKind.RESTING, time, self._time_zone)
        for person in picture.people:
            now = bodies[person.track]
            degree = lying(now, now.length)
            on_floor = now.hip_y >= limits.low_hips and not in_any(resting, now.hip_x, now.hip_y)
            rest = self._rests.get(person.track)
            if rest is None:
                if degree >= limits.lying and on_floor and _measurable(person):
                    place = _place(now, aspect)
                    self._rests[person.track] = _Rest(since=time, place=place, said_at=time)
                continue
            if degree <= limits.upright or not on_floor:
                del self._rests[person.track]
                if degree <= limits.upright and time - rest.since >= limits.still_s[0]:
                    yield self._evidence(
                        observation, person.region, rest, RECOVERED, "the person got up again"
                    )
                continue
            if _moved(rest, now, aspect, limits.moved):
                rest.since, rest.place = time, _place(now, aspect)
            still = time - rest.since
            if still >= limits.still_s[0] and time - rest.said_at >= REPEAT_S:
                rest.said_at = time
                review, alarm = limits.weight
                weight = review + (alarm - review) * ramp(still, *limits.still_s)
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


def _moved(rest: _Rest, now: Posture, aspect: float, limit: float) -> bool:
    x, y = _place(now, aspect)
    far = float(np.hypot(x - rest.place[0], y - rest.place[1]))
    return far > limit * max(now.length, 1e-6)
