"""Recordings with marked crossings, and recordings in which nobody is."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from omnicam.config.model import Direction, Line, LineKind, Point, Zone, ZoneKind
from omnicam.taxonomy import AnomalyClass
from presence.watch import Question

MARKS = Path(__file__).resolve().parents[1] / "accuracy"

WHOLE = Question(
    name="anybody",
    anomaly=AnomalyClass.RESTRICTED_AREA_INTRUSION,
    zones=(
        Zone(
            name="everywhere",
            kind=ZoneKind.RESTRICTED,
            # A little beyond the picture: feet that are cut off are guessed at below it.
            points=((-0.5, -0.5), (1.5, -0.5), (1.5, 1.5), (-0.5, 1.5)),
        ),
    ),
)
"""The whole picture as a restricted zone: everybody in it is an event."""


class MarksError(ValueError):
    """A file of marks cannot be used; the message says where and why."""


@dataclass(frozen=True, slots=True)
class Nobody:
    """A recording in which nobody is, from a time on."""

    path: str
    from_s: float


def read_lines(file: Path) -> dict[str, tuple[Question, ...]]:
    """Read marked crossings: the questions of each recording.

    Raises:
        MarksError: a row cannot be understood.
    """
    found: dict[str, tuple[Question, ...]] = {}
    with file.open(encoding="utf-8", newline="") as text:
        reader = csv.DictReader(text)
        for row in reader:
            try:
                question = _question(row)
            except (KeyError, ValueError) as error:
                raise MarksError(f"{file}, line {reader.line_num}: {error}") from error
            found[row["path"]] = (*found.get(row["path"], ()), question)
    return found


def read_nobody(file: Path) -> tuple[Nobody, ...]:
    """Read the recordings without people.

    Raises:
        MarksError: a row cannot be understood.
    """
    with file.open(encoding="utf-8", newline="") as text:
        reader = csv.DictReader(text)
        try:
            return tuple(Nobody(row["path"], float(row["from_s"])) for row in reader)
        except (KeyError, ValueError) as error:
            raise MarksError(f"{file}, line {reader.line_num}: {error}") from error


def _question(row: dict[str, str]) -> Question:
    name, points = row["name"], _points(row["points"])
    direction = Direction(row["direction"]) if row["direction"] else Direction.BOTH
    zones: tuple[Zone, ...] = ()
    lines: tuple[Line, ...] = ()
    match row["kind"]:
        case "zone":
            zones = (Zone(name=name, kind=ZoneKind.RESTRICTED, points=points),)
        case "line":
            lines = (Line(name=name, kind=LineKind.CROSSING, points=points, direction=direction),)
        case other:
            raise ValueError(f"kind {other!r} is neither zone nor line")
    return Question(
        name=name,
        anomaly=AnomalyClass(row["class"]),
        zones=zones,
        lines=lines,
        onsets=tuple(float(time) for time in row["onsets_s"].split(";") if time),
    )


def _points(text: str) -> tuple[Point, ...]:
    pairs = [pair.split() for pair in text.split(";")]
    return tuple((float(x), float(y)) for x, y in pairs)
