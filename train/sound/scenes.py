"""Windows to learn from: a sound somewhere in a second, in a room, over something else."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.random import Generator

from omnicam.detect.sound.mel import log_mel
from train.sound import backgrounds, impacts, voices
from train.sound.clips import Clip
from train.sound.rooms import faster, in_room, recorded
from train.sound.voices import RATE, Wave, normal

LABELS = (
    "scream", "glass", "cough", "crying", "alarm", "laugh", "sneeze", "voice", "speech", "animal",
    "music", "beeps", "thing", "steady",
)  # fmt: skip
"""What the network tells apart; the first five are used, the rest give them shape."""

_ENOUGH_S = 0.25  # so much of a sound in the window makes it one of its kind
_LONGEST = 4 * RATE
_TOO_LITTLE_S = 0.08  # so little does not; between the two nobody can say

_SYNTHESISED: Mapping[str, Callable[[Generator], Wave]] = {
    "scream": voices.scream,
    "glass": impacts.breaking_glass,
    "cough": voices.coughing,
    "crying": voices.crying,
    "alarm": backgrounds.alarm,
    "laugh": voices.laughing,
    "sneeze": voices.sneezing,
    "moan": voices.moaning,
    "song": voices.singing,
    "animal": voices.animal,
    "music": backgrounds.music,
    "beeps": backgrounds.beeps,
    "thing": impacts.thing,
    "steady": backgrounds.steady,
}
_LABEL = {"moan": "voice", "song": "voice"}

SHARES: Mapping[str, float] = {
    "scream": 0.13, "glass": 0.13, "cough": 0.04, "crying": 0.06, "alarm": 0.03, "laugh": 0.05,
    "sneeze": 0.03, "moan": 0.03, "song": 0.04, "animal": 0.05, "music": 0.06, "beeps": 0.04,
    "thing": 0.13, "steady": 0.05, "speech": 0.13,
}  # fmt: skip
"""How often each kind of sound is the one in front, of those that are synthesised."""


@dataclass(frozen=True)
class Windows:
    """What is learned from.

    Attributes:
        pictures: shape (n, FRAMES, BANDS), uint8: `log_mel` times 255.
        targets: shape (n, len(LABELS)), int8: 1, 0, or -1 where nobody can say.
        groups: for each window the group of the recording in it, "" where all is synthesised.
    """

    pictures: np.ndarray
    targets: np.ndarray
    groups: list[str] = field(default_factory=list)


def synthesised(rng: Generator, scenes: int, said: Sequence[Wave]) -> Windows:
    """Make windows of synthesised sound, with speech from `said`."""
    kinds = list(SHARES)
    odds = np.array(list(SHARES.values()))
    odds /= odds.sum()
    pictures, targets = [], []
    for _ in range(scenes):
        kind = str(rng.choice(kinds, p=odds))
        front = _draw(rng, kind, said)
        for picture, target in _windows(rng, front, kind, said):
            pictures.append(picture)
            targets.append(target)
    return Windows(np.stack(pictures), np.stack(targets), [""] * len(pictures))


def real(rng: Generator, wave: Wave, clip: Clip, scenes: int, said: Sequence[Wave]) -> Windows:
    """Make windows with a recording in front, varied in pitch and pace."""
    pictures, targets = [], []
    for _ in range(scenes):
        piece = wave
        if len(wave) > _LONGEST:
            at = int(rng.integers(0, len(wave) - _LONGEST))
            piece = wave[at : at + _LONGEST]
        front = normal(faster(rng, piece, 0.3 if rng.random() < 0.7 else 0.0))
        for picture, target in _windows(rng, front, clip.kind, said):
            pictures.append(picture)
            targets.append(target)
    return Windows(np.stack(pictures), np.stack(targets), [clip.group] * len(pictures))


def _draw(rng: Generator, kind: str, said: Sequence[Wave]) -> Wave:
    if kind == "speech":
        return normal(faster(rng, said[rng.integers(len(said))], 0.35))
    wave = _SYNTHESISED[kind](rng)
    return normal(faster(rng, wave, 0.1))


def _windows(rng: Generator, front: Wave, kind: str, said: Sequence[Wave]) -> list[tuple]:
    """Cut two to four windows out of one scene."""
    sounding = _sounding(front)
    front = in_room(rng, front)
    lead = int(RATE * rng.uniform(0.3, 1.0))
    scene = np.concatenate((np.zeros(lead), front, np.zeros(int(RATE * rng.uniform(0.3, 1.0)))))
    if len(scene) < RATE * 1.3:
        scene = np.pad(scene, (0, int(RATE * 1.3) - len(scene)))
    flags = np.zeros(len(scene), bool)
    flags[lead : lead + len(sounding)] = sounding
    labels = {kind: flags}
    if rng.random() < 0.35:
        other = str(rng.choice(["music", "speech", "steady", "thing", "steady", "animal", "beeps"]))
        behind = in_room(rng, _draw(rng, other, said))
        behind = np.tile(behind, len(scene) // max(len(behind), 1) + 1)[: len(scene)]
        level = 10 ** (rng.uniform(-35, -3) / 20)
        scene = scene + level * behind
        if level > 0.1:
            labels[other] = np.tile(_sounding(behind), 1)[: len(scene)]
    scene = recorded(rng, scene)
    windows = []
    for _ in range(2 + min(2, int(len(front) / RATE / 0.5))):
        end = (
            int(rng.integers(RATE // 4, len(scene) + 1))
            if rng.random() < 0.12
            else int(rng.integers(RATE, len(scene) + 1))
        )
        window = scene[max(0, end - RATE) : end]
        if len(window) < RATE and rng.random() < 0.5:
            window = scene[lead : lead + max(len(window), RATE // 4)]  # the stream begins with it
            end = lead + len(window)
        picture = np.round(log_mel(window.astype(np.float32)) * 255).astype(np.uint8)
        windows.append((picture, _target(labels, end - len(window), end, len(window))))
    return windows


def _target(labels: Mapping[str, np.ndarray], start: int, end: int, _size: int) -> np.ndarray:
    target = np.zeros(len(LABELS), np.int8)
    for kind, flags in labels.items():
        label = LABELS.index(_LABEL.get(kind, kind))
        heard = flags[start:end].sum() / RATE
        all_of_it = flags.sum() / RATE
        if heard >= min(_ENOUGH_S, 0.8 * all_of_it) and heard > 0:
            target[label] = 1
        elif heard > _TOO_LITTLE_S * min(1.0, all_of_it / _ENOUGH_S) and target[label] == 0:
            target[label] = -1
    return target


def _sounding(wave: Wave) -> np.ndarray:
    """Where the sound itself is, sample by sample: within 25 dB of its loudest 20 ms."""
    size = 320
    padded = np.pad(wave, (0, -len(wave) % size))
    level = 10 * np.log10((padded.reshape(-1, size) ** 2).mean(axis=1) + 1e-10)
    return np.repeat(level > level.max() - 25, size)[: len(wave)]
