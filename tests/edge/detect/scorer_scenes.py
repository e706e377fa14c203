"""Synthetic pictures, people and the real fusion, for the tests of single scorers."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC
from pathlib import Path

import av
import cv2
import numpy as np
import numpy.typing as npt
import pytest

from omnicam.config.model import CameraSettings, Line, Secret, Zone
from omnicam.decide.fusion import Fusion, confidence_of, log_odds_of
from omnicam.detect.motion import MotionDetector
from omnicam.detect.protocol import (
    Observation,
    Person,
    Picture,
    Pose,
    Scorer,
    ScorerContext,
)
from omnicam.evidence import Evidence, Region
from omnicam.media import Pixels
from omnicam.taxonomy import ANOMALIES

NOON = 1_770_033_600.0
"""2026-02-02 12:00 UTC."""

MIDNIGHT = NOON + 12 * 3600.0
RATE = 6.0

type Change = Callable[[float, npt.NDArray[np.float32]], npt.NDArray[np.float32]]


def context(zones: Sequence[Zone] = (), lines: Sequence[Line] = ()) -> ScorerContext:
    """Settings of a camera in UTC with the usual night, 22:00 to 6:00."""
    camera = CameraSettings(
        id="room", name="Room", url=Secret("file"), zones=tuple(zones), lines=tuple(lines)
    )
    return ScorerContext(camera=camera, time_zone=UTC)


def with_loitering(given: ScorerContext, seconds: float) -> ScorerContext:
    """The same with another dwell."""
    return replace(given, camera=replace(given.camera, loitering_s=seconds))


def room(seed: int = 0, height: int = 180, width: int = 320) -> npt.NDArray[np.float32]:
    """A view with furniture-like rectangles, lines and shading, shape (h, w), grey levels."""
    rng = np.random.default_rng(seed)
    view = np.tile(np.linspace(90, 150, width, dtype=np.float32), (height, 1))
    for _ in range(45):
        x, y = int(rng.integers(0, width)), int(rng.integers(0, height))
        w, h = int(rng.integers(14, 80)), int(rng.integers(14, 60))
        shade = float(rng.uniform(20, 230))
        cv2.rectangle(view, (x, y), (x + w, y + h), shade, -1)
    return view


class Camera:
    """Turns views into observations, with sensor noise, at 6 pictures a second."""

    def __init__(self, start: float = NOON, noise: float = 2.0, seed: int = 1) -> None:
        self.time = start
        self._noise = noise
        self._rng = np.random.default_rng(seed)
        # Drawing fresh noise for every picture would be most of a test's time: shift one field.
        self._field = self._rng.normal(0, 1, (512, 1024)).astype(np.float32)
        self._motion = MotionDetector()

    def shoot(
        self,
        view: npt.NDArray[np.float32],
        people: tuple[Person, ...] = (),
        noise: float | None = None,
    ) -> Observation:
        """Take a picture of a grey (h, w) or RGB (h, w, 3) view."""
        sigma = self._noise if noise is None else noise
        height, width = view.shape[:2]
        y, x = self._rng.integers(0, 512 - height), self._rng.integers(0, 1024 - width)
        grain = self._field[y : y + height, x : x + width] * np.float32(sigma)
        noisy = view + (grain if view.ndim == 2 else grain[:, :, None])
        image = np.clip(noisy, 0, 255).astype(np.uint8)
        if image.ndim == 2:
            image = np.repeat(image[:, :, None], 3, axis=2)
        return self.show(image, people)

    def show(self, image: Pixels, people: tuple[Person, ...] = ()) -> Observation:
        """Send exactly this RGB picture."""
        grey = small_grey(image)
        picture = Picture(
            image=image,
            grey=grey,
            motion=self._motion.observe(grey, self.time),
            people=people,
            pose_ran=bool(people),
        )
        observation = Observation(camera="room", time=self.time, picture=picture)
        self.time += 1.0 / RATE
        return observation


def small_grey(image: Pixels) -> Pixels:
    """The 160 wide grey picture that scorers get."""
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    height = max(1, round(160 * grey.shape[0] / grey.shape[1]))
    return np.asarray(cv2.resize(grey, (160, height), interpolation=cv2.INTER_AREA), np.uint8)


class Judge:
    """One scorer with the real fusion of its class."""

    def __init__(self, scorer: Scorer) -> None:
        self.scorer = scorer
        self.said: list[Evidence] = []
        self.course: list[tuple[float, float]] = []
        self._fusions: dict[str, Fusion] = {}

    def see(self, observations: Iterable[Observation]) -> list[float]:
        """Show observations; give the confidence after each."""
        confidences = []
        for observation in observations:
            for evidence in self.scorer.observe(observation):
                assert isinstance(evidence, Evidence)
                assert evidence.scorer == self.scorer.name
                assert evidence.scorer in ANOMALIES[evidence.anomaly].scorers
                self.said.append(evidence)
                anomaly = ANOMALIES[evidence.anomaly]
                self._fusions.setdefault(evidence.anomaly, Fusion(anomaly.window_s)).add(evidence)
            confidences.append(self.confidence(observation.time))
            self.course.append((observation.time, confidences[-1]))
        return confidences

    def confidence(self, time: float) -> float:
        """Confidence of the surest class so far."""
        prior = log_odds_of(0.05)
        sums = [fusion.weigh(time)[0] for fusion in self._fusions.values()]
        return confidence_of(prior + max(sums, default=0.0))

    def alarm_after(self, start: float) -> float:
        """Seconds from `start` to the first confidence above 0.92."""
        times = [time for time, confidence in self.course if confidence > 0.92 and time >= start]
        assert times, f"no alarm: highest {max((c for _, c in self.course), default=0):.3f}"
        return times[0] - start


# x and y of the 33 BlazePose landmarks of somebody standing, in body heights from the feet.
_FACE = [(0.0, -0.93)] * 11
_STANDING = [
    *_FACE,
    (0.11, -0.8), (-0.11, -0.8), (0.13, -0.62), (-0.13, -0.62), (0.14, -0.48), (-0.14, -0.48),
    *[(0.14, -0.45), (-0.14, -0.45)] * 3,
    (0.06, -0.5), (-0.06, -0.5), (0.06, -0.27), (-0.06, -0.27), (0.06, -0.03), (-0.06, -0.03),
    (0.06, 0.0), (-0.06, 0.0), (0.08, 0.0), (-0.08, 0.0),
]  # fmt: skip
BODY_M = 1.7


def person(
    x: float,
    feet: float,
    height: float = 0.4,
    *,
    track: int = 1,
    now: float = NOON,
    moves: dict[int, tuple[float, float]] | None = None,
    feet_visible: bool = True,
) -> Person:
    """Somebody upright whose feet stand at (x, feet), both fractions of a square picture.

    Args:
        x: of the middle of the feet.
        feet: y of the feet.
        height: of the body, as a fraction of the picture.
        track: number of the person.
        now: stream time.
        moves: landmark index -> offset in body heights.
        feet_visible: whether ankles, heels and toes are seen.
    """
    points = np.array(_STANDING, np.float32)
    for index, offset in (moves or {}).items():
        points[index] += offset
    landmarks = np.zeros((33, 3), np.float32)
    landmarks[:, :2] = points * height + (x, feet)
    world = np.zeros((33, 3), np.float32)
    world[:, :2] = (points - points[23:25].mean(axis=0)) * BODY_M
    visibility = np.full(33, 0.95, np.float32)
    if not feet_visible:
        visibility[27:] = 0.1
    low, high = landmarks[:, :2].min(axis=0), landmarks[:, :2].max(axis=0)
    region = Region(
        x=float(low[0]),
        y=float(low[1]),
        width=float(high[0] - low[0]),
        height=float(high[1] - low[1]),
    )
    pose = Pose(landmarks=landmarks, world=world, visibility=visibility)
    return Person(track=track, pose=pose, region=region, first_seen=now, last_seen=now)


SQUARE = np.full((160, 160), 128, np.float32)
"""An empty square view for tests of people."""


def recordings() -> Path:
    """The folder of real recordings, or skip."""
    repository = Path(__file__).resolve().parents[3]
    shared = Path(os.environ.get("OMNICAM_SHARED", repository.parent / "shared"))
    if not (shared / "data").is_dir():
        pytest.skip("needs the real recordings (set OMNICAM_SHARED)")
    return shared / "data"


def play(path: Path, start: float = NOON, rate: float = RATE) -> Iterator[Observation]:
    """Decode a recording at the analysis rate."""
    camera = Camera(start)
    due = 0.0
    with av.open(str(path)) as container:
        for frame in container.decode(container.streams.video[0]):
            if frame.time is None or frame.time < due - 1e-3:
                continue
            due += 1.0 / rate
            camera.time = start + frame.time
            yield camera.show(frame.to_ndarray(format="rgb24"))
