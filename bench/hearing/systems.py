"""The competitors: each gives one score a clip and kind."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import numpy as np

from hearing.clips import KINDS
from omnicam.config.model import CameraSettings
from omnicam.decide.fusion import Fusion, confidence_of, log_odds_of
from omnicam.decide.levels import STEP_S
from omnicam.detect.analyser import Analyser
from omnicam.detect.protocol import Pose
from omnicam.detect.registry import make_scorers
from omnicam.detect.sound import yamnet
from omnicam.evidence import Evidence
from omnicam.judge import recording
from omnicam.media import AudioChunk, Pixels, Samples
from omnicam.taxonomy import AnomalyClass, SoundLabel
from omnicam.time_zone import local_zone

type Scores = Mapping[SoundLabel, float]

PEER_HOP = 7_680
"""Samples between two windows in the code of YAMNet's authors: 0.48 s."""

_AFTER_S = 1.0
"""Stream time after the end of a clip in which a decision may still be taken."""


class System(Protocol):
    """One competitor."""

    def scores(self, sound: Sequence[AudioChunk]) -> Mapping[str, Scores]:
        """Give the scores of a clip under each name that the system goes by."""


class Peer:
    """YAMNet by itself, as its authors run it: the best of all windows, and their mean."""

    def __init__(self, file: Path) -> None:
        self._model = yamnet.Yamnet(file)

    def scores(self, sound: Sequence[AudioChunk]) -> Mapping[str, Scores]:
        """Give both poolings."""
        windows = framed(np.concatenate([chunk.samples for chunk in sound]))
        heard = [self._model.scores(window) for window in windows]
        found: dict[str, dict[SoundLabel, float]] = {"YAMNet, best": {}, "YAMNet, mean": {}}
        for label in KINDS:
            scores = [yamnet.KINDS[label].score(each) for each in heard]
            found["YAMNet, best"][label] = max(scores)
            found["YAMNet, mean"][label] = math.fsum(scores) / len(scores)
        return found


def framed(samples: Samples) -> list[Samples]:
    """Cut into windows of 0.975 s every 0.48 s; the last one is filled up with silence."""
    count = 1 + max(0, math.ceil((len(samples) - yamnet.WINDOW) / PEER_HOP))
    whole = np.pad(samples, (0, (count - 1) * PEER_HOP + yamnet.WINDOW - len(samples)))
    return [whole[n * PEER_HOP : n * PEER_HOP + yamnet.WINDOW] for n in range(count)]


class Node:
    """The node's scorers of sound, fused as the node does: the highest confidence that held."""

    def __init__(self, name: str, pack: Path | None = None) -> None:
        """Take a name for the table and, where the optional pack is to speak too, its file."""
        self._name = name
        self._pack = pack
        self._camera = _only_sound(recording(Path("clip")))

    def scores(self, sound: Sequence[AudioChunk]) -> Mapping[str, Scores]:
        """Listen as a camera does; new scorers for each clip."""
        zone = local_zone(None)
        scorers = make_scorers(self._camera, zone, (), yamnet=self._pack)
        analyser = Analyser(self._camera, zone, _Blind(), scorers)
        settings = self._camera.classes[AnomalyClass.ABNORMAL_SOUND]
        peaks = {label: Peak(settings.window_s, settings.prior, label) for label in KINDS}
        for chunk in sound:
            for finding in analyser.observe(chunk):
                if isinstance(finding, Evidence):
                    for peak in peaks.values():
                        peak.hear(finding)
            for peak in peaks.values():
                peak.advance(chunk.end)
        for peak in peaks.values():
            peak.advance(sound[-1].end + _AFTER_S)
        return {self._name: {label: peak.highest for label, peak in peaks.items()}}


class Peak:
    """The highest confidence that two of three steps reached, which is what opens an event."""

    def __init__(self, window_s: float, prior: float, label: SoundLabel) -> None:
        self._fusion = Fusion(window_s)
        self._prior = log_odds_of(prior)
        self._label = label
        self._recent: deque[float] = deque(maxlen=3)
        self._step: int | None = None
        self.highest = 0.0

    def hear(self, evidence: Evidence) -> None:
        """Take a scorer's word."""
        self.advance(evidence.time, inclusive=False)
        self._fusion.add(evidence)

    def advance(self, time: float, *, inclusive: bool = True) -> None:
        """Take the steps of the grid up to a time."""
        if self._step is None:
            self._step = math.ceil(time / STEP_S)
        while (at := self._step * STEP_S) < time or (inclusive and at == time):
            self._step += 1
            weight = self._fusion.label_log_odds(self._label, at)
            self._recent.append(confidence_of(self._prior + weight))
            if len(self._recent) > 1:
                self.highest = max(self.highest, sorted(self._recent)[-2])


class _Blind:
    """No pictures are shown, so none is ever asked for bodies."""

    def estimate(self, image: Pixels) -> tuple[Pose, ...]:
        raise NotImplementedError

    def close(self) -> None:
        """Nothing was opened."""


def _only_sound(camera: CameraSettings) -> CameraSettings:
    classes = {
        anomaly: replace(settings, enabled=anomaly is AnomalyClass.ABNORMAL_SOUND)
        for anomaly, settings in camera.classes.items()
    }
    return replace(camera, classes=classes)
