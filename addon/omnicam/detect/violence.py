"""A fight: two or more people close together whose arms and heads jerk for about a second.

Two cues. Bodies: root-mean-square acceleration of wrists, elbows and head in metres a second
squared, from the world landmarks, to which the movement of the hips is added, since those landmarks
are centred between the hips. Picture: how fast the optical flow itself changes where something
moves (after T. Hassner, Y. Itcher, O. Kliper-Gross, "Violent flows", CVPRW 2012), since bodies that
wrestle are often found badly or not at all. A first version with thresholds from 58 short clips.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import combinations

import cv2
import numpy as np
import numpy.typing as npt

from omnicam.detect.protocol import Need, Observation, Person, Picture, ScorerContext
from omnicam.evidence import Evidence, Region
from omnicam.media import Pixels
from omnicam.taxonomy import AnomalyClass

type Flow = npt.NDArray[np.float32]

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
_BOTH, _FLOW_TOO = 6.5, 2.0  # weights where both people's movements are known
_ONE, _FLOW_PAIR = 3.0, 4.0  # where only one's is, or none's
_REVIEW = 4.6  # the most where not both are known
_LEAST_WEIGHT = 0.5

_ACTIVE = 0.5  # pixels of flow a step
_LEAST_ACTIVE, _LEAST_MOTION = 0.01, 0.015  # of the picture
_FLOW_RATE = 6.0  # pictures a second at which the flow is expressed
_FLOW_CALM, _FLOW_WILD = 0.8, 2.2  # pixels (of 160) a step, by which the flow changes each step
_COHERENT = 0.85  # all move alike: a car, a camera, a crowd that walks


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
        self._dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
        self._pairs: dict[tuple[int, int], tuple[float, Region]] = {}
        self._before: tuple[float, Pixels] | None = None
        self._flow: Flow | None = None
        self._unrest: deque[tuple[float, float, float]] = deque(maxlen=32)

    def observe(self, observation: Observation) -> Iterable[Evidence]:
        """Take one picture with its people."""
        picture, now = observation.picture, observation.time
        if picture is None:
            return ()
        self._follow(picture, now)
        self._watch_flow(picture, now)
        flow, coherence = self._flow_unrest(now)
        self._remember_pairs(picture, now)
        weight, why, region = self._weigh(picture, now, flow, coherence)
        if region is None or weight < _LEAST_WEIGHT:
            return ()
        return (self._evidence(now, weight, why, region),)

    def _weigh(
        self, picture: Picture, now: float, flow: float, coherence: float
    ) -> tuple[float, str, Region | None]:
        unrest = _share(flow, _FLOW_CALM, _FLOW_WILD)
        best: tuple[float, str, Region | None] = (0.0, "", None)
        for (one, other), (_, region) in self._pairs.items():
            known = [a for a in (self._acceleration(n, now) for n in (one, other)) if a is not None]
            if len(known) == 2:
                wild = min(max(known), min(known) / _ANSWER)
                share = _share(wild, _CALM, _WILD)
                weight = _BOTH * share + _FLOW_TOO * unrest if share > 0.0 else 0.0
                why = f"Two people close together move violently ({wild:.0f} m/s²)"
            else:
                share = _share(max(known, default=0.0), _CALM, _WILD)
                weight = min(_ONE * share + _FLOW_PAIR * unrest, _REVIEW)
                why = "Two people are close together and there is violent movement"
            if weight > best[0]:
                best = (weight, why, region)
        wildly = flow >= _FLOW_WILD and coherence < _COHERENT
        if best[2] is None and wildly and not picture.people and picture.motion.regions:
            return (
                _REVIEW,
                "Something moves wildly and in all directions",
                picture.motion.regions[0],
            )
        return best

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

    def _watch_flow(self, picture: Picture, now: float) -> None:
        before, self._before = self._before, (now, picture.grey)
        if len(picture.people) == 1 and not self._pairs:
            self._flow = None  # the flow counts for pairs, and where nobody is found
            return
        motion = picture.motion
        usable = before is not None and before[1].shape == picture.grey.shape
        quiet = motion.global_change or motion.fraction < _LEAST_MOTION
        if before is None or not usable or quiet or not 0 < now - before[0] <= _LONGEST_STEP_S:
            self._flow = None
            return
        start = np.zeros((*picture.grey.shape, 2), np.float32)
        flow = np.asarray(self._dis.calc(before[1], picture.grey, start), np.float32)
        flow *= 1.0 / (_FLOW_RATE * (now - before[0]))
        last, self._flow = self._flow, flow
        if last is None or last.shape != flow.shape:
            return
        moving = cv2.dilate(motion.mask.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
        here, change = flow[moving], flow[moving] - last[moving]
        size = np.hypot(here[:, 0], here[:, 1])
        active = size > _ACTIVE
        if active.sum() < _LEAST_ACTIVE * moving.size:
            return
        unrest = float(np.hypot(change[active, 0], change[active, 1]).mean())
        drift = here[active].mean(axis=0)
        coherence = float(np.hypot(drift[0], drift[1]) / size[active].mean())
        self._unrest.append((now, unrest, coherence))

    def _flow_unrest(self, now: float) -> tuple[float, float]:
        """Mean change of the flow and mean coherence over the memory; 0 and 1 if too short."""
        recent = [entry for entry in self._unrest if now - entry[0] <= _MEMORY_S]
        if len(recent) < 3 or recent[-1][0] - recent[0][0] < _LEAST_S - 0.2:
            return 0.0, 1.0
        return float(np.mean([e[1] for e in recent])), float(np.mean([e[2] for e in recent]))

    def _evidence(self, now: float, weight: float, why: str, region: Region) -> Evidence:
        return Evidence(
            camera=self._camera,
            anomaly=AnomalyClass.VIOLENT_CONFLICT,
            log_odds=weight,
            time=now,
            span_s=_SPAN_S,
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
