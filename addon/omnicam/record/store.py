"""The record of all events: one SQLite file with search, history, feedback and outbox."""

from __future__ import annotations

import math
import sqlite3
import time
from collections.abc import Callable, Collection
from pathlib import Path

from omnicam.decide.events import TRUTH, Event, FeedbackKind, Step
from omnicam.decide.home import HomeMemory
from omnicam.decide.words import HelpCall
from omnicam.record import homes, outbox
from omnicam.record.codec import dump_event, load_event
from omnicam.record.database import Database, Row
from omnicam.record.query import (
    CallQuery,
    EventQuery,
    Page,
    StepRow,
    StoredEvent,
    check_limit,
    check_time,
    cursor_after,
    where,
)
from omnicam.record.text import words_of
from omnicam.taxonomy import Level

_COLUMNS = "body, snapshot, clip, feedback, feedback_time, journaled"

_UPSERT = """
INSERT INTO events (id, camera, class, level, suspected, ended, review, body, snapshot, clip,
                    recorded)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET
    level = excluded.level, ended = excluded.ended, review = excluded.review,
    body = excluded.body, recorded = excluded.recorded, journaled = 0,
    snapshot = COALESCE(excluded.snapshot, snapshot), clip = COALESCE(excluded.clip, clip)
RETURNING number
"""


class Store:
    """Events, their steps and calls for help. Every method may block: call it from a thread.

    All methods raise `RecordError` where the file cannot be read or written.
    """

    def __init__(self, path: Path, *, clock: Callable[[], float] = time.time) -> None:
        """Open or make the file.

        Args:
            path: of the SQLite file.
            clock: gives the time of recording in Unix seconds; stream time may be years ago where
                an old recording is judged, and must not make its events old.
        """
        self._database = Database(path)
        self._clock = clock

    def close(self) -> None:
        """Let the file go."""
        self._database.close()

    def add_step(
        self,
        event: Event,
        *,
        camera_name: str = "",
        class_names: str = "",
        snapshot: str | None = None,
        clip: str | None = None,
        publish: bool = True,
    ) -> int | None:
        """Record a step together with its message in the outbox.

        A step recorded before is not recorded again. An ended event that is suspected anew is a
        recording judged again: its history is replaced.

        Returns:
            The number of the message; None where nothing is to be published.
        """
        with self._database.transaction() as connection:
            if _known(connection, event):
                return None
            number = connection.execute(
                _UPSERT,
                (
                    event.id,
                    event.camera,
                    event.anomaly,
                    event.level,
                    event.suspected,
                    event.ended,
                    int(event.review),
                    dump_event(event),
                    snapshot,
                    clip,
                    self._clock(),
                ),
            ).fetchone()[0]
            connection.execute(
                "INSERT INTO steps (event, step, level, confidence, time, reason) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                (event.id, event.step, event.level, event.confidence, event.updated, event.reason),
            )
            connection.execute("DELETE FROM events_text WHERE rowid = ?", (number,))
            connection.execute(
                "INSERT INTO events_text (rowid, words) VALUES (?, ?)",
                (number, words_of(event, camera_name, class_names)),
            )
            return outbox.put(connection, event, snapshot, clip) if publish else None

    def add_call(self, call: HelpCall, *, publish: bool = True) -> int | None:
        """Record a call for help together with its message in the outbox, once."""
        with self._database.transaction() as connection:
            added = connection.execute(
                "INSERT INTO calls (id, camera, word, confidence, time, onset, recorded) "
                "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
                (
                    call.id,
                    call.camera,
                    call.word,
                    call.confidence,
                    call.time,
                    call.onset,
                    self._clock(),
                ),
            ).rowcount
            return outbox.put(connection, call) if added and publish else None

    def calls(self, query: CallQuery) -> list[HelpCall]:
        """Give calls for help, the newest first.

        Raises:
            QueryError: a field of the query is wrong.
        """
        check_limit(query.limit)
        check_time("from", query.start)
        rows = self._database.rows(
            "SELECT id, camera, word, confidence, time, onset FROM calls WHERE time >= ? "
            "ORDER BY time DESC, id DESC LIMIT ?",
            (-math.inf if query.start is None else query.start, query.limit),
        )
        names = ("id", "camera", "word", "confidence", "time", "onset")
        return [HelpCall(**dict(zip(names, row, strict=True))) for row in rows]

    def undelivered(self, limit: int = 100) -> list[outbox.Pending]:
        """Give the oldest messages that the broker has not got, in order."""
        return outbox.oldest(self._database, limit)

    def mark_delivered(self, number: int) -> None:
        """Note that the broker has a message; again is no error."""
        outbox.remove(self._database, number)

    def get(self, event: str) -> StoredEvent | None:
        """Give an event with its history, None if there is none of this id."""
        rows = self._database.rows(f"SELECT {_COLUMNS} FROM events WHERE id = ?", (event,))  # noqa: S608
        if not rows:
            return None
        steps = self._database.rows(
            "SELECT step, level, confidence, time, reason FROM steps WHERE event = ? "
            "ORDER BY number",
            (event,),
        )
        return _stored(rows[0], tuple(map(_step, steps)))

    def search(self, query: EventQuery) -> Page:
        """Give a page of events, the latest suspicion first.

        Raises:
            QueryError: a field of the query is wrong.
        """
        condition, values = where(query)
        rows = self._database.rows(
            f"SELECT {_COLUMNS} FROM events WHERE {condition} "  # noqa: S608 - values are bound
            "ORDER BY suspected DESC, id DESC LIMIT ?",
            (*values, query.limit + 1),
        )
        events = tuple(_stored(row) for row in rows[: query.limit])
        more = len(rows) > query.limit
        return Page(events=events, cursor=cursor_after(events[-1].event) if more else None)

    def open_events(self) -> list[Event]:
        """Give events without an end; after a start these are what a crash interrupted."""
        rows = self._database.rows("SELECT body FROM events WHERE ended IS NULL ORDER BY suspected")
        return [load_event(body) for (body,) in rows]

    def set_feedback(self, event: str, kind: FeedbackKind) -> bool:
        """Keep what a person said; False if there is no such event.

        The same word again changes nothing, and a word without a judgement takes none back.
        """
        with self._database.transaction() as connection:
            row = connection.execute(
                "SELECT feedback FROM events WHERE id = ?", (event,)
            ).fetchone()
            if row is None:
                return False
            (before,) = row
            if before != kind and (kind in TRUTH or before not in TRUTH):
                connection.execute(
                    "UPDATE events SET feedback = ?, feedback_time = ? WHERE id = ?",
                    (kind, self._clock(), event),
                )
            return True

    def homes(self) -> dict[str, HomeMemory]:
        """Give what the cameras have learned of their home, by camera."""
        return homes.load(self._database)

    def set_home(self, camera: str, memory: HomeMemory) -> None:
        """Keep what a camera has learned, instead of what it had learned before."""
        homes.save(self._database, camera, memory, self._clock())

    def set_snapshot(self, event: str, snapshot: str | None) -> bool:
        """Keep where the snapshot is, below the data folder; False if there is no such event."""
        return self._update("snapshot = ?", (snapshot,), event)

    def set_clip(self, event: str, clip: str | None) -> bool:
        """Keep where the clip is, below the data folder; False if there is no such event."""
        return self._update("clip = ?", (clip,), event)

    def unjournaled(self, recorded: float = math.inf) -> list[StoredEvent]:
        """Give ended events recorded before a time that have no line in the journal yet."""
        rows = self._database.rows(
            f"SELECT {_COLUMNS} FROM events WHERE journaled = 0 AND ended IS NOT NULL "  # noqa: S608
            "AND recorded < ? ORDER BY suspected",
            (recorded,),
        )
        return [_stored(row) for row in rows]

    def mark_journaled(self, event: str) -> None:
        """Note that an ended event has its line in the journal."""
        self._update("journaled = 1", (), event)

    def ended_before(self, recorded: float, limit: int = 500) -> list[StoredEvent]:
        """Give ended events recorded before a time, the oldest first."""
        rows = self._database.rows(
            f"SELECT {_COLUMNS} FROM events WHERE recorded < ? AND ended IS NOT NULL "  # noqa: S608
            "ORDER BY recorded, suspected LIMIT ?",
            (recorded, limit),
        )
        return [_stored(row) for row in rows]

    def ended_with_media(self, limit: int = 500) -> list[StoredEvent]:
        """Give ended events that have a snapshot or a clip, the oldest first."""
        rows = self._database.rows(
            f"SELECT {_COLUMNS} FROM events WHERE ended IS NOT NULL "  # noqa: S608
            "AND (snapshot IS NOT NULL OR clip IS NOT NULL) ORDER BY recorded, suspected LIMIT ?",
            (limit,),
        )
        return [_stored(row) for row in rows]

    def media_names(self) -> frozenset[str]:
        """Give the names of all snapshots and clips that belong to an event."""
        rows = self._database.rows("SELECT snapshot, clip FROM events")
        return frozenset(name for row in rows for name in row if name is not None)

    def forget_media(self, events: Collection[str]) -> None:
        """Note that the files of these events are gone; what happened stays on record."""
        with self._database.transaction() as connection:
            connection.executemany(
                "UPDATE events SET snapshot = NULL, clip = NULL WHERE id = ?",
                [(event,) for event in events],
            )

    def delete(self, events: Collection[str]) -> None:
        """Delete events with their history."""
        keys = [(event,) for event in events]
        with self._database.transaction() as connection:
            connection.executemany(
                "DELETE FROM events_text WHERE rowid = (SELECT number FROM events WHERE id = ?)",
                keys,
            )
            connection.executemany("DELETE FROM events WHERE id = ?", keys)

    def delete_calls(self, recorded: float) -> int:
        """Delete calls for help recorded before a time and give their count."""
        with self._database.transaction() as connection:
            return connection.execute("DELETE FROM calls WHERE recorded < ?", (recorded,)).rowcount

    def _update(self, assignment: str, values: tuple[object, ...], event: str) -> bool:
        with self._database.transaction() as connection:
            return bool(
                connection.execute(
                    f"UPDATE events SET {assignment} WHERE id = ?",  # noqa: S608 - fixed texts
                    (*values, event),
                ).rowcount
            )


def _known(connection: sqlite3.Connection, event: Event) -> bool:
    """Whether the step is on record or comes after the end; clears a life that begins again."""
    row = connection.execute("SELECT ended FROM events WHERE id = ?", (event.id,)).fetchone()
    if row is None:
        return False
    ended = row[0] is not None
    if ended and event.step is Step.SUSPECTED:
        connection.execute("DELETE FROM steps WHERE event = ?", (event.id,))
        return False
    found = connection.execute(
        "SELECT 1 FROM steps WHERE event = ? AND step = ?", (event.id, event.step)
    ).fetchone()
    # After the end comes at most the sentence about it.
    return found is not None or (ended and event.step is not Step.DESCRIBED)


def _stored(row: Row, steps: tuple[StepRow, ...] = ()) -> StoredEvent:
    body, snapshot, clip, feedback, feedback_time, journaled = row
    return StoredEvent(
        event=load_event(body),
        snapshot=snapshot,
        clip=clip,
        feedback=FeedbackKind(feedback) if feedback is not None else None,
        feedback_time=feedback_time,
        journaled=bool(journaled),
        steps=steps,
    )


def _step(row: Row) -> StepRow:
    step, level, confidence, moment, reason = row
    return StepRow(
        step=Step(step), level=Level(level), confidence=confidence, time=moment, reason=reason
    )
