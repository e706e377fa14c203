"""In which pictures of a recording somebody moves, by the pose model in every picture.

This is what a gate must not sleep through. The model looks at every picture, so it takes a while;
what it found is kept in `.cache/bench`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from omnicam.capture import CameraStream
from omnicam.detect.body import credible
from omnicam.detect.pose.landmarker import LocalPoseEstimator
from omnicam.detect.pose.model import find_model
from omnicam.detect.protocol import Pose
from omnicam.judge import recording
from omnicam.media import Frame
from speed.clips import CACHE

MOVES = 0.03
"""Share of the body's height that half of its landmarks pass from one picture to the next: 5 cm in
a sixth of a second. What the model trembles on somebody still is about a third of it."""

_LONGEST_STEP_S = 0.4
_SEEN = 0.5


def moving(file: Path) -> list[bool]:
    """Say for every picture at the analysis rate whether somebody in it moves.

    Raises:
        CaptureError: the recording cannot be read.
        ModelMissingError: there is no pose model.
    """
    digest = hashlib.sha256(Path(__file__).read_bytes())
    digest.update(file.read_bytes())
    kept = CACHE / f"moving-{digest.hexdigest()[:16]}.json"
    if kept.exists():
        found: list[bool] = json.loads(kept.read_text(encoding="utf-8"))
        return found
    with LocalPoseEstimator(find_model(None)) as model, CameraStream(recording(file)) as stream:
        frames = (item for item in stream if isinstance(item, Frame))
        looks = [
            (frame.time, frame.raster.shape[1] / frame.raster.shape[0], model.estimate(frame.image))
            for frame in frames
        ]
    found = somebody_moves(looks)
    kept.parent.mkdir(parents=True, exist_ok=True)
    draft = kept.with_suffix(".part")
    draft.write_text(json.dumps(found), encoding="utf-8")
    draft.replace(kept)
    return found


def somebody_moves(looks: Iterable[tuple[float, float, Sequence[Pose]]]) -> list[bool]:
    """Compare each picture's bodies with those before.

    Args:
        looks: time, width by height and poses of each picture.
    """
    found = []
    last = float("-inf")
    before: tuple[Pose, ...] = ()
    for time, aspect, poses in looks:
        bodies = tuple(pose for pose in poses if credible(pose))
        near = before if time - last <= _LONGEST_STEP_S else ()
        found.append(bool(near) and any(_step(body, near, aspect) > MOVES for body in bodies))
        last, before = time, bodies
    return found


def _step(body: Pose, before: Sequence[Pose], aspect: float) -> float:
    """Give the way to the nearest body before, in heights of the body; 0 where none fits."""
    scale = np.array((aspect, 1.0))
    points = body.landmarks[:, :2] * scale
    seen = body.visibility > _SEEN
    height = float(np.ptp(points[seen], axis=0).max()) if seen.any() else 0.0
    if height <= 0.0:
        return 0.0
    steps = [
        float(np.median(np.hypot(*(points - other.landmarks[:, :2] * scale)[seen].T)))
        for other in before
    ]
    nearest = min(steps) / height
    return nearest if nearest < 1.0 else 0.0  # farther: somebody else
