"""Cameras that were added through the API: kept beside the record, laid under the user's file.

The user's file stays the user's: its cameras are read-only here, and where both name the same id
the file's camera counts. What is added lies in `cameras.json` in the data folder, readable by the
node's user alone, since addresses carry passwords.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from omnicam.app.files import write_private
from omnicam.config.errors import ConfigError, Problem
from omnicam.config.load import parse, read, without_credentials
from omnicam.config.model import CameraSettings, NodeSettings

_LOGGER = logging.getLogger(__name__)

FILE_NAME = "cameras.json"
MOST_CAMERAS = 200

# What a camera over the network may have. Files, devices, decoders and the pace of recordings
# belong to the machine and so to whoever can write its file: a token opens no local file.
FIELDS = frozenset(
    {
        "name", "url", "analysis_url", "username", "password", "transport", "frame_rate", "audio",
        "enabled", "zones", "lines", "night", "loitering_s", "classes", "verify",
    }
)  # fmt: skip
_ADDRESSES = ("url", "analysis_url")
_HIDDEN = "password"

type Raw = dict[str, Any]


class NotThereError(LookupError):
    """There is no camera of this id."""


class ReadOnlyError(ValueError):
    """The camera stands in the user's file, which the API does not write."""


class TakenError(ValueError):
    """There is a camera of this id already."""


class CameraBook:
    """The configuration file together with the cameras that were added to it.

    Every change gives a new book and writes nothing; `save` writes.
    """

    def __init__(
        self, raw: Raw, base: Path, added: Mapping[str, Raw], settings: NodeSettings
    ) -> None:
        """Take the file as plain values, where it lies, what was added, and both read."""
        self._raw = raw
        self._base = base
        self._added = dict(added)
        self.settings = settings

    @classmethod
    def open(cls, file: Path) -> CameraBook:
        """Read the configuration file and the cameras beside the record.

        Raises:
            ConfigError: listing what is wrong in either.
        """
        raw, base = read(file), file.parent
        alone = parse(raw, base=base)
        assert isinstance(raw, dict)  # noqa: S101 - parse has checked it
        added = _stored(alone.data / FILE_NAME)
        for camera in added.keys() & _cameras(raw).keys():
            _LOGGER.warning("camera %s was added, but the file has it too: the file counts", camera)
            del added[camera]
        return cls(raw, base, added, _parsed(raw, added, base))

    def camera(self, camera: str) -> CameraSettings:
        """Give a camera's settings; `NotThereError` where there is none."""
        for each in self.settings.cameras:
            if each.id == camera:
                return each
        raise NotThereError(camera)

    def shown(self, camera: str) -> Raw:
        """Give a camera's fields as they may be shown: no password, no user, no query.

        Raises:
            NotThereError: there is no such camera.
        """
        fields = self._added.get(camera) or _cameras(self._raw).get(camera)
        if fields is None:
            raise NotThereError(camera)
        shown = {key: value for key, value in fields.items() if key != _HIDDEN}
        for key in _ADDRESSES:
            if isinstance(shown.get(key), str):
                shown[key] = without_credentials(shown[key])
        return json.loads(json.dumps(shown, default=str))  # type: ignore[no-any-return]

    def with_camera(self, camera: str, fields: Mapping[str, Any]) -> CameraBook:
        """Add a camera.

        Raises:
            TakenError: there is one of this id.
            ConfigError: a field is wrong; fields are named from the camera down.
        """
        if any(each.id == camera for each in self.settings.cameras):
            raise TakenError(camera)
        if len(self.settings.cameras) >= MOST_CAMERAS:
            msg = f"a node has {MOST_CAMERAS} cameras at most: remove one, or add another node"
            raise ConfigError([Problem(field="id", value=camera, message=msg)])
        return self._changed(camera, {k: v for k, v in fields.items() if v is not None})

    def with_change(self, camera: str, fields: Mapping[str, Any]) -> CameraBook:
        """Replace the given fields of a camera; null takes a field away.

        Raises:
            NotThereError, ReadOnlyError: it was not added through the API.
            ConfigError: a field is wrong; fields are named from the camera down.
        """
        self._check_writable(camera)
        merged = {**self._added[camera], **fields}
        return self._changed(camera, {k: v for k, v in merged.items() if v is not None})

    def without(self, camera: str) -> CameraBook:
        """Remove a camera.

        Raises:
            NotThereError, ReadOnlyError: it was not added through the API.
        """
        self._check_writable(camera)
        added = {name: fields for name, fields in self._added.items() if name != camera}
        return CameraBook(self._raw, self._base, added, _parsed(self._raw, added, self._base))

    def save(self) -> None:
        """Write the added cameras atomically; OSError where the data folder cannot be written."""
        text = json.dumps(self._added, ensure_ascii=False, indent=1)
        write_private(self.settings.data / FILE_NAME, text)

    def _check_writable(self, camera: str) -> None:
        self.camera(camera)
        if camera not in self._added:
            raise ReadOnlyError(camera)

    def _changed(self, camera: str, fields: Raw) -> CameraBook:
        problems = [*_foreign(fields)]
        added = self._added | {camera: fields}
        try:
            settings = _parsed(self._raw, added, self._base)
        except ConfigError as error:
            known = {problem.field for problem in problems}
            found = (_below(problem, camera) for problem in error.problems)
            problems += [problem for problem in found if problem.field not in known]
            raise ConfigError(problems) from None
        if problems:
            raise ConfigError(problems)
        return CameraBook(self._raw, self._base, added, settings)


def _foreign(fields: Raw) -> list[Problem]:
    """Find what only the machine's own file may set."""
    problems = [
        Problem(
            field=key,
            value="",
            message=f"cannot be set through the API; it takes {', '.join(sorted(FIELDS))}",
        )
        for key in fields
        if key not in FIELDS
    ]
    for key in _ADDRESSES:
        address = fields.get(key)
        if isinstance(address, str) and "://" not in address:
            msg = "must be a network address such as rtsp://192.168.1.20/stream; files and devices "
            msg += "are set in the node's configuration file"
            problems.append(Problem(field=key, value="", message=msg))
    return problems


def _below(problem: Problem, camera: str) -> Problem:
    """Name a field from its camera down; an id that cannot be one is the field `id`."""
    where = f"cameras.{camera}"
    field = problem.field.removeprefix(f"{where}.")
    if problem.field == where:
        field = "id"
    return Problem(field=field, value=problem.value, message=problem.message)


def _cameras(raw: Raw) -> Raw:
    cameras = raw.get("cameras")
    return cameras if isinstance(cameras, dict) else {}


def _parsed(raw: Raw, added: Mapping[str, Raw], base: Path) -> NodeSettings:
    settings = parse(raw | {"cameras": {**_cameras(raw), **added}}, base=base)
    cameras = tuple(replace(camera, added=camera.id in added) for camera in settings.cameras)
    return replace(settings, cameras=cameras)


def _stored(file: Path) -> dict[str, Raw]:
    reason = "it holds no object of cameras"
    try:
        stored = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        stored, reason = None, str(error)
    if not isinstance(stored, dict) or not all(isinstance(v, dict) for v in stored.values()):
        msg = f"cannot be read ({reason}): restore it from a backup, or delete it and add the "
        msg += "cameras again"
        raise ConfigError([Problem(field=str(file), value="", message=msg)])
    return stored
