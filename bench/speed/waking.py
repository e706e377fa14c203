"""Our gate and Frigate's motion stage on the same pictures: what each costs and wakes up for.

Ours is what decides whether the pose model looks: shrinking to grey, motion, the gate's decision.
Frigate's is its motion detector with all settings at their defaults. Both see the first picture of
a recording for 20 s before they are judged, and get the decoder's brightness of the same pictures
at the analysis rate, with OpenCV on one thread, in turns. The cost is the processor time of this
thread, of which the median over all pictures is told.
"""

from __future__ import annotations

import time as clock
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from omnicam.capture import CameraStream
from omnicam.detect.analyser import small_grey
from omnicam.detect.gate import AFTER_MOTION_S, PoseGate
from omnicam.detect.motion import MotionDetector
from omnicam.judge import recording
from omnicam.media import Frame, Pixels
from speed.frigate import Detector, Frigate

RATE = 6.0
WARM_UP_S = 20.0
NORMAL_SIZE = (640, 480)


@dataclass(slots=True)
class Watched:
    """What the two made of one recording, a value a picture.

    Attributes:
        times: stream time.
        size: width and height of the decoded pictures.
        ours, frigate: whether something moved.
        looks: whether our gate was open (motion, shortly after, and now and then to be sure).
        seconds: processor time by size ("own" or "640x480") and stage: "grey", "motion", "gate",
            "ours" (their sum) and "frigate".
    """

    times: list[float] = field(default_factory=list)
    size: tuple[int, int] = (0, 0)
    ours: list[bool] = field(default_factory=list)
    frigate: list[bool] = field(default_factory=list)
    looks: list[bool] = field(default_factory=list)
    seconds: dict[str, dict[str, list[float]]] = field(default_factory=dict)


class Brightness:
    """A picture of which only the brightness is there, as the decoder gives it."""

    def __init__(self, luma: Pixels, *, full_range: bool) -> None:
        self._luma, self._full_range = luma, full_range
        self.shape = (*luma.shape, 3)

    def rgb(self) -> Pixels:
        """Give it without colours."""
        return np.repeat(self._luma[..., None], 3, axis=2)

    def luma(self) -> Pixels:
        """Give it."""
        return self._luma

    def full_range(self) -> bool:
        """Whether it uses 0..255."""
        return self._full_range


class Ours:
    """Our stages up to the decision whether anybody looks."""

    def __init__(self) -> None:
        self._motion, self._gate = MotionDetector(), PoseGate()
        self.steps: dict[str, list[float]] = {"grey": [], "motion": [], "gate": []}

    def take(self, picture: Brightness, time: float) -> tuple[bool, bool]:
        """Take a picture; give whether something moves and whether the gate is open."""
        start = clock.thread_time()
        grey = small_grey(picture)
        shrunk = clock.thread_time()
        motion = self._motion.observe(grey, time)
        compared = clock.thread_time()
        looks = self._gate.opens(time, motion, anyone_kept=False)
        decided = clock.thread_time()
        self.steps["grey"].append(shrunk - start)
        self.steps["motion"].append(compared - shrunk)
        self.steps["gate"].append(decided - compared)
        return bool(motion.regions), looks


class Peer:
    """Frigate's stage; made when the size of the pictures is known."""

    def __init__(self, frigate: Frigate) -> None:
        self._frigate = frigate
        self._detector: Detector | None = None
        self.seconds: list[float] = []

    def take(self, luma: Pixels) -> bool:
        """Take a picture; give whether Frigate would look at what moves."""
        if self._detector is None:
            self._detector = self._frigate.detector(luma.shape[0], luma.shape[1], RATE)
        start = clock.thread_time()
        boxes = self._detector.detect(luma)
        moves = bool(boxes) and not self._detector.is_calibrating()
        self.seconds.append(clock.thread_time() - start)
        return moves


class Pair:
    """Both at one size of pictures."""

    def __init__(self, frigate: Frigate) -> None:
        self._ours, self._peer = Ours(), Peer(frigate)

    def take(self, picture: Brightness, time: float) -> tuple[bool, bool, bool]:
        """Give whether something moves by us, whether our gate is open, and by Frigate.

        Whoever comes second finds the picture in the processor's cache: they take turns.
        """
        luma = picture.luma()
        if len(self._peer.seconds) % 2:
            theirs = self._peer.take(luma)
            return (*self._ours.take(picture, time), theirs)
        return (*self._ours.take(picture, time), self._peer.take(luma))

    def warm_up(self, picture: Brightness, until: float) -> None:
        """Show the first picture for a while: both learn their view before they are judged."""
        for step in range(round(WARM_UP_S * RATE), 0, -1):
            self.take(picture, until - step / RATE)

    def seconds(self) -> dict[str, list[float]]:
        """Give the processor time of every picture by stage."""
        ours = [sum(parts) for parts in zip(*self._ours.steps.values(), strict=True)]
        return {**self._ours.steps, "ours": ours, "frigate": self._peer.seconds}


def watch(file: Path, frigate: Frigate) -> Watched:
    """Play a recording through both.

    Raises:
        CaptureError: it cannot be read, or not to its end.
    """
    cv2.setNumThreads(1)
    watched = Watched()
    own, normal = Pair(frigate), Pair(frigate)
    for time, picture in _brightness(file):
        luma = picture.luma()
        small = cv2.resize(luma, NORMAL_SIZE, interpolation=cv2.INTER_AREA).astype(np.uint8)
        shrunk = Brightness(small, full_range=picture.full_range())
        if not watched.times:
            watched.size = (luma.shape[1], luma.shape[0])
            own.warm_up(picture, time)
            normal.warm_up(shrunk, time)
        ours, looks, theirs = own.take(picture, time)
        watched.times.append(time)
        watched.ours.append(ours)
        watched.looks.append(looks)
        watched.frigate.append(theirs)
        normal.take(shrunk, time)
    watched.seconds = {"own": own.seconds(), "640x480": normal.seconds()}
    return watched


def held(
    times: Iterable[float], moves: Iterable[bool], hold_s: float = AFTER_MOTION_S
) -> list[bool]:
    """Stay awake for a while after each movement, as our gate does."""
    until = float("-inf")
    awake = []
    for time, moving in zip(times, moves, strict=True):
        until = max(until, time + hold_s) if moving else until
        awake.append(time <= until)
    return awake


def _brightness(file: Path) -> Iterator[tuple[float, Brightness]]:
    with CameraStream(recording(file)) as stream:
        for item in stream:
            if isinstance(item, Frame):
                luma = item.raster.luma()
                if luma is None:
                    grey = cv2.cvtColor(item.image, cv2.COLOR_RGB2GRAY).astype(np.uint8)
                    yield item.time, Brightness(grey, full_range=True)
                else:
                    luma = np.ascontiguousarray(luma)
                    yield item.time, Brightness(luma, full_range=item.raster.full_range())
