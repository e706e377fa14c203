"""The figures with a model beside those without: found, false, and how far its word is right.

From the same looks each class's line is fitted by which a node may read the model's word.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from omnicam.decide.fusion import confidence_of
from omnicam.evaluate.asking import Look
from omnicam.evaluate.judged import Judged, Role
from omnicam.evaluate.labels import target
from omnicam.evaluate.sections import Section
from omnicam.evaluate.tables import ALL, Table, entry_of, false_alarms, found, share, targets_of
from omnicam.taxonomy import AnomalyClass, ClassName
from omnicam.verify.calibration import LEAST, Line, measured

BINS = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0)
"""Edges of the probabilities whose share of right ones is counted."""


def with_model(files: Iterable[Judged]) -> list[Judged]:
    """Give the recordings as they were judged with the model."""
    return [
        Judged(replace(each.outcome, entries=verified.entries, peaks=verified.peaks))
        if (verified := each.outcome.verified) is not None
        else each
        for each in files
    ]


def summary(
    files: Sequence[Judged], classes: Sequence[AnomalyClass], name: str
) -> Mapping[str, Any]:
    """Make the tables of a run with a model.

    Args:
        files: everything that was played.
        classes: those that were asked for.
        name: of the model.
    """
    known = [each for each in files if each.known]
    after = with_model(known)
    names = targets_of(classes, [*known, *after])
    outcomes: Counter[str] = Counter()
    for each in files:
        if each.outcome.verified is not None:
            outcomes.update(each.outcome.verified.outcomes)
    return {
        "model": name,
        "windows": dict(sorted(outcomes.items())),
        "before": {"found": found(known, names), "false_alarms": false_alarms(known, names)},
        "after": {"found": found(after, names), "false_alarms": false_alarms(after, names)},
        "reliability": reliability(known),
        "lines": worth(known),
        "events": [
            {"path": each.path, "events": [entry_of(entry) for entry in each.entries]}
            for each in after
        ],
    }


def reliability(files: Sequence[Judged]) -> Table:
    """Count, by class and probability, of how many looks the class was really there.

    A look counts where the label settles it: before a known onset, and where the label leaves the
    answer open, it does not. `gap` is the expected calibration error of the class: the mean
    distance between what was said and what was right, weighted by looks.
    """
    rows: Table = []
    for anomaly in AnomalyClass:
        told = [
            (confidence_of(look.log_odds), right)
            for each in files
            for look, right in settled(each, anomaly)
        ]
        bins = [
            (low, high, [pair for pair in told if low <= pair[0] < high or pair[0] == high == 1.0])
            for low, high in itertools.pairwise(BINS)
        ]
        gap = sum(abs(sum(p for p, _ in each) - sum(r for _, r in each)) for *_, each in bins)
        rows += [
            {
                "class": anomaly.value,
                "from": low,
                "to": high,
                "said": round(sum(p for p, _ in each) / len(each), 4),
                "right": share(sum(right for _, right in each), len(each)),
                "gap": round(gap / len(told), 4),
            }
            for low, high, each in bins
            if each
        ]
    return rows


def settled(each: Judged, anomaly: AnomalyClass) -> Iterator[tuple[Look, bool]]:
    """Give the looks at a class of which the label says whether it was there, and that."""
    verified, role = each.outcome.verified, each.role(target(anomaly))
    if verified is None or role is Role.AMBIGUOUS:
        return
    for look in verified.looks:
        early = each.onset_s is not None and look.time_s < each.onset_s
        if look.anomaly == anomaly and not (role is Role.EXPECTED and early):
            yield look, role is Role.EXPECTED


def lines(files: Sequence[Judged]) -> dict[ClassName, Line]:
    """Fit each class's line, where there are `LEAST` recordings of either kind.

    Of a recording the first settled look counts, as the first look at an event does in a node:
    later ones show the same thing again.
    """
    return {
        anomaly: line
        for anomaly in AnomalyClass
        if (line := measured(*_first(files, anomaly))) is not None
    }


def worth(files: Sequence[Judged]) -> Table:
    """Give the line of each class that was looked at, and on how many recordings it rests."""
    fitted = lines(files)
    rows: Table = []
    for anomaly in AnomalyClass:
        _, right = _first(files, anomaly)
        if not right:
            continue
        line = fitted.get(anomaly)
        rows.append(
            {
                "class": anomaly.value,
                "right": sum(right),
                "wrong": len(right) - sum(right),
                "slope": line and round(line.slope, 4),
                "offset": line and round(line.offset, 4),
            }
        )
    return rows


def _first(files: Iterable[Judged], anomaly: AnomalyClass) -> tuple[list[float], list[bool]]:
    firsts = [pair for each in files if (pair := next(settled(each, anomaly), None)) is not None]
    return [look.z for look, _ in firsts], [right for _, right in firsts]


def sections(tables: Mapping[str, Any]) -> list[Section]:
    """Give the tables as people read them."""
    return [
        _compared(tables),
        _rates(tables),
        _reliability(tables["reliability"]),
        _lines(tables["lines"]),
    ]


def _compared(tables: Mapping[str, Any]) -> Section:
    before, after = (
        {row["target"]: row for row in tables[when]["found"] if row["folder"] == ALL}
        for when in ("before", "after")
    )
    rows = tuple(
        (name, kind, *(_share(row[kind][level]) for level in ("any", "alarm") for row in pair))
        for name in after
        if name in before
        for pair in ((before[name], after[name]),)
        for kind in ("expected", "other")
        if pair[1][kind]["any"]["of"]
    )
    windows = ", ".join(f"{count} {outcome}" for outcome, count in tables["windows"].items())
    return Section(
        title=f"The detectors alone, and with {tables['model']}",
        head=("target", "recordings", "event", "event, model", "alarm", "alarm, model"),
        rows=rows,
        notes=(
            "Recordings with an event and with an alarm: found where expected, false on others.",
            "Percent with the 95 % interval. The model's word is taken as calibrated.",
            f"Windows: {windows or 'none, nothing was suspected'}.",
        ),
    )


def _rates(tables: Mapping[str, Any]) -> Section:
    before, after = (
        {row["target"]: row for row in tables[when]["false_alarms"]} for when in ("before", "after")
    )
    rows = tuple(
        (name, "", *(_rate(row, kind) for kind in ("any", "alarm") for row in pair))
        for name, row in after.items()
        for pair in ((before[name], row),)
        if any(_rate(each, kind) for each in pair for kind in ("any", "alarm"))
    )
    return Section(
        title="False events a day in ordinary life, with the 95 % upper bound",
        head=("target", "", "events", "events, model", "alarms", "alarms, model"),
        rows=rows,
    )


def _reliability(rows: Sequence[Mapping[str, Any]]) -> Section:
    return Section(
        title="How often the model was right, by what it said",
        head=("class", "probability", "looks", "mean said", "really there", "gap of the class"),
        rows=tuple(
            (
                row["class"],
                f"{row['from']:g} to {row['to']:g}",
                str(row["right"]["of"]),
                f"{row['said']:.3f}",
                _share(row["right"]),
                f"{row['gap']:.3f}",
            )
            for row in rows
        ),
        notes=("Where what was said is what was there, the probabilities mean what they say.",),
    )


def _lines(rows: Sequence[Mapping[str, Any]]) -> Section:
    return Section(
        title="The line by which a node may read the model's word",
        head=("class", "", "really there", "not there", "slope", "offset"),
        rows=tuple(
            (
                row["class"],
                "" if row["slope"] is not None else f"fewer than {LEAST} of a kind",
                str(row["right"]),
                str(row["wrong"]),
                *("" if row[part] is None else f"{row[part]:.2f}" for part in ("slope", "offset")),
            )
            for row in rows
        ),
        notes=("Log-odds = slope * z + offset, as if half of what is suspected were real.",),
    )


def _rate(row: Mapping[str, Any], kind: str) -> str:
    part = row[kind]
    if part["per_day"] is None:
        return ""
    return f"{part['events']}: {part['per_day']:.1f} (< {part['upper_per_day']:.1f})"


def _share(value: Mapping[str, Any]) -> str:
    if not value["of"]:
        return ""
    interval = f"{100 * value['low']:.0f}-{100 * value['high']:.0f}"
    return f"{value['hits']}/{value['of']} {100 * value['share']:.0f} ({interval})"
