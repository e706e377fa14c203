"""Who is who from picture to picture, and who is still there when nothing is to be seen.

Poses are given to the people known from before, nearest first, in lengths of the body, so that the
distance from the camera does not matter. A person who is not found is kept for a while: the pose
model loses bodies behind furniture and on the floor. While nothing moves a person cannot leave, so
stillness costs hardly any of that while.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from omnicam.detect.body import at_side, credible, region
from omnicam.detect.protocol import Person, Pose
from omnicam.evidence import Region

KEEP_S = 3.0
"""Looks without finding, in seconds of looking, after which a person has left."""

KEEP_AT_SIDE_S = 0.6
"""The same for who was last seen at the left or right edge: they walked out."""

LONGEST_STEP_S = 0.5
"""The longest that one look counts towards that, whatever time passed since the look before."""

FOUND_TWICE_S = 1.0
"""A new person is believed once found twice within this time: single ghosts are common."""

NEAR, NEAR_PER_S, FARTHEST = 0.6, 0.4, 0.9
"""Farthest jump in body lengths, what each second without a pose adds to it, and up to where."""

SAME_BODY = 0.6
"""Overlap from which two poses of one picture are the same body found twice."""


@dataclass(slots=True)
class _Track:
    person: Person
    believed: bool
    missing_s: float = 0.0


class Tracker:
    """Keeps the people of one camera."""

    def __init__(self) -> None:
        self._tracks: list[_Track] = []
        self._last_look = -math.inf
        self._next = 1

    @property
    def people(self) -> tuple[Person, ...]:
        """The people who are there, by age of their track."""
        return tuple(track.person for track in self._tracks if track.believed)

    def observe(
        self, poses: Sequence[Pose], time: float, *, aspect: float, moving: bool
    ) -> tuple[Person, ...]:
        """Take the poses of one look.

        Args:
            poses: all bodies found in the picture.
            time: stream time in seconds.
            aspect: width of the picture by its height.
            moving: whether anything moved; nobody leaves without moving.

        Returns:
            The people who are there now.
        """
        step = min(max(time - self._last_look, 0.0), LONGEST_STEP_S)
        self._last_look = time
        bodies = _distinct([pose for pose in poses if credible(pose)])
        given = self._assign(bodies, time, aspect)
        for index, track in enumerate(self._tracks):
            if index in given:
                _refresh(track, bodies[given[index]], time)
            else:
                track.missing_s += step if moving else step / 10
        self._tracks = [track for track in self._tracks if not _gone(track, time)]
        for index, pose in enumerate(bodies):
            if index not in given.values():
                self._tracks.append(self._new(pose, time))
        return self.people

    def forget(self) -> None:
        """Forget everybody: the picture is another one now."""
        self._tracks.clear()

    def _new(self, pose: Pose, time: float) -> _Track:
        person = Person(
            track=self._next, pose=pose, region=region(pose), first_seen=time, last_seen=time
        )
        self._next += 1
        return _Track(person, believed=False)

    def _assign(self, bodies: Sequence[Pose], time: float, aspect: float) -> dict[int, int]:
        """Give bodies to tracks, nearest pair first; returns body by track."""
        pairs: list[tuple[bool, float, int, int]] = []
        for row, track in enumerate(self._tracks):
            known = track.person
            reach = min(NEAR + NEAR_PER_S * (time - known.last_seen), FARTHEST)
            for column, pose in enumerate(bodies):
                distance = _distance(known.pose, pose, aspect)
                if distance <= reach:
                    pairs.append((not track.believed, distance, row, column))
        given: dict[int, int] = {}
        for _, _, row, column in sorted(pairs):
            if row not in given and column not in given.values():
                given[row] = column
        return given


def _refresh(track: _Track, pose: Pose, time: float) -> None:
    old = track.person
    track.person = Person(
        track=old.track,
        pose=pose,
        region=region(pose),
        first_seen=old.first_seen,
        last_seen=time,
    )
    track.believed = True
    track.missing_s = 0.0


def _gone(track: _Track, time: float) -> bool:
    if track.believed:
        return track.missing_s > (KEEP_AT_SIDE_S if at_side(track.person.region) else KEEP_S)
    return time - track.person.last_seen > FOUND_TWICE_S


def _distance(before: Pose, now: Pose, aspect: float) -> float:
    """Give the distance of two bodies' middles in lengths of the larger body's diagonal."""
    one, other = region(before), region(now)
    size = max(_diagonal(one, aspect), _diagonal(other, aspect), 1e-3)
    across = (one.x + one.width / 2 - other.x - other.width / 2) * aspect
    down = one.y + one.height / 2 - other.y - other.height / 2
    return math.hypot(across, down) / size


def _diagonal(box: Region, aspect: float) -> float:
    return math.hypot(box.width * aspect, box.height)


def _distinct(poses: Sequence[Pose]) -> list[Pose]:
    """Drop the less visible of two poses on one body."""
    kept: list[Pose] = []
    for pose in sorted(poses, key=lambda each: -float(each.visibility.mean())):
        if all(_overlap(region(pose), region(other)) < SAME_BODY for other in kept):
            kept.append(pose)
    # The order of the visibility jitters; the order from left to right makes tracks repeatable.
    return sorted(kept, key=lambda each: float(np.mean(each.landmarks[:, 0])))


def _overlap(one: Region, other: Region) -> float:
    """Give the intersection over the union of two boxes."""
    width = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
    height = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    shared = max(width, 0.0) * max(height, 0.0)
    union = one.width * one.height + other.width * other.height - shared
    return shared / union if union > 0 else 0.0
