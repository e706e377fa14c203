"""Judge recordings in this process, as fast as they can be read: capture, detect, decide.

Nothing is published or recorded. Stream time alone counts, so a night is judged in minutes and
twice the same.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from omnicam import payloads
from omnicam.capture import CameraStream, CaptureError
from omnicam.config.load import default_classes
from omnicam.config.model import CameraSettings, Pace, Secret
from omnicam.decide.decider import Decider, Decision
from omnicam.decide.events import Event
from omnicam.detect.analyser import Analyser
from omnicam.detect.pose.landmarker import LocalPoseEstimator
from omnicam.detect.pose.model import ModelMissingError, find_model
from omnicam.detect.protocol import PoseEstimator
from omnicam.detect.registry import make_scorers
from omnicam.media import time_of
from omnicam.time_zone import local_zone


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


def decisions(
    camera: CameraSettings, pose: PoseEstimator, words: tuple[str, ...] = ("help",)
) -> Iterator[Decision]:
    """Play a recording through the pipeline and give every decision in order.

    Raises:
        CaptureError: the file cannot be read, or not to its end.
    """
    zone = local_zone(None)
    analyser = Analyser(camera, zone, pose, make_scorers(camera, zone, words))
    decider = Decider(camera)
    with CameraStream(camera) as stream:
        for item in stream:
            for finding in analyser.observe(item):
                yield from decider.observe(finding)
            yield from decider.advance(time_of(item))
    yield from decider.finish()


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
