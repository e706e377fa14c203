"""One recording through the pipeline: what came of it, or why nothing could."""

from __future__ import annotations

import time as clock
from collections.abc import Collection
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC
from pathlib import Path

from omnicam.capture import CaptureError
from omnicam.config.load import default_classes
from omnicam.config.model import DEFAULT_WORDS, CameraSettings, ModelSettings
from omnicam.decide.events import Event
from omnicam.decide.support import SUPPORT
from omnicam.detect.pose.landmarker import LocalPoseEstimator
from omnicam.detect.protocol import Pose
from omnicam.evaluate.asking import Asking, Verified
from omnicam.evaluate.entries import Entry, Listener
from omnicam.evaluate.manifest import Recording
from omnicam.judge import Playback, recording
from omnicam.media import Pixels
from omnicam.taxonomy import ANOMALIES, AnomalyClass, Sense, Thresholds

_CUT_SHORT = 0.8  # of the duration that the manifest says


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What is the same for every recording of a run.

    Attributes:
        root: folder that the paths of the manifest start from.
        model: pose model.
        classes: classes that are judged.
        verify: asked about what is suspected; None for the detectors alone.
    """

    root: Path
    model: Path
    classes: frozenset[AnomalyClass]
    verify: ModelSettings | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a recording was judged to hold.

    Attributes:
        recording: the row of the manifest.
        seconds: of media that were played.
        error: why it could not be judged to its end, in a sentence; None if it could.
        warning: what makes its figures doubtful; None if nothing does.
        senses: what it offered.
        entries: its events.
        peaks: by target, the highest log-odds that two of three steps reached.
        evidence: the same of what the scorers summed up to, before any calibration.
        cpu_s: processor time.
        wall_s: time that passed.
        verified: what it was judged to hold with the model, where one was asked.
    """

    recording: Recording
    seconds: float = 0.0
    error: str | None = None
    warning: str | None = None
    senses: frozenset[Sense] = frozenset()
    entries: tuple[Entry, ...] = ()
    peaks: dict[str, float] = field(default_factory=dict)
    evidence: dict[str, float] = field(default_factory=dict)
    cpu_s: float = 0.0
    wall_s: float = 0.0
    verified: Verified | None = None


def play(row: Recording, task: Task) -> Outcome:
    """Judge one recording, by itself."""
    began, spent = clock.monotonic(), clock.process_time()
    outcome = _play(row, task)
    return replace(outcome, cpu_s=clock.process_time() - spent, wall_s=clock.monotonic() - began)


def _play(row: Recording, task: Task) -> Outcome:
    file = task.root / row.path
    if not file.is_file():
        return Outcome(recording=row, error=f"There is no file {row.path}.")
    listener = Listener(Thresholds())
    error: str | None = None
    pose = LocalPoseEstimator(task.model) if _looks(task.classes) else _Nobody()
    camera = _camera(file.resolve(), task.classes)
    asking = Asking(camera, task.verify, UTC) if task.verify is not None else None
    playback = Playback(
        camera,
        pose,
        DEFAULT_WORDS if AnomalyClass.ABNORMAL_SOUND in task.classes else (),
        observer=listener.read,
        still=row.still,
        zone=UTC,  # the same results on a machine elsewhere
        companion=asking,
    )
    verified: Verified | None = None
    try:
        with asking or nullcontext():
            for decision in playback.decisions():
                if not isinstance(decision, Event) or decision.anomaly in task.classes:
                    listener.decide(decision, playback.reached)
            verified = asking.finish() if asking is not None else None
    except CaptureError as problem:
        # Not where the recordings lie on this machine: the same results anywhere.
        error = str(problem).replace(str(file.resolve()), row.path)
    finally:
        pose.close()
    stats = playback.stats
    if error is None and not (stats.frames or stats.sounds):
        error = f"{row.path} holds no picture and no sound that could be decoded."
    offered = {Sense.PICTURE: stats.frames > 0, Sense.SOUND: stats.sounds > 0}
    return Outcome(
        recording=row,
        seconds=playback.seconds,
        error=error,
        warning=_warning(row, playback),
        senses=frozenset(sense for sense, there in offered.items() if there),
        entries=tuple(listener.entries),
        peaks=_of_classes(listener.peaks, task.classes),
        evidence=_of_classes(listener.evidence, task.classes),
        verified=verified and _of_these(verified, task.classes),
    )


def _camera(file: Path, classes: Collection[AnomalyClass]) -> CameraSettings:
    """Make a camera with the default settings, where only what is needed is watched for."""
    needed = set(classes)
    needed |= {support.anomaly for each in classes for support in SUPPORT.get(each, ())}
    settings = {
        anomaly: replace(each, enabled=each.enabled and anomaly in needed)
        for anomaly, each in default_classes().items()
    }
    audio = AnomalyClass.ABNORMAL_SOUND in needed
    return replace(recording(file), classes=settings, audio=audio)


def _looks(classes: Collection[AnomalyClass]) -> bool:
    """Whether any of the classes could ask where somebody is."""
    return any(ANOMALIES[each].senses != frozenset({Sense.SOUND}) for each in classes)


class _Nobody:
    """Stands in for the pose model where nothing would look at what it finds."""

    def estimate(self, image: Pixels) -> tuple[Pose, ...]:  # noqa: ARG002 - the protocol's
        """Find nobody."""
        return ()

    def close(self) -> None:
        """There is nothing to let go."""


def _of_classes(peaks: dict[str, float], classes: Collection[AnomalyClass]) -> dict[str, float]:
    others = {each.value for each in AnomalyClass if each not in classes}
    return {name: peaks[name] for name in sorted(peaks) if name.partition("/")[0] not in others}


def _of_these(verified: Verified, classes: Collection[AnomalyClass]) -> Verified:
    return replace(
        verified,
        entries=tuple(each for each in verified.entries if each.anomaly in classes),
        peaks=_of_classes(verified.peaks, classes),
        looks=tuple(each for each in verified.looks if each.anomaly in classes),
    )


def _warning(row: Recording, playback: Playback) -> str | None:
    said: list[str] = []
    if playback.corrupt:
        said.append(f"{playback.corrupt} packets or pictures could not be decoded")
    if row.duration_s and not row.still and playback.seconds < _CUT_SHORT * row.duration_s:
        said.append(f"{playback.seconds:.1f} s of the {row.duration_s:.1f} s in the manifest")
    return "; ".join(said) or None
