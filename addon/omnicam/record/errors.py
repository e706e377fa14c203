"""What can go wrong while recording, in words that name the remedy."""

from __future__ import annotations

import errno
import sqlite3
from pathlib import Path

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


class RecordError(OSError):
    """Something could not be recorded. The guardian goes on: events are still published."""


class DiskFullError(RecordError):
    """There is no space left for the record."""


class StoreError(RecordError):
    """The database cannot be opened, read or written."""


class QueryError(ValueError):
    """A search cannot be made; the message names the field, the value and the remedy."""


def file_error(error: OSError, path: Path) -> RecordError:
    """Tell a full disk from other trouble with a file."""
    if error.errno in _FULL:
        return DiskFullError(
            error.errno,
            f"cannot write {path.name}: no space left in {path.parent}; free space there or lower "
            "retention.gigabytes",
        )
    return RecordError(
        error.errno, f"cannot write {path}: {error.strerror}; check the folder and its permissions"
    )


def database_error(error: sqlite3.Error, path: Path) -> RecordError:
    """Tell a full disk from other trouble with the database."""
    if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
        return DiskFullError(
            errno.ENOSPC,
            f"cannot write {path.name}: no space left in {path.parent}; free space there or lower "
            "retention.gigabytes",
        )
    return StoreError(
        errno.EIO,
        f"database {path}: {error}; check the folder and its permissions, or move the file away "
        "to begin a new one",
    )
