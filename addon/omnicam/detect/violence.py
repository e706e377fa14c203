"""A fight: two or more people close together whose arms and heads jerk for about a second.

Two cues. Bodies: root-mean-square acceleration of wrists, elbows and head in metres a second
squared, from the world landmarks, to which the movement of the hips is added, since those landmarks
are centred between the hips. Picture (see `unruly`): how disorderly everything that moves is, since
bodies that wrestle are often found badly or not at all; this cue alone is for review at most, for
crowds and flames are disorderly as well.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
import numpy.typing as npt

from omnicam.detect.protocol import Need, Observation, Person, Picture, ScorerContext
from omnicam.detect.unrest import UnrestMeter
from omnicam.detect.unruly import Unruly
from omnicam.evidence import Evidence, Region
from omnicam.taxonomy import AnomalyClass

_MEMORY_S = 1.2
_LEAST_S = 0.7
_SPAN_S = 1.0
_FORGET_S = 3.0
_LONGEST_STEP_S = 0.6  # between pictures; beyond it there is no acceleration to be had

_JOINTS = (0, 13, 14, 15, 16)  # nose, elbows, wrists
_SHOULDERS, _HIPS = slice(11, 13), slice(23, 25)
_VISIBLE = 0.5
_TRUNK_M = 0.5  # shoulders to hips of an adult
_CLOSE_M = 1.3  # between the hips of two people: an arm's length and a step
_PAIR_S = 1.5
_CALM, _WILD = 12.0, 28.0  # m/s²: brisk gestures, blows
_ANSWER = 0.35  # of the wilder one's acceleration that the other has: who is hit moves too
_BOTH = 6.5  # weight of blows that both have
_UNRULY = 5.0  # of the picture alone: an event for review, no alarm
_UNRULY_SPAN_S = 2.5  # it is a mean over more than a second and holds as long again
_LEAST_WEIGHT = 0.5


@dataclass(slots=True)
class _Track:
    """Places of one person's joints and hips in metres, newest last."""

    places: deque[tuple[float, npt.NDArray[np.float64]]] = field(
        default_factory=lambda: deque(maxlen=32)
    )


class ViolenceScorer:
    """Says how much two people's movements look like a fight."""

    name = "violence"
    needs = frozenset({Need.PICTURE})

    def __init__(self, context: ScorerContext) -> None:
        self._camera = context.camera.id
        self._tracks: dict[int, _Track] = {}
        self._pairs: dict[tuple[int, int], tuple[float, Region]] = {}
        self._meter = UnrestMeter()
        self._unruly = Unruly()

    def observe(self, observation: Observation) -> Iterable[Evidence]:
        """Take one picture with its people."""
        picture, now = observation.picture, observation.time
        if picture is None:
            return ()
        self._follow(picture, now)
        self._remember_pairs(picture, now)
        self._unruly.add(now, self._meter.measure(picture, now))
        words = (self._blows(now), self._wild(picture, now))
        return tuple(word for word in words if word is not None)

    def _blows(self, now: float) -> Evidence | None:
        best: tuple[float, float, Region] | None = None
        for (one, other), (_, region) in self._pairs.items():
            first, second = self._acceleration(one, now), self._acceleration(other, now)
            if first is None or second is None:
                continue
            wild = min(max(first, second), min(first, second) / _ANSWER)
            weight = _BOTH * _share(wild, _CALM, _WILD)
            if weight >= _LEAST_WEIGHT and (best is None or weight > best[0]):
                best = (weight, wild, region)
        if best is None:
            return None
        why = f"Two people close together move violently ({best[1]:.0f} m/s²)"
        return self._evidence(now, best[0], why, best[2], _SPAN_S)

    def _wild(self, picture: Picture, now: float) -> Evidence | None:
        weight = _UNRULY * self._unruly.strength(now)
        regions = picture.motion.regions
        if weight < _LEAST_WEIGHT or not regions:
            return None
        why = "Bodies move wildly and in all directions"
        return self._evidence(now, weight, why, regions[0], _UNRULY_SPAN_S)

    def _follow(self, picture: Picture, now: float) -> None:
        for number in [
            n for n, t in self._tracks.items() if not t.places or now - t.places[-1][0] > _FORGET_S
        ]:
            del self._tracks[number]
        for person in picture.people:
            if now - person.last_seen > 1e-3:
                continue  # not from this picture: standing still is not an observation
            scale = _metres(person, picture)
            if scale is None:
                continue
            hips = person.pose.landmarks[_HIPS, :2].mean(axis=0) * scale
            joints = person.pose.world[list(_JOINTS), :2].astype(np.float64) + hips
            joints[person.pose.visibility[list(_JOINTS)] < _VISIBLE] = np.nan
            self._tracks.setdefault(person.track, _Track()).places.append((now, joints))

    def _remember_pairs(self, picture: Picture, now: float) -> None:
        """Keep who was close to whom: people who wrestle are often found only now and then."""
        for one, other in combinations(picture.people, 2):
            if _close(one, other, picture):
                numbers = (min(one.track, other.track), max(one.track, other.track))
                self._pairs[numbers] = (now, _around(one.region, other.region))
        for numbers in [n for n, (seen, _) in self._pairs.items() if now - seen > _PAIR_S]:
            del self._pairs[numbers]

    def _acceleration(self, number: int, now: float) -> float | None:
        """RMS acceleration of the joints over the memory in m/s²; None if too little was seen."""
        track = self._tracks.get(number)
        places = [] if track is None else [e for e in track.places if now - e[0] <= _MEMORY_S]
        if len(places) < 4 or places[-1][0] - places[0][0] < _LEAST_S:
            return None
        times = np.array([time for time, _ in places])
        steps = np.diff(times)
        if steps.max() > _LONGEST_STEP_S or steps.min() <= 0.0:
            return None
        velocity = np.diff(np.stack([place for _, place in places]), axis=0) / steps[:, None, None]
        change = np.diff(velocity, axis=0) / ((steps[1:] + steps[:-1]) / 2)[:, None, None]
        squared = (change**2).sum(axis=2)
        known = squared[np.isfinite(squared)]
        # The largest tenth is where a landmark jumped from one limb to the other.
        return (
            float(np.sqrt(np.sort(known)[: max(1, int(0.9 * known.size))].mean()))
            if known.size
            else None
        )

    def _evidence(
        self, now: float, weight: float, why: str, region: Region, span_s: float
    ) -> Evidence:
        return Evidence(
            camera=self._camera,
            anomaly=AnomalyClass.VIOLENT_CONFLICT,
            log_odds=weight,
            time=now,
            span_s=span_s,
            scorer=self.name,
            why=why,
            region=region,
            onset=now - _MEMORY_S,
        )


def _share(value: float, low: float, high: float) -> float:
    return min(max((value - low) / (high - low), 0.0), 1.0)


def _metres(person: Person, picture: Picture) -> npt.NDArray[np.float64] | None:
    """Metres across the whole picture at the person's distance, in x and y; None if unknown."""
    aspect = picture.aspect
    points = person.pose.landmarks[:, :2] * (aspect, 1.0)
    seen = np.linalg.norm(points[_SHOULDERS].mean(axis=0) - points[_HIPS].mean(axis=0))
    world = person.pose.world[:, :2]
    real = np.linalg.norm(world[_SHOULDERS].mean(axis=0) - world[_HIPS].mean(axis=0))
    if seen < 0.01:
        return None
    metre = float(real if real > _TRUNK_M / 3 else _TRUNK_M) / float(seen)
    return np.array((metre * aspect, metre))


def _close(one: Person, other: Person, picture: Picture) -> bool:
    """Whether two people are within reach: alike in size, and near in the picture."""
    first, second = _metres(one, picture), _metres(other, picture)
    if first is None or second is None or not 0.5 < first[1] / second[1] < 2.0:
        return False
    apart = one.pose.landmarks[_HIPS, :2].mean(axis=0) - other.pose.landmarks[_HIPS, :2].mean(
        axis=0
    )
    return bool(np.linalg.norm(apart * (first + second) / 2) < _CLOSE_M)


def _around(one: Region, other: Region) -> Region:
    x, y = min(one.x, other.x), min(one.y, other.y)
    right = max(one.x + one.width, other.x + other.width)
    bottom = max(one.y + one.height, other.y + other.height)
    return Region(x=x, y=y, width=right - x, height=bottom - y)
