"""Judge recordings in this process, as fast as they can be read: capture, detect, decide.

Nothing is published or recorded. Stream time alone counts, so a night is judged in minutes and
twice the same.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import tzinfo
from pathlib import Path
from typing import Protocol

from omnicam import payloads
from omnicam.capture import RUN_ON_S, CameraStream, CaptureError
from omnicam.config.load import default_classes
from omnicam.config.model import CameraSettings, Pace, Secret
from omnicam.decide.decider import Decider, Decision, Observer
from omnicam.decide.events import Event
from omnicam.detect.analyser import Analyser, Stats
from omnicam.detect.pose.landmarker import LocalPoseEstimator
from omnicam.detect.pose.model import ModelMissingError, find_model
from omnicam.detect.protocol import Picture, PoseEstimator
from omnicam.detect.registry import make_scorers
from omnicam.evidence import Finding
from omnicam.media import Frame, MediaItem, Tick, time_of
from omnicam.time_zone import local_zone

STILL_S = 5.0
"""A single picture is shown for so long, as by a camera in front of which nothing moves."""


def recording(file: Path, camera: str = "recording") -> CameraSettings:
    """Make the settings of a camera that plays a file as fast as it can be read."""
    return CameraSettings(
        id=camera,
        name=file.name,
        url=Secret(str(file)),
        pace=Pace.FAST,
        starts_at=0.0,
        classes=default_classes(),
    )


class Companion(Protocol):
    """Somebody who follows a recording beside the decider."""

    def take(self, item: MediaItem, findings: Iterable[Finding], seen: Picture | None) -> None:
        """Take a piece of media with what the scorers found in it and what the analysis saw."""


class Playback:
    """One recording on its way through the pipeline.

    Args:
        camera: plays a file, fast.
        pose: finds bodies; not closed here.
        words: of the spoken trigger.
        observer: told where every class stands at each step.
        companion: shown every piece of media with what was found in it.
        still: whether the file is a single picture, to be shown for `STILL_S`.
        zone: local time of the camera, None for the machine's own.

    Attributes:
        reached: how far it has been played, in stream time.
        seconds: how much of it has been played, without what time runs on by after its end.
        corrupt: packets and pictures that could not be decoded, known at the end.
        stats: what the analysis did.
    """

    def __init__(
        self,
        camera: CameraSettings,
        pose: PoseEstimator,
        words: tuple[str, ...] = ("help",),
        *,
        observer: Observer | None = None,
        still: bool = False,
        zone: tzinfo | None = None,
        companion: Companion | None = None,
    ) -> None:
        zone = zone or local_zone(None)
        self._camera = camera
        self._still = still
        self._companion = companion
        self._analyser = Analyser(camera, zone, pose, make_scorers(camera, zone, words))
        self._decider = Decider(camera, observer=observer)
        self.reached = camera.starts_at or 0.0
        self.seconds = 0.0
        self.corrupt = 0

    @property
    def stats(self) -> Stats:
        """What the analysis did so far."""
        return self._analyser.stats

    def decisions(self) -> Iterator[Decision]:
        """Play it and give every decision in order.

        Raises:
            CaptureError: the file cannot be read, or not to its end; what was open has ended.
        """
        began = self.reached
        try:
            with CameraStream(self._camera) as stream:
                for item in _held(stream, self._camera.frame_rate) if self._still else stream:
                    self.reached = max(self.reached, time_of(item))
                    over = RUN_ON_S if isinstance(item, Tick) else 0.0
                    self.seconds = self.reached - over - began
                    findings = tuple(self._analyser.observe(item))
                    for finding in findings:
                        yield from self._decider.observe(finding)
                    yield from self._decider.advance(time_of(item))
                    if self._companion is not None:
                        self._companion.take(item, findings, self._analyser.seen)
                self.corrupt = stream.stats().corrupt
        except CaptureError:
            yield from self._decider.finish()
            raise
        yield from self._decider.finish()


def decisions(
    camera: CameraSettings, pose: PoseEstimator, words: tuple[str, ...] = ("help",)
) -> Iterator[Decision]:
    """Play a recording through the pipeline and give every decision in order.

    Raises:
        CaptureError: the file cannot be read, or not to its end.
    """
    return Playback(camera, pose, words).decisions()


def _held(stream: CameraStream, rate: float) -> Iterator[MediaItem]:
    """Show the first picture again and again, and leave out all else."""
    frame = next((item for item in stream if isinstance(item, Frame)), None)
    if frame is None:
        return
    for number in range(round(STILL_S * rate)):
        yield Frame(
            camera=frame.camera,
            time=frame.time + number / rate,
            image=frame.raster,
            sequence=number,
        )


def print_events(files: Sequence[Path], model: Path | None) -> int:
    """Print one JSON line a decision and give the number of files that could not be judged."""
    failed = 0
    for file in files:
        try:
            pose = LocalPoseEstimator(find_model(model))
        except ModelMissingError as error:
            print(error, file=sys.stderr)
            return len(files)
        try:
            for decision in decisions(recording(file), pose):
                print(json.dumps({"file": str(file)} | _shown(decision), ensure_ascii=False))
        except CaptureError as error:
            failed += 1
            print(f"{file}: {error}", file=sys.stderr)
        finally:
            pose.close()
    return failed


def _shown(decision: Decision) -> payloads.Payload:
    if isinstance(decision, Event):
        return payloads.event(decision, snapshot=None, clip=None)
    return payloads.help_call(decision)
