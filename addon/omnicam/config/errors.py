"""What is wrong with a configuration: which field, which value, and what to do about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One wrong field.

    Attributes:
        field: path such as `cameras.bedroom.zones.bed.points`.
        value: the value as the user wrote it, `***` for secrets, empty where there is none.
        message: what is wrong and what would be right.
    """

    field: str
    value: str
    message: str

    def __str__(self) -> str:
        shown = f" = {self.value}" if self.value else ""
        return f"{self.field}{shown}: {self.message}"


class ConfigError(ValueError):
    """The configuration cannot be used; `problems` lists every wrong field found."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))
