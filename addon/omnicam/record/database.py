"""One SQLite file: a connection that writes, one that reads, and errors that name the remedy."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from omnicam.record.errors import RecordError, database_error, file_error
from omnicam.record.schema import MIGRATIONS, migrate

_WAIT_S = 5.0  # for a lock that another process holds
_LOG_PAGES = 256  # 1 MB: a log that grows to SQLite's usual 4 MB is much on a nearly full disk

type Row = tuple[Any, ...]


class Database:
    """Write-ahead logging with a full sync: a kill or a power cut loses no finished transaction.

    Safe to use from several threads; writers take turns, readers do not wait for writers.
    """

    def __init__(self, path: Path, migrations: Sequence[str] = MIGRATIONS) -> None:
        """Open the file, making or migrating it as needed.

        Raises:
            RecordError: it cannot be opened, is no database, or a newer program wrote it.
        """
        self.path = path
        self._write_lock = threading.Lock()
        self._read_lock = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise file_error(error, path) from error
        self._writer = self._open()
        try:
            migrate(self._writer, migrations)
            self._reader = self._open()
        except sqlite3.Error as error:
            self._writer.close()
            raise database_error(error, path) from error
        except RecordError:
            self._writer.close()
            raise

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Write all or nothing.

        Raises:
            RecordError: nothing was written.
        """
        with self._write_lock:
            try:
                self._writer.execute("BEGIN IMMEDIATE")
                yield self._writer
                self._writer.execute("COMMIT")
            except sqlite3.Error as error:
                self._roll_back()
                raise database_error(error, self.path) from error
            except BaseException:
                self._roll_back()
                raise

    def rows(self, sql: str, values: Sequence[object] = ()) -> list[Row]:
        """Read rows.

        Raises:
            RecordError: the file cannot be read.
        """
        with self._read_lock:
            try:
                return self._reader.execute(sql, values).fetchall()
            except sqlite3.Error as error:
                raise database_error(error, self.path) from error

    def close(self) -> None:
        """Let the file go, with everything moved out of the log."""
        with self._write_lock, self._read_lock:
            self._reader.close()
            self._writer.close()

    def _open(self) -> sqlite3.Connection:
        try:
            connection = sqlite3.connect(
                self.path, timeout=_WAIT_S, isolation_level=None, check_same_thread=False
            )
        except sqlite3.Error as error:
            raise database_error(error, self.path) from error
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute(f"PRAGMA wal_autocheckpoint = {_LOG_PAGES}")
        except sqlite3.Error as error:
            connection.close()
            raise database_error(error, self.path) from error
        return connection

    def _roll_back(self) -> None:
        # SQLite itself has already rolled back after some errors, such as a full disk.
        if self._writer.in_transaction:
            self._writer.execute("ROLLBACK")
