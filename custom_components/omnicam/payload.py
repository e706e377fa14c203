"""Reading untrusted JSON field by field: what is wrong is named with its field and its remedy."""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from .const import CONTRACT

_IDENTIFIER = re.compile(r"[A-Za-z0-9_-]{1,64}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_TEXT_LIMIT = 1000
_SHOWN_LIMIT = 60


@dataclass(frozen=True, slots=True)
class Flaw:
    """A field that could not be read, what it held and what it should hold."""

    field: str
    value: str
    remedy: str

    def __str__(self) -> str:
        """Give the sentence for the log."""
        return f"field {self.field} is {self.value}: {self.remedy}"


class PayloadError(ValueError):
    """A payload lacks something without which it means nothing."""

    def __init__(self, field: str, value: object, remedy: str) -> None:
        """Name the field, a shortened form of its value, and the remedy."""
        self.flaw = Flaw(field, shown(value), remedy)
        super().__init__(str(self.flaw))


class UnsupportedContractError(PayloadError):
    """The node speaks another version of the contract."""

    def __init__(self, found: object) -> None:
        """Keep the version that was found."""
        self.found = shown(found)
        super().__init__(
            "contract", found, f"this integration speaks contract {CONTRACT}; update the older side"
        )


def shown(value: object) -> str:
    """Give a value as it may stand in a log line: quoted and short."""
    text = repr(value)
    return text if len(text) <= _SHOWN_LIMIT else f"{text[:_SHOWN_LIMIT]}…"


def read_object(payload: str | bytes | bytearray) -> Mapping[str, Any]:
    """Read a JSON object; raises `PayloadError` for anything else."""
    try:
        value = json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise PayloadError("(payload)", payload, "send a JSON object") from error
    if not isinstance(value, dict):
        raise PayloadError("(payload)", value, "send a JSON object")
    return value


@dataclass(slots=True)
class Fields:
    """The fields of one payload; optional ones that are absent or null are None."""

    payload: Mapping[str, Any]
    prefix: str = ""
    flaws: list[Flaw] = field(default_factory=list)

    def complain(self, key: str, value: object, remedy: str) -> None:
        """Note that a field could not be read."""
        self.flaws.append(Flaw(f"{self.prefix}{key}", shown(value), remedy))

    def identifier(self, key: str) -> str:
        """Read a name that can stand in a topic; raises `PayloadError`."""
        value = self.payload.get(key)
        if not isinstance(value, str) or not _IDENTIFIER.fullmatch(value):
            raise PayloadError(
                f"{self.prefix}{key}", value, "send 1 to 64 letters, digits, _ or - (no / + #)"
            )
        return value

    def required_text(self, key: str) -> str:
        """Read a text that must be there; raises `PayloadError`."""
        value = self.payload.get(key)
        if not isinstance(value, str) or not value:
            raise PayloadError(f"{self.prefix}{key}", value, "send a text")
        return value

    def text(self, key: str) -> str | None:
        """Read a text, cut to a length that a state attribute can bear."""
        value = self.payload.get(key)
        if value is None or isinstance(value, str):
            return value[:_TEXT_LIMIT] if value else None
        self.complain(key, value, "send a text or null")
        return None

    def fingerprint(self, key: str) -> str | None:
        """Read a SHA-256 as 64 hexadecimal digits, colons between them or not."""
        value = self.payload.get(key)
        if value is None or value == "":
            return None
        digits = value.replace(":", "").lower() if isinstance(value, str) else ""
        if _SHA256.fullmatch(digits):
            return digits
        self.complain(key, value, "send 64 hexadecimal digits or null")
        return None

    def fraction(self, key: str) -> float | None:
        """Read a number in 0..1."""
        value = self.payload.get(key)
        if value is None:
            return None
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if is_number and 0 <= value <= 1:  # which also refuses NaN
            return float(value)
        self.complain(key, value, "send a number from 0 to 1 or null")
        return None

    def number(self, key: str, *, most: float = math.inf) -> float | None:
        """Read a number from 0 up."""
        value = self.payload.get(key)
        if value is None:
            return None
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if is_number and math.isfinite(value) and 0 <= value <= most:
            return float(value)
        limit = "" if most == math.inf else f" to {most:g}"
        self.complain(key, value, f"send a number from 0{limit} or null")
        return None

    def count(self, key: str) -> int | None:
        """Read a whole number from 1 up."""
        value = self.payload.get(key)
        if value is None or (type(value) is int and value > 0):
            return value
        self.complain(key, value, "send a whole number above 0 or null")
        return None

    def flag(self, key: str) -> bool | None:
        """Read true or false."""
        value = self.payload.get(key)
        if value is None or isinstance(value, bool):
            return value
        self.complain(key, value, "send true, false or null")
        return None

    def choice[ChoiceT: StrEnum](self, key: str, choices: type[ChoiceT]) -> ChoiceT | None:
        """Read one of a few words."""
        value = self.payload.get(key)
        if value is None:
            return None
        for option in choices:
            if option.value == value:
                return option
        self.complain(key, value, f"send one of {', '.join(choices)} or null")
        return None
