"""The last seconds of a camera, kept in its worker so that a window can be cut from them.

**Memory:** 12 pictures, half a second apart, RGB and at most 640 wide (as analysed): 11 MB at 4:3,
and 0.4 MB of sound. Pictures are chosen by stream time, so the same stream gives the same windows.
"""

from __future__ import annotations

import io
import math
import threading
import wave
from collections import deque
from dataclasses import dataclass
from datetime import tzinfo

import numpy as np

from omnicam.config.model import CameraSettings
from omnicam.evidence import Region
from omnicam.media import SAMPLE_RATE, AudioChunk, Frame, Pixels
from omnicam.verify.coding import CUT_SIDE, WHOLE_SIDE, Coder
from omnicam.verify.window import (
    SOUND_S,
    SPAN_S,
    WHOLE,
    Window,
    WindowOrder,
    cut_region,
    spread,
)

PERIOD_S = 0.5
KEPT = 12
SOUND_KEPT_S = 6.0

_MOST_REGIONS = 3  # moving boxes of a picture; the rest is small and shakes


@dataclass(frozen=True, slots=True, eq=False)
class _Kept:
    time: float
    image: Pixels
    regions: tuple[Region, ...]
    people: int


class Recent:
    """Keeps the newest pictures and sound; one thread adds while another cuts."""

    def __init__(self, camera: CameraSettings, time_zone: tzinfo) -> None:
        self._coder = Coder(camera, time_zone)
        self._pictures: deque[_Kept] = deque(maxlen=KEPT)
        self._sound: deque[AudioChunk] = deque()
        self._lock = threading.Lock()

    def see(self, frame: Frame, moving: tuple[Region, ...], people: tuple[Region, ...]) -> None:
        """Take a picture with where something moves and where people are.

        To be called when the analysis is done with it: its colours are worked out here, and that
        lets the decoder's own picture go.
        """
        with self._lock:
            if self._pictures and _slot(frame.time) == _slot(self._pictures[-1].time):
                return
            if self._pictures and frame.time < self._pictures[-1].time:
                self._pictures.clear()  # the stream's clock was set back
                self._sound.clear()
        kept = _Kept(frame.time, frame.image, (*people, *moving[:_MOST_REGIONS]), len(people))
        with self._lock:
            self._pictures.append(kept)

    def hear(self, chunk: AudioChunk) -> None:
        """Take a piece of sound."""
        with self._lock:
            self._sound.append(chunk)
            while self._sound[0].end < chunk.end - SOUND_KEPT_S:
                self._sound.popleft()

    def cut(self, order: WindowOrder) -> Window | None:
        """Cut a window; None where there is no picture of that time."""
        with self._lock:
            shown = [
                kept for kept in self._pictures if order.time - SPAN_S < kept.time <= order.time
            ]
            sound = [piece for piece in self._sound if piece.time < order.time]
        if not shown:
            return None
        last = shown[-1]
        height, width = last.image.shape[:2]
        shown = [kept for kept in shown if kept.image.shape == last.image.shape]
        moving = [region for kept in shown for region in kept.regions]
        wanted = [order.region] if order.region is not None else moving
        region = cut_region(wanted, width / height)
        # Where nothing moves the first and the last picture say all that there is to say.
        chosen = spread(shown, order.pictures if moving else 2)
        code = self._coder.coded
        pictures = tuple(code(kept.image, kept.time, region, CUT_SIDE) for kept in chosen)
        return Window(
            start=shown[0].time,
            end=last.time,
            region=region,
            whole=code(last.image, last.time, WHOLE, WHOLE_SIDE),
            # Of a scene that did not change one picture is enough.
            pictures=pictures if len(set(pictures)) > 1 else pictures[:1],
            sound=_wave(sound, order.time),
            people=last.people,
        )


def _slot(time: float) -> int:
    return math.floor(time / PERIOD_S)


def _wave(pieces: list[AudioChunk], time: float) -> bytes:
    """Give the sound up to a time as WAV, silence where none came; empty without any."""
    end = min(time, max((piece.end for piece in pieces), default=-math.inf))
    start = end - SOUND_S
    pieces = [piece for piece in pieces if piece.end > start]
    if not pieces:
        return b""
    length = round(SOUND_S * SAMPLE_RATE)
    samples = np.zeros(length, np.float32)
    for piece in pieces:
        at = round((piece.time - start) * SAMPLE_RATE)
        cut = piece.samples[max(-at, 0) : max(length - at, 0)]
        at = max(at, 0)
        samples[at : at + len(cut)] = cut
    coded = io.BytesIO()
    with wave.open(coded, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes((np.clip(samples, -1.0, 1.0) * 32767.0).astype("<i2").tobytes())
    return coded.getvalue()
