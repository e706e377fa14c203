"""The search parameters of `/api/events`: one table of names, meanings and readers."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from http import HTTPStatus
from typing import Any

from omnicam.decide.events import FeedbackKind
from omnicam.record.query import MOST_ON_A_PAGE, EventQuery
from omnicam.serve.problem import ProblemError
from omnicam.taxonomy import AnomalyClass, Level, class_named


def _text(value: str) -> str:
    return value


def _moment(value: str) -> float:
    """Read Unix seconds or ISO 8601 (without zone UTC)."""
    try:
        return float(value)
    except ValueError:
        time = datetime.fromisoformat(value)
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()


def _flag(value: str) -> bool:
    return {"true": True, "false": False}[value.lower()]


def _limit(value: str) -> int:
    number = int(value)
    if not 1 <= number <= MOST_ON_A_PAGE:
        raise ValueError(value)
    return number


def _one_of[T: StrEnum](options: type[T]) -> Callable[[str], T]:
    def read(value: str) -> T:
        return options(value)

    return read


@dataclass(frozen=True, slots=True)
class Parameter:
    """One search parameter.

    Attributes:
        field: of `EventQuery`.
        read: makes its value of the text; ValueError or KeyError where it cannot.
        wanted: what the text must be, for the error and the OpenAPI document.
        schema: OpenAPI schema of the text.
    """

    field: str
    read: Callable[[str], object]
    wanted: str
    schema: Mapping[str, Any]


_STRING = {"type": "string"}
_MOMENT = "Unix seconds or a time such as 2026-11-22T14:00:00Z"

PARAMETERS: Mapping[str, Parameter] = {
    "camera": Parameter("camera", _text, "id of a camera", _STRING),
    "class": Parameter(
        "anomaly",
        _one_of(AnomalyClass),
        f"one of {', '.join(AnomalyClass)}, or the id of a question of your own",
        _STRING,
    ),
    "level": Parameter(
        "level",
        _one_of(Level),
        f"one of {', '.join(Level)}",
        {"type": "string", "enum": list(Level)},
    ),
    "text": Parameter("text", _text, "words in English or Chinese that must all occur", _STRING),
    "from": Parameter("start", _moment, _MOMENT, _STRING),
    "to": Parameter("end", _moment, _MOMENT, _STRING),
    "review": Parameter("review", _flag, "true or false", {"type": "boolean"}),
    "open": Parameter("open", _flag, "true or false", {"type": "boolean"}),
    "feedback": Parameter(
        "feedback",
        _one_of(FeedbackKind),
        f"one of {', '.join(FeedbackKind)}",
        {"type": "string", "enum": list(FeedbackKind)},
    ),
    "limit": Parameter(
        "limit",
        _limit,
        f"a whole number from 1 to {MOST_ON_A_PAGE}",
        {"type": "integer", "minimum": 1, "maximum": MOST_ON_A_PAGE, "default": 50},
    ),
    "cursor": Parameter("cursor", _text, "`cursor` of the page before", _STRING),
}


def event_query(given: Mapping[str, str], own: Collection[str] = ()) -> EventQuery:
    """Read search parameters.

    Args:
        given: the parameters.
        own: names of the household's own classes.

    Raises:
        ProblemError: a parameter is unknown or wrong; it names the parameter and the remedy.
    """
    fields: dict[str, Any] = {}
    for name, value in given.items():
        parameter = PARAMETERS.get(name)
        if parameter is None:
            remedy = f"known parameters: {', '.join(PARAMETERS)}"
            raise ProblemError(HTTPStatus.BAD_REQUEST, f"{name} is no search parameter", remedy)
        if name == "class" and value in own:
            fields[parameter.field] = class_named(value)
            continue
        try:
            fields[parameter.field] = parameter.read(value)
        except (ValueError, KeyError, OverflowError):
            error = f"{name} = {value[:60]!r} cannot be used"
            remedy = f"{name} must be {parameter.wanted}"
            raise ProblemError(HTTPStatus.BAD_REQUEST, error, remedy) from None
    return EventQuery(**fields)
