"""Defocused, moved, frozen and signal: found when they must be, and not on what looks like them."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from omnicam.detect.protocol import Observation
from omnicam.detect.tampering.defocused import DefocusedScorer
from omnicam.detect.tampering.frozen import FrozenScorer
from omnicam.detect.tampering.moved import MovedScorer
from omnicam.detect.tampering.signal import SignalScorer
from omnicam.media import SignalChange
from tests.edge.detect.scorer_scenes import (
    MIDNIGHT,
    NOON,
    Camera,
    Judge,
    context,
    play,
    recordings,
    room,
)

WIDE = room(width=400, height=220)
VIEW = WIDE[20:200, 40:360]
FLAT = np.zeros_like(VIEW)


def turned(right: int, down: int) -> np.ndarray:
    """The same room from a camera that was turned by so many pixels of 320."""
    return WIDE[20 + down : 200 + down, 40 + right : 360 + right]


def watched(scorer: type, start: float = NOON) -> tuple[Camera, Judge]:
    """A camera that has seen its view for ten seconds."""
    camera, judge = Camera(start), Judge(scorer(context()))
    judge.see(camera.shoot(VIEW) for _ in range(60))
    assert not judge.said
    return camera, judge


class TestMoved:
    @pytest.mark.parametrize(("right", "down"), [(12, 0), (-40, 0), (0, 20), (40, -20)])
    def test_turned_camera_alarms_within_five_seconds(self, right: int, down: int) -> None:
        camera, judge = watched(MovedScorer)
        start = camera.time
        judge.see(camera.shoot(turned(right, down)) for _ in range(36))
        assert judge.alarm_after(start) <= 5.0
        assert judge.said[-1].label == "moved"

    def test_other_view_alarms(self) -> None:
        camera, judge = watched(MovedScorer)
        judge.see(camera.shoot(VIEW[::-1, ::-1]) for _ in range(48))
        assert judge.confidence(camera.time) > 0.92

    def test_new_view_is_the_usual_one_after_a_minute(self) -> None:
        camera, judge = watched(MovedScorer)
        judge.see(camera.shoot(turned(40, 0)) for _ in range(6 * 75))
        assert judge.confidence(camera.time) < 0.1

    def test_turned_back_ends_it(self) -> None:
        camera, judge = watched(MovedScorer)
        judge.see(camera.shoot(turned(40, 0)) for _ in range(60))
        judge.see(camera.shoot(VIEW) for _ in range(12))
        assert judge.confidence(camera.time) < 0.2

    def test_shaking_in_the_wind_is_no_move(self) -> None:
        camera, judge = watched(MovedScorer)
        shaken = judge.see(
            camera.shoot(turned(round(8 * np.sin(step)), round(6 * np.cos(2.3 * step))))
            for step in range(180)
        )
        assert max(shaken) < 0.75

    @pytest.mark.parametrize(
        "view",
        [
            pytest.param(VIEW * 0.3, id="dimmed"),
            pytest.param(255 - 0.7 * VIEW, id="infra-red"),
            pytest.param(FLAT + 40, id="covered"),
        ],
    )
    def test_other_changes_are_no_move(self, view: np.ndarray) -> None:
        camera, judge = watched(MovedScorer)
        assert max(judge.see(camera.shoot(view, noise=3.0) for _ in range(120))) < 0.2

    def test_somebody_sitting_down_close_by_is_no_move(self) -> None:
        camera, judge = watched(MovedScorer)
        view = VIEW.copy()
        view[30:, 90:230] = room(5)[30:, 90:230]
        assert max(judge.see(camera.shoot(view) for _ in range(120))) < 0.2


class TestDefocused:
    def test_defocus_alarms_within_seven_seconds(self) -> None:
        camera, judge = watched(DefocusedScorer)
        start = camera.time
        blurred = cv2.GaussianBlur(VIEW, (0, 0), 7)
        judge.see(camera.shoot(blurred) for _ in range(60))
        assert judge.alarm_after(start) <= 7.0
        assert judge.said[-1].label == "defocused"
        judge.see(camera.shoot(VIEW) for _ in range(12))
        assert judge.confidence(camera.time) < 0.2

    def test_hunting_autofocus_is_no_defocus(self) -> None:
        camera, judge = watched(DefocusedScorer)
        blurred = cv2.GaussianBlur(VIEW, (0, 0), 7)
        seen = judge.see(camera.shoot(blurred) for _ in range(18))
        seen += judge.see(camera.shoot(VIEW) for _ in range(60))
        assert max(seen) < 0.2

    @pytest.mark.parametrize(
        "view",
        [
            pytest.param(VIEW * 0.6, id="dimmed"),
            pytest.param(VIEW * 0.2, id="dark"),
            pytest.param(0.3 * VIEW + 130, id="haze"),
            pytest.param(VIEW[::-1, ::-1], id="other view"),
        ],
    )
    def test_less_light_and_haze_are_no_defocus(self, view: np.ndarray) -> None:
        camera, judge = watched(DefocusedScorer)
        assert max(judge.see(camera.shoot(view) for _ in range(120))) < 0.2


class TestFrozen:
    def test_repeated_picture_alarms_after_ten_seconds(self) -> None:
        camera, judge = watched(FrozenScorer)
        start = camera.time
        still = camera.shoot(VIEW)
        assert still.picture is not None
        judge.see([still])
        image = still.picture.image
        judge.see(camera.show(image) for _ in range(90))
        assert 9.5 <= judge.alarm_after(start) <= 13.0
        judge.see(camera.shoot(VIEW) for _ in range(12))
        assert judge.confidence(camera.time) < 0.2

    def test_overlaid_clock_does_not_hide_it(self) -> None:
        camera, judge = watched(FrozenScorer)
        still = camera.shoot(VIEW)
        assert still.picture is not None
        image = still.picture.image
        for second in range(20):
            stamped = image.copy()
            cv2.putText(
                stamped, f"12:00:{second:02}", (5, 16), cv2.FONT_HERSHEY_PLAIN, 1.0, (255,) * 3
            )
            judge.see(camera.show(stamped) for _ in range(6))
        assert judge.confidence(camera.time) > 0.92

    def test_noise_in_one_corner_of_the_full_picture_is_life(self) -> None:
        camera, judge = watched(FrozenScorer)
        still = camera.shoot(VIEW)
        assert still.picture is not None
        for step in range(180):
            image = still.picture.image.copy()
            image[90:96, 90:96] += np.uint8(step % 3)
            judge.see([camera.show(image)])
        assert not judge.said

    def test_picture_that_never_had_noise_says_nothing(self) -> None:
        camera, judge = Camera(noise=0.0), Judge(FrozenScorer(context()))
        judge.see(camera.shoot(VIEW) for _ in range(360))
        assert not judge.said

    def test_encoder_that_skips_a_still_room_between_key_pictures_is_learned(self) -> None:
        camera, judge = watched(FrozenScorer)
        for _ in range(12):
            still = camera.shoot(VIEW)
            assert still.picture is not None
            judge.see([still])
            image = still.picture.image
            judge.see(camera.show(image) for _ in range(48))
        assert not judge.said

    def test_dark_still_room_is_given_a_minute(self) -> None:
        camera, judge = watched(FrozenScorer, MIDNIGHT)
        dark = (VIEW * 0.1).astype(np.uint8)
        image = np.repeat(dark[:, :, None], 3, axis=2)
        judge.see(camera.show(image) for _ in range(6 * 55))
        assert not judge.said


class TestSignal:
    @staticmethod
    def lost(camera: Camera, seconds: float) -> list[Observation]:
        """Once a second, word that nothing comes."""
        words = []
        for _ in range(round(seconds)):
            change = SignalChange(camera="room", time=camera.time, present=False, reason="timeout")
            words.append(Observation(camera="room", time=camera.time, signal=change))
            camera.time += 1.0
        return words

    def test_outage_rises_from_three_seconds_and_alarms_before_eight(self) -> None:
        camera, judge = watched(SignalScorer)
        start = camera.time
        judge.see(self.lost(camera, 12))
        assert all(e.time - start >= 3.0 for e in judge.said)
        assert 3.0 < judge.alarm_after(start) < 8.0
        assert "timeout" in judge.said[-1].why
        assert judge.said[-1].onset == start
        judge.see(camera.shoot(VIEW) for _ in range(12))
        assert judge.confidence(camera.time) < 0.2

    def test_short_reconnect_is_no_tampering(self) -> None:
        camera, judge = watched(SignalScorer)
        for _ in range(5):
            judge.see(self.lost(camera, 3))
            judge.see(camera.shoot(VIEW) for _ in range(6))
        assert not judge.said

    def test_camera_that_never_sent_anything_is_not_tampered_with(self) -> None:
        judge = Judge(SignalScorer(context()))
        judge.see(self.lost(Camera(), 60))
        assert not judge.said


@pytest.mark.parametrize("scorer", [MovedScorer, DefocusedScorer, FrozenScorer])
def test_real_street_is_not_tampered_with(scorer: type) -> None:
    path = recordings() / "surveillance" / "pets2009_vtest_480x360_10fps.mp4"
    judge = Judge(scorer(context()))
    judge.see(observation for observation in play(path) if observation.time < NOON + 30)
    assert not judge.said
