"""What every camera has learned of its home, one row a camera, written whole or not at all."""

from __future__ import annotations

import json
import logging
import math
from dataclasses import asdict
from typing import Any

from omnicam.decide.events import FeedbackKind
from omnicam.decide.home import Answer, Day, HomeMemory
from omnicam.record.database import Database

FORMAT = 1
"""Of the row's body; a row of another one is not read: the camera learns anew."""

_log = logging.getLogger(__name__)


def load(database: Database) -> dict[str, HomeMemory]:
    """Give the memories by camera.

    A row that cannot be read is left out and told: a home that must be learned anew is no reason
    not to watch it.
    """
    memories: dict[str, HomeMemory] = {}
    for camera, version, body in database.rows("SELECT camera, format, body FROM homes"):
        try:
            memories[camera] = parse(body, version)
        except (ValueError, TypeError, KeyError) as error:
            _log.warning(
                "What camera %s learned cannot be read (%s): it begins anew", camera, error
            )
    return memories


def save(database: Database, camera: str, memory: HomeMemory, recorded: float) -> None:
    """Keep a camera's memory instead of the one before.

    Raises:
        RecordError: nothing was written; the one before is still there.
    """
    with database.transaction() as connection:
        connection.execute(
            "INSERT INTO homes (camera, format, body, recorded) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (camera) DO UPDATE SET format = excluded.format, body = excluded.body, "
            "recorded = excluded.recorded",
            (camera, FORMAT, text(memory), recorded),
        )


def text(memory: HomeMemory) -> str:
    """Give a memory as JSON that `parse` reads back unchanged."""
    return json.dumps(asdict(memory), allow_nan=False, separators=(",", ":"))


def parse(body: str, version: int = FORMAT) -> HomeMemory:
    """Read what `text` wrote.

    Raises:
        ValueError, TypeError, KeyError: it is something else.
    """
    if version != FORMAT:
        msg = f"format {version}, this program reads {FORMAT}"
        raise ValueError(msg)
    raw: dict[str, Any] = json.loads(body)
    memory = HomeMemory(
        since=raw["since"],
        days=tuple(Day(**day) for day in raw["days"]),
        answers=tuple(
            Answer(**{**answer, "kind": FeedbackKind(answer["kind"])}) for answer in raw["answers"]
        ),
    )
    numbers = [peak for day in memory.days for peak in day.peaks.values()]
    numbers += [number for answer in memory.answers for number in (answer.peak, answer.time)]
    if not all(map(math.isfinite, numbers)):
        msg = "a number in it is not finite"
        raise ValueError(msg)
    return memory
