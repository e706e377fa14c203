"""From audio packets of any codec and rate to mono sound at 16 kHz."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import av.error
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.packet import Packet

from omnicam.media import SAMPLE_RATE, Samples

PIECE: Final = SAMPLE_RATE // 10
"""Samples gathered before they are handed on: cameras send down to 20 ms at a time."""
_GAP_S: Final = 0.08
"""A stamp this far from where the sound before ended begins a new piece."""


@dataclass(frozen=True, slots=True)
class Sound:
    """A piece of sound: the stamp of its first sample in stream seconds, and the samples."""

    stamp: float | None
    samples: Samples


class AudioDecoder:
    """Decodes and resamples one audio stream."""

    def __init__(self, stream: AudioStream) -> None:
        self._unit = float(stream.time_base or 0)
        self._resampler: AudioResampler | None = None
        self._shape: tuple[str, str, int] | None = None
        self._parts: list[Samples] = []
        self._gathered = 0
        self._stamp: float | None = None
        self.corrupt = 0

    def decode(self, packet: Packet[AudioStream]) -> list[Sound]:
        """Decode a packet (an empty one flushes); a corrupt one is counted and gives nothing."""
        try:
            frames = packet.decode()
        except (av.error.FFmpegError, ValueError):
            self.corrupt += 1
            return []
        sounds = [sound for frame in frames for sound in self._take(frame)]
        if packet.size == 0:
            sounds += self._hand_on()
        return sounds

    def _take(self, frame: AudioFrame) -> list[Sound]:
        stamp = None if frame.pts is None else frame.pts * self._unit
        done = self._hand_on() if self._jumps(stamp) else []
        if not self._parts:
            self._stamp = stamp
        for samples in self._resample(frame):
            self._parts.append(samples)
            self._gathered += len(samples)
        return done + (self._hand_on() if self._gathered >= PIECE else [])

    def _jumps(self, stamp: float | None) -> bool:
        if stamp is None or self._stamp is None or not self._parts:
            return False
        return abs(self._stamp + self._gathered / SAMPLE_RATE - stamp) > _GAP_S

    def _resample(self, frame: AudioFrame) -> list[Samples]:
        shape = (frame.format.name, frame.layout.name, frame.sample_rate)
        if self._resampler is None or shape != self._shape:
            self._resampler = AudioResampler(format="flt", layout="mono", rate=SAMPLE_RATE)
            self._shape = shape
        frame.pts = None  # stamps are kept here: the resampler would fill gaps with guesses
        return [
            np.clip(out.to_ndarray().reshape(-1), -1.0, 1.0).astype(np.float32, copy=False)
            for out in self._resampler.resample(frame)
        ]

    def _hand_on(self) -> list[Sound]:
        if not self._gathered:
            return []
        sound = Sound(self._stamp, np.concatenate(self._parts))
        self._parts, self._gathered, self._stamp = [], 0, None
        return [sound]
