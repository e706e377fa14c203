"""What a camera shows its fall scorers, worked out once a film by the real capture and pose model.

The motion gate, the pose model and the tracker do not depend on the limits of the fall scorers, so
their findings are kept: one file for a film and a state of the code and of the model they come
from. Only what those scorers look at is kept; the grey picture and the mask of motion are not.
"""

from __future__ import annotations

import hashlib
import os
import pickle
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC
from functools import cache
from importlib.metadata import version
from pathlib import Path

import numpy as np

import omnicam
from omnicam.capture import CameraStream
from omnicam.detect.analyser import Analyser
from omnicam.detect.pose.landmarker import LocalPoseEstimator
from omnicam.detect.pose.model import find_model
from omnicam.detect.protocol import Motion, Need, Observation, Person, Picture
from omnicam.evidence import Evidence, Region
from omnicam.judge import recording
from omnicam.media import Pixels, time_of

SOURCES = (
    "capture/*.py",
    "detect/pose/*.py",
    *(f"detect/{name}.py" for name in ("analyser", "areas", "body", "gate", "motion")),
    *(f"detect/{name}.py" for name in ("protocol", "tracks")),
    "judge.py",
    "media.py",
)
"""Code by which a film becomes people and motion; what is kept belongs to one state of it."""

_FORMAT = "1"
"""Of what is kept; another one for another `Step`."""

_PACKAGES = ("av", "mediapipe", "numpy", "opencv-python-headless")


@dataclass(frozen=True, slots=True)
class Shown:
    """One analysed picture, less what no fall scorer looks at."""

    shape: tuple[int, int, int]
    fraction: float
    regions: tuple[Region, ...]
    global_change: bool
    people: tuple[Person, ...]
    pose_ran: bool


type Step = tuple[float, Shown | None]
"""Stream time reached with an item of media, and the picture if it was one."""

type Film = tuple[tuple[float, Observation | None], ...]
"""The same as scorers are shown it."""


def watched(film: Path, folder: Path) -> Film:
    """Give a film as the fall scorers are shown it; played on the first call, then kept.

    Args:
        film: to be played.
        folder: in which what was seen is kept.

    Raises:
        CaptureError: it cannot be read.
        ModelMissingError: there is no pose model.
    """
    key = hashlib.sha256(film.read_bytes() + _state().encode()).hexdigest()[:32]
    kept = folder / f"{key}.pickle"
    if kept.is_file():
        # Written by this program alone, into a folder that its user named.
        steps: tuple[Step, ...] = pickle.loads(kept.read_bytes())  # noqa: S301
    else:
        steps = tuple(_played(film))
        folder.mkdir(parents=True, exist_ok=True)
        draft = kept.with_suffix(f".{os.getpid()}")
        draft.write_bytes(pickle.dumps(steps))
        draft.replace(kept)
    return tuple(_film(steps))


class _Watcher:
    """A scorer that keeps what it is shown and says nothing."""

    name = "watcher"
    needs = frozenset({Need.PICTURE})

    def __init__(self) -> None:
        self.shown: Shown | None = None

    def observe(self, observation: Observation) -> Iterable[Evidence]:
        picture = observation.picture
        if picture is not None:
            motion = picture.motion
            self.shown = Shown(
                shape=picture.raster.shape,
                fraction=motion.fraction,
                regions=motion.regions,
                global_change=motion.global_change,
                people=picture.people,
                pose_ran=picture.pose_ran,
            )
        return ()


def _played(film: Path) -> Iterator[Step]:
    camera = replace(recording(film), audio=False)
    pose, watcher = LocalPoseEstimator(find_model(None)), _Watcher()
    try:
        analyser = Analyser(camera, UTC, pose, [watcher])
        with CameraStream(camera) as stream:
            for item in stream:
                watcher.shown = None
                analyser.observe(item)
                yield time_of(item), watcher.shown
    finally:
        pose.close()


def _film(steps: Iterable[Step]) -> Iterator[tuple[float, Observation | None]]:
    """Give what is to be shown; after one picture without anybody the next one tells no more."""
    empty = False
    for time, shown in steps:
        if shown is None or (empty and not shown.people):
            yield time, None
            continue
        empty = not shown.people
        yield time, _observation(time, shown)


@dataclass(frozen=True, slots=True)
class _Unseen:
    """A picture of which only the shape is known."""

    shape: tuple[int, int, int]

    def rgb(self) -> Pixels:
        """Fail: nobody who is shown it may look."""
        raise NotImplementedError("this picture was not kept")

    def luma(self) -> Pixels | None:
        """Fail likewise."""
        raise NotImplementedError("this picture was not kept")

    def full_range(self) -> bool:
        """RGB would be."""
        return True


_NO_GREY = np.zeros((0, 160), np.uint8)
_NO_MASK = np.zeros((0, 160), np.bool_)


def _observation(time: float, shown: Shown) -> Observation:
    picture = Picture(
        image=_Unseen(shown.shape),
        grey=_NO_GREY,
        motion=Motion(
            fraction=shown.fraction,
            mask=_NO_MASK,
            regions=shown.regions,
            global_change=shown.global_change,
        ),
        people=shown.people,
        pose_ran=shown.pose_ran,
    )
    return Observation(camera="recording", time=time, picture=picture)


@cache
def _state() -> str:
    digest = hashlib.sha256()
    package = Path(omnicam.__file__).parent
    for pattern in SOURCES:
        for source in sorted(package.glob(pattern)):
            digest.update(source.read_bytes())
    digest.update(find_model(None).read_bytes())
    return " ".join(
        (_FORMAT, digest.hexdigest(), *(f"{name} {version(name)}" for name in _PACKAGES))
    )
