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
from omnicam.detect.fall_limits import SEEN_FALL, FallLimits
from omnicam.evidence import Region


@dataclass(slots=True)
class Descent:
    """One person's way down.

    Attributes:
        limits: by which a drop and lying are told.
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

    limits: FallLimits = SEEN_FALL
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
        limits = self.limits
        self.postures.append((time, now))
        while time - self.postures[0][0] > limits.drop_window_s + limits.landing_s:
            self.postures.popleft()
        length = max(each.length for _, each in self.postures)
        self._follow(time, now, box, moving)

        floor = self.floor if self.drop > 0 else math.inf
        stature = (now.lowest_y - now.head_y) / max(length, 1e-6)
        leaning = ramp(max(now.trunk_degrees, now.tilt_degrees), *limits.leaning)
        self.lying = max(
            lying(now, length, floor, limits), leaning * ramp(stature, *limits.stature)
        )
        if self.drop >= 1.0 and now.length >= limits.whole * length:
            length = max(length, 1e-6)
            over = ramp((min(now.lowest_y, floor) - now.hip_y) / length, *limits.sunk)
            self.lying = max(
                self.lying, limits.sunk_weight * over * ramp(stature, *limits.sunk_stature)
            )
        if self.lying >= limits.down:
            self.down_since = time if self.down_since is None else self.down_since
            self.down_until, self.up_since = time, None
        elif self.lying <= limits.up:
            self.up_since = time if self.up_since is None else self.up_since
            if self.up(time):
                self.down_since = None

    def up(self, time: float) -> bool:
        """Whether the person has been up long enough to have got up."""
        return self.up_since is not None and time - self.up_since >= self.limits.up_s

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
        near = apart <= self.limits.jump * length and now.length <= self.limits.growth * length
        return near and 0.0 < time - seen <= self.limits.jump_s

    def _follow(
        self, time: float, now: Posture, box: Region | None, moving: Sequence[Region]
    ) -> None:
        """Look for the deepest drop that ends now; the latest of equally deep starts is its own."""
        limits = self.limits
        best, start, floor, length = 0.0, time, math.inf, 1e-6
        for before, then in self.postures:
            length = max(length, then.length)  # before the fall: limbs that fly make it longer
            if time - before > limits.drop_window_s or then.trunk_degrees > limits.starts_upright:
                continue
            if now.length > limits.growth * then.length:
                continue
            head = (now.head_y - then.head_y) / length
            hips = (now.hip_y - then.hip_y) / length
            bends = hips < limits.least_hip_drop
            strength = 0.0 if bends else ramp(head + hips, *limits.drop)
            if strength > 0 and strength >= best:
                best, start, floor = strength, before, then.lowest_y
        if best <= 0 or not self._borne_out(now, box, moving):
            return
        if self.drop > 0 and time - self.dropped_at <= limits.landing_s:  # in stages: one fall
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
        if body is None or body.width >= self.limits.whole_width:
            return True
        highest = min(each.head_y for _, each in self.postures)
        return body.y >= highest + self.limits.still_tall * (now.head_y - highest)


def lying(
    now: Posture, length: float, floor: float = math.inf, limits: FallLimits = SEEN_FALL
) -> float:
    """Give how far someone lies, 0 (no) to 1 (clearly).

    Args:
        now: the posture.
        length: of the body upright, in picture heights.
        floor: height at which the feet stood before, downwards, where it is known. Legs that slide
            towards the camera reach below it without lifting the hips off the floor.
        limits: by which lying is told.
    """
    length = max(length, 1e-6)
    level = max(
        ramp(now.trunk_degrees, *limits.trunk_degrees),
        ramp(now.tilt_degrees, *limits.tilt_degrees),
        ramp((now.hip_y - now.head_y) / length, *limits.head_rise),
    )
    lowest = min(now.lowest_y, floor)
    return level * ramp((lowest - now.hip_y) / length, *limits.hips_over_floor)


def ramp(value: float, low: float, high: float) -> float:
    """Give 0 at `low`, 1 at `high`, straight in between; `high` may lie below `low`."""
    return min(max((value - low) / (high - low), 0.0), 1.0)
