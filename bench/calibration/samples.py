"""What an eval says about each target: the evidence, whether it was right, and the group."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from omnicam.decide.calibration import key_of
from omnicam.evaluate.labels import MEANINGS, meaning_of
from omnicam.taxonomy import ANOMALIES, AnomalyClass

_BY_LABEL = frozenset({AnomalyClass.ABNORMAL_SOUND})
"""Classes whose labels are different matters; a class of the others is as sure as its surest."""


class InputError(ValueError):
    """A file cannot be used; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One recording and one target.

    Attributes:
        evidence: the highest that the scorers' sum held for two of three steps; 0 where none spoke.
        right: whether the target is in the recording.
        group: recordings of one group never stand on both sides of a split.
    """

    evidence: float
    right: bool
    group: str


@dataclass(frozen=True, slots=True)
class Material:
    """All samples by `key_of`, and what was left out and why.

    Attributes:
        samples: by key.
        recordings: how many were used.
        left_out: reason to count.
    """

    samples: Mapping[str, tuple[Sample, ...]]
    recordings: int
    left_out: Mapping[str, int]


def read(results: Path, manifest: Path) -> Material:
    """Read the results of `omnicam eval --json` and the groups of its manifest.

    Raises:
        InputError: a file cannot be read or is something else.
    """
    groups = _groups(manifest)
    try:
        files = json.loads(results.read_text(encoding="utf-8"))["files"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        msg = f"{results}: is no result of omnicam eval --json ({error})"
        raise InputError(msg) from None
    if any("evidence" not in each for each in files):
        msg = f"{results}: has no evidence before calibration; run omnicam eval anew"
        raise InputError(msg)
    samples: dict[str, list[Sample]] = {key: [] for key in _keys(files)}
    left_out: dict[str, int] = {}
    used = 0
    for each in files:
        meaning = meaning_of(each["label"])
        reason = (
            "not judged to the end"
            if each["error"]
            else "unknown label"
            if meaning is None
            else "not in the manifest"
            if each["path"] not in groups
            else ""
        )
        if reason or meaning is None:
            left_out[reason] = left_out.get(reason, 0) + 1
            continue
        used += 1
        for key, found in samples.items():
            if key not in meaning.ambiguous and _offered(key, each["senses"]):
                found.append(
                    Sample(
                        _evidence(key, each["evidence"]),
                        key in meaning.expected,
                        groups[each["path"]],
                    )
                )
    return Material({key: tuple(found) for key, found in samples.items()}, used, left_out)


def _keys(files: list[dict[str, Any]]) -> tuple[str, ...]:
    said = {name for each in files for name in each["evidence"]}
    said |= {name for meaning in MEANINGS for name in meaning.expected}
    keys = set()
    for name in said:
        start, _, label = name.partition("/")
        if start in set(AnomalyClass) and ANOMALIES[AnomalyClass(start)].scorers:
            anomaly = AnomalyClass(start)
            if anomaly not in _BY_LABEL:
                keys.add(key_of(anomaly, None))
            elif label:
                keys.add(name)
    return tuple(sorted(keys))


def _offered(key: str, senses: list[str]) -> bool:
    wanted = {sense.name.lower() for sense in ANOMALIES[AnomalyClass(key.partition("/")[0])].senses}
    return not wanted.isdisjoint(senses)


def _evidence(key: str, said: Mapping[str, float]) -> float:
    """Give the evidence of a key; that of a class is its surest label's."""
    return max(
        (value for name, value in said.items() if name == key or name.startswith(f"{key}/")),
        default=0.0,
    )


def _groups(manifest: Path) -> dict[str, str]:
    try:
        with manifest.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        groups = {row["path"]: row["group"] or row["path"] for row in rows}
    except (OSError, KeyError, csv.Error) as error:
        msg = f"{manifest}: is no manifest with path and group ({error})"
        raise InputError(msg) from None
    if not groups:
        msg = f"{manifest}: lists no recording"
        raise InputError(msg)
    return groups
