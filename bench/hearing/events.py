"""Events and alarms on recordings: found where the label expects them, false elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hearing.clips import Clip
from omnicam.evaluate.entries import Entry, Listener
from omnicam.evaluate.judged import Judged
from omnicam.evaluate.labels import COUGH, CRYING, GLASS, SCREAM
from omnicam.evaluate.manifest import Recording
from omnicam.evaluate.play import Outcome
from omnicam.evaluate.sections import Section, plain
from omnicam.evaluate.tables import ALL, found
from omnicam.taxonomy import Sense

TARGETS = (SCREAM, GLASS, COUGH, CRYING)

type Found = dict[str, Any]
"""One row of `omnicam.evaluate.tables.found`, with the labels of the false events."""


def count(heard: Mapping[Clip, Listener]) -> list[Found]:
    """Count as `omnicam eval` does, by kind of sound and folder."""
    files = [judged(clip, listener.entries) for clip, listener in heard.items()]
    rows: list[Found] = found([each for each in files if each.known], TARGETS)
    for row in rows:
        labels: dict[str, int] = {}
        for each in files:
            if each.false(row["target"]) and row["folder"] in (ALL, each.folder):
                labels[each.label] = labels.get(each.label, 0) + 1
        row["false_labels"] = dict(sorted(labels.items()))
    return rows


def judged(clip: Clip, entries: Sequence[Entry], seconds: float = 0.0) -> Judged:
    """Give what was heard in a clip beside what its label says."""
    return Judged(
        Outcome(
            recording=Recording(path=clip.path, label=clip.label),
            seconds=seconds,
            senses=frozenset({Sense.SOUND}),
            entries=tuple(entries),
        )
    )


def print_found(title: str, rows: list[Found]) -> None:
    """Print one table, without folders that have no clip of the kind and no false event."""
    lines = []
    for row in rows:
        expected, other = row["expected"], row["other"]
        if row["folder"] != ALL and not expected["any"]["of"] and not other["any"]["hits"]:
            continue
        shares = (expected["any"], expected["alarm"], other["any"], other["alarm"])
        labels = ", ".join(f"{label} {times}" for label, times in row["false_labels"].items())
        lines.append(
            (
                row["target"].rpartition("/")[2],
                row["folder"],
                *(_share(each, brief=row["folder"] != ALL) for each in shares),
                labels if row["folder"] != ALL else "",
            )
        )
    head = ("kind", "folder", "event", "alarm", "others: event", "others: alarm", "false events")
    print("\n" + plain(Section(title=title, head=head, rows=tuple(lines))))


def _share(share: Mapping[str, Any], *, brief: bool) -> str:
    if not share["of"]:
        return ""
    counts = f"{share['hits']}/{share['of']}"
    if brief:
        return counts
    return f"{counts} {share['share']:.1%} ({share['low']:.0%}-{share['high']:.0%})"
