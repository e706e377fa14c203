"""The node's ear with networks that have never heard a recording of the same group.

`python -m train.sound --folds` makes four networks; each has learned without one fold of the groups
of the recordings that may be learned from. A recording of that fold is heard with it. All other
recordings were learned from by no network and are heard with the one that ships.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import numpy as np

from hearing.clips import Clip
from hearing.listening import ZONE, listen, only_sound
from omnicam.detect.registry import make_scorers
from omnicam.detect.sound.cues import Ear, share_listening
from omnicam.detect.sound.network import SHIPPED, SoundNetwork
from omnicam.evaluate.entries import Listener
from omnicam.media import AudioChunk, Samples
from train.sound.clips import FOLDS, fold_file, fold_of, free_clips

type Change = Callable[[Samples, int], Samples]
"""Makes another recording of one; the number is a seed, the same for the same clip."""

_NEAR = 0.5  # peak of what happens before the camera
_AWAY_DB = -20.0
_FLOOR = 1e-3  # of a microphone: RMS 60 dB below full scale


class HeldOut:
    """Hears every clip with a network that does not know it."""

    def __init__(self, folds: Path, manifest: Path) -> None:
        """Load the networks.

        Args:
            folds: folder of the networks `sounds-fold0.onnx` to `sounds-fold3.onnx`.
            manifest: says which recordings were learned from, by their licence.

        Raises:
            OSError: a network or the manifest is not there.
        """
        files = [fold_file(folds / SHIPPED.name, fold) for fold in range(FOLDS)]
        for file in files:
            if not file.is_file():
                raise FileNotFoundError(f"{file}: make it with python -m train.sound --folds")
        self._networks = [SoundNetwork(file) for file in files]
        self._other = SoundNetwork()
        self._fold = {clip.path: fold_of(clip.group) for clip in free_clips(manifest)}
        self._camera = only_sound()

    def network(self, clip: Clip) -> SoundNetwork:
        """Give the network that has heard nothing of a clip's group."""
        fold = self._fold.get(clip.path)
        return self._other if fold is None else self._networks[fold]

    def hear(self, clip: Clip, sound: Sequence[AudioChunk], pack: Path | None = None) -> Listener:
        """Listen to a clip as a camera does, with new scorers and, if given, YAMNet."""
        scorers = make_scorers(self._camera, ZONE, yamnet=pack)
        share_listening(scorers, Ear(network=self.network(clip)))
        return listen(self._camera, scorers, sound)


def as_it_is(samples: Samples, _seed: int) -> Samples:
    """Leave a recording as it is."""
    return samples


def through_telephone(samples: Samples, _seed: int) -> Samples:
    """Pass it through 8 kHz and G.711, as most cameras send sound."""
    from train.word.augment import telephone  # needs scipy, see bench/README.md

    return telephone(samples)


def far_away(samples: Samples, seed: int) -> Samples:
    """Put it ten times as far away, before a microphone that has a noise of its own."""
    peak = max(float(np.abs(samples).max(initial=0.0)), 1e-4)
    quiet = samples * np.float32(_NEAR / peak * 10 ** (_AWAY_DB / 20))
    noise = np.random.default_rng(seed).standard_normal(len(samples), np.float32)
    return quiet + np.float32(_FLOOR) * noise


CHANGES: Mapping[str, Change] = MappingProxyType(
    {
        "as recorded": as_it_is,
        "telephone (8 kHz, G.711)": through_telephone,
        "20 dB further off": far_away,
    }
)


def changed(clip: Clip, sound: Sequence[AudioChunk], change: Change) -> tuple[AudioChunk, ...]:
    """Change a clip's sound; the pieces stay as long as they are and when they are."""
    whole = change(
        np.concatenate([chunk.samples for chunk in sound]), zlib.crc32(clip.path.encode())
    )
    at = np.cumsum([len(chunk.samples) for chunk in sound])[:-1]
    return tuple(
        replace(chunk, samples=samples)
        for chunk, samples in zip(sound, np.split(whole.astype(np.float32), at), strict=True)
    )
