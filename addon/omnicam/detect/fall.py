"""A fall: someone goes down fast, head and hips both, and then stays down.

Both halves are needed. Whoever bends drops the head and keeps the hips; whoever sits down ends with
the trunk upright; whoever lies down to rest takes several seconds; whoever stumbles gets up again,
which counts against the fall. Lengths are in body lengths, so that the distance from the camera
does not matter. The lying half comes from four views of which the strongest counts: the trunk's
angle in the picture, its tilt in the model's own space (for falls towards the camera), the head no
higher than the hips, and the whole body no higher than someone who sits on the floor.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from omnicam.config.model import ZoneKind
from omnicam.detect.areas import active_zones, in_any
from omnicam.detect.body import Posture, at_side, posture
from omnicam.detect.protocol import Need, Observation, Person, ScorerContext
from omnicam.evidence import Evidence
from omnicam.taxonomy import AnomalyClass

DROP_WINDOW_S = 1.3
"""A fall from standing takes 0.5 to 1 s; lying down to rest takes more than 2."""

DROP = (0.40, 0.60)
"""Drop of head and hips together, in body lengths, from which a fall is possible, and clear."""

LEAST_HIP_DROP = 0.10
"""Hips that stay where they are belong to someone who bends."""

TRUNK_DEGREES = (45.0, 70.0)
TILT_DEGREES = (55.0, 80.0)
HIPS_OVER_FLOOR = (0.38, 0.26)
"""Height of the hips over the body's lowest part, in lengths: who bends keeps them up."""

HEAD_RISE = (0.22, 0.08)
"""From not lying at all to clearly lying; the rise is of the head over the hips, in lengths."""

STATURE = (0.42, 0.28)
"""The same for the height of the head over the lowest part: 1 upright, 0.7 on a chair."""

DOWN, UP = 0.5, 0.15
"""Degree of lying from which someone is down, and up to which someone is up."""

LANDING_S = 2.0
"""Between the drop and lying: some sink against furniture first."""

LYING_S = (0.1, 0.8)
"""Seconds of lying from which a fall is possible, and clear."""

CLEAR, RECOVERED = 9.0, -6.0
"""Log-odds of a clear fall, and of having got up again."""

SPOKEN = 4.0
"""Log-odds from which a fall has been suspected, so that getting up is worth saying."""

LOST = 0.85
"""Weight of a lying body that the model does not find at the moment."""

RECOVERED_S, RECOVERED_FOR_S = 1.0, 4.0
"""Seconds of being up after which the fall is over, and for how long that is said."""

SPAN_S = 1.0
REPEAT_S = 0.5
"""A fallen body is spoken of again this often while nothing new is seen."""


@dataclass(slots=True)
class _Story:
    """What one person did lately.

    Attributes:
        postures: fresh ones with their times, for as long as a fall may take.
        drop: strength 0..1 of the drop that is being followed, 0 for none.
        onset: when that drop began.
        dropped_at: when it was deepest.
        lying: degree 0..1 of the newest posture.
        lost: whether the model just looked and did not find the person.
        down_since: when the person was first seen down without getting up since.
        down_until: up to when they are known to be down.
        up_since: when they were first seen upright without going down since.
        fallen: whether a fall was spoken of.
        recovered_until: how long its end is still to be said.
        said_at: when anything was said.
    """

    postures: deque[tuple[float, Posture]] = field(default_factory=deque)
    drop: float = 0.0
    onset: float = 0.0
    dropped_at: float = 0.0
    lying: float = 0.0
    lost: bool = False
    down_since: float | None = None
    down_until: float = 0.0
    up_since: float | None = None
    fallen: bool = False
    recovered_until: float = -math.inf
    said_at: float = 0.0

    def close(self) -> None:
        """Follow this drop no longer."""
        self.drop, self.fallen, self.down_since = 0.0, False, None


class FallScorer:
    """Speaks for `fall` from the poses of one camera's people."""

    name = "fall"
    needs = frozenset({Need.PICTURE})

    def __init__(self, context: ScorerContext) -> None:
        self._zones = context.camera.zones
        self._time_zone = context.time_zone
        self._stories: dict[int, _Story] = {}

    def observe(self, observation: Observation) -> Iterable[Evidence]:
        """Take a picture's people."""
        picture = observation.picture
        if picture is None:
            return
        aspect = picture.aspect
        present = {person.track for person in picture.people}
        self._stories = {track: story for track, story in self._stories.items() if track in present}
        resting = active_zones(self._zones, ZoneKind.RESTING, observation.time, self._time_zone)
        for person in picture.people:
            story = self._stories.setdefault(person.track, _Story())
            now = posture(person.pose, aspect)
            story.lost = picture.pose_ran and person.last_seen != observation.time
            if person.last_seen == observation.time:
                _learn(story, observation.time, now)
            elif story.down_since is not None and not at_side(person.region):
                # Nothing moves, or the model lost a body that went down, as it often does.
                story.down_until = observation.time
            if in_any(resting, now.hip_x, now.hip_y):
                story.close()
                continue
            said = _judge(story, observation.time)
            if said is not None:
                log_odds, why = said
                yield self._evidence(observation, person, story, log_odds, why)

    def _evidence(
        self, observation: Observation, person: Person, story: _Story, log_odds: float, why: str
    ) -> Evidence:
        return Evidence(
            camera=observation.camera,
            anomaly=AnomalyClass.FALL,
            log_odds=log_odds,
            time=observation.time,
            span_s=SPAN_S,
            scorer=self.name,
            why=why,
            region=person.region,
            onset=story.onset,
        )


def _learn(story: _Story, time: float, now: Posture) -> None:
    """Take a fresh posture into the story: is it a drop, is it lying?"""
    story.postures.append((time, now))
    while time - story.postures[0][0] > DROP_WINDOW_S + LANDING_S:
        story.postures.popleft()
    length = max(each.length for _, each in story.postures)
    stature = (now.lowest_y - now.head_y) / length
    story.lying = max(lying(now, length), ramp(stature, *STATURE))

    onset, strength = _drop(story.postures, time, now, length)
    going_on = story.drop > 0 and time - story.dropped_at <= LANDING_S
    if strength > 0 and going_on:  # a fall in stages is one fall
        story.drop = max(story.drop, strength)
        story.dropped_at = time if strength >= story.drop else story.dropped_at
    elif strength > 0 and not story.fallen:
        story.drop, story.dropped_at, story.onset = strength, time, onset

    if story.lying >= DOWN:
        story.down_since = time if story.down_since is None else story.down_since
        story.down_until, story.up_since = time, None
    elif story.lying <= UP:
        story.up_since = time if story.up_since is None else story.up_since
        if time - story.up_since >= RECOVERED_S:
            story.down_since = None


def _drop(
    postures: Iterable[tuple[float, Posture]], time: float, now: Posture, length: float
) -> tuple[float, float]:
    """Give the onset and the strength 0..1 of the deepest drop that ends now."""
    best = (time, 0.0)
    for before, then in postures:
        if time - before > DROP_WINDOW_S:
            continue
        head = (now.head_y - then.head_y) / length
        hips = (now.hip_y - then.hip_y) / length
        strength = ramp(head + hips, *DROP) if hips >= LEAST_HIP_DROP else 0.0
        # The latest of equally deep starts is the moment at which the fall began.
        if strength > 0 and strength >= best[1]:
            best = (before, strength)
    return best


def _judge(story: _Story, time: float) -> tuple[float, str] | None:
    """Say what the story means at this time, if anything."""
    if story.up_since is not None and time - story.up_since >= RECOVERED_S:
        if story.fallen:
            story.recovered_until = time + RECOVERED_FOR_S
        if time - story.dropped_at > LANDING_S or story.fallen:
            story.close()
    if story.down_since is None or story.drop <= 0:
        if time > story.recovered_until:
            return None
        return _once(story, time, RECOVERED, "the person got up again")
    if story.down_since - story.dropped_at > LANDING_S:
        story.drop = 0.0  # lay down long after the drop: two things
        return None
    lying_s = story.down_until - max(story.down_since, story.onset)
    weight = CLEAR * story.drop * story.lying * ramp(lying_s, *LYING_S)
    weight *= LOST if story.lost else 1.0
    if weight <= 0:
        return None
    story.fallen = story.fallen or weight >= SPOKEN
    return _once(story, time, weight, f"fell and has been lying for {lying_s:.0f} s")


def _once(story: _Story, time: float, log_odds: float, why: str) -> tuple[float, str] | None:
    """Say it now if it is news: fresh postures always are, otherwise now and then."""
    fresh = bool(story.postures) and story.postures[-1][0] == time
    if not fresh and time - story.said_at < REPEAT_S:
        return None
    story.said_at = time
    return log_odds, why


def lying(now: Posture, length: float) -> float:
    """Give how far someone lies, 0 (no) to 1 (clearly), for a body of this length upright."""
    length = max(length, 1e-6)
    level = max(
        ramp(now.trunk_degrees, *TRUNK_DEGREES),
        ramp(now.tilt_degrees, *TILT_DEGREES),
        ramp((now.hip_y - now.head_y) / length, *HEAD_RISE),
    )
    return level * ramp((now.lowest_y - now.hip_y) / length, *HIPS_OVER_FLOOR)


def ramp(value: float, low: float, high: float) -> float:
    """Give 0 at `low`, 1 at `high`, straight in between; `high` may lie below `low`."""
    return min(max((value - low) / (high - low), 0.0), 1.0)
