"""Motion: people are seen, noise, light, flicker and masked places are not."""

from __future__ import annotations

import dataclasses
from datetime import UTC

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omnicam.config.model import Zone, ZoneKind
from omnicam.detect.areas import active_zones, cover
from omnicam.detect.body import region
from omnicam.detect.gate import AFTER_MOTION_S, VERIFY_EMPTY_S, VERIFY_KEPT_S, PoseGate
from omnicam.detect.motion import MotionDetector
from omnicam.detect.protocol import Motion, Person
from omnicam.evidence import Region
from tests.edge.detect.figures import lying, standing
from tests.edge.detect.scorer_scenes import NOON, room

STEP = 1.0 / 6.0
LEFT = Zone(
    name="tv", kind=ZoneKind.IGNORED, points=((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))
)


def small_room():
    return room(height=120, width=160)


def grainy(view, sigma, rng):
    noisy = view + rng.normal(0, sigma, view.shape)
    return np.clip(noisy, 0, 255).astype(np.uint8)


def with_person(view, x, y=40, width=16, height=60, shade=10):
    picture = view.copy()
    picture[y : y + height, x : x + width] = shade
    return picture


@pytest.mark.parametrize("sigma", [0.0, 2.0, 6.0])
def test_a_still_room_never_moves(sigma):
    rng, detector, view = np.random.default_rng(0), MotionDetector(), small_room()
    seen = [detector.observe(grainy(view, sigma, rng), NOON + i * STEP) for i in range(60)]
    assert seen[0].global_change
    assert not any(motion.regions or motion.global_change for motion in seen[1:])
    assert all(motion.fraction == 0.0 for motion in seen[1:])


@pytest.mark.parametrize("sigma", [0.0, 2.0, 4.0])
def test_a_walking_person_moves_where_they_walk(sigma):
    rng, detector, view = np.random.default_rng(0), MotionDetector(), small_room()
    for i in range(12):
        detector.observe(grainy(view, sigma, rng), NOON + i * STEP)
    for i in range(12):
        x = 40 + 5 * i
        motion = detector.observe(grainy(with_person(view, x), sigma, rng), NOON + (12 + i) * STEP)
        assert not motion.global_change
        box = motion.regions[0]
        assert x / 160 - 0.06 <= box.x
        assert box.x + box.width <= (x + 16) / 160 + 0.03
        assert motion.mask.shape == (120, 160)


def test_someone_who_creeps_is_seen_within_two_seconds():
    detector, view = MotionDetector(), np.tile(np.linspace(60, 120, 160), (120, 1))
    for i in range(12):
        picture = np.rint(with_person(view, 40, shade=90)).astype(np.uint8)
        detector.observe(picture, NOON + i * STEP)
    seen = []
    for i in range(18):
        # 2.5 levels a frame: under any threshold between neighbours.
        shade = 90 + 2.5 * i
        picture = np.rint(with_person(view, 40, shade=shade)).astype(np.uint8)
        seen.append(bool(detector.observe(picture, NOON + (12 + i) * STEP).regions))
    assert any(seen)


def test_a_light_switch_is_a_global_change_and_then_it_is_quiet():
    detector, view = MotionDetector(), small_room()
    for i in range(12):
        detector.observe(np.clip(view, 0, 255).astype(np.uint8), NOON + i * STEP)
    dark = np.clip(view * 0.3, 0, 255).astype(np.uint8)
    seen = [detector.observe(dark, NOON + (12 + i) * STEP) for i in range(12)]
    assert seen[0].global_change
    assert not any(motion.regions or motion.global_change for motion in seen[1:])


def test_a_codec_that_pumps_moves_nothing():
    rng, detector, view = np.random.default_rng(3), MotionDetector(), small_room()
    blocks = np.kron(rng.normal(0, 2.2, (15, 20)), np.ones((8, 8)))
    seen = []
    for i in range(60):
        picture = view + (blocks if i % 6 == 0 else 0)  # a key frame each second
        seen.append(detector.observe(grainy(picture, 1.0, rng), NOON + i * STEP))
    assert sum(bool(motion.regions) for motion in seen[1:]) == 0


def test_an_ignored_zone_sees_nothing_and_its_neighbour_does():
    for zones, expected in (((), True), ((LEFT,), False)):
        detector, view = MotionDetector(), small_room()
        found = False
        for i in range(20):
            picture = with_person(view, 5 + 3 * i) if i > 5 else view
            picture = np.clip(picture, 0, 255).astype(np.uint8)
            motion = detector.observe(picture, NOON + i * STEP, zones)
            found |= bool(motion.regions)
        assert found is expected


def test_a_new_size_of_picture_starts_anew():
    detector = MotionDetector()
    detector.observe(np.zeros((120, 160), np.uint8), NOON)
    motion = detector.observe(np.full((90, 160), 200, np.uint8), NOON + STEP)
    assert motion.global_change
    assert motion.mask.shape == (90, 160)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 255), min_size=3, max_size=8), st.integers(0, 2**16))
def test_whatever_comes_in_the_answer_is_sound(levels, seed):
    rng, detector = np.random.default_rng(seed), MotionDetector()
    for i, level in enumerate(levels):
        picture = np.full((30, 40), level, np.uint8)
        picture[5:15, 5:20] = rng.integers(0, 256)
        motion = detector.observe(picture, NOON + i * STEP)
        assert 0.0 <= motion.fraction <= 1.0
        assert motion.fraction == np.count_nonzero(motion.mask) / motion.mask.size
        for box in motion.regions:
            assert 0.0 <= box.x < box.x + box.width <= 1.0
            assert 0.0 <= box.y < box.y + box.height <= 1.0


@settings(max_examples=100, deadline=None)
@given(st.floats(0.01, 0.99), st.floats(0.01, 0.99))
def test_a_point_lies_in_a_triangle_as_its_edges_say(x, y):
    corners = ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0))
    triangle = Zone(name="triangle", kind=ZoneKind.IGNORED, points=corners)
    if abs(x + y - 1.0) > 1e-6:
        assert triangle.contains(x, y) is (x + y < 1.0)


def test_the_mask_of_a_zone_is_its_polygon():
    mask = cover([LEFT], 10, 20)
    assert mask[:, :10].all()
    assert not mask[:, 12:].any()


def test_zones_of_other_kinds_do_not_count():
    assert active_zones((LEFT,), ZoneKind.IGNORED, NOON, UTC) == (LEFT,)
    assert active_zones((LEFT,), ZoneKind.RESTING, NOON, UTC) == ()


def still(*, changed=False):
    return Motion(fraction=0.0, mask=np.zeros((2, 2), bool), regions=(), global_change=changed)


def moving():
    box = Region(x=0.1, y=0.1, width=0.2, height=0.2)
    return Motion(fraction=0.1, mask=np.ones((2, 2), bool), regions=(box,), global_change=False)


def opened(gate, seconds, start, motion, kept):
    times = [start + i * STEP for i in range(round(seconds / STEP))]
    return [t - start for t in times if gate.opens(t, motion, anyone_kept=kept)]


def test_the_gate_opens_at_the_start_after_motion_and_now_and_then():
    gate = PoseGate()
    at_start = opened(gate, 10.0, NOON, still(), kept=False)
    assert at_start[0] == 0.0
    assert 1.5 < at_start[-1] < 2.5
    assert gate.opens(NOON + 20, moving(), anyone_kept=False)
    after = opened(gate, 8.0, NOON + 20 + STEP, still(), kept=True)
    assert AFTER_MOTION_S - 2 * STEP <= after[-1] <= AFTER_MOTION_S
    kept = opened(gate, 61.0, NOON + 40, still(), kept=True)
    assert len(kept) == pytest.approx(61 / VERIFY_KEPT_S, abs=1)
    empty = opened(gate, 61.0, NOON + 200, still(), kept=False)
    assert len(empty) == pytest.approx(61 / VERIFY_EMPTY_S + 1, abs=1)
    assert gate.opens(NOON + 300, still(changed=True), anyone_kept=False)
    assert gate.opens(NOON + 301, still(), anyone_kept=False)


def seen(pose, at):
    return Person(track=1, pose=pose, region=region(pose), first_seen=NOON, last_seen=at)


def looks(gate, pose_at, seconds, motion, others=()):
    """Which of the pictures are looked at, with whom the gate is told it saw there."""
    opened_at = []
    for index in range(round(seconds / STEP)):
        now = NOON + index * STEP
        if gate.opens(now, motion(index), anyone_kept=True):
            opened_at.append(index)
            gate.learn(now, (seen(pose_at(now - NOON), now), *(seen(p, now) for p in others)), 1.0)
    return opened_at


def test_whoever_is_alone_and_upright_is_looked_at_in_every_other_picture():
    calm = looks(PoseGate(), lambda _: standing(0.5), 6.0, lambda _: moving())
    assert len(calm) == pytest.approx(18, abs=2)


@pytest.mark.parametrize(
    ("pose_at", "others"),
    [
        (lambda _: lying(0.5), ()),
        (lambda t: standing(0.5, floor=0.6 + 0.2 * t), ()),  # sinks by 0.4 of their length a second
        (lambda _: standing(0.3), (standing(0.7),)),
    ],
)
def test_every_picture_counts_when_somebody_lies_sinks_or_has_company(pose_at, others):
    assert len(looks(PoseGate(), pose_at, 3.0, lambda _: moving(), others)) == 18


def test_livelier_movement_is_looked_at_at_once():
    def motion(index):
        return dataclasses.replace(moving(), fraction=0.02 * 1.3**index)

    assert len(looks(PoseGate(), lambda _: standing(0.5), 2.0, motion)) == 12
