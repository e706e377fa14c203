"""The films that say something about falls: which hold one, and which must stand apart."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from omnicam.evaluate.labels import FALL, meaning_of

FILMS = frozenset({".avi", ".mkv", ".mov", ".mp4", ".webm"})

FALL_SETS = ("fall_clips", "gmdcsa24", "upfall_s1", "urfd")
"""Folders of the target: falls and the daily activities of the same people and rooms."""

ORDINARY = ("people_gesture_neg", "people_walk", "surveillance")
"""Folders of the target in which nothing may be called a fall."""


@dataclass(frozen=True, slots=True, order=True)
class Clip:
    """One film.

    Attributes:
        path: below the root.
        label: as the manifest says.
        group: of one person, room or session, within its folder; that of a film without one is its
            whole folder.
        falls: whether somebody falls in it.
    """

    path: str
    label: str
    group: str
    falls: bool

    @property
    def folder(self) -> str:
        """The set that it comes from."""
        return PurePosixPath(self.path).parts[0]

    @property
    def kind(self) -> str:
        """The row of the tables in which it counts."""
        if self.falls:
            return f"falls, {self.folder}"
        if self.folder in FALL_SETS:
            return "daily activities"
        return "surveillance, people, gestures" if self.folder in ORDINARY else "other films"


def read_clips(manifest: Path) -> tuple[Clip, ...]:
    """Give the films on which an event of a fall is right or false, by path.

    Raises:
        OSError: the manifest cannot be read.
        ValueError: a column is missing, or no film with a fall is listed.
    """
    with manifest.open(encoding="utf-8-sig", newline="") as lines:
        rows = csv.DictReader(lines)
        missing = {"path", "label", "group"} - set(rows.fieldnames or ())
        if missing:
            msg = f"{manifest} lacks the columns {', '.join(sorted(missing))}"
            raise ValueError(msg)
        clips = tuple(sorted(_clips(rows)))
    if not any(clip.falls for clip in clips):
        msg = f"{manifest} lists no film with a fall"
        raise ValueError(msg)
    return clips


def _clips(rows: Iterable[dict[str, str]]) -> Iterable[Clip]:
    for row in rows:
        path, meaning = PurePosixPath(row["path"]), meaning_of(row["label"])
        if path.suffix.lower() not in FILMS or meaning is None or FALL in meaning.ambiguous:
            continue
        folder = path.parts[0]
        yield Clip(
            path=row["path"],
            label=row["label"],
            group=f"{folder}/{row['group'] or '*'}",
            falls=FALL in meaning.expected,
        )
