"""The last pictures of a camera, for the snapshot of an event that was noticed a moment ago."""

from __future__ import annotations

import threading
from collections import deque

import cv2

from omnicam.media import Frame

KEPT = 12
"""Two seconds at six pictures a second; 11 MB at 640x480."""

_QUALITY = 85


class Album:
    """Keeps the newest frames; safe to use from several threads."""

    def __init__(self, kept: int = KEPT) -> None:
        self._frames: deque[Frame] = deque(maxlen=kept)
        self._lock = threading.Lock()

    def add(self, frame: Frame) -> None:
        """Add the newest frame; the oldest goes."""
        with self._lock:
            self._frames.append(frame)

    def jpeg(self, time: float | None) -> bytes:
        """Give the frame nearest to a stream time (None: the newest) as JPEG; empty without any."""
        with self._lock:
            if not self._frames:
                return b""
            moment = self._frames[-1].time if time is None else time
            frame = min(self._frames, key=lambda each: abs(each.time - moment))
        picture = cv2.cvtColor(frame.image, cv2.COLOR_RGB2BGR)
        done, encoded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
        return encoded.tobytes() if done else b""
