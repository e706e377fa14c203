"""Stick figures as the pose model would give them, at any angle, for tests of tracks and falls."""

from __future__ import annotations

import math

import numpy as np

from omnicam.detect.protocol import Pose
from omnicam.media import Pixels
from tests.edge.detect.scorer_scenes import _STANDING, BODY_M

HIP_OF_BODY = 0.5
"""Height of the hips over the feet in body heights."""


def figure(
    x: float, hip_y: float, degrees: float = 0.0, height: float = 0.5, aspect: float = 1.0
) -> Pose:
    """Somebody straight as a stick, turned about the hips.

    Args:
        x: of the hips, fraction of the width.
        hip_y: of the hips, fraction of the height.
        degrees: 0 upright, 90 lying with the head to the right.
        height: of the body in picture heights.
        aspect: width of the picture by its height.
    """
    turn = math.radians(degrees)
    points = np.array(_STANDING, np.float32)
    points[:, 1] += HIP_OF_BODY
    matrix = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
    turned = points @ matrix.T
    landmarks = np.zeros((33, 3), np.float32)
    landmarks[:, :2] = turned * height / (aspect, 1.0) + (x, hip_y)
    world = np.zeros((33, 3), np.float32)
    world[:, :2] = turned * BODY_M
    return Pose(landmarks=landmarks, world=world, visibility=np.full(33, 0.95, np.float32))


def standing(x: float, floor: float = 0.9, height: float = 0.5) -> Pose:
    """Somebody upright on the floor."""
    return figure(x, floor - HIP_OF_BODY * height, 0.0, height)


def lying(x: float, floor: float = 0.9, height: float = 0.5) -> Pose:
    """Somebody flat on the floor."""
    return figure(x, floor - 0.05 * height, 90.0, height)


class Script:
    """A pose estimator that answers what the test says next."""

    def __init__(self, *answers: tuple[Pose, ...]) -> None:
        self.now: tuple[Pose, ...] = answers[-1] if answers else ()
        self.asked = 0
        self.closed = False

    def estimate(self, image: Pixels) -> tuple[Pose, ...]:
        self.asked += 1
        return self.now

    def close(self) -> None:
        self.closed = True
