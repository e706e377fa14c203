"""Who is who from picture to picture, and who is still there when nothing is to be seen.

Poses are given to the people known from before, nearest first, in lengths of the body, so that the
distance from the camera does not matter. Who walks is expected where they will be by now, so that
two who pass each other stay themselves; who was hidden, anywhere on the way there.

A person who is not found is kept for a while: the pose model loses bodies behind furniture and on
the floor. While nothing moves a person cannot leave, so stillness costs hardly any of that while.
Who is not kept any more is remembered a little longer, and is the same person when found again.
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

REMEMBER_S = 6.0
"""Looks without finding after which somebody who comes back is somebody else."""

FOUND_TWICE_S = 1.0
"""A new person is believed once found twice within this time: single ghosts are common."""

NEAR, NEAR_PER_S, FARTHEST = 0.6, 0.4, 0.9
"""Farthest jump in body lengths, what each second without a pose adds to it, and up to where."""

PACE_S = 0.5
"""Time constant of a person's pace: half a stride."""

FASTEST = 2.0
"""Body lengths a second that a pace counts at most: somebody who runs across."""

SAME_BODY = 0.6
"""Overlap from which two poses of one picture are the same body found twice."""


type Vector = tuple[float, float]
"""To the right and down, in picture heights (or these a second)."""


@dataclass(slots=True)
class _Track:
    person: Person
    believed: bool
    missing_s: float = 0.0
    pace: Vector = (0.0, 0.0)

    @property
    def there(self) -> bool:
        """Whether the person is believed in and has not left."""
        return self.believed and self.missing_s <= KEEP_S


class Tracker:
    """Keeps the people of one camera."""

    def __init__(self) -> None:
        self._tracks: list[_Track] = []
        self._last_look = -math.inf
        self._next = 1

    @property
    def people(self) -> tuple[Person, ...]:
        """The people who are there, by age of their track."""
        return tuple(track.person for track in self._tracks if track.there)

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
                _refresh(track, bodies[given[index]], time, aspect)
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
            gap = time - track.person.last_seen
            reach = min(NEAR + NEAR_PER_S * gap, FARTHEST)
            for column, pose in enumerate(bodies):
                from_way, from_end = _distances(track, pose, gap, aspect)
                if from_way <= reach:
                    nearness = from_end if gap <= LONGEST_STEP_S else from_way
                    pairs.append((not track.believed, nearness, row, column))
        given: dict[int, int] = {}
        for _, _, row, column in sorted(pairs):
            if row not in given and column not in given.values():
                given[row] = column
        return given


def _refresh(track: _Track, pose: Pose, time: float, aspect: float) -> None:
    old, box = track.person, region(pose)
    gap = time - old.last_seen
    if gap > 0.0:
        here, there = _middle(old.region, aspect), _middle(box, aspect)
        share = 1.0 - math.exp(-gap / PACE_S)
        most = FASTEST * _diagonal(box, aspect)
        across, down = (
            was + ((to - start) / gap - was) * share
            for was, start, to in zip(track.pace, here, there, strict=True)
        )
        slower = min(1.0, most / max(math.hypot(across, down), 1e-6))
        track.pace = (across * slower, down * slower)
    track.person = Person(
        track=old.track, pose=pose, region=box, first_seen=old.first_seen, last_seen=time
    )
    track.believed = True
    track.missing_s = 0.0


def _gone(track: _Track, time: float) -> bool:
    if track.believed:
        return track.missing_s > (KEEP_AT_SIDE_S if at_side(track.person.region) else REMEMBER_S)
    return time - track.person.last_seen > FOUND_TWICE_S


def _distances(track: _Track, pose: Pose, gap: float, aspect: float) -> tuple[float, float]:
    """Give how far a body is from the way that somebody was going, and from where they are by now.

    In lengths of the larger body's diagonal. Somebody may have stopped or turned anywhere on the
    way.
    """
    one, other = track.person.region, region(pose)
    size = max(_diagonal(one, aspect), _diagonal(other, aspect), 1e-3)
    (x, y), (to_x, to_y) = _middle(one, aspect), _middle(other, aspect)
    across, down = track.pace[0] * gap, track.pace[1] * gap
    x, y = to_x - x, to_y - y
    squared = across * across + down * down
    along = min(max((x * across + y * down) / squared, 0.0), 1.0) if squared > 0.0 else 0.0
    from_way = math.hypot(x - along * across, y - along * down)
    return from_way / size, math.hypot(x - across, y - down) / size


def _middle(box: Region, aspect: float) -> Vector:
    return (box.x + box.width / 2) * aspect, box.y + box.height / 2


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
