"""Local time of the cameras."""

from __future__ import annotations

import os
from datetime import UTC, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

_MACHINE = Path("/etc/localtime")


def local_zone(name: str | None) -> tzinfo:
    """Give a time zone by its IANA name; for None the machine's own, with its summer time."""
    name = name or os.environ.get("TZ", "").removeprefix(":") or None
    if name is not None:
        return ZoneInfo(name)
    try:
        with _MACHINE.open("rb") as file:
            return ZoneInfo.from_file(file)
    except (OSError, ValueError):
        return UTC
