"""What is remembered of the model, in one JSON file in the data folder, written atomically."""

from __future__ import annotations

import json
import logging
import math
import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from types import MappingProxyType
from typing import Any

from omnicam.config.model import Question
from omnicam.taxonomy import AnomalyClass, ClassName, OwnClass, class_named
from omnicam.verify.calibration import Line, Look, Memory, Reference, Source, without
from omnicam.verify.questions import VERSION

_LOGGER = logging.getLogger(__name__)

FILE_NAME = "model.json"
FORMAT = 2


type Own = Mapping[OwnClass, Question]
"""The household's own questions."""

_NONE: Own = MappingProxyType({})


def read(data: Path, model: str, own: Own = _NONE) -> Memory:
    """Read what is remembered of a model; nothing where there is none, or it is of another.

    What is known of a question of the household's own holds for its very words.

    A file that cannot be used is told in the log, kept under another name, and begun anew.
    """
    raw, memory = _read(data / FILE_NAME, model) or ({}, Memory())
    words = raw.get("own", {})
    kept = {name for name, asked in own.items() if words.get(name) == asked.text}
    return without(memory, {name for name in _own_of(memory) if name not in kept})


def model_of(data: Path) -> str | None:
    """Name the model that the file is about; None where there is none, or it cannot be used."""
    try:
        name = json.loads((data / FILE_NAME).read_text(encoding="utf-8"))["model"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return name if isinstance(name, str) else None


def give(data: Path, model: str, lines: Mapping[ClassName, Line]) -> frozenset[ClassName]:
    """Put measured lines into the file, atomically; all else that it knows of this model stays.

    What people said at home, and what was given by hand, is worth more than a measurement.

    Returns:
        The classes whose line was put there.

    Raises:
        OSError: the folder cannot be written.
    """
    file = data / FILE_NAME
    raw, memory = _read(file, model) or (dump(model, Memory()), Memory())
    better = {name for name, line in memory.lines.items() if line.source is not Source.MEASURED}
    taken = frozenset(lines.keys() - better)
    _write(file, raw | {"lines": raw["lines"] | {name: asdict(lines[name]) for name in taken}})
    return taken


def write(data: Path, model: str, memory: Memory, own: Own = _NONE) -> None:
    """Write atomically; OSError where the folder cannot be written."""
    _write(data / FILE_NAME, dump(model, memory, own))


def dump(model: str, memory: Memory, own: Own = _NONE) -> dict[str, Any]:
    """Give the file's contents."""
    return {
        "format": FORMAT,
        "model": model,
        "questions": VERSION,
        "own": {name: asked.text for name, asked in own.items()},
        "lines": {anomaly: asdict(line) for anomaly, line in memory.lines.items()},
        "references": {key: asdict(value) for key, value in memory.references.items()},
        "looks": [asdict(look) for look in memory.looks],
    }


def parse(raw: dict[str, Any]) -> Memory:
    """Read what `dump` wrote.

    Raises:
        ValueError, KeyError, TypeError, AttributeError: it is something else.
    """
    memory = Memory(
        lines={
            class_named(name): Line(**{**line, "source": Source(line["source"])})
            for name, line in raw["lines"].items()
        },
        references={key: Reference(**value) for key, value in raw["references"].items()},
        looks=tuple(
            Look(**{**look, "anomaly": class_named(look["anomaly"])}) for look in raw["looks"]
        ),
    )
    numbers = [value.mean for value in memory.references.values()]
    numbers += [value.count for value in memory.references.values()]
    numbers += [look.score for look in memory.looks]
    if not all(math.isfinite(number) for number in numbers):
        msg = "a number in it is not finite"
        raise ValueError(msg)
    return memory


def _read(file: Path, model: str) -> tuple[dict[str, Any], Memory] | None:
    """Read what is of this model, None without; what cannot be used is set aside."""
    try:
        raw = json.loads(file.read_text(encoding="utf-8"))
        known = (raw["format"], raw["model"], raw["questions"])
        memory = parse(raw)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        _LOGGER.warning("%s cannot be used (%s): calibration begins anew", file, error)
        _set_aside(file)
        return None
    if known == (FORMAT, model, VERSION):
        return raw, memory
    _LOGGER.warning("%s is of another model, version or questions: it begins anew", file)
    _set_aside(file)
    return None


def _write(file: Path, raw: Mapping[str, Any]) -> None:
    draft = file.with_suffix(".new")
    with draft.open("w", encoding="utf-8") as stream:
        json.dump(raw, stream, ensure_ascii=False, allow_nan=False, indent=1)
        stream.flush()
        os.fsync(stream.fileno())
    draft.replace(file)


def _own_of(memory: Memory) -> set[ClassName]:
    """Give the own classes of which anything is remembered."""
    named = {class_named(key.rpartition("/")[2]) for key in memory.references}
    named |= {*memory.lines, *(look.anomaly for look in memory.looks)}
    return {name for name in named if not isinstance(name, AnomalyClass)}


def _set_aside(file: Path) -> None:
    try:
        file.replace(file.with_suffix(".old"))
    except OSError as error:
        _LOGGER.warning("%s cannot be set aside: %s", file, error)
