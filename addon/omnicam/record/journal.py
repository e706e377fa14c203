"""One JSON line for every event that ended: the simplest record, readable without a program."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from omnicam.record.errors import file_error
from omnicam.record.files import sync_folder

_TAIL = 65_536  # bytes; no line is longer


class Journal:
    """Appends lines to `events.jsonl`; at the turn of a month (UTC) the file gets the month's name.

    A line that a crash tore is cut off before the next one is written. Safe to use from several
    threads; every method may block.
    """

    def __init__(self, path: Path, *, clock: Callable[[], float] = time.time) -> None:
        """Name the file; it is made with the first line.

        Args:
            path: such as `data/events.jsonl`; older months lie beside it as `events-2026-10.jsonl`.
            clock: gives Unix seconds, for the turn of the month.
        """
        self._path = path
        self._clock = clock
        self._lock = threading.Lock()

    def append(self, line: Mapping[str, Any]) -> None:
        """Write one line and wait until the disk has it.

        Raises:
            RecordError: it could not be written; the file is as before.
        """
        data = (json.dumps(line, ensure_ascii=False, allow_nan=False) + "\n").encode()
        with self._lock:
            try:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                self._rotate()
                self._write(data)
            except OSError as error:
                raise file_error(error, self._path) from error

    def repair(self) -> bool:
        """Cut off a torn last line, and say whether there was one.

        Raises:
            RecordError: the file cannot be read or written.
        """
        with self._lock:
            try:
                with self._path.open("r+b") as file:
                    return _repair(file.fileno())
            except FileNotFoundError:
                return False
            except OSError as error:
                raise file_error(error, self._path) from error

    def forget(self, before: float) -> list[Path]:
        """Delete the files of whole months that ended before a time; gives what was deleted.

        Raises:
            RecordError: a file cannot be deleted.
        """
        month = _month(before)
        with self._lock:
            old = [
                file
                for file in self._path.parent.glob(f"{self._path.stem}-????-??{self._path.suffix}")
                if file.stem.removeprefix(f"{self._path.stem}-") < month
            ]
            for file in old:
                try:
                    file.unlink(missing_ok=True)
                except OSError as error:
                    raise file_error(error, file) from error
        return old

    def _write(self, data: bytes) -> None:
        made = not self._path.exists()
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            _repair(descriptor)
            end = os.lseek(descriptor, 0, os.SEEK_END)
            try:
                written = 0
                while written < len(data):
                    written += os.write(descriptor, data[written:])
                os.fsync(descriptor)
            except OSError:
                os.ftruncate(descriptor, end)
                raise
        finally:
            os.close(descriptor)
        if made:
            sync_folder(self._path.parent)

    def _rotate(self) -> None:
        try:
            changed = self._path.stat().st_mtime
        except FileNotFoundError:
            return
        month = _month(changed)
        if month >= _month(self._clock()):
            return
        older = self._path.with_name(f"{self._path.stem}-{month}{self._path.suffix}")
        # Where the name is taken (a clock that was set back), the file goes on for another month.
        if not older.exists():
            self._path.rename(older)
            sync_folder(self._path.parent)


def _month(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m")


def _repair(descriptor: int) -> bool:
    """Make the file end with a whole line; a last line that only lacks its end is kept."""
    size = os.lseek(descriptor, 0, os.SEEK_END)
    start = max(0, size - _TAIL)
    tail = os.pread(descriptor, size - start, start)
    if not tail or tail.endswith(b"\n"):
        return False
    torn = tail[tail.rfind(b"\n") + 1 :]
    try:
        json.loads(torn)
    except ValueError:
        os.ftruncate(descriptor, size - len(torn))
        os.fsync(descriptor)
        return True
    os.pwrite(descriptor, b"\n", size)
    return True
