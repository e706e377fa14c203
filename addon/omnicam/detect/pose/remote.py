"""The camera's side of the shared pose process."""

from __future__ import annotations

import contextlib
import socket
import time
from multiprocessing.connection import Connection
from pathlib import Path

import cv2
import numpy as np

from omnicam.backoff import Backoff
from omnicam.detect.pose.wire import Kind, Message, WireError, decode, encode
from omnicam.detect.protocol import Pose, PoseUnavailableError
from omnicam.media import Pixels

MOST_WIDTH = 640
"""Wider pictures are shrunk before they travel; the model looks at 224 and 256 pixels anyway."""

CONNECT_S = 1.0
_RETRY = Backoff(first_s=0.25, longest_s=2.0)


class RemotePoseEstimator:
    """Asks a shared pose process; one outstanding request at a time.

    It connects when it is first asked, and again, with a growing wait, when the process was
    restarted. Meanwhile every question is answered with `PoseUnavailableError` at once.

    Args:
        path: of the socket on which `service.listen` waits.
        timeout_s: longest wait for an answer, from the question to the bodies.
    """

    def __init__(self, path: Path, timeout_s: float = 1.0) -> None:
        self._path = path
        self._timeout_s = timeout_s
        self._connection: Connection[bytes, bytes] | None = None
        self._attempts = 0
        self._not_before = 0.0
        self._number = 0

    def estimate(self, image: Pixels) -> tuple[Pose, ...]:
        """Find the bodies in an RGB image of shape (height, width, 3), uint8.

        Raises:
            PoseUnavailableError: no answer within the time limit, or the process is gone.
        """
        connection = self._connected()
        self._number += 1
        deadline = time.monotonic() + self._timeout_s
        try:
            connection.send_bytes(encode(Message(Kind.ASK, self._number)))
            self._await(connection, Kind.GRANT, deadline)
            picture = Message(Kind.PICTURE, self._number, image=_shrunk(image))
            connection.send_bytes(encode(picture))
            return self._await(connection, Kind.POSES, deadline).poses
        except (EOFError, OSError, WireError) as error:
            self.close()
            raise PoseUnavailableError("the pose process is gone") from error

    def wait_until_ready(self, timeout_s: float) -> bool:
        """Wait until the process accepts connections; False if it does not in time."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            with contextlib.suppress(PoseUnavailableError):
                self._connected()
                return True
            time.sleep(0.05)
        return False

    def close(self) -> None:
        """Close the connection; a second call does nothing."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connected(self) -> Connection[bytes, bytes]:
        if self._connection is not None:
            return self._connection
        if time.monotonic() < self._not_before:
            raise PoseUnavailableError("the pose process is gone")
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(CONNECT_S)
        try:
            client.connect(str(self._path))
        except OSError as error:
            client.close()
            self._attempts += 1
            self._not_before = time.monotonic() + _RETRY.delay(self._attempts)
            raise PoseUnavailableError("the pose process is not there") from error
        client.setblocking(True)
        self._attempts = 0
        self._connection = Connection(client.detach())
        return self._connection

    def _await(self, connection: Connection[bytes, bytes], kind: Kind, deadline: float) -> Message:
        """Wait for the answer to the newest request; older ones are read and forgotten."""
        while connection.poll(max(deadline - time.monotonic(), 0.0)):
            message = decode(connection.recv_bytes())
            if message.number == self._number and message.kind is kind:
                return message
        raise PoseUnavailableError(f"the pose process gave no answer in {self._timeout_s:g} s")


def _shrunk(image: Pixels) -> Pixels:
    height, width = image.shape[:2]
    if width <= MOST_WIDTH:
        return image
    size = (MOST_WIDTH, max(round(height * MOST_WIDTH / width), 1))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
