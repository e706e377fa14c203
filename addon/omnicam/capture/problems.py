"""What can go wrong with a source, in plain words with a remedy and without secrets."""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit

import av.error

from omnicam.capture.source import Source, SourceKind


class ProblemKind(StrEnum):
    """The kinds of trouble that a user can do something about."""

    NOT_FOUND = "not_found"
    REFUSED = "refused"
    UNAUTHORISED = "unauthorised"
    HOST_NOT_FOUND = "host_not_found"
    UNREACHABLE = "unreachable"
    TIME_OUT = "time_out"
    ENDED = "ended"
    NO_STREAM = "no_stream"
    UNREADABLE = "unreadable"
    UNSUPPORTED = "unsupported"
    FORBIDDEN = "forbidden"
    SERVER = "server"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Problem:
    """One trouble of one source.

    Attributes:
        kind: what it is.
        reason: what happened, in plain words; names the source without its password.
        remedy: what the user can do.
    """

    kind: ProblemKind
    reason: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.reason}. {self.remedy}"


class CaptureError(RuntimeError):
    """A source that cannot be read, and will not be by trying again."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


_WORDS: Final[dict[ProblemKind, tuple[str, str]]] = {
    ProblemKind.NOT_FOUND: (
        "{name} does not exist",
        "Check the path of the stream in the camera's address",
    ),
    ProblemKind.REFUSED: (
        "{name} refused the connection",
        "Check the port, and that RTSP is switched on in the camera",
    ),
    ProblemKind.UNAUTHORISED: (
        "{name} did not accept the user name or password",
        "Correct them in the camera's address; write special characters percent-encoded",
    ),
    ProblemKind.HOST_NOT_FOUND: (
        "The host name of {name} is not known",
        "Check its spelling, or use the camera's IP address",
    ),
    ProblemKind.UNREACHABLE: (
        "{name} cannot be reached",
        "Check that the camera is on and in the same network",
    ),
    ProblemKind.TIME_OUT: (
        "{name} sent nothing for too long",
        "Check the camera's power and network; over UDP, try transport tcp",
    ),
    ProblemKind.ENDED: (
        "{name} ended the stream",
        "Check whether the camera restarted or serves too many clients",
    ),
    ProblemKind.NO_STREAM: (
        "{name} has neither pictures nor sound",
        "Check that the address is the camera's video stream",
    ),
    ProblemKind.UNREADABLE: (
        "{name} holds no readable video: the data are corrupt or no video at all",
        "Check that it plays in a video player",
    ),
    ProblemKind.UNSUPPORTED: (
        "{name} uses a format that cannot be decoded here",
        "Set the camera to H.264 with AAC or G.711 sound",
    ),
    ProblemKind.FORBIDDEN: (
        "{name} may not be read",
        "Give this program the right to read it",
    ),
    ProblemKind.SERVER: (
        "{name} answered with an error of its own",
        "Restart the camera, or check its address",
    ),
    ProblemKind.OTHER: (
        "{name} cannot be read ({detail})",
        "Check the camera's address",
    ),
}

_FILE_WORDS: Final[dict[ProblemKind, tuple[str, str]]] = {
    ProblemKind.NOT_FOUND: ("{name} does not exist", "Check the path or the device"),
}

# The first entry of which the error is an instance counts, so the special stand before the general.
_KINDS: Final[tuple[tuple[type[BaseException], ProblemKind], ...]] = (
    (av.error.HTTPUnauthorizedError, ProblemKind.UNAUTHORISED),
    (av.error.HTTPForbiddenError, ProblemKind.UNAUTHORISED),
    (av.error.HTTPNotFoundError, ProblemKind.NOT_FOUND),
    (av.error.HTTPError, ProblemKind.SERVER),
    (av.error.HTTPClientError, ProblemKind.SERVER),
    (av.error.ConnectionRefusedError, ProblemKind.REFUSED),
    (av.error.ExitError, ProblemKind.TIME_OUT),
    (av.error.TimeoutError, ProblemKind.TIME_OUT),
    (av.error.EOFError, ProblemKind.ENDED),
    (av.error.ConnectionResetError, ProblemKind.ENDED),
    (av.error.ConnectionAbortedError, ProblemKind.ENDED),
    (av.error.BrokenPipeError, ProblemKind.ENDED),
    (av.error.FileNotFoundError, ProblemKind.NOT_FOUND),
    (av.error.PermissionError, ProblemKind.FORBIDDEN),
    (av.error.InvalidDataError, ProblemKind.UNREADABLE),
    (av.error.IsADirectoryError, ProblemKind.UNREADABLE),
    (av.error.DecoderNotFoundError, ProblemKind.UNSUPPORTED),
    (av.error.DemuxerNotFoundError, ProblemKind.UNSUPPORTED),
    (av.error.ProtocolNotFoundError, ProblemKind.UNSUPPORTED),
    (av.error.PatchWelcomeError, ProblemKind.UNSUPPORTED),
)

_USER_INFO = re.compile(r"(?<=://)[^/?#\s]*@")
_QUERY_SECRET = re.compile(
    r"(?i)(?<=[?&])([^=&#\s]*(?:pass|pwd|token|secret|key|auth|user|sig)[^=&#\s]*)=[^&#\s]*"
)


def redact(text: str) -> str:
    """Take user names, passwords and secret query values out of every URL in a text."""
    return _QUERY_SECRET.sub(r"\1=***", _USER_INFO.sub("***@", text))


def problem_of(error: BaseException, source: Source) -> Problem:
    """Classify an error of a source; may look its host name up, which takes network time."""
    kind = next((kind for type_, kind in _KINDS if isinstance(error, type_)), ProblemKind.OTHER)
    if kind is ProblemKind.OTHER and isinstance(error, OSError) and source.remote:
        kind = ProblemKind.UNREACHABLE if _host_known(source.url) else ProblemKind.HOST_NOT_FOUND
    return describe(kind, source, getattr(error, "strerror", None) or type(error).__name__)


def describe(kind: ProblemKind, source: Source, detail: str = "") -> Problem:
    """Put a kind of trouble into words for a source."""
    local = source.kind in (SourceKind.FILE, SourceKind.DEVICE)
    reason, remedy = (_FILE_WORDS if local else {}).get(kind, _WORDS[kind])
    name = redact(source.url)
    return Problem(kind, reason.format(name=name, detail=redact(detail)), remedy)


def _host_known(url: str) -> bool:
    """Whether the host of a URL can be resolved."""
    try:
        host = urlsplit(url).hostname
        return bool(host) and bool(socket.getaddrinfo(host, None))
    except (OSError, ValueError, UnicodeError):
        return False
