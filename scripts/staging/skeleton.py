"""The person's skeleton: joint angles in degrees to joint positions in metres.

Forward kinematics of a 1.72 m body. The body's own axes are x to its left, y up and z ahead, so
at yaw 0 the person faces the camera. The height of the pelvis is not a parameter: the body is set
down so that its lowest point rests on the support, which keeps feet, knees or a fallen body on
the floor in every pose and in everything between two poses.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple, dataclass

import numpy as np

from staging.camera import Points, rotation


@dataclass(frozen=True, slots=True, kw_only=True)
class Pose:
    """Where a person is (metres) and how the joints are bent (degrees, 0 = standing straight)."""

    x: float = 0.0  # to the right of the picture
    depth: float = 3.5  # distance from the camera
    support: float = 0.0  # height of what the lowest point rests on
    yaw: float = 0.0  # heading: 0 to the camera, 90 to the right of the picture
    pitch: float = 0.0  # whole body forward
    roll: float = 0.0  # whole body to its left
    twist: float = 0.0  # whole body about its long axis
    bend: float = 0.0  # spine forward
    side: float = 0.0  # spine to the left
    turn: float = 0.0  # shoulders against hips, to the left
    nod: float = 0.0  # head forward
    look: float = 0.0  # head to the left
    left_hip: float = 0.0  # thigh forward
    right_hip: float = 0.0
    left_spread: float = 3.0  # thigh outward
    right_spread: float = 3.0
    left_knee: float = 4.0
    right_knee: float = 4.0
    left_arm: float = 4.0  # upper arm forward
    right_arm: float = 4.0
    left_out: float = 9.0  # upper arm outward
    right_out: float = 9.0
    left_elbow: float = 14.0
    right_elbow: float = 14.0

    def mixed(self, other: Pose, share: float) -> Pose:
        """Give the pose that is `share` (0..1) of the way to the other."""
        pairs = zip(astuple(self), astuple(other), strict=True)
        return Pose(**dict(zip(FIELDS, (a + (b - a) * share for a, b in pairs), strict=True)))


FIELDS = tuple(Pose.__dataclass_fields__)

PELVIS_TO_WAIST, WAIST_TO_NECK, NECK_TO_HEAD = 0.17, 0.34, 0.17
HALF_HIPS, HALF_SHOULDERS = 0.085, 0.175
THIGH, SHIN, FOOT = 0.42, 0.42, 0.17
UPPER_ARM, FOREARM, HAND = 0.285, 0.25, 0.13

# Thickness (metres) by which a joint stands off the support, for setting the body down.
CLEARANCE: Mapping[str, float] = {
    "pelvis": 0.11, "waist": 0.10, "neck": 0.07, "head": 0.11,
    "left_shoulder": 0.07, "right_shoulder": 0.07, "left_hip": 0.09, "right_hip": 0.09,
    "left_knee": 0.06, "right_knee": 0.06, "left_ankle": 0.05, "right_ankle": 0.05,
    "left_toe": 0.03, "right_toe": 0.03, "left_heel": 0.05, "right_heel": 0.05,
    "left_elbow": 0.04, "right_elbow": 0.04, "left_wrist": 0.03, "right_wrist": 0.03,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Skeleton:
    """Joint positions by name, (3,) metres in the world, and the head's axes (3, 3) as columns."""

    joints: Mapping[str, Points]
    head_axes: Points
    chest_axes: Points
    support: float


def _limb(
    axes: Points, origin: Points, sign: float, forward: float, outward: float, fold: float,
    upper: float, lower: float,
) -> tuple[Points, Points, Points]:  # fmt: skip
    """Give the middle joint, the end joint and the end's axes of a two-part limb."""
    first = axes @ rotation("z", sign * outward) @ rotation("x", -forward)
    second = first @ rotation("x", fold)
    middle = origin - first[:, 1] * upper
    return middle, middle - second[:, 1] * lower, second


def skeleton(pose: Pose) -> Skeleton:
    """Bend the joints as the pose says and set the body down on its support."""
    hips = (
        rotation("y", pose.yaw) @ rotation("z", -pose.roll)
        @ rotation("x", pose.pitch) @ rotation("y", pose.twist)
    )  # fmt: skip
    half = rotation("z", -pose.side / 2) @ rotation("x", pose.bend / 2)
    waist_axes = hips @ half @ rotation("y", pose.turn / 2)
    chest = waist_axes @ half @ rotation("y", pose.turn / 2)
    head_axes = chest @ rotation("y", pose.look) @ rotation("x", pose.nod)

    pelvis = np.zeros(3)
    waist = pelvis + waist_axes[:, 1] * PELVIS_TO_WAIST
    neck = waist + chest[:, 1] * WAIST_TO_NECK
    joints: dict[str, Points] = {"pelvis": pelvis, "waist": waist, "neck": neck}
    joints["head"] = neck + head_axes[:, 1] * NECK_TO_HEAD + head_axes[:, 2] * 0.02
    for name, sign in (("left", 1.0), ("right", -1.0)):

        def angle(part: str, side: str = name) -> float:
            return float(getattr(pose, f"{side}_{part}"))

        hip = pelvis + hips[:, 0] * (sign * HALF_HIPS)
        knee, ankle, shin_axes = _limb(
            hips, hip, sign, angle("hip"), angle("spread"), angle("knee"), THIGH, SHIN
        )
        shoulder = neck + chest[:, 0] * (sign * HALF_SHOULDERS) - chest[:, 1] * 0.035
        elbow, wrist, fore_axes = _limb(
            chest, shoulder, sign, angle("arm"), angle("out"), -angle("elbow"), UPPER_ARM, FOREARM
        )
        joints |= {
            f"{name}_hip": hip, f"{name}_knee": knee, f"{name}_ankle": ankle,
            f"{name}_heel": ankle - shin_axes[:, 1] * 0.04 - shin_axes[:, 2] * 0.05,
            f"{name}_toe": ankle - shin_axes[:, 1] * 0.05 + shin_axes[:, 2] * FOOT,
            f"{name}_shoulder": shoulder, f"{name}_elbow": elbow, f"{name}_wrist": wrist,
            f"{name}_finger": wrist - fore_axes[:, 1] * HAND,
        }  # fmt: skip
    lowest = min(float(joints[name][1]) - radius for name, radius in CLEARANCE.items())
    at = np.array([pose.x, pose.support - lowest, -pose.depth])
    return Skeleton({n: p + at for n, p in joints.items()}, head_axes, chest, pose.support)


def trunk_angle(body: Skeleton) -> float:
    """Angle of the trunk against the vertical in degrees, 0 upright, 90 lying."""
    trunk = body.joints["neck"] - body.joints["pelvis"]
    return float(np.degrees(np.arccos(trunk[1] / np.linalg.norm(trunk))))
