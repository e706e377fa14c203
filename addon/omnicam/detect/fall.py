"""A fall: someone goes down fast, head and hips both, ends on the floor, and then stays down.

The impact alone (see `descent`) is a matter for review at once; staying down makes it an alarm
within a second or two; whoever stumbles and gets up again takes it back. The lying half comes from
four views of which the strongest counts: the trunk's angle in the picture, its tilt in the model's
own space (for falls towards the camera), the head no higher than the hips, and the whole body no
higher than someone who sits on the floor. Lengths are in body lengths.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from omnicam.config.model import ZoneKind
from omnicam.detect.areas import active_zones, in_any
from omnicam.detect.body import Posture, at_side, posture
from omnicam.detect.descent import (
    WINDOW_S,
    Descent,
    borne_out,
    deepest,
    ramp,
    strongest,
    top_of,
    walks_out,
)
from omnicam.detect.protocol import Need, Observation, Person, ScorerContext
from omnicam.evidence import Evidence, Region
from omnicam.taxonomy import AnomalyClass

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

IMPACT, CLEAR, RECOVERED = 5.0, 9.0, -6.0
"""Log-odds of a body that hits the floor (0.86: for review), of one that stays there (an alarm),
and of having got up again."""

ENOUGH = (0.1, 0.5)
"""Strength of a descent from which it counts, and from which it counts in full."""

LYING_S = (0.5, 1.5)
"""Seconds of lying from which a fall is more than a stumble, and clear."""

HELD_S = 3.0
"""An impact speaks for so long by itself: a body is often lost by the model as it lands."""

VANISHED_S = 0.7
"""A body that the model loses in its descent is followed for so long by what moves."""

LEAVING_S = 1.0
"""A body that crossed a side of the picture is not followed by what moves for so long."""

FOLLOWED_BY_S = 1.0
"""A body found this soon after another was lost, and no farther than its length, is the same."""

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
        drop: strength 0..1 of the descent that is being followed, 0 for none.
        onset: when that descent began.
        dropped_at: when it was deepest.
        impact: strength of the impact that was not yet spoken of, 0 for none.
        lying: degree 0..1 of the newest posture.
        left_at: when the body was last seen to cross a side of the picture.
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
    impact: float = 0.0
    lying: float = 0.0
    left_at: float = -math.inf
    lost: bool = False
    down_since: float | None = None
    down_until: float = 0.0
    up_since: float | None = None
    fallen: bool = False
    recovered_until: float = -math.inf
    said_at: float = 0.0

    def close(self) -> None:
        """Follow this descent no longer."""
        self.drop, self.impact, self.fallen, self.down_since = 0.0, 0.0, False, None


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
        aspect, time = picture.aspect, observation.time
        present = {person.track for person in picture.people}
        self._stories = {track: story for track, story in self._stories.items() if track in present}
        resting = active_zones(self._zones, ZoneKind.RESTING, time, self._time_zone)
        for person in picture.people:
            now = posture(person.pose, aspect)
            story = self._story(person, now, time, aspect)
            fresh = person.last_seen == time
            story.lost = picture.pose_ran and not fresh
            if walks_out(now.hip_x, picture.motion.regions):
                story.left_at = time
            if fresh:
                _learn(story, time, now, person.region, picture.motion.regions)
            elif not at_side(person.region):
                _follow(story, time, now, person.region, picture.motion.regions)
            if in_any(resting, now.hip_x, now.hip_y):
                story.close()
                continue
            said = _judge(story, time)
            if said is not None:
                yield self._evidence(observation, person, story, *said)

    def _story(self, person: Person, now: Posture, time: float, aspect: float) -> _Story:
        """Give a person's story; a body that turns up where another was just lost goes on with its.

        A fall is so fast that the tracker often takes who lands for somebody new.
        """
        story = self._stories.get(person.track)
        if story is None:
            story = next(
                (
                    replace(other, postures=deque(other.postures))
                    for other in self._stories.values()
                    if other.lost and _same_body(other, now, time, aspect)
                ),
                _Story(),
            )
            self._stories[person.track] = story
        return story

    def _evidence(
        self,
        observation: Observation,
        person: Person,
        story: _Story,
        log_odds: float,
        span_s: float,
        why: str,
    ) -> Evidence:
        return Evidence(
            camera=observation.camera,
            anomaly=AnomalyClass.FALL,
            log_odds=log_odds,
            time=observation.time,
            span_s=span_s,
            scorer=self.name,
            why=why,
            region=person.region,
            onset=story.onset,
        )


def _same_body(lost: _Story, now: Posture, time: float, aspect: float) -> bool:
    if not lost.postures:
        return False
    then_time, then = lost.postures[-1]
    across, down = (now.hip_x - then.hip_x) * aspect, now.hip_y - then.hip_y
    near = math.hypot(across, down) <= max(now.length, then.length)
    return near and 0.0 < time - then_time <= FOLLOWED_BY_S


def _learn(story: _Story, time: float, now: Posture, box: Region, moving: Sequence[Region]) -> None:
    """Take a fresh posture into the story: is it a descent, is it lying?"""
    story.postures.append((time, now))
    while time - story.postures[0][0] > WINDOW_S + LANDING_S:
        story.postures.popleft()
    length = max(each.length for _, each in story.postures)
    stature = (now.lowest_y - now.head_y) / max(length, 1e-6)
    story.lying = max(lying(now, length), ramp(stature, *STATURE))

    descent = deepest(list(story.postures), time)
    if descent is not None and story.left_at < time and borne_out(descent, box, moving):
        _take(story, time, descent, descent.strength)

    if story.lying >= DOWN:
        story.down_since = time if story.down_since is None else story.down_since
        story.down_until, story.up_since = time, None
    elif story.lying <= UP:
        story.up_since = time if story.up_since is None else story.up_since
        if time - story.up_since >= RECOVERED_S:
            story.down_since = None


def _follow(
    story: _Story, time: float, before: Posture, box: Region, moving: Sequence[Region]
) -> None:
    """Go on while nothing moves, or while the model does not find the body.

    The model loses bodies that go down fast: then the top of what moves there is the head, if the
    hips had begun to go down as well.
    """
    if story.down_since is not None:
        story.down_until = time
    if not story.lost or not story.postures or time - story.postures[-1][0] > VANISHED_S:
        return
    if time - story.left_at <= LEAVING_S:
        return
    top = top_of(moving, box.x - box.width / 2, box.x + box.width * 1.5)
    if top is None:
        return
    descent = strongest(list(story.postures), time, top, before.hip_y, before.lowest_y)
    if descent is not None:
        _take(story, time, descent, descent.strength * LOST)
        if story.drop >= DOWN and story.down_since is None:
            story.down_since, story.down_until, story.lying = time, time, LOST


def _take(story: _Story, time: float, descent: Descent, strength: float) -> None:
    """Begin to follow a descent, or go on: a fall in stages is one fall."""
    if story.drop > 0 and time - story.dropped_at <= LANDING_S:
        if strength >= story.drop:
            story.drop, story.dropped_at, story.impact = strength, time, strength
    elif not story.fallen:
        story.drop, story.dropped_at, story.impact = strength, time, strength
        story.onset = descent.onset


def _judge(story: _Story, time: float) -> tuple[float, float, str] | None:
    """Say what the story means at this time, if anything: log-odds, span in seconds, reason."""
    if story.up_since is not None and time - story.up_since >= RECOVERED_S:
        if story.fallen:
            story.recovered_until = time + RECOVERED_FOR_S
        if time - story.dropped_at > LANDING_S or story.fallen:
            story.close()
    if story.impact > 0:
        weight, story.impact = IMPACT * ramp(story.impact, *ENOUGH), 0.0
        story.fallen = story.fallen or weight >= SPOKEN
        story.said_at = time
        return weight, HELD_S, "went down fast and hit the floor"
    if story.down_since is None or story.drop <= 0:
        if time > story.recovered_until:
            return None
        return _once(story, time, RECOVERED, "the person got up again")
    if story.down_since - story.dropped_at > LANDING_S:
        story.drop = 0.0  # lay down long after the drop: two things
        return None
    lying_s = story.down_until - max(story.down_since, story.onset)
    stays = story.lying * ramp(lying_s, *LYING_S) * (LOST if story.lost else 1.0)
    weight = ramp(story.drop, *ENOUGH) * (IMPACT + (CLEAR - IMPACT) * stays)
    if weight <= 0:
        return None
    story.fallen = story.fallen or weight >= SPOKEN
    return _once(story, time, weight, f"fell and has been lying for {lying_s:.0f} s")


def _once(story: _Story, time: float, log_odds: float, why: str) -> tuple[float, float, str] | None:
    """Say it now if it is news: fresh postures always are, otherwise now and then."""
    fresh = bool(story.postures) and story.postures[-1][0] == time
    if not fresh and time - story.said_at < REPEAT_S:
        return None
    story.said_at = time
    return log_odds, SPAN_S, why


def lying(now: Posture, length: float) -> float:
    """Give how far someone lies, 0 (no) to 1 (clearly), for a body of this length upright."""
    length = max(length, 1e-6)
    level = max(
        ramp(now.trunk_degrees, *TRUNK_DEGREES),
        ramp(now.tilt_degrees, *TILT_DEGREES),
        ramp((now.hip_y - now.head_y) / length, *HEAD_RISE),
    )
    return level * ramp((now.lowest_y - now.hip_y) / length, *HIPS_OVER_FLOOR)
