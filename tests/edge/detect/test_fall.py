"""Falls and lying on the floor alarm in time; what only looks like them does not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from omnicam.config.model import Zone, ZoneKind
from omnicam.detect.fall import FallScorer
from omnicam.detect.fallen import FallenScorer
from omnicam.detect.protocol import Motion, Observation, Picture
from omnicam.detect.tracks import Tracker
from omnicam.evidence import Region
from tests.edge.detect.figures import figure, lying, standing
from tests.edge.detect.scorer_scenes import NOON, Judge, context

STEP = 1.0 / 6.0
IMAGE = np.zeros((160, 160, 3), np.uint8)
STILL = Motion(fraction=0, mask=np.zeros((160, 160), bool), regions=(), global_change=False)
BED = Zone(
    name="bed", kind=ZoneKind.RESTING, points=((0.0, 0.6), (1.0, 0.6), (1.0, 1.0), (0.0, 1.0))
)


def hold(pose, seconds):
    return [pose] * round(seconds / STEP)


def turn(seconds, start=0.0, end=90.0, x=0.5, top=0.65, low=0.875):
    """Turn about the hips while they sink."""
    steps = max(round(seconds / STEP), 1)
    shares = [(i + 1) / steps for i in range(steps)]
    return [figure(x, top + (low - top) * s, start + (end - start) * s) for s in shares]


def sit(seconds, drop=0.1):
    """Sink with an upright trunk."""
    steps = max(round(seconds / STEP), 1)
    return [figure(0.5, 0.65 + drop * (i + 1) / steps, 5.0, 0.5) for i in range(steps)]


def watch(poses, *, still=frozenset(), start=NOON, moving=None):
    """Show poses through a tracker.

    None is a look that finds nobody, `still` steps do not look, `moving` gives what moves by step.
    """
    tracker = Tracker()
    for i, pose in enumerate(poses):
        time = start + i * STEP
        if i not in still:
            found = [] if pose is None else [pose]
            tracker.observe(found, time, aspect=1.0, moving=True)
        picture = Picture(
            image=IMAGE,
            grey=IMAGE[:, :, 0],
            motion=replace(STILL, regions=(moving or {}).get(i, ())),
            people=tracker.people,
            pose_ran=i not in still,
        )
        yield Observation(camera="room", time=time, picture=picture)


UPRIGHT = hold(standing(0.5), 3)
FALLING = turn(0.7)
BENT = figure(0.5, 0.66, 85.0)


@pytest.mark.parametrize("seconds", [0.5, 0.7, 1.0])
def test_a_fall_alarms_within_three_seconds_of_its_onset(seconds):
    judge = Judge(FallScorer(context()))
    judge.see(watch(UPRIGHT + turn(seconds) + hold(lying(0.5), 4)))
    onset = NOON + 3.0
    assert judge.alarm_after(onset) <= 3.0
    word = judge.said[-1]
    assert abs(word.onset - onset) <= 0.6
    assert "lying" in word.why
    assert word.region is not None


def test_a_fall_stays_an_alarm_through_stillness():
    poses = UPRIGHT + FALLING + hold(lying(0.5), 20)
    first_still = len(UPRIGHT) + len(FALLING) + 9
    judge = Judge(FallScorer(context()))
    course = judge.see(watch(poses, still=frozenset(range(first_still, len(poses)))))
    assert min(course[first_still + 6 :]) > 0.92


def test_a_body_that_the_model_loses_on_the_floor_still_alarms():
    poses = UPRIGHT + FALLING + hold(lying(0.5), 0.5) + [None] * 15
    judge = Judge(FallScorer(context()))
    assert max(judge.see(watch(poses))) > 0.92


@pytest.mark.parametrize(
    "poses",
    [
        UPRIGHT + sit(1.0) + hold(figure(0.5, 0.75, 5.0), 5),
        UPRIGHT + sit(0.5, 0.12) + hold(figure(0.5, 0.77, 20.0), 5),
        UPRIGHT + turn(0.6, 0, 85, low=0.66) + hold(BENT, 3) + hold(standing(0.5), 3),
        UPRIGHT + turn(4.0) + hold(lying(0.5), 5),
        UPRIGHT + sit(1.0, 0.2) + hold(figure(0.5, 0.85, 10), 2) + turn(2.0, 10, 90, top=0.85),
        [figure(0.2 + 0.01 * i, 0.65 + 0.02 * (i % 2), 3.0) for i in range(50)],
        hold(lying(0.5), 8),
    ],
    ids=["sitting", "sitting_fast", "bending", "lying_down", "floor_slowly", "walking", "lying"],
)
def test_what_is_no_fall_is_not_even_for_review(poses):
    assert max(Judge(FallScorer(context())).see(watch(poses))) < 0.75


def test_falling_onto_the_bed_is_no_fall():
    judge = Judge(FallScorer(context([BED])))
    assert max(judge.see(watch(UPRIGHT + FALLING + hold(lying(0.5), 5)))) < 0.1


def test_getting_up_again_ends_it():
    poses = UPRIGHT + FALLING + hold(lying(0.5), 3) + turn(1.0, 90, 0, top=0.875, low=0.65)
    judge = Judge(FallScorer(context()))
    course = judge.see(watch(poses + hold(standing(0.5), 5)))
    assert max(course) > 0.92
    assert course[-1] < 0.05
    assert judge.said[-1].log_odds < 0
    assert "got up" in judge.said[-1].why


def test_a_second_fall_is_seen_after_the_first():
    rise = turn(1.0, 90, 0, top=0.875, low=0.65) + hold(standing(0.5), 8)
    once = UPRIGHT + FALLING + hold(lying(0.5), 3)
    judge = Judge(FallScorer(context()))
    course = judge.see(watch(once + rise + FALLING + hold(lying(0.5), 4)))
    assert course[-1] > 0.92
    assert judge.said[-1].onset > NOON + 14


def test_an_impact_is_for_review_at_once_and_staying_down_makes_it_an_alarm():
    poses = UPRIGHT + turn(0.5) + hold(lying(0.5), 4)
    judge = Judge(FallScorer(context()))
    judge.see(watch(poses))
    at = {round(time - NOON, 2): confidence for time, confidence in judge.course}
    assert judge.said[0].why == "went down fast and hit the floor"
    assert 0.75 <= at[3.67] < 0.92
    assert at[6.0] > 0.92


def test_whoever_stumbles_and_gets_up_at_once_does_not_alarm():
    poses = UPRIGHT + turn(0.5) + turn(0.7, 90, 0, top=0.875, low=0.65) + hold(standing(0.5), 5)
    judge = Judge(FallScorer(context()))
    course = judge.see(watch(poses))
    assert 0.75 <= max(course) < 0.92
    assert course[-1] < 0.05


def test_a_body_lost_in_its_descent_is_followed_by_what_moves():
    down = turn(0.7)[:2]
    seen = UPRIGHT + down
    box = Region(x=0.4, y=0.86, width=0.4, height=0.14)
    moving = {len(seen) + i: (box,) for i in range(3)}
    judge = Judge(FallScorer(context()))
    assert max(judge.see(watch(seen + [None] * 12, moving=moving))) >= 0.75
    unmoved = Judge(FallScorer(context()))
    assert max(unmoved.see(watch(seen + [None] * 12))) < 0.75


def test_a_pose_that_falls_while_the_body_stands_is_badly_fitted():
    poses = UPRIGHT + FALLING + hold(lying(0.5), 3)
    tall = Region(x=0.3, y=0.35, width=0.5, height=0.6)
    moving = dict.fromkeys(range(len(UPRIGHT), len(poses)), (tall,))
    judge = Judge(FallScorer(context()))
    assert max(judge.see(watch(poses, moving=moving))) < 0.75


def test_who_lands_as_a_new_track_has_fallen_all_the_same():
    tracker_loses = UPRIGHT + turn(0.5)[:2] + [None] + [figure(0.62, 0.92, 92.0)] * 24
    judge = Judge(FallScorer(context()))
    assert max(judge.see(watch(tracker_loses))) > 0.92


def test_lying_still_unseen_to_fall_is_for_review_after_a_minute_and_alarms_by_two():
    judge = Judge(FallenScorer(context()))
    judge.see(watch(hold(lying(0.5), 150), still=frozenset(range(12, 900))))
    at = {round(time - NOON, 2): confidence for time, confidence in judge.course}
    assert at[59.0] < 0.1
    assert 0.75 <= at[65.0] < 0.92
    assert judge.alarm_after(NOON) <= 121.0
    assert at[149.0] >= at[120.0]
    assert judge.said[0].onset == pytest.approx(NOON, abs=0.5)


@pytest.mark.parametrize(
    ("poses", "zones"),
    [
        (hold(lying(0.5), 80), [BED]),
        (hold(standing(0.5), 80), []),
        ([lying(0.4 if i // 180 % 2 else 0.6) for i in range(600)], []),
        (hold(BENT, 2) + hold(standing(0.5), 80), []),
        (hold(lying(0.5, floor=0.3), 80), []),
    ],
    ids=["in_bed", "standing", "moving_about", "bending", "on_a_shelf"],
)
def test_what_is_not_lying_still_on_the_floor_says_nothing(poses, zones):
    assert max(Judge(FallenScorer(context(zones))).see(watch(poses))) < 0.1


def test_getting_up_from_the_floor_speaks_against_it():
    poses = hold(lying(0.5), 70) + turn(1.0, 90, 0, top=0.875, low=0.65) + hold(standing(0.5), 3)
    judge = Judge(FallenScorer(context()))
    judge.see(watch(poses))
    assert judge.said[-1].log_odds < 0
