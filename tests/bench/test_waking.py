"""The gate beside Frigate's: loading a checkout, who moves, who slept through it, and the views."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from speed.clips import talk
from speed.contest import Scene, _woken, recorded
from speed.frigate import Frigate, FrigateError, defaults
from speed.people import MOVES, somebody_moves
from speed.views import VIEWS
from speed.waking import RATE, Brightness, Ours, Watched, held

from omnicam.detect.protocol import Pose
from tests.edge.detect.scorer_scenes import recordings

SETTINGS = """
class MotionConfig(Base):
    threshold: int = Field(default=30, title="Motion threshold", ge=1)
    improve_contrast: bool = Field(default=True)
    skip_motion_threshold: float | None = Field(default=None)
    mask: dict = Field(default_factory=dict)
"""
DETECTOR = """
import numpy as np
from frigate.camera import PTZMetrics
from frigate.config.config import RuntimeMotionConfig
from frigate.motion import MotionDetector
from frigate.util.image import grab_cv2_contours

class ImprovedMotionDetector(MotionDetector):
    def __init__(self, frame_shape, config, fps):
        self.config = config
        assert config.rasterized_mask.shape == frame_shape
        assert grab_cv2_contours(("contours", "hierarchy")) == "contours"

    def detect(self, frame):
        return [(0, 0, 1, 1)] if frame.mean() > self.config.threshold else []

    def is_calibrating(self):
        return False
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for file, text in (
        ("frigate/config/camera/motion.py", SETTINGS),
        ("frigate/motion/improved_motion.py", DETECTOR),
    ):
        (tmp_path / file).parent.mkdir(parents=True)
        (tmp_path / file).write_text(text, "utf-8")
    return tmp_path


def test_the_defaults_are_read_without_running_anything():
    assert defaults(SETTINGS) == {
        "threshold": 30,
        "improve_contrast": True,
        "skip_motion_threshold": None,
    }
    with pytest.raises(FrigateError, match="MotionConfig"):
        defaults("x = 1")


def test_a_detector_is_loaded_with_stand_ins_that_leave_no_trace(checkout):
    detector = Frigate(checkout).detector(480, 640, RATE)
    assert detector.detect(np.full((480, 640), 31, np.uint8))
    assert not detector.detect(np.full((480, 640), 29, np.uint8))
    assert not [name for name in sys.modules if name.split(".")[0] == "frigate"]


def test_what_is_no_checkout_is_told(tmp_path, checkout):
    with pytest.raises(FrigateError, match="is no checkout of Frigate"):
        Frigate(tmp_path / "nothing")
    (checkout / "frigate/motion/improved_motion.py").write_text("import no_such_package")
    with pytest.raises(FrigateError, match="no_such_package"):
        Frigate(checkout)


def body(x: float, height: float = 0.5) -> Pose:
    """An upright body around x: 33 landmarks from head to feet."""
    landmarks = np.zeros((33, 3), np.float32)
    landmarks[:, 0] = x
    landmarks[:, 1] = np.linspace(0.2, 0.2 + height, 33)
    return Pose(
        landmarks=landmarks,
        world=np.zeros((33, 3), np.float32),
        visibility=np.ones(33, np.float32),
    )


def test_somebody_moves_by_the_height_of_the_body_and_not_while_it_only_trembles():
    step = 1 / RATE
    walk = [(n * step, 1.0, (body(0.3 + 0.02 * n),)) for n in range(4)]
    assert somebody_moves(walk) == [False, True, True, True]
    tremble = [(n * step, 1.0, (body(0.3 + 0.25 * MOVES * (n % 2)),)) for n in range(4)]
    assert not any(somebody_moves(tremble))
    assert not any(somebody_moves((2.0 * n, 1.0, (body(0.1 * n),)) for n in range(4)))
    # Two people, of whom one moves; and one who comes in is not compared with the other.
    both = [(n * step, 1.0, (body(0.8), body(0.2 + 0.02 * n))) for n in range(3)]
    assert somebody_moves(both) == [False, True, True]


def test_movement_is_held_as_long_as_our_gate_holds_it():
    times = [n * 0.5 for n in range(8)]
    moves = [False, True, False, False, False, False, False, False]
    assert held(times, moves) == [False, True, True, True, True, False, False, False]


def test_who_sleeps_while_somebody_moves_is_counted():
    scene = Scene(kind="k", file=Path("a"), people=True)
    watched = Watched(
        times=[0.0, 1.0, 2.0, 3.0],
        ours=[True, True, False, False],
        frigate=[False, True, False, False],
        looks=[True, True, True, False],
    )
    counts = _woken([scene], {scene: watched}, {scene: [True, True, True, True]})
    assert counts["somebody_moves"] == counts["pictures"] == 4
    assert (counts["ours_missed"], counts["frigate_missed"]) == (1, 3)
    assert (counts["frigate_held"], counts["frigate_held_missed"]) == (2, 2)
    nobody = replace(scene, people=False)
    assert _woken([nobody], {nobody: watched}, {})["ours_missed"] == 0


def test_our_gate_wakes_for_what_moves_and_its_time_is_told_by_stage():
    noise = np.random.default_rng(0)
    ours, moved = Ours(), []
    for n in range(30):
        luma = noise.normal(120, 2, (480, 640))
        if n >= 20:
            luma[200:400, 20 * n - 300 : 20 * n - 240] += 90
        picture = Brightness(np.clip(luma, 0, 255).astype(np.uint8), full_range=True)
        moved.append(ours.take(picture, n / RATE)[0])
    assert not any(moved[:20])
    assert sum(moved[20:]) >= 8
    assert {stage: len(times) for stage, times in ours.steps.items()} == {
        "grey": 30,
        "motion": 30,
        "gate": 30,
    }


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_stirs_within_its_picture_and_the_same_way_twice(view):
    def pictures():
        random = np.random.default_rng(1)
        for time in np.arange(0.0, 20.0, 1.3):
            picture = np.full((120, 160, 3), 90, np.uint8)
            VIEWS[view](float(time), picture, random)
            yield picture

    first, again = list(pictures()), list(pictures())
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    stirs = any(not np.array_equal(first[0], other) for other in first[1:])
    assert stirs is (view != "still room")


def test_only_the_folders_that_are_compared_are_taken_from_a_manifest():
    data = recordings()
    scenes = list(recorded(data / "manifest.csv", data))
    assert {scene.kind for scene in scenes} > {"urfd", "people_walk", "people_walk, nobody"}
    assert all(scene.file.is_file() for scene in scenes)
    assert all(scene.people is ("nobody" not in scene.kind) for scene in scenes)


def test_somebody_talks_for_as_long_as_asked():
    samples = talk(7.0)
    assert samples.dtype == np.float32
    assert len(samples) == 7 * 16_000
    seconds = np.abs(samples).reshape(7, -1).max(axis=1)
    assert (seconds > 0.05).all()
    assert seconds.max() < 0.3
