"""Lets the oldest records go: by age with their rows, by size only their files."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from omnicam.config.model import RetentionSettings
from omnicam.record.errors import file_error
from omnicam.record.files import PART
from omnicam.record.media import FOLDERS, MediaFiles
from omnicam.record.query import StoredEvent
from omnicam.record.store import Store

DAY_S = 86_400.0
BYTES_PER_GIGABYTE = 1_000_000_000

STRAY_S = 3_600.0
"""A file that belongs to no event is left alone for so long: a clip may still be being cut."""

_BATCH = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """What was let go.

    Attributes:
        events: ids of events deleted with everything.
        emptied: ids of events whose files were deleted and whose rows stay.
        files: how many files.
        freed: bytes.
    """

    events: tuple[str, ...] = ()
    emptied: tuple[str, ...] = ()
    files: int = 0
    freed: int = 0

    def __add__(self, other: Swept) -> Swept:
        return Swept(
            events=self.events + other.events,
            emptied=self.emptied + other.emptied,
            files=self.files + other.files,
            freed=self.freed + other.freed,
        )


class Retention:
    """Keeps the data folder within its age and size. Open events are never touched.

    Every method may block and raises `RecordError` where a file or the database cannot be changed.
    """

    def __init__(
        self,
        store: Store,
        media: MediaFiles,
        settings: RetentionSettings,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._media = media
        self._settings = settings
        self._clock = clock

    def sweep(self) -> Swept:
        """Let go what is too old, what belongs to nobody, and the oldest of what is too much."""
        swept = self._too_old() + self._strays()
        self._remove_empty_folders()
        limit = int(self._settings.gigabytes * BYTES_PER_GIGABYTE)
        return swept + self.make_room(self.used() - limit)

    def used(self) -> int:
        """Give the bytes of all snapshots and clips."""
        return sum(size for _, size, _ in self._files())

    def make_room(self, wanted: int) -> Swept:
        """Delete the files of the oldest ended events until so many bytes are free."""
        swept = Swept()
        while swept.freed < wanted:
            batch = self._store.ended_with_media(_BATCH)
            if not batch:
                break
            emptied: list[StoredEvent] = []
            files, freed = 0, 0
            for stored in batch:
                if swept.freed + freed >= wanted:
                    break
                count, size = self._remove_files(stored)
                files, freed = files + count, freed + size
                emptied.append(stored)
            ids = tuple(stored.event.id for stored in emptied)
            self._store.forget_media(ids)
            swept += Swept(emptied=ids, files=files, freed=freed)
        return swept

    def _too_old(self) -> Swept:
        before = self._clock() - self._settings.days * DAY_S
        swept = Swept()
        while batch := self._store.ended_before(before, _BATCH):
            removed = [self._remove_files(stored) for stored in batch]
            ids = tuple(stored.event.id for stored in batch)
            self._store.delete(ids)
            swept += Swept(
                events=ids,
                files=sum(count for count, _ in removed),
                freed=sum(size for _, size in removed),
            )
        self._store.delete_calls(before)
        return swept

    def _strays(self) -> Swept:
        """Delete files that no row names and halves of files that a crash left."""
        known = self._store.media_names()
        before = self._clock() - STRAY_S
        removed = [
            _remove(path)
            for path, _, changed in self._files()
            if changed < before
            and (path.suffix == PART or path.relative_to(self._media.data).as_posix() not in known)
        ]
        return Swept(
            files=sum(count for count, _ in removed), freed=sum(size for _, size in removed)
        )

    def _remove_empty_folders(self) -> None:
        """Delete the folders of days long gone; a new one may be waiting for its first file."""
        before = self._clock() - STRAY_S
        for top in FOLDERS:
            # Deeper folders first, so that an empty month goes once its days went.
            for folder in sorted((self._media.data / top).rglob("*/"), reverse=True):
                if folder.stat().st_mtime < before:
                    try:
                        folder.rmdir()
                    except OSError:
                        continue  # not empty

    def _remove_files(self, stored: StoredEvent) -> tuple[int, int]:
        names = [name for name in (stored.snapshot, stored.clip) if name is not None]
        removed = [_remove(self._media.path(name)) for name in names]
        return sum(count for count, _ in removed), sum(size for _, size in removed)

    def _files(self) -> Iterator[tuple[Path, int, float]]:
        """Give every media file with its bytes and the time of its last change."""
        for folder in FOLDERS:
            for path in (self._media.data / folder).rglob("*"):
                try:
                    status = path.stat()
                except FileNotFoundError:
                    continue  # renamed or removed while we looked
                if path.is_file():
                    yield path, status.st_size, status.st_mtime


def _remove(path: Path) -> tuple[int, int]:
    """Delete a file; give files and bytes."""
    try:
        size = path.stat().st_size
        path.unlink()
    except FileNotFoundError:
        return 0, 0
    except OSError as error:
        raise file_error(error, path) from error
    return 1, size
