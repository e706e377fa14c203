"""What can be searched for, and the pages in which it is found."""

from __future__ import annotations

import base64
import binascii
import json
import math
from dataclasses import dataclass

from omnicam.decide.events import Event, FeedbackKind, Step
from omnicam.record.errors import QueryError
from omnicam.record.text import match_of
from omnicam.taxonomy import ClassName, Level

MOST_ON_A_PAGE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class EventQuery:
    """What to look for; every None matches all.

    Attributes:
        camera: id of the camera.
        anomaly: the class.
        level: the level, exactly.
        text: words in English or Chinese that must all occur.
        start: first suspicion at or after this stream time.
        end: first suspicion before this stream time.
        review: whether for review.
        open: whether still open.
        feedback: what a person said about it.
        limit: events on a page, 1 to 200.
        cursor: `Page.cursor` of the page before.
    """

    camera: str | None = None
    anomaly: ClassName | None = None
    level: Level | None = None
    text: str | None = None
    start: float | None = None
    end: float | None = None
    review: bool | None = None
    open: bool | None = None
    feedback: FeedbackKind | None = None
    limit: int = 50
    cursor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallQuery:
    """Which calls for help to look for.

    Attributes:
        start: called at or after this stream time; None for all.
        limit: the newest calls at the most, 1 to 200.
    """

    start: float | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRow:
    """One step in the history of an event, as it stood then."""

    step: Step
    level: Level
    confidence: float
    time: float
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEvent:
    """An event with what was recorded about it.

    Attributes:
        event: as after its newest step.
        snapshot: path below the data folder, None without one.
        clip: path below the data folder, None without one.
        feedback: what a person said, None if nobody did.
        feedback_time: Unix seconds at which they said it.
        journaled: whether the journal has its line.
        steps: the history, in order; empty in a page of search results.
    """

    event: Event
    snapshot: str | None = None
    clip: str | None = None
    feedback: FeedbackKind | None = None
    feedback_time: float | None = None
    journaled: bool = False
    steps: tuple[StepRow, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Events, the newest first, and where the next page begins (None after the last)."""

    events: tuple[StoredEvent, ...]
    cursor: str | None


def where(query: EventQuery) -> tuple[str, list[str | float | int]]:
    """Give the SQL condition of a query and its values, in order.

    Raises:
        QueryError: the limit, a time or the cursor is wrong.
    """
    check_limit(query.limit)
    check_time("from", query.start)
    check_time("to", query.end)
    plain: tuple[tuple[str, str | float | int | None], ...] = (
        ("camera = ?", query.camera),
        ("class = ?", query.anomaly),
        ("level = ?", query.level),
        ("suspected >= ?", query.start),
        ("suspected < ?", query.end),
        ("feedback = ?", query.feedback),
        ("review = ?", None if query.review is None else int(query.review)),
        ("(ended IS NULL) = ?", None if query.open is None else int(query.open)),
    )
    conditions = [condition for condition, value in plain if value is not None]
    values = [value for _, value in plain if value is not None]
    if query.text is not None and query.text.strip():
        match = match_of(query.text)
        if match is None:
            conditions.append("0")
        else:
            conditions.append("number IN (SELECT rowid FROM events_text WHERE words MATCH ?)")
            values.append(match)
    if query.cursor is not None:
        conditions.append("(suspected, id) < (?, ?)")
        values.extend(_after(query.cursor))
    return " AND ".join(conditions) or "1", values


def check_limit(limit: int) -> None:
    """Raise QueryError for a number of rows that no page may have."""
    if not 1 <= limit <= MOST_ON_A_PAGE:
        msg = f"limit = {limit}: must be between 1 and {MOST_ON_A_PAGE}"
        raise QueryError(msg)


def check_time(name: str, time: float | None) -> None:
    """Raise QueryError for a time that is none."""
    if time is not None and not math.isfinite(time):
        msg = f"{name} = {time}: must be a finite time"
        raise QueryError(msg)


def cursor_after(event: Event) -> str:
    """Give the cursor of the page that follows this event."""
    text = json.dumps([event.suspected, event.id], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _after(cursor: str) -> tuple[float, str]:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        raw = json.loads(base64.b64decode(padded.encode("ascii"), altchars=b"-_", validate=True))
        suspected, event = raw
        if isinstance(suspected, float | int) and isinstance(event, str):
            return float(suspected), event
    except (ValueError, TypeError, binascii.Error):
        pass
    msg = f"cursor = {cursor[:40]!r}: is not from a page of this API; leave it out to begin anew"
    raise QueryError(msg)
