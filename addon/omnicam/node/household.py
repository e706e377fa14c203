"""What the household chose from its sofa, remembered over restarts and shown to the broker.

The configuration is written by whoever installs the node; these few choices are made by switches
and sliders and must survive a power cut: a camera that was closed for privacy must not open its eye
again by itself.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from omnicam.config.model import Language
from omnicam.decide.sensitivity import AS_CONFIGURED, LEAST, MOST
from omnicam.record.errors import RecordError
from omnicam.record.files import write_atomic

_LOGGER = logging.getLogger(__name__)

FILE_NAME = "household.json"

_EARLIER = "switches.json"
"""Where earlier versions kept which cameras are watched."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraChoice:
    """What was chosen for one camera.

    Attributes:
        enabled: whether it is watched at all; None for what the configuration says.
        detection: whether what it sees and hears is judged.
        sensitivity: 0 to 100, see `decide.sensitivity`.
    """

    enabled: bool | None = None
    detection: bool = True
    sensitivity: int = AS_CONFIGURED


@dataclass(frozen=True, slots=True, kw_only=True)
class Household:
    """Everything that was chosen; `language` None for what the configuration says."""

    language: Language | None = None
    cameras: Mapping[str, CameraChoice] = field(default_factory=dict)

    def camera(self, camera: str) -> CameraChoice:
        """Give what was chosen for a camera."""
        return self.cameras.get(camera, CameraChoice())

    def without_camera(self, camera: str) -> Household:
        """Give the household without a camera that is gone."""
        left = {name: choice for name, choice in self.cameras.items() if name != camera}
        return replace(self, cameras=left)

    def with_camera(self, camera: str, choice: CameraChoice) -> Household:
        """Give the household after a choice for a camera."""
        return replace(self, cameras={**self.cameras, camera: choice})


def read(data: Path) -> Household:
    """Read what was chosen; a file that cannot be read is told, and nothing counts as chosen."""
    file = data / FILE_NAME
    try:
        return _parse(json.loads(file.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return _read_earlier(data / _EARLIER)
    except (OSError, ValueError, TypeError, AttributeError) as error:
        _LOGGER.warning(
            "%s cannot be read (%s): cameras start as the configuration says; set their switches "
            "again",
            *(file, error),
        )
        return Household()


def write(data: Path, household: Household) -> None:
    """Write atomically; `RecordError` where the folder cannot be written."""
    write_atomic(data / FILE_NAME, json.dumps(asdict(household)).encode())


class Choices:
    """The household's choices while the node runs: changed, kept, one after the other."""

    def __init__(self, data: Path) -> None:
        """Begin with what is kept in the data folder."""
        self._data = data
        self._writing = asyncio.Lock()
        self.household = read(data)

    async def keep(self, household: Household) -> None:
        """Take what was chosen; a disk that refuses it is told, and the choice counts till then."""
        self.household = household  # before anything is waited for: no choice overtakes another
        async with self._writing:
            try:
                await asyncio.to_thread(write, self._data, self.household)
            except RecordError as error:
                _LOGGER.error("a choice is not kept over a restart: %s", error.strerror or error)


def _parse(stored: Mapping[str, Any]) -> Household:
    language = stored.get("language")
    return Household(
        language=None if language is None else Language(language),
        cameras={
            str(camera): _parse_choice(choice)
            for camera, choice in stored.get("cameras", {}).items()
        },
    )


def _parse_choice(stored: Mapping[str, Any]) -> CameraChoice:
    enabled = stored.get("enabled")
    return CameraChoice(
        enabled=None if enabled is None else bool(enabled),
        detection=bool(stored.get("detection", True)),
        sensitivity=min(max(int(stored.get("sensitivity", AS_CONFIGURED)), LEAST), MOST),
    )


def _read_earlier(file: Path) -> Household:
    try:
        stored = json.loads(file.read_text(encoding="utf-8"))
        cameras = {str(camera): CameraChoice(enabled=bool(on)) for camera, on in stored.items()}
    except FileNotFoundError:
        return Household()
    except (OSError, ValueError, AttributeError) as error:
        _LOGGER.warning("%s cannot be read (%s): set the cameras' switches again", file, error)
        return Household()
    return Household(cameras=cameras)
