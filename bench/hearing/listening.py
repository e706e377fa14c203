"""One recording's sound through the node's ear and decider."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC
from pathlib import Path

from omnicam.config.model import CameraSettings
from omnicam.decide.decider import Decider
from omnicam.detect.analyser import Analyser
from omnicam.detect.protocol import Pose, Scorer
from omnicam.evaluate.entries import Listener
from omnicam.judge import recording
from omnicam.media import AudioChunk, Pixels
from omnicam.taxonomy import AnomalyClass, Thresholds

AFTER_S = 1.0
"""Stream time after the end of a clip in which a decision may still be taken."""

ZONE = UTC


def only_sound() -> CameraSettings:
    """Give the settings of a camera that listens and does not look."""
    camera = recording(Path("clip"))
    classes = {
        anomaly: replace(settings, enabled=anomaly is AnomalyClass.ABNORMAL_SOUND)
        for anomaly, settings in camera.classes.items()
    }
    return replace(camera, classes=classes)


def listen(
    camera: CameraSettings, scorers: Sequence[Scorer], sound: Sequence[AudioChunk]
) -> Listener:
    """Let scorers that have heard nothing yet hear a clip, and decide as the node does.

    Args:
        camera: that the sound comes from.
        scorers: the camera's own.
        sound: in order of time.
    """
    listener = Listener(Thresholds())
    analyser = Analyser(camera, ZONE, _Blind(), scorers)
    decider = Decider(camera, observer=listener.read)
    for chunk in sound:
        for finding in analyser.observe(chunk):
            for decision in decider.observe(finding):
                listener.decide(decision, chunk.end)
        for decision in decider.advance(chunk.end):
            listener.decide(decision, chunk.end)
    after = sound[-1].end + AFTER_S
    for decision in [*decider.advance(after), *decider.finish()]:
        listener.decide(decision, after)
    return listener


class _Blind:
    """No pictures are shown, so none is ever asked for bodies."""

    def estimate(self, image: Pixels) -> tuple[Pose, ...]:
        raise NotImplementedError

    def close(self) -> None:
        """Nothing was opened."""
