"""What is to be published, kept until the broker has it: a restart or an outage loses nothing."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from omnicam.decide.decider import Decision
from omnicam.decide.events import Event
from omnicam.record.codec import dump_call, dump_event, load_call, load_event
from omnicam.record.database import Database

MOST_PENDING = 10_000
"""Older messages go first when a broker stays away so long that more would pile up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A message not yet delivered.

    Attributes:
        number: grows with every message; the order of publishing.
        decision: the event as it stood at that step, or the call for help.
        snapshot: path below the data folder, None without one.
        clip: path below the data folder, None without one.
    """

    number: int
    decision: Decision
    snapshot: str | None
    clip: str | None


def put(
    connection: sqlite3.Connection,
    decision: Decision,
    snapshot: str | None = None,
    clip: str | None = None,
) -> int:
    """Add a message inside a transaction and give its number."""
    if isinstance(decision, Event):
        kind, body = "event", dump_event(decision)
    else:
        kind, body = "help", dump_call(decision)
    number = connection.execute(
        "INSERT INTO pending (kind, body, snapshot, clip) VALUES (?, ?, ?, ?) RETURNING number",
        (kind, body, snapshot, clip),
    ).fetchone()[0]
    connection.execute("DELETE FROM pending WHERE number <= ?", (number - MOST_PENDING,))
    return int(number)


def oldest(database: Database, limit: int) -> list[Pending]:
    """Give the oldest messages not yet delivered, in order."""
    rows = database.rows(
        "SELECT number, kind, body, snapshot, clip FROM pending ORDER BY number LIMIT ?", (limit,)
    )
    return [
        Pending(
            number=number,
            decision=load_event(body) if kind == "event" else load_call(body),
            snapshot=snapshot,
            clip=clip,
        )
        for number, kind, body, snapshot, clip in rows
    ]


def remove(database: Database, number: int) -> None:
    """Forget a delivered message."""
    with database.transaction() as connection:
        connection.execute("DELETE FROM pending WHERE number = ?", (number,))
