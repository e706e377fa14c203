"""What the scorers say about every recording, worked out once and kept if asked."""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from omnicam.capture import CameraStream, CaptureError
from omnicam.detect.analyser import Analyser
from omnicam.detect.pose.landmarker import LocalPoseEstimator
from omnicam.detect.pose.model import find_model
from omnicam.detect.registry import make_scorers
from omnicam.evidence import Evidence, Finding
from omnicam.judge import recording
from omnicam.media import time_of
from omnicam.time_zone import local_zone

type Said = tuple[float, tuple[Finding, ...]]
"""Stream time reached with an item of media, and what the scorers said about it."""


@dataclass(frozen=True, slots=True)
class Heard:
    """One recording.

    Attributes:
        path: below the root.
        label: as the manifest says.
        group: recordings of one group are of one person, room or session.
        said: in stream order, from 0.
    """

    path: str
    label: str
    group: str
    said: tuple[Said, ...]

    @property
    def seconds(self) -> float:
        """How long it is."""
        return max((time for time, _ in self.said), default=0.0)


def hear(path: str, label: str, group: str, root: Path, cache: Path | None) -> Heard:
    """Play a recording through capture and detect.

    Args:
        path: of the recording, below the root.
        label: as the manifest says.
        group: as the manifest says.
        root: folder of the recordings.
        cache: folder in which findings are kept; it belongs to one state of the detectors.

    Raises:
        CaptureError: it cannot be read.
    """
    kept = None
    if cache is not None:
        cache.mkdir(parents=True, exist_ok=True)
        kept = cache / f"{hashlib.sha256(path.encode()).hexdigest()[:32]}.pickle"
        if kept.is_file():
            # Written by this program alone, into a folder that its user named.
            said = pickle.loads(kept.read_bytes())  # noqa: S301
            return Heard(path, label, group, said)
    said = tuple(_played(root / path))
    if kept is not None:
        kept.write_bytes(pickle.dumps(said))
    return Heard(path, label, group, said)


def _played(file: Path) -> Iterable[Said]:
    camera, zone = recording(file), local_zone(None)
    pose = LocalPoseEstimator(find_model(None))
    try:
        analyser = Analyser(camera, zone, pose, make_scorers(camera, zone, ("help",)))
        with CameraStream(camera) as stream:
            for item in stream:
                yield time_of(item), tuple(analyser.observe(item))
    finally:
        pose.close()


def moved(finding: Finding, by: float) -> Finding:
    """Give a finding at another time."""
    if isinstance(finding, Evidence):
        onset = None if finding.onset is None else finding.onset + by
        return replace(finding, time=finding.time + by, onset=onset)
    return replace(finding, time=finding.time + by, onset=finding.onset + by)


__all__ = ["CaptureError", "Heard", "hear", "moved"]
