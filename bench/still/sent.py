"""One recording through capture, detect and the cutting of windows, counted in visual tokens."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC
from pathlib import Path

import cv2
import numpy as np

from omnicam.capture import CameraStream
from omnicam.config.model import Language, ModelSettings
from omnicam.decide.decider import Decider
from omnicam.detect.analyser import Analyser
from omnicam.detect.pose.landmarker import LocalPoseEstimator
from omnicam.detect.pose.model import find_model
from omnicam.detect.registry import make_scorers
from omnicam.judge import recording
from omnicam.media import AudioChunk, Frame, MediaItem, time_of
from omnicam.verify.cutting import Recent
from omnicam.verify.gate import Gate
from omnicam.verify.window import SPAN_S, Window, WindowOrder

PIXELS_A_TOKEN = 32
"""Qwen3-Omni: patches of 16, merged two by two; a side is rounded to a multiple of it."""

PICTURES = 4


def tokens(width: int, height: int) -> int:
    """Give the visual tokens of a picture."""
    return max(round(width / PIXELS_A_TOKEN), 1) * max(round(height / PIXELS_A_TOKEN), 1)


@dataclass(slots=True)
class Count:
    """What one way of sending costs.

    Attributes:
        pictures: that were sent.
        pixels: of them.
        tokens: of them.
        encoded: tokens of those whose bytes the server had not seen before.
    """

    pictures: int = 0
    pixels: int = 0
    tokens: int = 0
    encoded: int = 0

    def add(self, width: int, height: int, *, new: bool) -> None:
        """Count a picture."""
        self.pictures += 1
        self.pixels += width * height
        self.tokens += tokens(width, height)
        self.encoded += tokens(width, height) if new else 0


@dataclass(slots=True)
class Sent:
    """One recording.

    Attributes:
        path: of it, as given.
        seconds: of it.
        every: every analysed picture whole.
        whole: a window every four seconds, its pictures whole.
        windows: a window every four seconds, as this project cuts it.
        asked: the windows about which the gate asks.
        looks: how many windows these are.
    """

    path: str
    seconds: float = 0.0
    every: Count = field(default_factory=Count)
    whole: Count = field(default_factory=Count)
    windows: Count = field(default_factory=Count)
    asked: Count = field(default_factory=Count)
    looks: int = 0


def play(path: str, root: Path) -> Sent:
    """Play a recording.

    Raises:
        CaptureError: it cannot be read.
    """
    camera, sent = recording(root / path), Sent(path)
    # Windows that follow each other without a pause, and those about which the gate asks, are two
    # servers' worth of pictures: each has its own cutter and its own memory.
    steady, asking = Recent(camera, UTC), Recent(camera, UTC)
    known: tuple[set[str], set[str]] = (set(), set())
    model = ModelSettings(url="http://127.0.0.1/v1", name="none", language=Language.ENGLISH)
    gate, decider = Gate(camera, model), Decider(camera)
    pose = LocalPoseEstimator(find_model(None))
    due = SPAN_S
    try:
        analyser = Analyser(camera, UTC, pose, make_scorers(camera, UTC))
        with CameraStream(camera) as stream:
            for item in stream:
                for finding in analyser.observe(item):
                    decider.observe(finding)
                reached = time_of(item)
                decider.advance(reached)
                _remember(item, analyser, steady, asking)
                if isinstance(item, Frame):
                    height, width = item.image.shape[:2]
                    sent.every.add(width, height, new=True)
                    sent.seconds = max(sent.seconds, reached)
                seen = analyser.seen
                people = len(seen.people) if seen is not None else 0
                ask = gate.reached(reached, decider.standings(), people=people)
                if ask is not None:
                    order = WindowOrder(time=reached, region=ask.region, pictures=PICTURES)
                    if (window := asking.cut(order)) is not None:
                        sent.looks += 1
                        _count(window, sent.asked, known[1])
                if isinstance(item, Frame) and reached >= due:
                    due += SPAN_S
                    order = WindowOrder(time=reached, region=None, pictures=PICTURES)
                    if (window := steady.cut(order)) is not None:
                        _count(window, sent.windows, known[0])
                        for _ in range(PICTURES + 1):
                            sent.whole.add(width, height, new=True)
    finally:
        pose.close()
    return sent


def _remember(item: MediaItem, analyser: Analyser, *recents: Recent) -> None:
    for recent in recents:
        if isinstance(item, Frame) and (seen := analyser.seen) is not None:
            moving = () if seen.motion.global_change else seen.motion.regions
            recent.see(item, moving, tuple(person.region for person in seen.people))
        elif isinstance(item, AudioChunk):
            recent.hear(item)


def _count(window: Window, count: Count, known: set[str]) -> None:
    for data in (window.whole, *window.pictures):
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        if picture is None:
            raise RuntimeError("a window holds no picture")
        digest = hashlib.sha256(data).hexdigest()
        count.add(picture.shape[1], picture.shape[0], new=digest not in known)
        known.add(digest)
