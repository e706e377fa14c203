"""One camera's whole analysis: from media in stream order to what the scorers say."""

from __future__ import annotations

import math
import time as clock
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import tzinfo

import cv2
import numpy as np

from omnicam.config.model import CameraSettings, ZoneKind
from omnicam.detect.areas import active_zones, in_any
from omnicam.detect.gate import PoseGate
from omnicam.detect.motion import MotionDetector
from omnicam.detect.protocol import (
    Motion,
    Need,
    Observation,
    Person,
    Picture,
    PoseEstimator,
    PoseUnavailableError,
    Scorer,
)
from omnicam.detect.soundtrack import Soundtrack
from omnicam.detect.tracks import Tracker
from omnicam.evidence import Finding
from omnicam.media import (
    AudioChunk,
    Frame,
    MediaItem,
    Pixels,
    Raster,
    SignalChange,
    Tick,
    raster,
)

GREY_WIDTH = 160

_FROM_TELEVISION = np.clip(np.rint((np.arange(256) - 16.0) * 255.0 / 219.0), 0, 255).astype(
    np.uint8
)
"""Brightness of 16..235, as video carries it, in 0..255."""


@dataclass(slots=True)
class Stats:
    """What the analysis of one camera did so far; seconds are of this thread's processor time.

    Attributes:
        frames: pictures analysed.
        sounds: pieces of sound analysed.
        pose_runs: pictures in which bodies were looked for.
        pose_drops: of these, pictures for which the pose model gave no answer.
        seconds: processor time by stage: "grey", "motion", "colours", "pose" (without the model's,
            which has threads or a process of its own), "tracks", "sound", and every scorer by its
            name.
    """

    frames: int = 0
    sounds: int = 0
    pose_runs: int = 0
    pose_drops: int = 0
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Add the processor time of the block to a stage."""
        start = clock.thread_time()
        try:
            yield
        finally:
            spent = clock.thread_time() - start
            self.seconds[stage] = self.seconds.get(stage, 0.0) + spent


class Analyser:
    """Shows one camera's media to its scorers.

    It holds no clock of its own and opens nothing: the same media give the same findings. What a
    scorer or the pose model raises comes through, save `PoseUnavailableError`, for which the
    picture counts as dropped and people stay as they were.

    Args:
        camera: the camera's settings.
        time_zone: local time of the camera, for zones with hours.
        pose: finds bodies; not closed here.
        scorers: the camera's own, in the order in which they speak.

    Attributes:
        stats: what was done so far.
        seen: the newest picture with what moved and who is there; None before the first.
    """

    def __init__(
        self,
        camera: CameraSettings,
        time_zone: tzinfo,
        pose: PoseEstimator,
        scorers: Sequence[Scorer],
    ) -> None:
        self._camera = camera
        self._time_zone = time_zone
        self._pose = pose
        self._scorers = {
            need: tuple(scorer for scorer in scorers if need in scorer.needs) for need in Need
        }
        # Pictures of 160x120 gain nothing from threads, which wait for each other by spinning.
        cv2.setNumThreads(1)
        self._motion = MotionDetector()
        self._gate = PoseGate()
        self._tracker = Tracker()
        self._soundtrack = Soundtrack()
        self._aspect = 0.0
        self.stats = Stats()
        self.seen: Picture | None = None

    def observe(self, item: MediaItem) -> list[Finding]:
        """Take the next item of the stream and give what the scorers say about it."""
        match item:
            case Frame():
                return self._on_frame(item)
            case AudioChunk():
                return self._on_sound(item)
            case SignalChange():
                return self._on_signal(item)
            case Tick():
                return []  # time without media is decide's matter; capture repeats a loss itself

    def _on_frame(self, frame: Frame) -> list[Finding]:
        self.stats.frames += 1
        with self.stats.timed("grey"):
            grey = small_grey(frame.raster)
        ignored = active_zones(self._camera.zones, ZoneKind.IGNORED, frame.time, self._time_zone)
        with self.stats.timed("motion"):
            motion = self._motion.observe(grey, frame.time, ignored)
        height, width = frame.raster.shape[:2]
        if width / height != self._aspect:  # another picture altogether: nobody is where they were
            self._aspect = width / height
            self._tracker.forget()
        ran = self._look(frame, motion)
        people = tuple(
            person for person in self._tracker.people if not in_any(ignored, *_middle(person))
        )
        picture = Picture(image=frame.raster, grey=grey, motion=motion, people=people, pose_ran=ran)
        self.seen = picture
        return self._ask(
            Need.PICTURE, Observation(camera=frame.camera, time=frame.time, picture=picture)
        )

    def _look(self, frame: Frame, motion: Motion) -> bool:
        """Run the pose model where the gate says so; False where it did not run or answer."""
        kept = bool(self._tracker.people)
        if not self._gate.opens(frame.time, motion, anyone_kept=kept):
            return False
        self.stats.pose_runs += 1
        with self.stats.timed("colours"):
            image = frame.image
        try:
            with self.stats.timed("pose"):
                poses = self._pose.estimate(image)
        except PoseUnavailableError:
            self.stats.pose_drops += 1
            return False
        with self.stats.timed("tracks"):
            self._tracker.observe(
                poses, frame.time, aspect=self._aspect, moving=bool(motion.regions)
            )
            self._gate.learn(frame.time, self._tracker.people, self._aspect)
        return True

    def _on_sound(self, chunk: AudioChunk) -> list[Finding]:
        if not self._camera.audio:
            return []
        with self.stats.timed("sound"):
            pieces = self._soundtrack.hear(chunk)
        findings: list[Finding] = []
        for time, sound in pieces:
            self.stats.sounds += 1
            findings += self._ask(
                Need.SOUND, Observation(camera=chunk.camera, time=time, sound=sound)
            )
        return findings

    def _on_signal(self, change: SignalChange) -> list[Finding]:
        if change.present:
            self._gate.reopen(change.time)
        return self._ask(
            Need.SIGNAL, Observation(camera=change.camera, time=change.time, signal=change)
        )

    def _ask(self, need: Need, observation: Observation) -> list[Finding]:
        findings: list[Finding] = []
        seconds, since = self.stats.seconds, clock.thread_time()
        for scorer in self._scorers[need]:
            findings.extend(scorer.observe(observation))
            now = clock.thread_time()  # asked once for each: a context manager costs as much again
            seconds[scorer.name] = seconds.get(scorer.name, 0.0) + now - since
            since = now
        return findings


def small_grey(image: Pixels | Raster) -> Pixels:
    """Shrink a picture to a grey one 160 pixels wide, by averaging areas."""
    source = raster(image)
    height, width = source.shape[:2]
    size = (GREY_WIDTH, max(math.floor(height * GREY_WIDTH / width + 0.5), 1))
    full_range, luma = source.full_range(), source.luma()
    if luma is None:
        full_range = True
        # First: one channel is cheaper to average.
        luma = np.asarray(cv2.cvtColor(source.rgb(), cv2.COLOR_RGB2GRAY), np.uint8)
    grey = np.asarray(cv2.resize(luma, size, interpolation=cv2.INTER_AREA), np.uint8)
    return grey if full_range else np.asarray(cv2.LUT(grey, _FROM_TELEVISION), np.uint8)


def _middle(person: Person) -> tuple[float, float]:
    box = person.region
    return box.x + box.width / 2, box.y + box.height / 2
