"""A covered lens is found in time; darkness, fog, people and light switches are not a cover."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from omnicam.detect.tampering.covered import CoveredScorer
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

VIEW = room()
FLAT = np.zeros_like(VIEW)


def watched(start: float = NOON, noise: float = 2.0) -> tuple[Camera, Judge]:
    """A camera that has seen its view for ten seconds."""
    camera, judge = Camera(start, noise), Judge(CoveredScorer(context()))
    judge.see(camera.shoot(VIEW) for _ in range(60))
    assert not judge.said
    return camera, judge


@pytest.mark.parametrize(
    ("cover", "noise"),
    [
        pytest.param(FLAT + 60, 2.0, id="hand"),
        pytest.param(FLAT + 6, 0.0, id="black, without noise"),
        pytest.param(FLAT + 235, 1.0, id="infra-red thrown back"),
        pytest.param(FLAT + np.linspace(0, 90, 320, dtype=np.float32), 2.0, id="shaded cloth"),
        pytest.param(0.3 * cv2.GaussianBlur(VIEW, (0, 0), 40) + 90, 2.0, id="frosted tape"),
    ],
)
def test_cover_alarms_within_a_second_and_a_half(cover: np.ndarray, noise: float) -> None:
    camera, judge = watched()
    start = camera.time
    judge.see(camera.shoot(cover, noise=noise) for _ in range(18))
    assert judge.alarm_after(start) <= 1.5
    assert judge.said[-1].label == "covered"
    assert judge.said[-1].onset == pytest.approx(start, abs=0.01)


def test_black_cover_that_slides_over_the_lens_at_night_alarms() -> None:
    camera, judge = watched(MIDNIGHT)
    start = camera.time
    for covered in (100, 200, 320):
        half = VIEW.copy()
        half[:, :covered] = 4
        judge.see([camera.shoot(half)])
    judge.see(camera.shoot(FLAT + 4, noise=0.5) for _ in range(12))
    assert judge.alarm_after(start) <= 2.0


def test_the_alarm_ends_within_two_seconds_of_uncovering() -> None:
    camera, judge = watched()
    judge.see(camera.shoot(FLAT + 40) for _ in range(120))
    assert judge.confidence(camera.time) > 0.92
    after = judge.see(camera.shoot(VIEW) for _ in range(12))
    assert after[2] < 0.75
    assert after[-1] < 0.2


@pytest.mark.parametrize("start", [NOON, MIDNIGHT], ids=["day", "night"])
@pytest.mark.parametrize("left", [0.5, 0.1, 0.05])
def test_light_switched_off_is_no_cover(start: float, left: float) -> None:
    camera, judge = watched(start)
    confidences = judge.see(camera.shoot(VIEW * left, noise=8.0) for _ in range(180))
    assert max(confidences) < 0.75


@pytest.mark.parametrize("noise", [0.0, 2.0, 10.0])
def test_all_black_from_one_picture_to_the_next_at_night_is_no_cover(noise: float) -> None:
    camera, judge = watched(MIDNIGHT)
    confidences = judge.see(camera.shoot(FLAT + 8, noise=noise) for _ in range(180))
    assert max(confidences) < 0.75


def test_grainy_black_by_day_is_for_review_only() -> None:
    camera, judge = watched()
    confidences = judge.see(camera.shoot(FLAT + 12, noise=14.0) for _ in range(60))
    assert 0.75 <= max(confidences) <= 0.92


def test_infrared_switch_is_no_cover() -> None:
    camera, judge = watched(MIDNIGHT)
    flash = judge.see(camera.shoot(FLAT + 255) for _ in range(3))
    infrared = judge.see(camera.shoot(255 - 0.7 * VIEW, noise=4.0) for _ in range(120))
    assert max(flash + infrared) < 0.2


def test_fog_that_rises_over_a_minute_is_no_cover() -> None:
    camera, judge = watched()
    confidences = []
    for step in range(360):
        clear = max(0.0, 1 - step / 330)
        confidences += judge.see([camera.shoot(VIEW * clear + 190 * (1 - clear))])
    assert max(confidences) < 0.75


def test_somebody_close_to_the_lens_is_no_cover() -> None:
    camera, judge = watched()
    confidences = []
    for step in range(60):
        view = VIEW.copy()
        left = step * 8 - 170
        view[14:, max(0, left) : max(0, left + 170)] = 70
        confidences += judge.see([camera.shoot(view)])
    assert max(confidences) < 0.2


def test_another_view_is_no_cover() -> None:
    camera, judge = watched()
    assert max(judge.see(camera.shoot(VIEW[::-1, ::-1]) for _ in range(60))) < 0.2


def test_bare_wall_has_no_layout_to_lose() -> None:
    camera, judge = Camera(), Judge(CoveredScorer(context()))
    shaded = np.tile(np.linspace(60, 180, 320, dtype=np.float32), (180, 1))
    assert max(judge.see(camera.shoot(shaded) for _ in range(300))) < 0.2
    assert max(judge.see(camera.shoot(shaded * 0.4) for _ in range(60))) < 0.2


def test_lens_covered_at_the_start_comes_to_review() -> None:
    camera, judge = Camera(), Judge(CoveredScorer(context()))
    early = judge.see(camera.shoot(FLAT + 50, noise=1.5) for _ in range(110))
    late = judge.see(camera.shoot(FLAT + 50, noise=1.5) for _ in range(60))
    assert max(early) < 0.2
    assert 0.75 <= late[-1] <= 0.92


def test_real_covered_lens() -> None:
    path = recordings() / "tamper" / "night_corridor_covered.mp4"
    judge = Judge(CoveredScorer(context()))
    judge.see(play(path))
    alarms = [time - NOON for time, confidence in judge.course if confidence > 0.92]
    # A hand starts to rub the lens at 64.2 s and most of the view is gone from 64.6 s on.
    assert 64.2 < alarms[0] < 65.8
    assert max(c for t, c in judge.course if t < NOON + 64) < 0.2
    assert sum(c > 0.92 for t, c in judge.course if t > NOON + 69) >= 0.95 * 6 * 30
