"""The command line of `bench/home`."""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from homes.days import CAMERA, FIRST_DAY, CalledFalse, Outcome, judge, live
from homes.recordings import CaptureError, Heard, hear
from omnicam.decide.calibration import shipped
from omnicam.decide.home import HomeMemory
from omnicam.decide.learner import Home
from omnicam.evaluate.labels import CRYING, Meaning, meaning_of
from omnicam.evaluate.statistics import clopper_pearson

_EVERYDAY = frozenset({CRYING})
"""Targets that belong to ordinary life in some homes: where they are right, others are wrong."""

LEVELS = ("events", "alarms")


def main() -> int:
    """Measure and print; exit status 1 where a recording cannot be read."""
    options = _arguments()
    heard, failed = _heard(options.manifest, options.root, options.cache)
    plain = {each.path: judge(each, None, 0) for each in heard}
    homes = defaultdict(list)
    positives = []
    for each in heard:
        meaning = meaning_of(each.label)
        if meaning is not None and (meaning.normal or meaning.expected & _EVERYDAY):
            homes[each.label].append(each)
        if meaning is not None and meaning.expected - _EVERYDAY:
            positives.append(each)
    report = {}
    for name, called_false in (("nobody says anything", None), ("false events are told", _false)):
        report[name] = [
            result
            for label, recordings in sorted(homes.items())
            if (result := _home(label, recordings, positives, plain, options.days, called_false))
        ]
        print(f"\n== {name} ==")
        _print(report[name], positives, plain, len(homes), options.days)
    if options.json is not None:
        options.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    return 1 if failed else 0


def _home(
    label: str,
    recordings: Sequence[Heard],
    positives: Sequence[Heard],
    plain: dict[str, Outcome],
    days: int,
    called_false: CalledFalse | None,
) -> dict[str, Any] | None:
    """Live with half of the groups of a kind of ordinary life, meet the other half, both ways.

    Gives None where nothing was learned: then nothing changes.
    """
    seen: dict[str, list[int]] = {level: [0, 0] for level in LEVELS}
    unseen: dict[str, list[int]] = {level: [0, 0] for level in LEVELS}
    lost: dict[str, set[str]] = {level: set() for level in LEVELS}
    shifts: list[dict[str, float]] = []
    groups = sorted({each.group for each in recordings})
    for half in (0, 1):
        mine = {group for number, group in enumerate(groups) if number % 2 == half}
        lived = [each for each in recordings if each.group in mine]
        met = [each for each in recordings if each.group not in mine]
        if not lived:
            continue
        memory = live([lived] * days, called_false)
        taken = _shifts(memory, days)
        if not taken:
            _count(lived, plain, None, days, seen)
            _count(met, plain, None, days, unseen)
            continue
        shifts.append(taken)
        _count(lived, plain, memory, days, seen)
        _count(met, plain, memory, days, unseen)
        for each in positives:
            after = judge(each, memory, days)
            for level in LEVELS:
                before = _right(each, getattr(plain[each.path], level))
                lost[level] |= {
                    f"{each.path} {name}" for name in before - _right(each, getattr(after, level))
                }
    if not shifts:
        return None
    return {
        "label": label,
        "recordings": len(recordings),
        "shifts": shifts,
        "seen": seen,
        "unseen": unseen,
        "lost": {level: sorted(names) for level, names in lost.items()},
    }


def _count(
    recordings: Sequence[Heard],
    plain: dict[str, Outcome],
    memory: HomeMemory | None,
    days: int,
    into: dict[str, list[int]],
) -> None:
    for each in recordings:
        before = plain[each.path]
        after = before if memory is None else judge(each, memory, days)
        for level in LEVELS:
            into[level][0] += len(_wrong(each, getattr(before, level)))
            into[level][1] += len(_wrong(each, getattr(after, level)))


def _shifts(memory: HomeMemory, days: int) -> dict[str, float]:
    home = Home(CAMERA, shipped(), memory)
    home.watch((FIRST_DAY + days) * 86_400.0)
    return {
        key: round(known.shift.most, 2)
        for key, known in home.learned.items()
        if known.shift.most > 0.0
    }


def _wrong(each: Heard, targets: frozenset[str]) -> frozenset[str]:
    meaning = _meaning(each)
    return targets - meaning.expected - meaning.ambiguous


def _right(each: Heard, targets: frozenset[str]) -> frozenset[str]:
    return (targets & _meaning(each).expected) - _EVERYDAY


def _false(each: Heard, name: str) -> bool:
    return bool(_wrong(each, frozenset({name})))


def _meaning(each: Heard) -> Meaning:
    meaning = meaning_of(each.label)
    if meaning is None:
        msg = f"{each.path}: the label {each.label!r} is not in the table of labels"
        raise ValueError(msg)
    return meaning


def _print(
    report: Sequence[dict[str, Any]],
    positives: Sequence[Heard],
    plain: dict[str, Outcome],
    homes: int,
    days: int,
) -> None:
    print(f"{homes} kinds of ordinary life, {days} days each; {len(report)} taught something\n")
    head = ("ordinary life", "taken off", "seen again", "others of its kind", "no longer found")
    print(f"{head[0]:28} {head[1]:38} {head[2]:20} {head[3]:20} {head[4]}")
    for row in report:
        off = "; ".join(
            ", ".join(f"{key.split('/')[-1]} {size}" for key, size in half.items())
            for half in row["shifts"]
        )
        lost = f"{len(row['lost']['events'])} ({len(row['lost']['alarms'])})"
        print(
            f"{row['label']:28} {off:38} {_both(row['seen']):20} {_both(row['unseen']):20} {lost}"
        )
    for which in ("seen", "unseen"):
        for level in LEVELS:
            before = sum(row[which][level][0] for row in report)
            after = sum(row[which][level][1] for row in report)
            print(f"\n{which}: false {level} {before} -> {after}", end="")
    print("\n\nRecall in the homes that learned (each target of each recording in each home)")
    names = sorted({name for each in positives for name in _meaning(each).expected} - _EVERYDAY)
    for name in names:
        of = [each for each in positives if name in _meaning(each).expected]
        for level in LEVELS:
            found = sum(name in getattr(plain[p.path], level) for p in of)
            losses = [
                sum(entry.endswith(f" {name}") for entry in row["lost"][level]) for row in report
            ]
            worst = max(losses, default=0)
            low, high = clopper_pearson(found - worst, len(of))
            print(
                f"{name:34} {level:7} {found}/{len(of)} without; "
                f"{found - worst}/{len(of)} [{low:.2f}, {high:.2f}] in the worst home, "
                f"{sum(count > 0 for count in losses)} of {len(report)} homes lose any"
            )


def _both(counts: dict[str, list[int]]) -> str:
    (any_before, any_after), (alarm_before, alarm_after) = counts["events"], counts["alarms"]
    return f"{any_before}->{any_after} ({alarm_before}->{alarm_after})"


def _heard(manifest: Path, root: Path, cache: Path | None) -> tuple[list[Heard], int]:
    heard, failed = [], 0
    with manifest.open(encoding="utf-8", newline="") as file:
        rows = sorted(csv.DictReader(file), key=lambda row: row["path"])
    for row in rows:
        try:
            heard.append(hear(row["path"], row["label"], row["group"], root, cache))
        except CaptureError as error:
            failed += 1
            print(f"{row['path']}: {error}", file=sys.stderr)
    return heard, failed


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench/home", description=__doc__)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--root", type=Path, required=True, help="folder of the recordings")
    parser.add_argument("--cache", type=Path, help="folder that keeps what the scorers said")
    parser.add_argument("--days", type=int, default=4, help="of ordinary life (default 4)")
    parser.add_argument("--json", type=Path, help="write the figures")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
