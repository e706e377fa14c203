"""Tracks: people stay themselves, stay when they are still, and leave when they leave."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from omnicam.detect.body import credible, posture, region
from omnicam.detect.protocol import Pose
from omnicam.detect.tracks import KEEP_S, Tracker
from tests.edge.detect.figures import figure, lying, standing
from tests.edge.detect.scorer_scenes import NOON

STEP = 1.0 / 6.0


def follow(tracker, poses_by_step, start=NOON, *, moving=True):
    people = ()
    for i, poses in enumerate(poses_by_step):
        people = tracker.observe(poses, start + i * STEP, aspect=1.0, moving=moving)
    return people


def test_one_sighting_is_a_ghost_two_are_a_person():
    tracker = Tracker()
    assert tracker.observe([standing(0.5)], NOON, aspect=1.0, moving=True) == ()
    (person,) = tracker.observe([standing(0.5)], NOON + STEP, aspect=1.0, moving=True)
    assert person.first_seen == NOON
    assert person.last_seen == NOON + STEP
    assert person.region == region(standing(0.5))


def test_two_people_keep_their_numbers_whatever_the_order():
    tracker = Tracker()
    steps = [[standing(0.3 + 0.01 * i), standing(0.7 - 0.005 * i)][:: (-1) ** i] for i in range(24)]
    follow(tracker, steps[:2])
    numbers = {round(p.region.x, 1): p.track for p in tracker.people}
    people = follow(tracker, steps[2:], NOON + 2 * STEP)
    left, right = sorted(people, key=lambda person: person.region.x)
    assert [left.track, right.track] == [numbers[k] for k in sorted(numbers)]


def test_a_fall_does_not_change_the_number():
    tracker = Tracker()
    angles = [0, 0, 0, 20, 45, 70, 90, 90, 90]
    steps = [[figure(0.5, 0.65 + 0.22 * angle / 90, angle)] for angle in angles]
    (person,) = follow(tracker, steps)
    assert person.track == 1


def test_a_short_occlusion_is_survived_and_a_long_one_is_not():
    tracker = Tracker()
    follow(tracker, [[standing(0.5)]] * 4)
    gap = [[]] * round(2.0 / STEP)
    (kept,) = follow(tracker, gap, NOON + 4 * STEP)
    assert kept.last_seen == NOON + 3 * STEP
    (back,) = follow(tracker, [[standing(0.55)]], NOON + 4 * STEP + 2.0)
    assert back.track == kept.track
    assert follow(tracker, [[]] * round((KEEP_S + 1) / STEP), NOON + 10) == ()


def test_nobody_leaves_while_nothing_moves():
    tracker = Tracker()
    follow(tracker, [[lying(0.5)]] * 4)
    looks = [tracker.observe([], NOON + 10 * i, aspect=1.0, moving=False) for i in range(1, 30)]
    assert all(looks)


def test_who_is_lost_at_the_side_has_left_soon():
    tracker = Tracker()
    follow(tracker, [[standing(0.95)]] * 4)
    assert tracker.people
    assert follow(tracker, [[]] * 6, NOON + 4 * STEP) == ()


def test_a_body_found_twice_is_one_person():
    tracker = Tracker()
    assert len(follow(tracker, [[standing(0.5), standing(0.505)]] * 6)) == 1


def test_a_pose_without_a_visible_trunk_is_nobody():
    pose = standing(0.5)
    hidden = Pose(
        landmarks=pose.landmarks, world=pose.world, visibility=np.full(33, 0.2, np.float32)
    )
    outside = standing(1.3)
    assert credible(pose)
    assert not credible(hidden)
    assert not credible(outside)
    assert follow(Tracker(), [[hidden, outside]] * 6) == ()


@settings(max_examples=60, deadline=None)
@given(st.floats(0, 170), st.floats(0.3, 0.7), st.floats(0.1, 0.5))
def test_posture_measures_the_angle_at_any_place_and_size(degrees, x, height):
    for aspect in (1.0, 16 / 9):
        measured = posture(figure(x, 0.5, degrees, height, aspect), aspect)
        assert abs(measured.trunk_degrees - degrees) < 1.0
        assert abs(measured.tilt_degrees - degrees) < 1.0
        assert 0.8 * height < measured.length < 1.2 * height


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.lists(st.tuples(st.floats(0.1, 0.9), st.floats(0, 90)), max_size=3), max_size=12)
)
def test_whatever_is_seen_numbers_are_unique_and_poses_are_used_once(course):
    tracker = Tracker()
    for i, bodies in enumerate(course):
        poses = [figure(x, 0.6, degrees, 0.4) for x, degrees in bodies]
        people = tracker.observe(poses, NOON + i * STEP, aspect=1.0, moving=True)
        numbers = [person.track for person in people]
        assert len(set(numbers)) == len(numbers)
        fresh = [id(person.pose) for person in people if person.last_seen == NOON + i * STEP]
        assert len(set(fresh)) == len(fresh) <= len(poses)


def test_who_walks_behind_something_for_three_seconds_stays_themselves():
    tracker = Tracker()
    pace = 0.15 * STEP  # of the picture a second: a body is half a picture high
    follow(tracker, [[standing(0.1 + pace * i)] for i in range(8)])
    (before,) = tracker.people
    gap = round(3.3 / STEP)
    follow(tracker, [[]] * gap, NOON + 8 * STEP)
    (back,) = follow(tracker, [[standing(0.1 + pace * (8 + gap))]], NOON + (8 + gap) * STEP)
    assert back.track == before.track


def test_who_stops_or_turns_behind_something_stays_themselves():
    for left_after in (0.0, 1.0):
        tracker = Tracker()
        pace = 0.3 * STEP
        follow(tracker, [[standing(0.1 + pace * i)] for i in range(8)])
        (before,) = tracker.people
        follow(tracker, [[]] * 12, NOON + 8 * STEP)
        place = 0.1 + pace * 7 - 0.1 * left_after
        (back,) = follow(tracker, [[standing(place)]], NOON + 20 * STEP)
        assert back.track == before.track


def test_two_who_pass_each_other_are_not_exchanged():
    tracker = Tracker()
    pace = 0.15 * STEP

    def both(i):
        return [standing(0.2 + pace * i), standing(0.8 - pace * i)]

    follow(tracker, [both(i) for i in range(12)])
    right, left = sorted(tracker.people, key=lambda person: person.region.x)
    # One of them is hidden behind the other, and found again on the far side.
    follow(tracker, [[both(i)[0]] for i in range(12, 17)], NOON + 12 * STEP)
    people = follow(tracker, [both(i) for i in range(17, 26)], NOON + 17 * STEP)
    first, last = sorted(people, key=lambda person: person.region.x)
    assert (first.track, last.track) == (left.track, right.track)
