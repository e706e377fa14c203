"""Intrusion, climbing and loitering: decided in time, by the settings, and not on look-alikes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import time as TimeOfDay  # noqa: N812 - as in the settings

import pytest

from omnicam.config.model import Direction, Hours, Line, LineKind, Zone, ZoneKind
from omnicam.detect.protocol import Observation, Person
from omnicam.detect.zones.climbing import ClimbingScorer
from omnicam.detect.zones.intrusion import IntrusionScorer
from omnicam.detect.zones.loitering import LoiteringScorer
from tests.edge.detect.scorer_scenes import (
    MIDNIGHT,
    NOON,
    RATE,
    SQUARE,
    Camera,
    Judge,
    context,
    person,
    with_loitering,
)

BOX = ((0.5, 0.5), (1.0, 0.5), (1.0, 1.0), (0.5, 1.0))
NIGHT = (Hours(TimeOfDay(22), TimeOfDay(6)),)
KITCHEN = Zone(name="kitchen", kind=ZoneKind.RESTRICTED, points=BOX)
DOOR = Line(name="door", kind=LineKind.CROSSING, points=((0.5, 0.2), (0.5, 1.0)))
FENCE = Line(name="fence", kind=LineKind.CLIMBING, points=((0.0, 0.5), (1.0, 0.5)))


def walk(
    camera: Camera,
    start: tuple[float, float],
    end: tuple[float, float],
    seconds: float,
    **how: float,
) -> Iterator[Observation]:
    """Somebody who goes straight from one place to another."""
    steps = max(1, round(seconds * RATE))
    for step in range(steps + 1):
        share = step / steps
        x = start[0] + share * (end[0] - start[0])
        y = start[1] + share * (end[1] - start[1])
        yield camera.shoot(SQUARE, (person(x, y, now=camera.time, **how),))  # type: ignore[arg-type]


class TestIntrusion:
    def test_walking_into_a_zone_alarms_within_a_second(self) -> None:
        camera, judge = Camera(), Judge(IntrusionScorer(context([KITCHEN])))
        judge.see(walk(camera, (0.1, 0.8), (0.9, 0.8), 4.0))
        inside = NOON + 2.0
        assert judge.alarm_after(inside) <= 1.0
        assert "kitchen" in judge.said[0].why
        judge.see(walk(camera, (0.2, 0.8), (0.2, 0.8), 4.0))
        assert judge.confidence(camera.time) < 0.75

    def test_who_is_looked_for_in_vain_is_not_in_the_zone(self) -> None:
        camera, judge = Camera(), Judge(IntrusionScorer(context([KITCHEN])))
        judge.see(walk(camera, (0.1, 0.8), (0.9, 0.8), 4.0))
        gone = camera.time
        kept = person(0.9, 0.8, now=gone)
        judge.see(camera.shoot(SQUARE, (kept,)) for _ in range(round(4 * RATE)))
        assert judge.said[-1].time <= gone + 1.5
        # Found again where they were last: they stand there after all.
        judge.see(walk(camera, (0.9, 0.8), (0.9, 0.8), 2.0))
        assert judge.said[-1].time > gone + 4.0

    def test_head_over_the_zone_is_not_in_it(self) -> None:
        camera = Camera()
        judge = Judge(
            IntrusionScorer(
                context(
                    [
                        Zone(
                            name="shelf",
                            kind=ZoneKind.RESTRICTED,
                            points=((0, 0), (1, 0), (1, 0.5), (0, 0.5)),
                        )
                    ]
                )
            )
        )
        judge.see(walk(camera, (0.1, 0.8), (0.9, 0.8), 3.0))
        assert not judge.said

    def test_cutting_a_corner_for_a_moment_is_nothing(self) -> None:
        camera, judge = Camera(), Judge(IntrusionScorer(context([KITCHEN])))
        judge.see(walk(camera, (0.45, 0.55), (0.52, 0.52), 0.3))
        judge.see(walk(camera, (0.52, 0.45), (0.6, 0.4), 2.0))
        assert not judge.said

    def test_unseen_feet_are_for_review(self) -> None:
        camera, judge = Camera(), Judge(IntrusionScorer(context([KITCHEN])))
        seen = judge.see(walk(camera, (0.7, 0.8), (0.7, 0.8), 3.0, feet_visible=False))
        assert 0.75 <= max(seen) <= 0.92

    @pytest.mark.parametrize(("start", "counts"), [(NOON, False), (MIDNIGHT, True)])
    def test_hours_over_midnight(self, start: float, *, counts: bool) -> None:
        zone = Zone(name="hall", kind=ZoneKind.RESTRICTED, points=BOX, hours=NIGHT)
        camera, judge = Camera(start), Judge(IntrusionScorer(context([zone])))
        judge.see(walk(camera, (0.7, 0.8), (0.7, 0.8), 3.0))
        assert bool(judge.said) == counts

    @pytest.mark.parametrize(
        ("direction", "rightwards", "counts"),
        [
            (Direction.BOTH, True, True),
            (Direction.BOTH, False, True),
            # The line runs down the picture: its right side is the picture's left.
            (Direction.LEFT_TO_RIGHT, False, True),
            (Direction.LEFT_TO_RIGHT, True, False),
            (Direction.RIGHT_TO_LEFT, True, True),
            (Direction.RIGHT_TO_LEFT, False, False),
        ],
    )
    def test_line_and_its_direction(
        self, direction: Direction, *, rightwards: bool, counts: bool
    ) -> None:
        line = Line(name="door", kind=LineKind.CROSSING, points=DOOR.points, direction=direction)
        camera, judge = Camera(), Judge(IntrusionScorer(context(lines=[line])))
        ends = [(0.2, 0.8), (0.8, 0.8)]
        judge.see(walk(camera, *(ends if rightwards else ends[::-1]), 3.0))
        assert len(judge.said) == counts
        if counts:
            assert judge.alarm_after(NOON + 1.5) <= 1.0

    def test_standing_on_the_line_with_pose_noise_crosses_nothing(self) -> None:
        camera, judge = Camera(), Judge(IntrusionScorer(context(lines=[DOOR])))
        judge.see(walk(camera, (0.3, 0.8), (0.495, 0.8), 2.0))
        for step in range(60):
            x = 0.5 + (0.01 if step % 2 else -0.01)
            judge.see([camera.shoot(SQUARE, (person(x, 0.8, now=camera.time),))])
        assert not judge.said

    def test_two_people_either_side_do_not_make_a_crossing(self) -> None:
        camera, judge = Camera(), Judge(IntrusionScorer(context(lines=[DOOR])))
        pair = (person(0.2, 0.8, track=1), person(0.8, 0.8, track=2))
        for step in range(12):
            judge.see([camera.shoot(SQUARE, pair[:: 1 if step % 2 else -1])])
        assert not judge.said


class TestClimbing:
    def climb(
        self, camera: Camera, seconds: float = 3.0, height: float = 0.4
    ) -> Iterator[Observation]:
        """From the ground in front of the fence, feet at 0.85, up and over it to 0.55."""
        yield from walk(camera, (0.4, 0.85), (0.4, 0.85), 1.0, height=height)
        yield from walk(camera, (0.4, 0.85), (0.45, 0.55), seconds, height=height)

    def test_climbing_over_alarms_within_a_second_of_the_hips_passing_the_top(self) -> None:
        camera, judge = Camera(), Judge(ClimbingScorer(context(lines=[FENCE])))
        judge.see(self.climb(camera))
        # Hips are half a body above the feet: they pass 0.5 when the feet pass 0.7, half-way up.
        passed = NOON + 1.0 + 1 / RATE + 1.5
        assert 0.0 <= judge.alarm_after(NOON) - (passed - NOON) <= 1.0
        assert judge.said[-1].log_odds > 7

    def test_coming_down_on_this_side_alarms_too(self) -> None:
        camera, judge = Camera(), Judge(ClimbingScorer(context(lines=[FENCE])))
        judge.see(reversed_walk(camera))
        assert max(confidence for _, confidence in judge.course) > 0.92

    def test_astride_the_top_is_for_review(self) -> None:
        camera, judge = Camera(), Judge(ClimbingScorer(context(lines=[FENCE])))
        judge.see(walk(camera, (0.4, 0.85), (0.4, 0.7), 1.5))
        leg = {25: (0.1, -0.2), 27: (0.15, -0.45), 29: (0.15, -0.45), 31: (0.15, -0.45)}
        seen = judge.see(
            camera.shoot(SQUARE, (person(0.4, 0.7, moves=leg, now=camera.time),)) for _ in range(12)
        )
        assert 0.75 <= max(seen) <= 0.92

    def test_direction(self) -> None:
        up = Line(
            name="fence",
            kind=LineKind.CLIMBING,
            points=FENCE.points,
            direction=Direction.LEFT_TO_RIGHT,
        )
        camera, judge = Camera(), Judge(ClimbingScorer(context(lines=[up])))
        judge.see(self.climb(camera))
        assert max(confidence for _, confidence in judge.course) < 0.9

    @pytest.mark.parametrize(
        ("feet", "height"),
        [
            pytest.param(0.95, 0.4, id="in front of the fence"),
            pytest.param(0.72, 0.5, id="hips over the top, feet on the ground"),
            pytest.param(0.45, 0.2, id="far behind it"),
        ],
    )
    def test_walking_along_the_fence_is_no_climb(self, feet: float, height: float) -> None:
        camera, judge = Camera(), Judge(ClimbingScorer(context(lines=[FENCE])))
        judge.see(walk(camera, (0.1, feet), (0.9, feet), 5.0, height=height))
        assert not judge.said

    def test_walking_away_through_the_gate_is_no_climb(self) -> None:
        camera, judge = Camera(), Judge(ClimbingScorer(context(lines=[FENCE])))
        for step in range(60):
            share = step / 59
            feet, height = 0.95 - 0.45 * share, 0.5 - 0.35 * share
            judge.see([camera.shoot(SQUARE, (person(0.5, feet, height, now=camera.time),))])
        assert max(confidence for _, confidence in judge.course) < 0.75

    def test_beside_the_fence_is_no_climb(self) -> None:
        short = Line(name="fence", kind=LineKind.CLIMBING, points=((0.6, 0.5), (1.0, 0.5)))
        camera, judge = Camera(), Judge(ClimbingScorer(context(lines=[short])))
        judge.see(self.climb(camera))
        assert not judge.said


def reversed_walk(camera: Camera) -> Iterator[Observation]:
    """From the top of the fence down to the ground on this side."""
    yield from walk(camera, (0.4, 0.55), (0.4, 0.55), 1.0)
    yield from walk(camera, (0.4, 0.55), (0.4, 0.85), 2.0)


class TestLoitering:
    @staticmethod
    def stay(
        camera: Camera, seconds: float, *people: Person, every: float = 1.0
    ) -> Iterator[Observation]:
        """The same people, one picture a second."""
        for _ in range(round(seconds / every)):
            observation = camera.shoot(SQUARE, people)
            camera.time = observation.time + every
            yield observation

    def test_five_minutes_at_night_alarm_and_no_sooner(self) -> None:
        camera, judge = Camera(MIDNIGHT), Judge(LoiteringScorer(context()))
        judge.see(self.stay(camera, 320, person(0.5, 0.8)))
        assert 300 <= judge.alarm_after(MIDNIGHT) <= 302
        assert judge.said[0].onset == MIDNIGHT

    def test_by_day_it_is_nothing(self) -> None:
        camera, judge = Camera(NOON), Judge(LoiteringScorer(context()))
        judge.see(self.stay(camera, 400, person(0.5, 0.8)))
        assert not judge.said

    def test_stay_goes_on_over_half_a_minute_and_a_new_track(self) -> None:
        scorer = LoiteringScorer(with_loitering(context(), 100.0))
        camera, judge = Camera(MIDNIGHT), Judge(scorer)
        judge.see(self.stay(camera, 60, person(0.5, 0.8, track=1)))
        judge.see(self.stay(camera, 25))
        judge.see(self.stay(camera, 30, person(0.6, 0.8, track=2)))
        assert 100 <= judge.alarm_after(MIDNIGHT) <= 102

    def test_longer_absence_starts_anew(self) -> None:
        scorer = LoiteringScorer(with_loitering(context(), 100.0))
        camera, judge = Camera(MIDNIGHT), Judge(scorer)
        judge.see(self.stay(camera, 80, person(0.5, 0.8, track=1)))
        judge.see(self.stay(camera, 40))
        judge.see(self.stay(camera, 80, person(0.5, 0.8, track=1)))
        assert not judge.said

    def test_passers_by_do_not_add_up(self) -> None:
        scorer = LoiteringScorer(with_loitering(context(), 60.0))
        camera, judge = Camera(MIDNIGHT), Judge(scorer)
        for track in range(20):
            judge.see(walk(camera, (0.0, 0.8), (1.0, 0.8), 4.0, track=track))
            judge.see(self.stay(camera, 5))
        assert not judge.said

    def test_two_who_stay_are_counted_apart(self) -> None:
        scorer = LoiteringScorer(with_loitering(context(), 60.0))
        camera, judge = Camera(MIDNIGHT), Judge(scorer)
        judge.see(self.stay(camera, 40, person(0.5, 0.8, track=1), person(0.55, 0.8, track=2)))
        assert not judge.said

    def test_only_the_zone_counts_where_there_is_one(self) -> None:
        gate = Zone(name="gate", kind=ZoneKind.LOITERING, points=BOX)
        scorer = LoiteringScorer(with_loitering(context([gate]), 60.0))
        camera, judge = Camera(MIDNIGHT), Judge(scorer)
        judge.see(self.stay(camera, 90, person(0.2, 0.8)))
        assert not judge.said
        judge.see(self.stay(camera, 90, person(0.7, 0.8)))
        assert judge.confidence(camera.time) > 0.92


@pytest.mark.parametrize("scorer", [IntrusionScorer, ClimbingScorer])
def test_without_zones_and_lines_nothing_is_said(scorer: type) -> None:
    camera, judge = Camera(), Judge(scorer(context()))
    judge.see(walk(camera, (0.1, 0.9), (0.9, 0.3), 3.0))
    assert not judge.said
