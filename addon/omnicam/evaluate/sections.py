"""The tables as people read them: one list of sections, for the terminal and for the page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from omnicam.evaluate.play import Outcome
from omnicam.evaluate.tables import ALL


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One table with its title.

    Attributes:
        title: what it is about.
        head: names of its columns; the first two hold words, the others figures.
        rows: its cells, as they are shown.
        notes: sentences that stand below it.
    """

    title: str
    head: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    notes: tuple[str, ...] = ()


WORDS_FIRST = 2
"""So many columns of a table hold words."""


def plain(section: Section) -> str:
    """Give a section as text of fixed width."""
    lines = [section.title, ""]
    if section.rows:
        every = (section.head, *section.rows)
        widths = [max(len(line[i]) for line in every) for i in range(len(section.head))]
        lines += [
            "  ".join(
                cell.ljust(width) if i < WORDS_FIRST else cell.rjust(width)
                for i, (cell, width) in enumerate(zip(line, widths, strict=True))
            ).rstrip()
            for line in every
        ]
    return "\n".join([*lines, *section.notes])


def sections(summary: Mapping[str, Any]) -> list[Section]:
    """Give every section that has something to say."""
    every = (
        _problems(summary["problems"], summary["not_judged"]),
        _found(summary["found"]),
        _ambiguous(summary["found"]),
        _rates(summary["false_alarms"]),
        _latency(summary["latency"]),
        _smoke(summary["smoke"]),
        _words(summary["words"]),
        _reliability(summary["reliability"]),
    )
    return [section for section in every if section.rows or section.notes]


def cost(outcomes: Sequence[Outcome], wall_s: float, jobs: int) -> Section:
    """Say what it cost; not the same twice, so that it stands in no result."""
    rows = []
    for folder in (ALL, *sorted({each.recording.folder for each in outcomes})):
        part = [each for each in outcomes if folder in (ALL, each.recording.folder)]
        seconds = sum(each.seconds for each in part)
        spent = sum(each.cpu_s for each in part)
        if seconds:
            cells = (f"{seconds:.0f}", f"{spent:.1f}", f"{spent / seconds:.3f}")
            rows.append((folder, str(len(part)), *cells))
    media = sum(each.seconds for each in outcomes)
    speed = f"{media:.0f} s of media in {wall_s:.0f} s, {jobs} at a time"
    speed += f": {media / wall_s:.1f} times as fast as they last" if wall_s else ""
    head = ("folder", "files", "media s", "processor s", "a second of media")
    return Section(title="Cost", head=head, rows=tuple(rows), notes=(speed,))


def _found(rows: Iterable[Mapping[str, Any]]) -> Section:
    lines = []
    for row in rows:
        expected, other = row["expected"], row["other"]
        if row["folder"] != ALL and not expected["any"]["of"] and not other["any"]["hits"]:
            continue
        lines.append(
            (
                row["target"],
                row["folder"],
                _share(expected["any"]),
                _share(expected["alarm"]),
                str(expected["failed"] or ""),
                str(row["too_early"] or ""),
                _share(other["any"]),
                _share(other["alarm"]),
            )
        )
    return Section(
        title="Found, and false on other recordings",
        head=(
            *("target", "folder", "found", "found as alarm", "failed", "too early"),
            *("others with a false event", "others with a false alarm"),
        ),
        rows=tuple(lines),
        notes=(
            "Percent with the 95 % interval. Any event counts from the lowest level.",
            "Folders without a recording to be found and without a false event are left out.",
        ),
    )


def _ambiguous(rows: Iterable[Mapping[str, Any]]) -> Section:
    lines = tuple(
        (row["target"], row["folder"], *(str(part[key]) for key in ("of", "any", "alarm")))
        for row in rows
        if (part := row["ambiguous"])["of"] and row["folder"] != ALL
    )
    return Section(
        title="Where the label leaves it open: counts neither way",
        head=("target", "folder", "recordings", "with an event", "with an alarm"),
        rows=lines,
    )


def _rates(rows: Iterable[Mapping[str, Any]]) -> Section:
    keys = ("events", "per_day", "upper_per_day")
    lines = tuple(
        (
            row["target"],
            f"{row['hours']:.2f} h",
            str(row["files"]),
            *(_figure(row["any"][key]) for key in keys),
            *(_figure(row["alarm"][key]) for key in keys),
        )
        for row in rows
    )
    return Section(
        title="False alarms in ordinary life, a day of one camera",
        head=(
            *("target", "material", "files", "events", "a day", "below (95 %)"),
            *("alarms", "a day", "below (95 %)"),
        ),
        rows=lines,
        notes=("So little material bounds a daily rate only loosely. Stills do not count.",),
    )


def _latency(rows: Iterable[Mapping[str, Any]]) -> Section:
    keys = ("found", "p50_s", "p95_s")
    lines = tuple(
        (
            row["target"],
            f"{row['onsets']} onsets",
            *(_figure(row["any"][key]) for key in keys),
            *(_figure(row["alarm"][key]) for key in keys),
        )
        for row in rows
    )
    head = ("target", "known", "events", "p50 s", "p95 s", "alarms", "p50 s", "p95 s")
    return Section(title="From onset to decision", head=head, rows=lines)


def _smoke(rows: Iterable[Mapping[str, Any]]) -> Section:
    lines = tuple(
        (
            row["path"],
            "still" if row["still"] else "",
            *(_figure(row[key]) for key in ("seconds", "time_s", "alarm_time_s")),
        )
        for row in rows
        if not row["still"] or row["time_s"] is not None
    )
    return Section(
        title="Smoke: when it was first noticed",
        head=("recording", "", "lasts s", "event at s", "alarm at s"),
        rows=lines,
        notes=("Stills without an event are left out: nothing moves in them.",) * bool(lines),
    )


def _words(words: Mapping[str, Any]) -> Section:
    if not words:
        return Section(title="")
    recorded = words["recorded"]
    heard = sum(each["found"] for each in recorded)
    missed = tuple(f"missed: {each['path']}" for each in recorded if not each["found"])
    keys = ("files", "hours", "triggers", "per_hour", "upper_per_hour")
    return Section(
        title="The spoken trigger",
        head=("false triggers in", "", "files", "hours", "triggers", "an hour", "below (95 %)"),
        rows=tuple(
            (each["in"], "", *(_figure(each[key]) for key in keys)) for each in words["false"]
        ),
        notes=(f"heard in {heard} of {len(recorded)} recordings of it", *missed),
    )


def _reliability(rows: Iterable[Mapping[str, Any]]) -> Section:
    lines = tuple(
        (
            row["target"],
            f"{row['from']:.2f} to {row['to']:.2f}",
            _figure(row["mean_confidence"]),
            _share(row["right"]),
        )
        for row in rows
        if row["right"]["of"]
    )
    return Section(
        title="How often an event of a confidence is right",
        head=("target", "confidence", "mean", "right"),
        rows=lines,
        notes=(
            ("Ordinary life makes up less of these recordings than of a day at home.",)
            * bool(lines)
        ),
    )


def _problems(problems: Mapping[str, Any], not_judged: Sequence[str]) -> Section:
    lines = [f"failed: {each['path']}: {each['error']}" for each in problems["failed"]]
    lines += [
        f"unknown label: {each['label']!r} ({each['files']} files, in no table)"
        for each in problems["unknown_labels"]
    ]
    lines += [f"listed twice: {path}" for path in problems["listed_twice"]]
    lines += [f"doubtful: {each['path']}: {each['warning']}" for each in problems["doubtful"]]
    if not_judged:
        lines.append(
            f"not judged: {', '.join(not_judged)} (without zones and lines, or without a model)"
        )
    return Section(title="What could not be judged", notes=tuple(lines))


def _share(value: Mapping[str, Any]) -> str:
    if not value["of"]:
        return ""
    low, high = (100.0 * value[key] for key in ("low", "high"))
    return f"{value['hits']}/{value['of']} {100.0 * value['share']:5.1f} % ({low:.0f}-{high:.0f})"


def _figure(value: float | None) -> str:
    if value is None:
        return "-"
    return str(value) if isinstance(value, int) else f"{value:.2f}"
