"""The tables as they are printed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from omnicam.evaluate.play import Outcome
from omnicam.evaluate.tables import ALL


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Line up columns; the first two to the left, figures to the right."""
    body = [[_text(cell) for cell in row] for row in rows]
    widths = [max(len(line[i]) for line in (list(head), *body)) for i in range(len(head))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if i < 2 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in (list(head), *body)
    )


def sections(summary: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Give the title and the text of every table that has something to say."""
    found = summary["found"]
    parts = [
        ("Found, and false on other recordings (95 % intervals)", _found(found)),
        ("Where the label leaves it open (counts neither way)", _ambiguous(found)),
        ("False alarms in ordinary life, a day of one camera", _rates(summary["false_alarms"])),
        ("From onset to decision", _latency(summary["latency"])),
        ("Smoke: when it was first noticed (a still has no motion)", _smoke(summary["smoke"])),
        ("The spoken trigger", _words(summary["words"])),
        ("How often an event of a confidence is right", _reliability(summary["reliability"])),
        ("What could not be judged", _problems(summary["problems"])),
    ]
    return [(title, text) for title, text in parts if text]


def cost(outcomes: Sequence[Outcome], wall_s: float, jobs: int) -> str:
    """Say what it cost; not the same twice, so that it stands in no result."""
    rows = []
    for folder in (ALL, *sorted({each.recording.folder for each in outcomes})):
        part = [each for each in outcomes if folder in (ALL, each.recording.folder)]
        seconds = sum(each.seconds for each in part)
        spent = sum(each.cpu_s for each in part)
        if seconds:
            rows.append(
                (folder, len(part), f"{seconds:.0f}", f"{spent:.1f}", f"{spent / seconds:.3f}")
            )
    media = sum(each.seconds for each in outcomes)
    speed = f"{media:.0f} s of media in {wall_s:.0f} s, {jobs} at a time: "
    speed += f"{media / wall_s:.1f} times as fast as they last" if wall_s else ""
    head = ("folder", "files", "media s", "processor s", "per media s")
    return f"{table(head, rows)}\n{speed}"


def _found(rows: Iterable[Mapping[str, Any]]) -> str:
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
                expected["failed"] or "",
                _share(other["any"]),
                _share(other["alarm"]),
            )
        )
    head = ("target", "folder", "found", "as an alarm", "failed", "false on others", "false alarm")
    return table(head, lines) if lines else ""


def _ambiguous(rows: Iterable[Mapping[str, Any]]) -> str:
    lines = [
        (row["target"], row["folder"], part["of"], part["any"], part["alarm"])
        for row in rows
        if (part := row["ambiguous"])["of"] and row["folder"] != ALL
    ]
    head = ("target", "folder", "recordings", "with an event", "alarm")
    return table(head, lines) if lines else ""


def _rates(rows: Iterable[Mapping[str, Any]]) -> str:
    lines = [
        (
            row["target"],
            f"{row['hours']:.2f} h",
            row["files"],
            *(row["any"][key] for key in ("events", "per_day", "upper_per_day")),
            *(row["alarm"][key] for key in ("events", "per_day", "upper_per_day")),
        )
        for row in rows
    ]
    head = ("target", "material", "files", "events", "a day", "< (95 %)")
    return table((*head, "alarms", "a day", "< (95 %)"), lines)


def _latency(rows: Iterable[Mapping[str, Any]]) -> str:
    lines = [
        (
            row["target"],
            f"{row['onsets']} onsets",
            *(row["any"][key] for key in ("found", "p50_s", "p95_s")),
            *(row["alarm"][key] for key in ("found", "p50_s", "p95_s")),
        )
        for row in rows
    ]
    head = ("target", "known", "events", "p50 s", "p95 s", "alarms", "p50 s", "p95 s")
    return table(head, lines) if lines else ""


def _smoke(rows: Iterable[Mapping[str, Any]]) -> str:
    lines = [
        (
            row["path"],
            "still" if row["still"] else "",
            row["seconds"],
            row["time_s"],
            row["alarm_time_s"],
        )
        for row in rows
        if not row["still"] or row["time_s"] is not None
    ]
    return table(("recording", "", "s", "event at s", "alarm at s"), lines) if lines else ""


def _words(words: Mapping[str, Any]) -> str:
    if not words:
        return ""
    recorded, false = words["recorded"], words["false"]
    heard = sum(each["found"] for each in recorded)
    lines = [f"heard in {heard} of {len(recorded)} recordings of it"]
    lines += [f"  missed: {each['path']}" for each in recorded if not each["found"]]
    head = ("false triggers in", "", "files", "hours", "triggers", "an hour", "< (95 %)")
    keys = ("files", "hours", "triggers", "per_hour", "upper_per_hour")
    lines.append(table(head, [(each["in"], "", *(each[key] for key in keys)) for each in false]))
    return "\n".join(lines)


def _reliability(rows: Iterable[Mapping[str, Any]]) -> str:
    lines = [
        (
            row["target"],
            f"{row['from']:.2f} to {row['to']:.2f}",
            row["mean_confidence"],
            _share(row["right"]),
        )
        for row in rows
        if row["right"]["of"]
    ]
    return table(("target", "confidence", "mean", "right"), lines) if lines else ""


def _problems(problems: Mapping[str, Any]) -> str:
    lines = [f"failed: {each['path']}: {each['error']}" for each in problems["failed"]]
    lines += [
        f"unknown label: {each['label']!r} ({each['files']} files, in no table)"
        for each in problems["unknown_labels"]
    ]
    lines += [f"listed twice: {path}" for path in problems["listed_twice"]]
    lines += [f"doubtful: {each['path']}: {each['warning']}" for each in problems["doubtful"]]
    return "\n".join(lines)


def _share(value: Mapping[str, Any]) -> str:
    if not value["of"]:
        return ""
    low, high = (100.0 * value[key] for key in ("low", "high"))
    return f"{value['hits']}/{value['of']} {100.0 * value['share']:5.1f} % ({low:.0f}-{high:.0f})"


def _text(cell: object) -> str:
    if cell is None:
        return "-"
    return f"{cell:.2f}" if isinstance(cell, float) else str(cell)
