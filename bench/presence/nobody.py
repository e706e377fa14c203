"""Who is found where nobody is: recordings, and staged views of what stirs without anybody."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC
from pathlib import Path, PurePosixPath

from speed.clips import CACHE, film
from speed.views import VIEWS

from omnicam.decide.events import Event, Step
from omnicam.detect.pose.landmarker import LocalPoseEstimator
from omnicam.evaluate.manifest import STILLS
from omnicam.judge import Playback, recording
from presence.recorded import WHOLE, Nobody
from presence.watch import question_camera
from staging.render import Take, render

_STAGED = ("cat", "light_switched", "tv_noise")
_VIEW_S = 60.0


def recorded_nobody(
    recordings: Iterable[Nobody], root: Path, model: Path
) -> Iterator[tuple[str, float, int]]:
    """Play each and give its path, how many seconds counted, and the events in them.

    Raises:
        CaptureError: a recording cannot be read.
    """
    for each in recordings:
        seconds, events = _events(root / each.path, model)
        yield each.path, seconds - each.from_s, sum(time >= each.from_s for time in events)


def staged_nobody(model: Path) -> Iterator[tuple[str, float, int]]:
    """Play the staged views and the scenes without people."""
    for view in VIEWS:
        seconds, events = _events(film(view, _VIEW_S, 15), model)
        yield view, seconds, len(events)
    for scene in _STAGED:
        file = CACHE / f"presence-scene-{scene}.mp4"
        if not file.exists():
            render(Take(scene=scene), file)
        seconds, events = _events(file, model)
        yield scene, seconds, len(events)


def _events(file: Path, model: Path) -> tuple[float, list[float]]:
    still = PurePosixPath(file).suffix.lower() in STILLS
    camera = question_camera(replace(recording(file.resolve()), audio=False), WHOLE)
    with LocalPoseEstimator(model) as pose:
        playback = Playback(camera, pose, (), still=still, zone=UTC)
        events = [
            decision.updated
            for decision in playback.decisions()
            if isinstance(decision, Event) and decision.step is Step.SUSPECTED
        ]
    return playback.seconds, events
