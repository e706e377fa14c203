"""Where snapshots and clips lie: `snapshots/2026/11/22/<event>.jpg`, `clips/2026/11/22/….mp4`."""

from __future__ import annotations

import os
import re
from pathlib import Path

from omnicam.record.errors import file_error
from omnicam.record.files import write_atomic

FOLDERS = ("snapshots", "clips")

_ID = re.compile(r"(\d{4})(\d\d)(\d\d)T\d{6}-[a-z0-9_]+-[a-z_]+-[0-9a-f]{4}")


class MediaFiles:
    """Names files after events. Names are relative to the data folder, for records and messages."""

    def __init__(self, data: Path) -> None:
        self.data = data

    def snapshot_name(self, event: str) -> str:
        """Give the name of an event's snapshot, whether or not it exists.

        Raises:
            ValueError: this is no id of an event (it could lead out of the folder).
        """
        return _name("snapshots", event, "jpg")

    def clip_name(self, event: str) -> str:
        """Give the name of an event's clip, whether or not it exists.

        Raises:
            ValueError: this is no id of an event (it could lead out of the folder).
        """
        return _name("clips", event, "mp4")

    def path(self, name: str) -> Path:
        """Give the place of a file by its name.

        Raises:
            ValueError: the name leads out of the media folders.
        """
        path = Path(name)
        if path.is_absolute() or ".." in path.parts or path.parts[:1] not in _TOPS:
            msg = f"name = {name!r}: must lie in {' or '.join(FOLDERS)}"
            raise ValueError(msg)
        return self.data / path

    def prepare_clip(self, event: str) -> Path:
        """Make the folder of an event's clip and give the clip's path, for whoever cuts it.

        Raises:
            ValueError: this is no id of an event.
            RecordError: the folder cannot be made.
        """
        path = self.path(self.clip_name(event))
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # The retention removes empty folders that nobody touched for a while.
            os.utime(path.parent)
        except OSError as error:
            raise file_error(error, path) from error
        return path

    def write_snapshot(self, event: str, jpeg: bytes) -> str:
        """Write an event's snapshot in place of an older one, and give its name.

        Raises:
            ValueError: this is no id of an event, or no JPEG.
            RecordError: it could not be written.
        """
        if not jpeg.startswith(b"\xff\xd8"):
            msg = f"snapshot of {event}: {jpeg[:4]!r}… is no JPEG (which begins with b'\\xff\\xd8')"
            raise ValueError(msg)
        name = self.snapshot_name(event)
        write_atomic(self.path(name), jpeg)
        return name


_TOPS = tuple((folder,) for folder in FOLDERS)


def _name(folder: str, event: str, suffix: str) -> str:
    match = _ID.fullmatch(event)
    if match is None:
        msg = f"event = {event!r}: is no id such as 20261122T143215-bedroom-fall-1f3a"
        raise ValueError(msg)
    year, month, day = match.groups()
    return f"{folder}/{year}/{month}/{day}/{event}.{suffix}"
