"""Posture in numbers: what the fall scorers and the tracker measure on one pose.

Lengths are in picture heights, so that x and y compare; angles are in degrees from the vertical, 0
upright, 90 level, above 90 head down.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from omnicam.detect.protocol import Picture, Pose
from omnicam.evidence import Region

NOSE, SHOULDERS, HIPS, ANKLES = 0, (11, 12), (23, 24), (27, 28)
"""Places in MediaPipe's list of 33 landmarks."""

HEAD = tuple(range(11))

SEEN = 0.5
"""Visibility from which a landmark is trusted."""

EDGE, SIDE = 0.01, 0.2
"""A body that touches an edge, with its middle in this outer share of the width, is leaving."""

TRUNKS_IN_BODY = 3.2
"""A standing body from nose to ankles, in lengths of the trunk (shoulders to hips)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Posture:
    """One body's posture.

    Attributes:
        trunk_degrees: of the line from hips to shoulders in the picture.
        tilt_degrees: the same in the model's own three dimensions; it sees a trunk that lies
            towards the camera, but it is the model's guess.
        head_y: height of the head, downwards, in picture heights.
        hip_x: of the middle between the hips, as a fraction of the picture's width.
        hip_y: of the same, downwards, in picture heights.
        lowest_y: of the lowest visible landmark, downwards.
        trunk: length of the trunk in the picture.
        extent: length of the whole body's diagonal.
    """

    trunk_degrees: float
    tilt_degrees: float
    head_y: float
    hip_x: float
    hip_y: float
    lowest_y: float
    trunk: float
    extent: float

    @property
    def length(self) -> float:
        """Length that the body would have upright, as far as this pose shows it."""
        return max(self.extent, TRUNKS_IN_BODY * self.trunk)


def posture(pose: Pose, aspect: float) -> Posture:
    """Measure a pose.

    Args:
        pose: one body.
        aspect: width of the picture by its height.
    """
    points = pose.landmarks[:, :2] * (aspect, 1.0)
    shoulders = points[list(SHOULDERS)].mean(axis=0)
    hips = points[list(HIPS)].mean(axis=0)
    trunk = shoulders - hips
    upper = pose.world[list(SHOULDERS)].mean(axis=0) - pose.world[list(HIPS)].mean(axis=0)
    box = points[_trusted(pose)]
    size = box.max(axis=0) - box.min(axis=0)
    return Posture(
        trunk_degrees=math.degrees(math.atan2(abs(float(trunk[0])), -float(trunk[1]))),
        tilt_degrees=math.degrees(
            math.atan2(math.hypot(float(upper[0]), float(upper[2])), -float(upper[1]))
        ),
        head_y=float(points[list(HEAD), 1].mean()),
        hip_x=float(hips[0]) / aspect,
        hip_y=float(hips[1]),
        lowest_y=float(box[:, 1].max()),
        trunk=float(np.hypot(*trunk)),
        extent=float(np.hypot(*size)),
    )


def postures(picture: Picture) -> Mapping[int, Posture]:
    """Measure everybody in a picture, by track; worked out once for all who ask."""
    known = picture.shared.get("postures")
    if not isinstance(known, dict):
        known = picture.shared["postures"] = {
            person.track: posture(person.pose, picture.aspect) for person in picture.people
        }
    return known


def region(pose: Pose) -> Region:
    """Give the box around the visible landmarks, inside the picture."""
    points = np.clip(pose.landmarks[_trusted(pose), :2], 0.0, 1.0)
    (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
    return Region(
        x=float(left), y=float(top), width=float(right - left), height=float(bottom - top)
    )


def credible(pose: Pose) -> bool:
    """Whether the trunk, without which nothing can be measured, is visible in the picture.

    A body that walks out at a side is guessed at in the wildest postures and is not credible; at
    the bottom, where the floor is, half a trunk may be cut off.
    """
    corners = list(SHOULDERS + HIPS)
    x, y = pose.landmarks[corners, 0], pose.landmarks[corners, 1]
    across = np.count_nonzero((x > 0.0) & (x < 1.0)) >= 3
    down = np.count_nonzero((y > 0.0) & (y < 1.0)) >= 2
    return bool(across and down and pose.visibility[corners].mean() >= SEEN)


def at_side(box: Region) -> bool:
    """Whether a body's box touches the left or right edge, where people leave the picture."""
    middle, right = box.x + box.width / 2, box.x + box.width
    return (box.x <= EDGE and middle < SIDE) or (right >= 1.0 - EDGE and middle > 1.0 - SIDE)


def _trusted(pose: Pose) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Mark the visible landmarks; all of them where too few are visible to make a box."""
    seen = pose.visibility >= SEEN
    return seen if np.count_nonzero(seen) >= 4 else np.ones_like(seen)
