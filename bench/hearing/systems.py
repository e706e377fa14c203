"""The competitors: each gives one score a clip and kind."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from hearing.clips import KINDS
from hearing.listening import ZONE, listen, only_sound
from omnicam.decide.fusion import confidence_of
from omnicam.detect.registry import make_scorers
from omnicam.detect.sound import yamnet
from omnicam.evaluate.entries import Listener
from omnicam.evaluate.labels import target
from omnicam.media import AudioChunk, Samples
from omnicam.taxonomy import AnomalyClass, SoundLabel

type Scores = Mapping[SoundLabel, float]

PEER_HOP = 7_680
"""Samples between two windows in the code of YAMNet's authors: 0.48 s."""


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
        self._camera = only_sound()

    def scores(self, sound: Sequence[AudioChunk]) -> Mapping[str, Scores]:
        """Listen as a camera does; new scorers for each clip."""
        scorers = make_scorers(self._camera, ZONE, yamnet=self._pack)
        return {self._name: highest(listen(self._camera, scorers, sound))}


def highest(heard: Listener) -> Scores:
    """Give the highest confidence of each kind that two of three steps reached."""
    name = {label: target(AnomalyClass.ABNORMAL_SOUND, label) for label in KINDS}
    return {label: confidence_of(heard.peaks.get(name[label], -math.inf)) for label in KINDS}
