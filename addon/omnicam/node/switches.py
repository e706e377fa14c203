"""Which cameras the household has switched off, remembered over restarts.

A camera that was switched off for privacy must not come back by itself after a power cut.
"""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path

_LOGGER = logging.getLogger(__name__)

FILE_NAME = "switches.json"


def read(data: Path) -> dict[str, bool]:
    """Read camera id to whether it is on; empty where nothing was switched yet."""
    file = data / FILE_NAME
    try:
        stored = json.loads(file.read_text(encoding="utf-8"))
        return {str(camera): bool(on) for camera, on in stored.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, AttributeError) as error:
        _LOGGER.warning(
            "%s cannot be read (%s): cameras start as the configuration says", file, error
        )
        return {}


def write(data: Path, switches: dict[str, bool]) -> None:
    """Write atomically; OSError where the folder cannot be written."""
    file = data / FILE_NAME
    draft = file.with_suffix(".new")
    with draft.open("w", encoding="utf-8") as stream:
        json.dump(switches, stream)
        stream.flush()
        os.fsync(stream.fileno())
    draft.replace(file)
