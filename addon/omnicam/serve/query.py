"""The search parameters of events and of calls for help: tables of names, meanings and readers."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from http import HTTPStatus
from typing import Any

from omnicam.decide.events import FeedbackKind
from omnicam.record.query import MOST_ON_A_PAGE, CallQuery, EventQuery
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
        field: of `EventQuery` or `CallQuery`.
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


CALL_PARAMETERS: Mapping[str, Parameter] = {name: PARAMETERS[name] for name in ("from", "limit")}


def call_query(given: Mapping[str, str]) -> CallQuery:
    """Read search parameters of calls for help; raises `ProblemError` as `event_query` does."""
    return CallQuery(**_fields(given, CALL_PARAMETERS))


def event_query(given: Mapping[str, str], own: Collection[str] = ()) -> EventQuery:
    """Read search parameters.

    Args:
        given: the parameters.
        own: names of the household's own classes.

    Raises:
        ProblemError: a parameter is unknown or wrong; it names the parameter and the remedy.
    """
    if given.get("class") in own:
        others = {name: value for name, value in given.items() if name != "class"}
        return EventQuery(**_fields(others, PARAMETERS), anomaly=class_named(given["class"]))
    return EventQuery(**_fields(given, PARAMETERS))


def _fields(given: Mapping[str, str], known: Mapping[str, Parameter]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name, value in given.items():
        parameter = known.get(name)
        if parameter is None:
            remedy = f"known parameters: {', '.join(known)}"
            raise ProblemError(HTTPStatus.BAD_REQUEST, f"{name} is no search parameter", remedy)
        try:
            fields[parameter.field] = parameter.read(value)
        except (ValueError, KeyError, OverflowError):
            error = f"{name} = {value[:60]!r} cannot be used"
            remedy = f"{name} must be {parameter.wanted}"
            raise ProblemError(HTTPStatus.BAD_REQUEST, error, remedy) from None
    return fields
