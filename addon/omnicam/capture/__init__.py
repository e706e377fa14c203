"""Capture: from a camera's address to frames, sound and a ring of undecoded packets.

The only stage that knows PyAV. Everything else takes `omnicam.media` from a `CameraStream`.
"""

from omnicam.capture.clip import Clip, ClipError
from omnicam.capture.problems import CaptureError, Problem, ProblemKind, redact
from omnicam.capture.ring import PacketRing
from omnicam.capture.stats import CaptureStats, Offer, State
from omnicam.capture.stream import CameraStream
from omnicam.capture.takers import RUN_ON_S

__all__ = [
    "RUN_ON_S",
    "CameraStream",
    "CaptureError",
    "CaptureStats",
    "Clip",
    "ClipError",
    "Offer",
    "PacketRing",
    "Problem",
    "ProblemKind",
    "State",
    "redact",
]
