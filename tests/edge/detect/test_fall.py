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


def watch(poses, *, still=frozenset(), start=NOON, moving=()):
    """Show poses through a tracker.

    None is a look that finds nobody, `still` steps do not look, `moving` moves all the time.
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
            motion=replace(STILL, regions=tuple(moving)),
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


@pytest.mark.parametrize(
    ("moves", "fell"),
    [
        (Region(x=0.3, y=0.35, width=0.5, height=0.6), False),
        (Region(x=0.3, y=0.75, width=0.5, height=0.2), True),
        (Region(x=0.0, y=0.0, width=1.0, height=1.0), True),
        (Region(x=0.0, y=0.1, width=0.1, height=0.6), True),
    ],
    ids=["the_body_still_stands", "the_body_went_down", "the_camera_shakes", "a_curtain_beside"],
)
def test_motion_must_bear_a_fall_out(moves, fell):
    judge = Judge(FallScorer(context()))
    course = judge.see(watch(UPRIGHT + FALLING + hold(lying(0.5), 3), moving=[moves]))
    assert (max(course) > 0.92) is fell


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


def test_lying_still_is_for_review_after_a_minute_and_alarms_by_three():
    judge = Judge(FallenScorer(context()))
    judge.see(watch(hold(lying(0.5), 200), still=frozenset(range(12, 1200))))
    at = {round(time - NOON, 2): confidence for time, confidence in judge.course}
    assert at[58.0] < 0.1
    assert 0.75 <= at[66.0] < 0.92
    assert 66.0 < judge.alarm_after(NOON) <= 181.0
    assert at[199.0] >= at[180.0]
    assert judge.said[0].onset == pytest.approx(NOON, abs=0.5)


@pytest.mark.parametrize(
    ("poses", "zones"),
    [
        (hold(lying(0.5), 90), [BED]),
        (hold(standing(0.5), 90), []),
        ([lying(0.4 if i // 30 % 2 else 0.6) for i in range(540)], []),
        (hold(BENT, 2) + hold(standing(0.5), 30), []),
        (hold(lying(0.5, floor=0.3), 90), []),
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


def test_a_landing_is_suspected_before_anyone_has_lain():
    judge = Judge(FallScorer(context()))
    judge.see(watch(UPRIGHT + FALLING + hold(lying(0.5), 2 * STEP)))
    assert judge.course[-1][1] >= 0.75


def test_a_body_misjudged_in_one_picture_is_taken_back():
    judge = Judge(FallScorer(context()))
    judge.see(watch([*UPRIGHT, lying(0.5), *hold(standing(0.5), 2)]))
    assert judge.said, "the misjudged picture looked like a landing"
    assert any(word.log_odds == 0 for word in judge.said)
    assert sum(confidence >= 0.75 for _, confidence in judge.course) <= 1


def test_a_fall_goes_on_in_the_body_that_comes_up_where_another_was_lost():
    half = FALLING[: len(FALLING) // 2]
    scorer = FallScorer(context())
    before, after = watch(UPRIGHT + half), watch(hold(lying(0.5), 2), start=NOON + 3.6)
    judge = Judge(scorer)
    judge.see(before)
    shown = [item for item in after if item.picture.people]
    for item in shown:
        person = item.picture.people[0]
        renamed = replace(person, track=person.track + 1)
        item.picture.people = (renamed,)
    judge.see(shown)
    assert judge.course[-1][1] > 0.92


def test_legs_that_give_way_are_a_fall_with_the_trunk_still_upright():
    shares = [(i + 1) / 5 for i in range(5)]
    sinking = [figure(0.5, 0.65 + 0.22 * s, 5.0, 0.5 - 0.16 * s) for s in shares]
    floor = [np.minimum(pose.landmarks, 0.9) for pose in sinking]
    poses = [
        replace(p, landmarks=at.astype(np.float32)) for p, at in zip(sinking, floor, strict=True)
    ]
    judge = Judge(FallScorer(context()))
    judge.see(watch(UPRIGHT + poses + hold(poses[-1], 2)))
    assert max(confidence for _, confidence in judge.course) >= 0.75
