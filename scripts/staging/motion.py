"""What a person does: motions as functions of time that give a pose.

Times are seconds on the scene's clock, on which the event begins at 0, so the ordinary life before
it has negative times and a longer lead changes nothing of what follows.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from math import atan2, cos, degrees, hypot, pi, sin

from staging.skeleton import Pose

type Motion = Callable[[float], Pose]
type Place = tuple[float, float]
"""Metres to the right of the picture's middle, and metres from the camera."""

STRIDE_S = 1.1
STRIDE_M = 1.15


def eased(share: float) -> float:
    """Start and stop softly (smoothstep)."""
    share = min(1.0, max(0.0, share))
    return share * share * (3 - 2 * share)


def keyframes(*frames: tuple[float, Pose]) -> Motion:
    """Go from pose to pose; before the first and after the last one stay there."""
    times = [time for time, _ in frames]

    def motion(time: float) -> Pose:
        index = bisect_right(times, time)
        if index == 0:
            return frames[0][1]
        if index == len(frames):
            return frames[-1][1]
        (start, one), (end, other) = frames[index - 1], frames[index]
        return one.mixed(other, eased((time - start) / (end - start)))

    return motion


def sequence(*parts: tuple[float, Motion]) -> Motion:
    """Do one motion after the other: each from its time on."""
    times = [time for time, _ in parts]

    def motion(time: float) -> Pose:
        return parts[max(0, bisect_right(times, time) - 1)][1](time)

    return motion


def alive(motion: Motion, amount: float = 1.0) -> Motion:
    """Add what nobody can keep still: breath and sway."""

    def moved(time: float) -> Pose:
        pose = motion(time)
        breath, sway = sin(2 * pi * time / 3.7), sin(2 * pi * time / 5.3 + 1)
        return replace(
            pose,
            bend=pose.bend + 1.4 * amount * breath,
            side=pose.side + 1.2 * amount * sway,
            look=pose.look + 9 * amount * sin(2 * pi * time / 6.1),
            left_elbow=pose.left_elbow + 5 * amount * sway,
            right_elbow=pose.right_elbow + 5 * amount * breath,
        )

    return moved


def walk(route: Sequence[Place], start: float, speed: float = 0.9) -> Motion:
    """Walk along places from a time on, at a speed in metres a second; then stand there."""
    legs = [
        (one, other, hypot(other[0] - one[0], other[1] - one[1]) / speed)
        for one, other in pairwise(route)
    ]

    def motion(time: float) -> Pose:
        left = max(0.0, time - start)
        for one, other, lasts in legs:
            if left < lasts:
                share = left / lasts
                x = one[0] + (other[0] - one[0]) * share
                depth = one[1] + (other[1] - one[1]) * share
                return _stride(Pose(x=x, depth=depth, yaw=_heading(one, other)), time)
            left -= lasts
        one, other, _ = legs[-1]
        return Pose(x=other[0], depth=other[1], yaw=_heading(one, other) * 0.5)

    return motion


def pace(one: Place, other: Place, lasts: float = 2 * STRIDE_S) -> Motion:
    """Walk to and fro between two places for ever; each way lasts this many seconds."""

    def motion(time: float) -> Pose:
        trips, rest = divmod(time, lasts)
        there = int(trips) % 2 == 0
        start, end = (one, other) if there else (other, one)
        share = rest / lasts
        x = start[0] + (end[0] - start[0]) * share
        depth = start[1] + (end[1] - start[1]) * share
        return _stride(Pose(x=x, depth=depth, yaw=_heading(start, end)), time)

    return motion


def _heading(one: Place, other: Place) -> float:
    return degrees(atan2(other[0] - one[0], one[1] - other[1]))


def _stride(pose: Pose, time: float) -> Pose:
    """Legs and arms of somebody who walks, at this moment."""
    phase = 2 * pi * time / STRIDE_S
    swing, lift = sin(phase), cos(phase)
    return replace(
        pose,
        bend=4,
        left_hip=6 + 24 * swing,
        right_hip=6 - 24 * swing,
        left_knee=10 + 40 * max(0.0, lift),
        right_knee=10 + 40 * max(0.0, -lift),
        left_arm=3 - 22 * swing,
        right_arm=3 + 22 * swing,
        left_elbow=24,
        right_elbow=24,
    )


def fall_sideways(standing: Pose, start: float, side: float = 1.0) -> Motion:
    """Lose balance, go down to one side within 0.7 s, and lie."""
    reel = replace(standing, roll=10 * side, left_knee=28, right_knee=16, left_hip=14,
                   left_arm=45, right_arm=35, left_out=40, right_out=45)  # fmt: skip
    going = replace(reel, roll=52 * side, left_knee=52, right_knee=34, left_hip=34, right_hip=22)
    down = lying_on_side(replace(standing, x=standing.x + 0.25 * side), side)
    return keyframes(
        (start, standing), (start + 0.22, reel), (start + 0.5, going), (start + 0.75, down)
    )


def lying_on_side(where: Pose, side: float = 1.0) -> Pose:
    """Lie on one side with bent knees; the place, height and heading are those given."""
    return Pose(
        x=where.x, depth=where.depth, support=where.support, yaw=where.yaw, roll=86 * side,
        twist=-12 * side, left_hip=32, right_hip=24, left_knee=48, right_knee=38,
        left_arm=50, right_arm=38, left_out=18, right_out=16, left_elbow=45, right_elbow=38,
    )  # fmt: skip


def sit_down(standing: Pose, start: float, seat: float, lasts: float = 1.4) -> Motion:
    """Sit down on a seat of this height (metres)."""
    return keyframes((start, standing), (start + lasts, sitting(standing, seat)))


def sitting(where: Pose, seat: float) -> Pose:
    """Sit on a seat of this height (metres) just behind the place, feet on the floor."""
    fold = 86 if seat > 0.35 else 100
    return replace(
        where, depth=where.depth + 0.14, bend=8, left_hip=fold, right_hip=fold - 2,
        left_knee=fold + 2, right_knee=fold, left_arm=24, right_arm=26,
        left_elbow=40, right_elbow=42,
    )  # fmt: skip


def lie_down(standing: Pose, start: float, bed: float, middle: Place) -> Motion:
    """Go to bed as people do: sit on its edge, lower the trunk, draw up the legs; six seconds.

    `bed` is its height (metres) and `middle` where the body comes to lie.
    """
    seated = sitting(standing, bed)
    half = replace(
        seated, depth=middle[1] - 0.2, roll=38, support=bed * 0.6, left_hip=70, right_hip=66
    )
    lying = lying_on_side(replace(standing, x=middle[0], depth=middle[1], support=bed))
    return keyframes(
        (start, standing), (start + 1.8, seated), (start + 2.8, seated),
        (start + 4.4, half), (start + 6.2, lying),
    )  # fmt: skip


def pick_up(standing: Pose, start: float) -> Motion:
    """Bend down to the floor, take something, and straighten up again."""
    bent = replace(
        standing, bend=78, nod=-20, left_hip=38, right_hip=38, left_knee=42, right_knee=42,
        left_arm=66, right_arm=70,
    )  # fmt: skip
    return keyframes(
        (start, standing), (start + 1.2, bent), (start + 2.2, bent), (start + 3.6, standing)
    )


def climb(standing: Pose, start: float, height: float) -> Motion:
    """Climb over a fence of this height (metres): hands up, a leg over, down on the other side."""
    grip = replace(standing, left_arm=165, right_arm=160, left_elbow=10, right_elbow=12)
    pull = replace(grip, support=height * 0.5, left_hip=95, left_knee=100, bend=18)
    astride = replace(
        pull, support=height * 0.72, left_arm=60, right_arm=60, left_spread=30, bend=30
    )
    over = replace(astride, depth=standing.depth - 0.5, right_hip=80, right_knee=90)
    landed = replace(standing, depth=standing.depth - 0.9, left_knee=50, right_knee=50,
                     left_hip=40, right_hip=40)  # fmt: skip
    upright = replace(standing, depth=standing.depth - 1.0)
    return keyframes(
        (start - 1.6, standing), (start - 1.0, grip), (start - 0.3, pull), (start + 0.4, astride),
        (start + 1.0, over), (start + 1.6, landed), (start + 2.4, upright),
    )  # fmt: skip


def strike(standing: Pose, start: float, offset: float) -> Motion:
    """Hit out again and again from a time on, lunging; `offset` shifts the rhythm (seconds)."""
    # Before it begins they stand half turned to the camera, as people do who talk.
    calm = alive(lambda _: replace(standing, yaw=standing.yaw * 0.4), 0.6)
    guard = replace(standing, left_arm=70, right_arm=65, left_elbow=95, right_elbow=100, bend=8)
    blow = replace(
        guard, right_arm=100, right_elbow=8, turn=38, bend=20, right_hip=26, left_hip=-12, pitch=8
    )
    other = replace(
        guard, left_arm=110, left_elbow=5, turn=-38, bend=16, left_hip=28, right_hip=-10, pitch=6
    )
    kick = replace(guard, right_hip=78, right_knee=20, pitch=-12, left_arm=50)
    cycle = (guard, blow, guard, other, kick, other)
    beat = 0.24

    def motion(time: float) -> Pose:
        if time < start:
            return calm(time)
        position = (time - start + offset) / beat
        index = int(position)
        one, next_one = cycle[index % len(cycle)], cycle[(index + 1) % len(cycle)]
        pose = one.mixed(next_one, eased(position - index))
        push = 0.14 * sin(2 * pi * (time + offset) / 0.9)
        pose = replace(pose, x=pose.x + push, side=8 * sin(2 * pi * time / 0.7 + offset))
        return calm(time).mixed(pose, eased((time - start) / 0.25))

    return motion
