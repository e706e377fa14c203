"""The staged camera: a pinhole that turns metres in the room into pixels.

World axes are right-handed: x to the right of the picture, y up from the floor, z towards the
viewer. The lens stands above the origin, so what it sees has a negative z; scripts speak of the
positive distance `depth = -z` instead.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]

# The picture for which the scenes are laid out: other sizes keep at least this field of view.
REFERENCE_WIDTH, REFERENCE_HEIGHT, REFERENCE_FOCAL = 640, 480, 500.0
NEAREST_M = 0.15


def rotation(axis: str, degrees: float) -> Points:
    """Give the 3x3 right-handed rotation about the axis named "x", "y" or "z"."""
    angle = np.radians(degrees)
    cos, sin = float(np.cos(angle)), float(np.sin(angle))
    rows = {
        "x": [[1, 0, 0], [0, cos, -sin], [0, sin, cos]],
        "y": [[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]],
        "z": [[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]],
    }
    return np.array(rows[axis], dtype=np.float64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Camera:
    """A lens `elevation` metres over the floor, turned by yaw, pitch (down), roll in degrees."""

    width: int
    height: int
    elevation: float = 1.8
    pitch: float = 11.0
    yaw: float = 0.0
    roll: float = 0.0

    @property
    def focal(self) -> float:
        """Focal length in pixels."""
        scale = min(self.width / REFERENCE_WIDTH, self.height / REFERENCE_HEIGHT)
        return REFERENCE_FOCAL * scale

    @property
    def scale(self) -> float:
        """Pixels of this picture for one pixel of the reference picture."""
        return self.focal / REFERENCE_FOCAL

    def view(self, points: Points) -> Points:
        """Turn world points (N, 3) into camera axes (N, 3): right, up, distance ahead, metres."""
        turn = rotation("z", self.roll) @ rotation("x", self.pitch) @ rotation("y", self.yaw)
        seen = (points - np.array([0.0, self.elevation, 0.0])) @ turn.T
        return np.asarray(seen * np.array([1.0, 1.0, -1.0]), np.float64)

    def project(self, points: Points) -> tuple[Points, Points]:
        """Give pixel positions (N, 2) and distances (N,) in metres of world points (N, 3)."""
        seen = self.view(points)
        distance = np.maximum(seen[:, 2], NEAREST_M)
        pixels = seen[:, :2] * np.array([1.0, -1.0]) * (self.focal / distance)[:, None]
        return pixels + np.array([self.width / 2, self.height / 2]), distance
