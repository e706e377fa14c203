"""Reading the list of recordings: a CSV file with `path` and `label`, and more where known."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

REQUIRED = ("path", "label")

STILLS = frozenset({".bmp", ".jpeg", ".jpg", ".png", ".webp"})


class ManifestError(ValueError):
    """The manifest cannot be used; the message says where and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """One row.

    Attributes:
        path: of the file, below the root.
        label: what is in it.
        duration_s: as the manifest says, None where it does not.
        onset_s: seconds from its start to what the label names, None where unknown.
    """

    path: str
    label: str
    duration_s: float | None = None
    onset_s: float | None = None

    @property
    def folder(self) -> str:
        """The first part of the path: recordings of one source."""
        parts = PurePosixPath(self.path).parts
        return parts[0] if len(parts) > 1 else "."

    @property
    def still(self) -> bool:
        """Whether it is a single picture, in which nothing moves."""
        return PurePosixPath(self.path).suffix.lower() in STILLS


def read_manifest(file: Path) -> tuple[Recording, ...]:
    """Read a manifest; recordings come in the order of their paths, whatever that of the rows.

    One that is listed twice counts twice.

    Raises:
        ManifestError: it cannot be read, lacks a column, has no row, or a number in it is none.
    """
    recordings = [
        Recording(
            path=_text(row, "path", where),
            label=_text(row, "label", where),
            duration_s=_seconds(row, "duration", where),
            onset_s=_seconds(row, "onset_s", where),
        )
        for where, row in _rows(file, REQUIRED)
    ]
    if not recordings:
        raise ManifestError(f"{file}: there is no recording in it")
    recordings.sort(key=lambda each: (each.path, each.label))
    return tuple(recordings)


def with_onsets(recordings: tuple[Recording, ...], file: Path) -> tuple[Recording, ...]:
    """Add onsets from a CSV file with `path` and `onset_s`; paths that are not listed do not count.

    Raises:
        ManifestError: it cannot be read, lacks a column, or a number in it is none.
    """
    onsets = {
        _text(row, "path", where): _seconds(row, "onset_s", where)
        for where, row in _rows(file, ("path", "onset_s"))
    }
    return tuple(
        replace(each, onset_s=onsets[each.path]) if each.path in onsets else each
        for each in recordings
    )


type _Row = tuple[str, Mapping[str, str | None]]


def _rows(file: Path, required: tuple[str, ...]) -> list[_Row]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as text:
            reader = csv.DictReader(text, strict=True)
            columns = reader.fieldnames or ()
            missing = [name for name in required if name not in columns]
            if missing:
                raise ManifestError(f"{file}: there is no column {' and no '.join(missing)}")
            return [(f"{file}, line {reader.line_num}", row) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ManifestError(f"{file}: it cannot be read: {error}") from error


def _text(row: Mapping[str, str | None], column: str, where: str) -> str:
    text = (row[column] or "").strip()
    if not text:
        raise ManifestError(f"{where}: {column} is empty")
    return text


def _seconds(row: Mapping[str, str | None], column: str, where: str) -> float | None:
    text = (row.get(column) or "").strip()
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value >= 0.0):
        raise ManifestError(f"{where}: {column} = {text!r} is no number of seconds")
    return value
