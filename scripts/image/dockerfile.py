"""Reading a Dockerfile: its instructions, in order, with variables filled in as Docker does it.

It knows what our Dockerfile uses. Anything else is an error, so that a check that follows these
instructions cannot silently leave one out.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

KNOWN = frozenset(
    "ARG FROM RUN COPY WORKDIR ENV SHELL EXPOSE HEALTHCHECK LABEL".split()  # noqa: SIM905
)

_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")


class DockerfileError(ValueError):
    """The file cannot be followed; the message names the line."""


@dataclass(frozen=True)
class Instruction:
    """One instruction: its name in capitals, its text with continued lines joined, its line."""

    name: str
    text: str
    line: int


def read(path: Path) -> list[Instruction]:
    """Read the instructions of a Dockerfile.

    Raises:
        DockerfileError: an instruction is not known here.
    """
    instructions = []
    for number, text in _logical_lines(path.read_text(encoding="utf-8")):
        name, _, rest = text.partition(" ")
        if name.upper() not in KNOWN:
            message = f"{path}:{number}: {name} is not known here; teach it to scripts/image"
            raise DockerfileError(message)
        instructions.append(Instruction(name.upper(), rest.strip(), number))
    return instructions


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Join continued lines with spaces; comments count for nothing, not even in between."""
    parts: list[str] = []
    began = 0
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        began = began if parts else number
        parts.append(stripped.removesuffix("\\").strip())
        if not stripped.endswith("\\"):
            yield began, " ".join(parts)
            parts = []
    if parts:
        message = f"line {began}: the last line is continued by nothing"
        raise DockerfileError(message)


def expand(text: str, variables: Mapping[str, str]) -> str:
    """Fill in `$NAME` and `${NAME}`; what is not set is empty."""
    return _VARIABLE.sub(lambda match: variables.get(match[1] or match[2], ""), text)


def words(text: str) -> list[str]:
    """Split as Docker does: a JSON list, or words with quotes."""
    if text.startswith("["):
        return [str(word) for word in json.loads(text)]
    return shlex.split(text)


def assignments(text: str, variables: Mapping[str, str]) -> dict[str, str]:
    """Read `KEY=value KEY="other value"` of ENV, LABEL and ARG; ARG may leave out the value."""
    found = {}
    for word in shlex.split(text):
        key, equals, value = word.partition("=")
        if equals:
            found[key] = expand(value, variables)
    return found


def ignored(patterns: list[str], name: str) -> bool:
    """Whether .dockerignore leaves this path out: the last matching line decides.

    A line for a folder speaks for all that is in it.
    """
    outcome = False
    for line in patterns:
        pattern = line.strip().removeprefix("!").strip("/")
        if not pattern or pattern.startswith("#"):
            continue
        ancestors = [name]
        while "/" in ancestors[-1]:
            ancestors.append(ancestors[-1].rpartition("/")[0])
        if any(_regex(pattern).fullmatch(each) for each in ancestors):
            outcome = not line.strip().startswith("!")
    return outcome


def _regex(pattern: str) -> re.Pattern[str]:
    escaped = re.escape(pattern)
    for glob, regex in ((r"\*\*/", "(?:.*/)?"), (r"\*\*", ".*"), (r"\*", "[^/]*"), (r"\?", "[^/]")):
        escaped = escaped.replace(glob, regex)
    return re.compile(escaped)
