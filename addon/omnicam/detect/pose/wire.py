"""What travels between a camera's worker and the pose process: small messages, one large one.

A client asks ("ask"), the service grants when it is free ("grant"), only then the picture travels
("picture") and the bodies come back ("poses"). So no picture waits in a pipe, nobody blocks in a
large write while the model loads or other cameras are served, and a client that gave up leaves
nothing behind but a grant that it ignores by its number.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from omnicam.detect.protocol import Pose
from omnicam.media import Pixels

LANDMARKS = 33
_HEAD = struct.Struct("<BQHH")
_BODY_BYTES = LANDMARKS * 7 * 4


class Kind(IntEnum):
    """What a message is."""

    ASK = 1
    GRANT = 2
    PICTURE = 3
    POSES = 4


class WireError(ValueError):
    """A message that neither side writes; the connection is of no more use."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message.

    Attributes:
        kind: what it is.
        number: of the request; an answer carries the number of its question.
        image: RGB of shape (height, width, 3), uint8; of pictures only.
        poses: of answers only.
    """

    kind: Kind
    number: int
    image: Pixels | None = None
    poses: tuple[Pose, ...] = ()


def encode(message: Message) -> bytes:
    """Write a message as bytes."""
    if message.kind is Kind.PICTURE:
        if message.image is None:
            raise WireError("a picture message needs its image")
        height, width = message.image.shape[:2]
        head = _HEAD.pack(message.kind, message.number, height, width)
        return head + message.image.tobytes()
    head = _HEAD.pack(message.kind, message.number, len(message.poses), 0)
    return head + b"".join(_body(pose) for pose in message.poses)


def decode(data: bytes) -> Message:
    """Read a message.

    Raises:
        WireError: the bytes are no message.
    """
    if len(data) < _HEAD.size:
        raise WireError(f"message of {len(data)} bytes is shorter than its head")
    code, number, first, second = _HEAD.unpack_from(data)
    if code not in Kind:
        raise WireError(f"message of unknown kind {code}")
    kind, body = Kind(code), memoryview(data)[_HEAD.size :]
    if kind is Kind.PICTURE:
        _expect(body, first * second * 3)
        image = np.frombuffer(body, np.uint8).reshape(first, second, 3)
        return Message(kind, number, image=image)
    _expect(body, first * _BODY_BYTES)
    return Message(kind, number, poses=_bodies(body, first))


def _expect(body: Sequence[int] | memoryview, size: int) -> None:
    if len(body) != size:
        raise WireError(f"message carries {len(body)} bytes where its head announces {size}")


def _body(pose: Pose) -> bytes:
    columns = (pose.landmarks, pose.world, pose.visibility[:, None])
    return np.hstack(columns).astype("<f4").tobytes()


def _bodies(body: memoryview, count: int) -> tuple[Pose, ...]:
    table = np.frombuffer(body, "<f4").reshape(count, LANDMARKS, 7).astype(np.float32)
    return tuple(
        Pose(landmarks=one[:, :3].copy(), world=one[:, 3:6].copy(), visibility=one[:, 6].copy())
        for one in table
    )
