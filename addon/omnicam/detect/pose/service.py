"""The pose process: one that loads MediaPipe, for as many cameras as connect to it.

Loading MediaPipe takes 200 MB and some seconds; every further camera takes 64 MB for its own
landmarker. The supervisor starts `listen` in a process of its own and starts it again if it ends.
Cameras come and go by a Unix socket, so that either side restarts without the other.
"""

from __future__ import annotations

import contextlib
import signal
import socket
from collections.abc import Callable
from multiprocessing.connection import Connection, wait
from pathlib import Path

from omnicam.detect.pose.landmarker import LocalPoseEstimator
from omnicam.detect.pose.wire import Kind, Message, WireError, decode, encode
from omnicam.detect.protocol import PoseEstimator

type Link = Connection[bytes, bytes]

IDLE_S = 1.0
"""Longest wait for a message before the connections are looked at again."""

WAITING = 64
"""Cameras that may be about to connect at the same moment."""


def listen(model_path: Path, path: Path, max_people: int = 4) -> None:
    """Answer cameras until the process is ended.

    Args:
        model_path: the `.task` bundle.
        path: of the socket, in a folder that only this user may enter.
        max_people: at most so many bodies a picture.

    Raises:
        FileNotFoundError: there is no model.
        ValueError: the file is no pose bundle.
    """
    # Ctrl+C reaches the whole group; only the main process decides when this one ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    LocalPoseEstimator(model_path, max_people).close()  # a wrong model is told now, not later
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen(WAITING)
        serve(server, lambda: LocalPoseEstimator(model_path, max_people))


def serve(server: socket.socket, make: Callable[[], PoseEstimator]) -> None:
    """Answer with an estimator of each camera's own, until the server socket is closed.

    Each round gives every waiting camera one turn, so that a busy one cannot starve the others.
    """
    estimators: dict[Link, PoseEstimator] = {}
    try:
        while server.fileno() >= 0:
            for ready in wait([server, *estimators], timeout=IDLE_S):
                if isinstance(ready, socket.socket):
                    with contextlib.suppress(OSError):  # it hung up before it was answered
                        estimators[Connection(ready.accept()[0].detach())] = make()
                elif isinstance(ready, Connection) and not _turn(ready, estimators[ready]):
                    ready.close()
                    estimators.pop(ready).close()
    finally:
        for connection, estimator in estimators.items():
            connection.close()
            estimator.close()


def _turn(connection: Link, estimator: PoseEstimator) -> bool:
    """Handle one camera's newest message; False when the camera is gone."""
    try:
        message = decode(connection.recv_bytes())
        while connection.poll():  # whatever came before was given up
            message = decode(connection.recv_bytes())
        if message.kind is Kind.ASK:
            answer = Message(Kind.GRANT, message.number)
        elif message.kind is Kind.PICTURE and message.image is not None:
            answer = Message(Kind.POSES, message.number, poses=estimator.estimate(message.image))
        else:
            return False
        connection.send_bytes(encode(answer))
    except (EOFError, OSError, WireError):
        return False
    return True
