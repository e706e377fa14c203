"""A fall: someone goes down fast, head and hips both, and is down.

Both halves are needed. Whoever bends drops the head and keeps the hips; whoever sits down ends with
the trunk upright; whoever lies down to rest takes several seconds; whoever stumbles gets up again,
which counts against the fall. The landing itself is a matter for review; it becomes an alarm as
soon as the person is seen to stay down.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from omnicam.config.model import ZoneKind
from omnicam.detect.areas import active_zones, in_any
from omnicam.detect.body import Posture, at_side, postures
from omnicam.detect.descent import Descent, ramp
from omnicam.detect.fall_limits import SEEN_FALL, FallLimits
from omnicam.detect.protocol import Need, Observation, Person, ScorerContext
from omnicam.evidence import Evidence
from omnicam.taxonomy import AnomalyClass

RECOVERED = -6.0
"""Log-odds of having got up again."""

SPOKEN = 4.0
"""Log-odds from which a fall has been suspected, so that getting up is worth saying."""

LOST = 0.9
"""Weight of a lying body that the model does not find at the moment."""

RECOVERED_FOR_S = 4.0
"""For how long the end of a fall is said."""

SPAN_S = 3.0
"""A word rests on a whole descent, and each replaces the one before."""

REPEAT_S = 0.25
"""A fallen body is spoken of again this often while nothing new is seen."""


@dataclass(slots=True)
class _Story:
    """One person's descent, and what was said about it.

    Attributes:
        descent: what they did lately.
        lost: whether the model just looked and did not find the person.
        fallen: whether a fall was spoken of.
        claimed: whether the last word spoke for a fall.
        recovered_until: how long its end is still to be said.
        said_at: when anything was said.
    """

    descent: Descent
    lost: bool = False
    fallen: bool = False
    claimed: bool = False
    recovered_until: float = -math.inf
    said_at: float = 0.0

    def close(self) -> None:
        """Follow this fall no longer."""
        self.descent.end()
        self.fallen = False


class FallScorer:
    """Speaks for `fall` from the poses of one camera's people."""

    name = "fall"
    needs = frozenset({Need.PICTURE})

    def __init__(self, context: ScorerContext, limits: FallLimits = SEEN_FALL) -> None:
        self._zones = context.camera.zones
        self._time_zone = context.time_zone
        self._limits = limits
        self._stories: dict[int, _Story] = {}

    def observe(self, observation: Observation) -> Iterable[Evidence]:
        """Take a picture's people."""
        picture = observation.picture
        if picture is None:
            return
        time, aspect = observation.time, picture.aspect
        bodies = postures(picture)
        resting = active_zones(self._zones, ZoneKind.RESTING, time, self._time_zone)
        found = {person.track for person in picture.people if person.last_seen == time}
        for person in picture.people:
            now = bodies[person.track]
            story = self._stories.get(person.track)
            if story is None:
                story = self._stories[person.track] = self._continued(time, now, aspect, found)
            story.lost = picture.pose_ran and person.track not in found
            if person.track in found:
                story.descent.learn(time, now, person.region, picture.motion.regions)
            elif story.descent.down_since is not None and not at_side(person.region):
                # Nothing moves, or the model lost a body that went down, as it often does.
                story.descent.down_until = time
            if in_any(resting, now.hip_x, now.hip_y):
                story.close()
                continue
            said = _judge(story, time)
            if said is not None:
                log_odds, why = said
                yield self._evidence(observation, person, story, log_odds, why)
        present = {person.track for person in picture.people}
        self._stories = {track: story for track, story in self._stories.items() if track in present}

    def _continued(self, time: float, now: Posture, aspect: float, found: set[int]) -> _Story:
        """Give the story of a body that was lost just here, which then is no longer another's."""
        for track, story in self._stories.items():
            if track not in found and story.descent.goes_on_as(time, now, aspect):
                del self._stories[track]
                return story
        return _Story(Descent(self._limits))

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
            onset=story.descent.onset,
        )


def _judge(story: _Story, time: float) -> tuple[float, str] | None:
    """Say what the story means at this time, if anything."""
    descent, limits = story.descent, story.descent.limits
    if descent.up(time):
        if story.fallen:
            story.recovered_until = time + RECOVERED_FOR_S
        if time - descent.dropped_at > limits.landing_s or story.fallen:
            story.close()
    if descent.down_since is None or descent.drop <= 0:
        if time <= story.recovered_until:
            return _once(story, time, RECOVERED, "the person got up again")
        return _withdrawn(story, time)
    if descent.down_since - descent.dropped_at > limits.landing_s:
        descent.drop = 0.0  # lay down long after the drop: two things
        return _withdrawn(story, time)
    lying_s = descent.down_until - max(descent.down_since, descent.onset)
    landed, clear = limits.weight
    weight = landed + (clear - landed) * ramp(lying_s, *limits.lying_s)
    weight *= descent.drop * descent.lying * (LOST if story.lost else 1.0)
    if weight <= 0:
        return _withdrawn(story, time)
    story.fallen = story.fallen or weight >= SPOKEN
    return _once(story, time, weight, f"fell and has been lying for {lying_s:.0f} s")


def _withdrawn(story: _Story, time: float) -> tuple[float, str] | None:
    """Take back a word whose posture was gone with the next look: the model misjudged a body."""
    if not story.claimed or story.descent.postures[-1][0] != time:
        return None
    return _once(story, time, 0.0, "not down after all")


def _once(story: _Story, time: float, log_odds: float, why: str) -> tuple[float, str] | None:
    """Say it now if it is news: fresh postures always are, otherwise now and then."""
    postures = story.descent.postures
    fresh = bool(postures) and postures[-1][0] == time
    if not fresh and time - story.said_at < REPEAT_S:
        return None
    story.said_at, story.claimed = time, log_odds > 0
    return log_odds, why
