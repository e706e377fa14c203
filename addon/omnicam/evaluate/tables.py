"""The figures of a run: how much was found, what was false, how sure it was and how late.

Everything here is computed from outcomes alone and is the same whatever their order. Two levels
are always told apart: "any" event (from the lowest level) and "alarm" (above the highest).
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from omnicam.evaluate.entries import Entry
from omnicam.evaluate.judged import Judged, Role
from omnicam.evaluate.labels import CALL, MEANINGS, SMOKE, SOUND, WORD, target
from omnicam.evaluate.statistics import clopper_pearson, percentile, poisson_upper
from omnicam.taxonomy import ANOMALIES, AnomalyClass, Sense, SoundLabel, Thresholds

type Table = list[dict[str, Any]]

ALL = "all"
"""Folder of the rows that are about every folder."""

BINS = (0.75, 0.85, 0.92, 0.98)
ENOUGH = 10
"""Events of a target from which its confidences have a reliability table of their own."""

THRESHOLDS = (0.3, 0.5, 0.75, 0.85, 0.92, 0.98)

_SAME_SHOUT_S = 3.0


def targets_of(classes: Collection[AnomalyClass], files: Iterable[Judged]) -> tuple[str, ...]:
    """Give what is tabulated: what scorers may say, what labels expect, and what was said."""
    names: dict[str, None] = {}
    for anomaly in AnomalyClass:
        if anomaly not in classes:
            continue
        if anomaly is AnomalyClass.ABNORMAL_SOUND:
            names[SOUND] = None
            names |= dict.fromkeys(target(anomaly, label) for label in SoundLabel)
        elif ANOMALIES[anomaly].scorers:
            names[target(anomaly)] = None
    if AnomalyClass.ABNORMAL_SOUND in classes:
        names[WORD] = None
    chosen = {each.value for each in classes}
    expected = {name for row in MEANINGS for name in row.expected} - {WORD}
    said = {entry.target for each in files for entry in each.entries}
    more = {name for name in expected | said if name.partition("/")[0] in chosen}
    return (*names, *sorted(more - names.keys()))


def senses_of(name: str) -> frozenset[Sense]:
    """Give the senses of which a recording must offer one, for a target to be possible on it."""
    if name == WORD:
        return frozenset({Sense.SOUND})
    return ANOMALIES[AnomalyClass(name.partition("/")[0])].senses - {Sense.SIGNAL}


def share(hits: int, trials: int) -> dict[str, Any]:
    """Give a share with its 95 % interval."""
    interval = clopper_pearson(hits, trials)
    return {
        "hits": hits,
        "of": trials,
        "share": _rounded(hits / trials) if trials else None,
        "low": _rounded(interval.low),
        "high": _rounded(interval.high),
    }


def found(files: Sequence[Judged], names: Iterable[str]) -> Table:
    """Count, by target and folder, expected recordings found and others with a false event."""
    rows: Table = []
    for name in names:
        folders = sorted({each.folder for each in files})
        for folder in (ALL, *folders):
            part = [each for each in files if folder in (ALL, each.folder)]
            row = _found(part, name)
            if row is not None:
                rows.append({"target": name, "folder": folder} | row)
    return rows


def _found(files: Sequence[Judged], name: str) -> dict[str, Any] | None:
    expected = [each for each in files if each.role(name) is Role.EXPECTED]
    able = [each for each in files if each.error is None and each.senses & senses_of(name)]
    other = [each for each in able if each.role(name) is Role.OTHER]
    unclear = [each for each in able if each.role(name) is Role.AMBIGUOUS]
    if not (expected or other or unclear):
        return None
    return {
        "expected": {
            "any": share(sum(bool(each.right(name)) for each in expected), len(expected)),
            "alarm": share(
                sum(bool(each.right(name, alarms=True)) for each in expected), len(expected)
            ),
            "failed": sum(each.error is not None for each in expected),
        },
        "other": {
            "any": share(sum(bool(each.of(name)) for each in other), len(other)),
            "alarm": share(sum(bool(each.of(name, alarms=True)) for each in other), len(other)),
            "events_any": sum(len(each.of(name)) for each in other),
            "events_alarm": sum(len(each.of(name, alarms=True)) for each in other),
        },
        "ambiguous": {
            "of": len(unclear),
            "any": sum(bool(each.of(name)) for each in unclear),
            "alarm": sum(bool(each.of(name, alarms=True)) for each in unclear),
        },
        "too_early": sum(len(each.early(name)) for each in expected),
    }


def false_alarms(files: Sequence[Judged], names: Sequence[str]) -> Table:
    """Count false events in ordinary life, a day of one camera, with the 95 % upper bound.

    Stills do not count: nothing moves in them, and they last as long as they are shown. The row of
    all targets counts a shouted word once, though it makes a call and an event.
    """
    normal = [each for each in files if each.normal and each.error is None and not each.still]
    rows = [
        {"target": name}
        | _rate(
            [each for each in normal if each.senses & senses_of(name)],
            lambda each, alarms, name=name: len(each.false(name, alarms=alarms)),
        )
        for name in names
    ]
    apart = [name for name in names if name != SOUND]  # its kinds are there
    rows.append({"target": ALL} | _rate(normal, lambda each, alarms: _false(each, apart, alarms)))
    return rows


def _false(each: Judged, names: Iterable[str], alarms: bool) -> int:  # noqa: FBT001
    calls = [entry.time_s for entry in each.false(CALL, alarms=alarms)]
    events = [entry for name in names for entry in each.false(name, alarms=alarms)]
    return sum(
        not (
            entry.target == WORD
            and any(abs(entry.time_s - call) <= _SAME_SHOUT_S for call in calls)
        )
        for entry in events
    )


def _rate(files: Sequence[Judged], count: Any) -> dict[str, Any]:
    days = sum(each.seconds for each in files) / 86_400.0
    row: dict[str, Any] = {"files": len(files), "hours": _rounded(24.0 * days)}
    for level, alarms in (("any", False), ("alarm", True)):
        events = sum(count(each, alarms) for each in files)
        row[level] = {
            "events": events,
            "per_day": _rounded(events / days) if days else None,
            "upper_per_day": _rounded(poisson_upper(events) / days) if days else None,
        }
    return row


def words(files: Sequence[Judged]) -> dict[str, Any]:
    """Give what was heard of every recorded word, and false triggers an hour of sound."""
    sounds = [each for each in files if each.error is None and Sense.SOUND in each.senses]
    others = [each for each in sounds if each.role(WORD) is Role.OTHER]
    speech = [each for each in others if each.label.startswith("speech")]
    rest = [each for each in others if not each.label.startswith("speech")]
    return {
        "recorded": [
            {
                "path": each.path,
                "found": bool(each.right(WORD)),
                "words": [entry.label for entry in each.of(WORD)],
                "time_s": next((_rounded(entry.time_s) for entry in each.right(WORD)), None),
            }
            for each in files
            if each.role(WORD) is Role.EXPECTED
        ],
        "false": [
            {"in": what} | _hourly(part) for what, part in (("speech", speech), ("all else", rest))
        ],
    }


def _hourly(files: Sequence[Judged]) -> dict[str, Any]:
    hours = sum(each.seconds for each in files) / 3600.0
    triggers = sum(len(each.of(WORD)) for each in files)
    return {
        "files": len(files),
        "hours": _rounded(hours),
        "triggers": triggers,
        "per_hour": _rounded(triggers / hours) if hours else None,
        "upper_per_hour": _rounded(poisson_upper(triggers) / hours) if hours else None,
    }


def latency(files: Sequence[Judged], names: Iterable[str]) -> Table:
    """Give the time from a known onset to the first event, and to the alarm."""
    rows: Table = []
    for name in names:
        known = [
            each for each in files if each.role(name) is Role.EXPECTED and each.onset_s is not None
        ]
        if not known:
            continue
        row: dict[str, Any] = {"target": name, "onsets": len(known)}
        for level, delays in (
            ("any", [each.delay(name) for each in known]),
            ("alarm", [each.delay(name, alarms=True) for each in known]),
        ):
            late = [delay for delay in delays if delay is not None]
            row[level] = {
                "found": len(late),
                "p50_s": _rounded(percentile(late, 0.5)),
                "p95_s": _rounded(percentile(late, 0.95)),
            }
        rows.append(row)
    return rows


def first_smoke(files: Iterable[Judged]) -> Table:
    """Give when smoke was first noticed in each recording that has some."""
    return [
        {
            "path": each.path,
            "seconds": _rounded(each.seconds),
            "still": each.still,
            "time_s": next((_rounded(entry.time_s) for entry in each.of(SMOKE)), None),
            "alarm_time_s": next(
                (_rounded(entry.alarm_s) for entry in each.of(SMOKE, alarms=True)), None
            ),
        }
        for each in files
        if each.role(SMOKE) is not Role.OTHER
    ]


def reliability(files: Sequence[Judged], names: Sequence[str]) -> Table:
    """Say how often an event of a given confidence was right.

    Only events count of which it is known whether they are right. The share depends on how much of
    what was played is ordinary, which is much less here than at home.
    """
    spoken = {name: list(_told(files, name)) for name in names if name != SOUND}
    groups: dict[str, list[tuple[float, bool]]] = {
        ALL: [each for events in spoken.values() for each in events]
    }
    groups |= {name: events for name, events in spoken.items() if len(events) >= ENOUGH}
    rows: Table = []
    for name, events in groups.items():
        for low, high in zip(BINS, (*BINS[1:], 1.0), strict=True):
            inside = [(sure, right) for sure, right in events if _within(sure, low, high)]
            mean = sum(sure for sure, _ in inside) / len(inside) if inside else None
            rows.append(
                {"target": name, "from": low, "to": high, "mean_confidence": _rounded(mean)}
                | {"right": share(sum(right for _, right in inside), len(inside))}
            )
    return rows


def _within(sure: float, low: float, high: float) -> bool:
    """The level that alarms begins above its threshold, as everywhere."""
    exclusive = Thresholds().high
    above = sure > low if low >= exclusive else sure >= low
    return above and (sure <= high if high >= exclusive else sure < high)


def _told(files: Iterable[Judged], name: str) -> Iterator[tuple[float, bool]]:
    for each in files:
        if each.known and each.role(name) is not Role.AMBIGUOUS:
            right = each.right(name)
            for entry in each.of(name):
                yield entry.confidence, entry in right


def curves(files: Sequence[Judged], names: Iterable[str]) -> Table:
    """Give recall and false share over the threshold on the peak of each recording."""
    rows: Table = []
    for name in names:
        expected, other = peaks_of(files, name)
        if not expected:
            continue
        for threshold in THRESHOLDS:
            rows.append(
                {
                    "target": name,
                    "threshold": threshold,
                    "expected": share(sum(peak >= threshold for peak in expected), len(expected)),
                    "other": share(sum(peak >= threshold for peak in other), len(other)),
                }
            )
    return rows


def peaks_of(files: Iterable[Judged], name: str) -> tuple[list[float], list[float]]:
    """Give the peak confidences of a target on recordings that hold it, and on all others."""
    expected: list[float] = []
    other: list[float] = []
    for each in files:
        role = each.role(name)
        if role is Role.EXPECTED:
            expected.append(each.peak(name))
        elif role is Role.OTHER and each.error is None and each.senses & senses_of(name):
            other.append(each.peak(name))
    return sorted(expected), sorted(other)


def problems(files: Sequence[Judged]) -> dict[str, Any]:
    """List what was wrong with the material."""
    return {
        "failed": [{"path": each.path, "error": each.error} for each in files if each.error],
        "unknown_labels": [
            {"label": label, "files": sum(each.label == label for each in files)}
            for label in sorted({each.label for each in files if not each.known})
        ],
        "listed_twice": [
            one.path for one, other in itertools.pairwise(files) if one.path == other.path
        ],
        "doubtful": [
            {"path": each.path, "warning": each.warning} for each in files if each.warning
        ],
    }


def media(files: Sequence[Judged]) -> Table:
    """Say what was played, by folder."""
    rows: Table = []
    for folder in (ALL, *sorted({each.folder for each in files})):
        part = [each for each in files if folder in (ALL, each.folder)]
        rows.append(
            {
                "folder": folder,
                "files": len(part),
                "failed": sum(each.error is not None for each in part),
                "stills": sum(each.still for each in part),
                "seconds": _rounded(sum(each.seconds for each in part)),
                "events": sum(len(each.entries) for each in part),
            }
        )
    return rows


def summary(
    files: Sequence[Judged],
    classes: Collection[AnomalyClass],
    judged: Collection[AnomalyClass],
) -> Mapping[str, Any]:
    """Make every table.

    Args:
        files: everything that was played.
        classes: classes that were asked for.
        judged: those that something could judge.
    """
    known = [each for each in files if each.known]
    names = targets_of([each for each in classes if each in judged], files)
    return {
        "not_judged": [
            each.value for each in AnomalyClass if each in classes and each not in judged
        ],
        "media": media(files),
        "problems": problems(files),
        "found": found(known, names),
        "false_alarms": false_alarms(known, names),
        "words": words(known) if WORD in names else {},
        "latency": latency(known, names),
        "smoke": first_smoke(known) if SMOKE in names else [],
        "reliability": reliability(known, names),
        "curves": curves(known, names),
    }


def entry_of(entry: Entry) -> dict[str, Any]:
    """Write one event as the contract of the command has it."""
    return {
        "class": str(entry.anomaly),
        "time_s": _rounded(entry.time_s, 3),
        "confidence": _rounded(entry.confidence, 6),
        "level": entry.level.value,
        "label": entry.label,
        "alarm_time_s": _rounded(entry.alarm_s, 3),
    }


def _rounded(value: float | None, digits: int = 4) -> float | None:
    return None if value is None else round(value, digits)
