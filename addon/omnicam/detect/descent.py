"""What one person did lately: do they sink fast, do they lie, since when?

Lengths are in body lengths, so that the distance from the camera does not matter. Lying comes from
four views of which the strongest counts: the trunk's angle in the picture, its tilt in the model's
own space (for falls towards the camera), the head no higher than the hips, and the whole body no
higher than someone who sits on the floor.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from omnicam.detect.body import Posture
from omnicam.evidence import Region

DROP_WINDOW_S = 1.3
"""A fall from standing takes 0.5 to 1 s; lying down to rest takes more than 2."""

DROP = (0.40, 0.60)
"""Drop of head and hips together, in body lengths, from which a fall is possible, and clear."""

LEAST_HIP_DROP = 0.10
"""Hips that stay where they are belong to someone who bends."""

TRUNK_DEGREES = (45.0, 70.0)
TILT_DEGREES = (55.0, 80.0)
HIPS_OVER_FLOOR = (0.38, 0.26)
"""Height of the hips over the floor, in lengths: who bends keeps them up."""

HEAD_RISE = (0.22, 0.08)
"""From not lying at all to clearly lying; the rise is of the head over the hips, in lengths."""

STATURE = (0.42, 0.28)
"""The same for the height of the head over the lowest part: 1 upright, 0.7 on a chair."""

SUNK, SUNK_WEIGHT = (0.20, 0.12), 0.8
"""Height of the hips over the floor, in lengths, after a drop: legs that give way leave the trunk
upright for a while. A chair keeps the hips above 0.25; a squat is what this may be taken for."""

WHOLE = 0.5
"""A body shorter than this share of itself hides its legs behind something: no floor is seen."""

LEANING = (25.0, 45.0)
"""Degrees of the trunk, in either view, from which a low stature counts: whoever is upright and
short stands behind furniture or partly outside the picture."""

STARTS_UPRIGHT = 75.0
"""Degrees of the trunk up to which a fall can begin; a body found head down was misjudged."""

GROWTH = 1.6
"""A body that is larger by more than this is another one, or was misjudged before."""

STILL_TALL = 0.25
"""Share of the head's drop. While what moves at the body reaches higher than this under where the
head was, the pose was misjudged: a body that falls takes its motion down with it."""

WHOLE_WIDTH = 0.95
"""What moves over so much of the width is the camera or the light, and tells nothing."""

DOWN, UP = 0.5, 0.15
"""Degree of lying from which someone is down, and up to which someone is up."""

LANDING_S = 2.0
"""Between the drop and lying: some sink against furniture first."""

UP_S = 1.0
"""Seconds of being up after which someone has got up."""

JUMP_S, JUMP = 1.0, 1.0
"""A body that comes up this soon and this near (in lengths) after another one was lost is the same
one: the pose model often lets go of whoever falls and finds them anew on the floor."""


@dataclass(slots=True)
class Descent:
    """One person's way down.

    Attributes:
        postures: fresh ones with their times, for as long as a fall may take.
        drop: strength 0..1 of the drop that is being followed, 0 for none.
        onset: when that drop began.
        floor: where the lowest part of the body was then, downwards, in picture heights.
        dropped_at: when it was deepest.
        lying: degree 0..1 of the newest posture.
        down_since: when the person was first seen down without getting up since.
        down_until: up to when they are known to be down.
        up_since: when they were first seen upright without going down since.
    """

    postures: deque[tuple[float, Posture]] = field(default_factory=deque)
    drop: float = 0.0
    onset: float = 0.0
    floor: float = math.inf
    dropped_at: float = -math.inf
    lying: float = 0.0
    down_since: float | None = None
    down_until: float = 0.0
    up_since: float | None = None

    def learn(
        self, time: float, now: Posture, box: Region | None = None, moving: Sequence[Region] = ()
    ) -> None:
        """Take a fresh posture: is it a drop, is it lying?

        Args:
            time: stream time.
            now: the posture.
            box: around the body.
            moving: boxes around what moves in the picture, largest first.
        """
        self.postures.append((time, now))
        while time - self.postures[0][0] > DROP_WINDOW_S + LANDING_S:
            self.postures.popleft()
        length = max(each.length for _, each in self.postures)
        self._follow(time, now, box, moving)

        floor = self.floor if self.drop > 0 else math.inf
        stature = (now.lowest_y - now.head_y) / max(length, 1e-6)
        leaning = ramp(max(now.trunk_degrees, now.tilt_degrees), *LEANING)
        self.lying = max(lying(now, length, floor), leaning * ramp(stature, *STATURE))
        if self.drop >= 1.0 and now.length >= WHOLE * length:
            length = max(length, 1e-6)
            over = ramp((min(now.lowest_y, floor) - now.hip_y) / length, *SUNK)
            self.lying = max(self.lying, SUNK_WEIGHT * over * ramp(stature, 0.5, 0.42))
        if self.lying >= DOWN:
            self.down_since = time if self.down_since is None else self.down_since
            self.down_until, self.up_since = time, None
        elif self.lying <= UP:
            self.up_since = time if self.up_since is None else self.up_since
            if self.up(time):
                self.down_since = None

    def up(self, time: float) -> bool:
        """Whether the person has been up long enough to have got up."""
        return self.up_since is not None and time - self.up_since >= UP_S

    def end(self) -> None:
        """Follow this drop no longer."""
        self.drop, self.down_since = 0.0, None

    def goes_on_as(self, time: float, now: Posture, aspect: float) -> bool:
        """Whether a body that has just come up is this one, which was lost."""
        if not self.postures:
            return False
        seen, last = self.postures[-1]
        length = max(each.length for _, each in self.postures)
        apart = math.hypot((now.hip_x - last.hip_x) * aspect, now.hip_y - last.hip_y)
        near = apart <= JUMP * length and now.length <= GROWTH * length
        return near and 0.0 < time - seen <= JUMP_S

    def _follow(
        self, time: float, now: Posture, box: Region | None, moving: Sequence[Region]
    ) -> None:
        """Look for the deepest drop that ends now; the latest of equally deep starts is its own."""
        best, start, floor, length = 0.0, time, math.inf, 1e-6
        for before, then in self.postures:
            length = max(length, then.length)  # before the fall: limbs that fly make it longer
            if time - before > DROP_WINDOW_S or then.trunk_degrees > STARTS_UPRIGHT:
                continue
            if now.length > GROWTH * then.length:
                continue
            head = (now.head_y - then.head_y) / length
            hips = (now.hip_y - then.hip_y) / length
            strength = ramp(head + hips, *DROP) if hips >= LEAST_HIP_DROP else 0.0
            if strength > 0 and strength >= best:
                best, start, floor = strength, before, then.lowest_y
        if best <= 0 or not self._borne_out(now, box, moving):
            return
        if self.drop > 0 and time - self.dropped_at <= LANDING_S:  # a fall in stages is one fall
            self.dropped_at = time if best >= self.drop else self.dropped_at
            self.drop = max(self.drop, best)
        elif self.down_since is None or self.drop <= 0:
            self.drop, self.dropped_at, self.onset, self.floor = best, time, start, floor

    def _borne_out(self, now: Posture, box: Region | None, moving: Sequence[Region]) -> bool:
        """Whether what moves where the body is went down with it; where nothing does, it landed."""
        if box is None:
            return True
        right = box.x + box.width
        # The largest alone: curtains, shadows and others move too.
        body = next((r for r in moving if r.x < right and r.x + r.width > box.x), None)
        if body is None or body.width >= WHOLE_WIDTH:
            return True
        highest = min(each.head_y for _, each in self.postures)
        return body.y >= highest + STILL_TALL * (now.head_y - highest)


def lying(now: Posture, length: float, floor: float = math.inf) -> float:
    """Give how far someone lies, 0 (no) to 1 (clearly).

    Args:
        now: the posture.
        length: of the body upright, in picture heights.
        floor: height at which the feet stood before, downwards, where it is known. Legs that slide
            towards the camera reach below it without lifting the hips off the floor.
    """
    length = max(length, 1e-6)
    level = max(
        ramp(now.trunk_degrees, *TRUNK_DEGREES),
        ramp(now.tilt_degrees, *TILT_DEGREES),
        ramp((now.hip_y - now.head_y) / length, *HEAD_RISE),
    )
    lowest = min(now.lowest_y, floor)
    return level * ramp((lowest - now.hip_y) / length, *HIPS_OVER_FLOOR)


def ramp(value: float, low: float, high: float) -> float:
    """Give 0 at `low`, 1 at `high`, straight in between; `high` may lie below `low`."""
    return min(max((value - low) / (high - low), 0.0), 1.0)
