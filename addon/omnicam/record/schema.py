"""The tables, and how an older file is brought to the newest form.

`PRAGMA user_version` counts the migrations that a file has seen. A migration that was released is
never changed; a new form is a new entry at the end.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from omnicam.record.errors import StoreError

_FIRST = """
CREATE TABLE events (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    camera TEXT NOT NULL,
    class TEXT NOT NULL,
    level TEXT NOT NULL,
    suspected REAL NOT NULL,
    ended REAL,
    review INTEGER NOT NULL,
    body TEXT NOT NULL,
    snapshot TEXT,
    clip TEXT,
    feedback TEXT,
    feedback_time REAL,
    recorded REAL NOT NULL,
    journaled INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX events_by_time ON events (suspected DESC, id DESC);
CREATE INDEX events_by_camera ON events (camera, suspected DESC);
CREATE INDEX events_open ON events (id) WHERE ended IS NULL;
CREATE INDEX events_unjournaled ON events (suspected) WHERE journaled = 0;
CREATE INDEX events_by_record ON events (recorded);

CREATE TABLE steps (
    number INTEGER PRIMARY KEY,
    event TEXT NOT NULL REFERENCES events (id) ON DELETE CASCADE,
    step TEXT NOT NULL,
    level TEXT NOT NULL,
    confidence REAL NOT NULL,
    time REAL NOT NULL,
    reason TEXT NOT NULL,
    UNIQUE (event, step)
);

CREATE TABLE calls (
    id TEXT PRIMARY KEY,
    camera TEXT NOT NULL,
    word TEXT NOT NULL,
    confidence REAL NOT NULL,
    time REAL NOT NULL,
    onset REAL NOT NULL,
    recorded REAL NOT NULL
);
CREATE INDEX calls_by_time ON calls (time DESC);

CREATE TABLE pending (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL CHECK (kind IN ('event', 'help')),
    body TEXT NOT NULL,
    snapshot TEXT,
    clip TEXT
);

CREATE VIRTUAL TABLE events_text USING fts5 (words, tokenize = 'unicode61');
"""

_HOMES = """
CREATE TABLE homes (
    camera TEXT PRIMARY KEY,
    format INTEGER NOT NULL,
    body TEXT NOT NULL,
    recorded REAL NOT NULL
);
"""

MIGRATIONS: tuple[str, ...] = (_FIRST, _HOMES)


def migrate(connection: sqlite3.Connection, migrations: Sequence[str] = MIGRATIONS) -> int:
    """Bring a database to the newest form and give its version; each migration is one transaction.

    Raises:
        StoreError: a newer program wrote the file.
    """
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > len(migrations):
        msg = (
            f"the database has version {version}, this program knows {len(migrations)}: "
            "update OmniCam, or move the file away to begin a new one"
        )
        raise StoreError(msg)
    for number, script in enumerate(migrations[version:], version + 1):
        # One script with its own BEGIN and COMMIT: executescript would commit before a script.
        try:
            connection.executescript(f"BEGIN;{script};PRAGMA user_version = {number};COMMIT;")
        except sqlite3.Error:
            connection.rollback()
            raise
    return len(migrations)
