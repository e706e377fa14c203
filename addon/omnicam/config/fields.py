"""Validators of single fields: raw YAML values in, typed values or a clear complaint out.

Each is a plain function for voluptuous; what it raises says what would be right.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from datetime import time as TimeOfDay  # noqa: N812 - reads as the type that it is
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import voluptuous as vol

from omnicam.config.model import Hours, Point, Secret
from omnicam.taxonomy import AnomalyClass

LIVE_SCHEMES = frozenset({"rtsp", "rtsps", "http", "https"})
_IDENTIFIER = re.compile(r"[a-z0-9][a-z0-9_]{0,62}")

RESERVED = frozenset(
    {"announce", "anomaly", "camera", "detection", "enabled", "event", "feedback", "help",
     "help_called", "info", "last_event", "learning", "model", "owner", "question", "sentence",
     "snapshot", "speak", "status"}
)  # fmt: skip
"""Names beside those of classes in a camera's topics and entity ids."""

LONGEST_QUESTION = 300

_HOURS = re.compile(r"(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})")


def identifier(value: object) -> str:
    """Accept an id that is safe in topics, file names and entity ids."""
    if not isinstance(value, str) or not _IDENTIFIER.fullmatch(value):
        msg = "must be 1-63 of a-z, 0-9 and _, starting with a letter or digit, such as living_room"
        raise vol.Invalid(msg)
    return value


def text(value: object) -> str:
    """Accept a text that is not empty."""
    if not isinstance(value, str) or not value.strip():
        msg = "must be a text that is not empty; put quotes around it if it looks like a number"
        raise vol.Invalid(msg)
    return value.strip()


def own_class(value: object) -> str:
    """Accept the id of a class of the household's own, which must not be anything else's."""
    name = identifier(value)
    if name in set(AnomalyClass) | RESERVED:
        msg = "is taken: choose another id for your question, such as stove_alone"
        raise vol.Invalid(msg)
    return name


def sentence(value: object) -> str:
    """Accept a question of one line."""
    words = " ".join(value.split()) if isinstance(value, str) else ""
    if not 8 <= len(words) <= LONGEST_QUESTION:
        msg = (
            f"must be a question of 8 to {LONGEST_QUESTION} characters that yes or no answers, "
            "such as Is the stove on while nobody is in the room?"
        )
        raise vol.Invalid(msg)
    return words


def secret(value: object) -> Secret:
    """Accept a secret text; numbers are refused because YAML would have changed them."""
    if not isinstance(value, str) or not value:
        msg = "must be a text in quotes, such as 'correct horse'"
        raise vol.Invalid(msg)
    return Secret(value)


def flag(value: object) -> bool:
    """Accept true or false and nothing that merely looks like it."""
    if not isinstance(value, bool):
        msg = "must be true or false"
        raise vol.Invalid(msg)
    return value


def number(
    low: float, high: float, *, unit: str = "", whole: bool = False
) -> Callable[[object], float]:
    """Make a validator of numbers in low..high, whole ones where asked."""
    kind = "a whole number" if whole else "a number"
    wanted = f"must be {kind} from {low:g} to {high:g}{' ' + unit if unit else ''}"

    def check(value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise vol.Invalid(wanted)
        if (whole and value != int(value)) or not low <= value <= high:
            raise vol.Invalid(wanted)
        return int(value) if whole else float(value)

    return check


def choice[T: StrEnum](options: type[T]) -> Callable[[object], T]:
    """Make a validator of the values of an enumeration."""

    def check(value: object) -> T:
        for option in options:
            if value == option.value:
                return option
        names = ", ".join(option.value for option in options)
        msg = f"must be one of: {names}"
        raise vol.Invalid(msg)

    return check


def source(value: object) -> Secret:
    """Accept a camera's address: rtsp, rtsps, http, https, a file or a video device.

    Whether it answers is found out when it is opened; here only its form is checked.
    """
    if not isinstance(value, str) or not value.strip():
        msg = "must be an address such as rtsp://192.168.1.20/stream, a file, or /dev/video0"
        raise vol.Invalid(msg)
    address = value.strip()
    if "://" not in address:
        return Secret(address)
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError:
        msg = "is not a valid address: write special characters of a password as %40 (@), %2F (/)"
        raise vol.Invalid(msg) from None
    if parts.scheme not in LIVE_SCHEMES:
        msg = "must start with rtsp://, rtsps://, http:// or https://, or be a file or device path"
        raise vol.Invalid(msg)
    if not host:
        msg = "names no host: write it as rtsp://HOST:554/PATH"
        raise vol.Invalid(msg)
    return Secret(address)


def endpoint(value: object) -> str:
    """Accept the beginning of an HTTP API's address; a token belongs elsewhere."""
    if isinstance(value, str):
        try:
            parts = urlsplit(value.strip())
            port_is_number = parts.port is None or parts.port > 0
        except ValueError:
            parts, port_is_number = urlsplit(""), False
        known = parts.scheme in ("http", "https") and parts.hostname and port_is_number
        if known and not (parts.username or parts.password or parts.query or parts.fragment):
            return value.strip()
    msg = "must be an address such as http://192.168.1.40:8000/v1, without user, password or query"
    raise vol.Invalid(msg)


def fingerprint(value: object) -> str:
    """Accept the SHA-256 of a certificate: 64 hexadecimal digits, colons between them or not."""
    digits = value.replace(":", "").strip().lower() if isinstance(value, str) else ""
    if not re.fullmatch(r"[0-9a-f]{64}", digits):
        msg = (
            "must be the SHA-256 of the certificate in quotes: 64 hexadecimal digits, as "
            "openssl x509 -noout -fingerprint -sha256 gives them"
        )
        raise vol.Invalid(msg)
    return digits


def hours(value: object) -> Hours:
    """Accept a daily span of local time such as `22:00-06:00`."""
    match = _HOURS.fullmatch(value.strip()) if isinstance(value, str) else None
    if match:
        hour, minute, end_hour, end_minute = (int(group) for group in match.groups())
        if max(hour, end_hour) < 24 and max(minute, end_minute) < 60:
            return Hours(TimeOfDay(hour, minute), TimeOfDay(end_hour, end_minute))
    msg = "must be a span of hours such as '22:00-06:00', in quotes"
    raise vol.Invalid(msg)


def schedule(value: object) -> tuple[Hours, ...]:
    """Accept one span of hours or a list of them."""
    return tuple(hours(span) for span in (value if isinstance(value, list) else [value]))


def points(minimum: int) -> Callable[[object], tuple[Point, ...]]:
    """Make a validator of at least `minimum` points, each `[x, y]` in 0..1."""

    def check(value: object) -> tuple[Point, ...]:
        if not isinstance(value, list) or len(value) < minimum:
            msg = f"must be a list of at least {minimum} points such as [[0.1, 0.9], [0.5, 0.9]]"
            raise vol.Invalid(msg)
        return tuple(_point(entry) for entry in value)

    return check


def _point(entry: object) -> Point:
    if isinstance(entry, list) and len(entry) == 2:
        x, y = entry
        if all(isinstance(n, int | float) and not isinstance(n, bool) for n in entry) and (
            0 <= x <= 1 and 0 <= y <= 1
        ):
            return (float(x), float(y))
    msg = "every point must be [x, y] with both from 0 to 1 (fractions of width and height)"
    raise vol.Invalid(msg)


def time_zone(value: object) -> str:
    """Accept an IANA time zone."""
    try:
        return ZoneInfo(text(value)).key
    except (ZoneInfoNotFoundError, ValueError):
        msg = "is no known time zone: write it as Europe/Berlin or Asia/Shanghai"
        raise vol.Invalid(msg) from None


def moment(value: object) -> float:
    """Accept a date and time (YAML's own or ISO text; without zone UTC) as Unix seconds."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            value = None
    if not isinstance(value, datetime):
        msg = "must be a date and time such as 2026-11-22T22:00:00+01:00"
        raise vol.Invalid(msg)
    return (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp()


def path(value: object) -> Path:
    """Accept a path; `~` is the home folder."""
    return Path(text(value)).expanduser()
