"""Files that are whole or absent, whatever happens while they are written."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from omnicam.record.errors import file_error

PART = ".part"
"""Suffix of files that are being written; a crash may leave one, the retention removes it."""


def write_atomic(path: Path, data: bytes) -> None:
    """Write a file so that readers see the old one or the whole new one.

    Raises:
        DiskFullError: there is no space; nothing was left behind.
        RecordError: it could not be written for another reason.
    """
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}{PART}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with part.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        except OSError:
            part.unlink(missing_ok=True)
            raise
        sync_folder(path.parent)
    except OSError as error:
        raise file_error(error, path) from error


def sync_folder(folder: Path) -> None:
    """Wait until the disk has the names of a folder, so that a power cut loses no new file."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
