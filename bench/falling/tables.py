"""Sums results up and prints them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from falling.clips import FALL_SETS, Clip
from falling.folds import Fold
from falling.replay import Result
from omnicam.detect.fall_limits import FallLimits
from omnicam.evaluate.statistics import clopper_pearson

type Results = Mapping[Clip, Result]

_SUMS = {
    "falls": lambda kind: kind.startswith("falls"),
    "all but falls": lambda kind: not kind.startswith("falls"),
}


@dataclass(frozen=True, slots=True)
class Count:
    """Films of one kind: all, those with an event of a fall, those with an alarm."""

    films: int
    events: int
    alarms: int

    def __str__(self) -> str:
        return f"{_share(self.events, self.films):>24}{_share(self.alarms, self.films):>24}"


def counted(results: Results) -> dict[str, Count]:
    """Count by kind, and falls and all others together."""
    kinds = sorted({clip.kind for clip in results})
    rows = {kind: _count(results, lambda own, kind=kind: own == kind) for kind in kinds}
    return rows | {name: _count(results, is_so) for name, is_so in _SUMS.items()}


def _count(results: Results, wanted: Any) -> Count:
    own = [result for clip, result in results.items() if wanted(clip.kind)]
    return Count(
        films=len(own),
        events=sum(result.event for result in own),
        alarms=sum(result.alarm for result in own),
    )


def print_counts(title: str, results: Results) -> None:
    """Print the events and alarms of every kind, and which falls were missed or false."""
    print(f"\n{title}\n{'':<34}{'event':>24}{'alarm':>24}")
    for kind, count in counted(results).items():
        print(f"{kind:<34}{count}")
    for what, paths in (("missed", missed(results)), ("false", false(results))):
        if paths:
            print(f"  {what}: {', '.join(paths)}")


def print_folds(folds: Sequence[Fold]) -> None:
    """Print for each fold what came of the films that were left out, and its limits."""
    print(f"{'left out':<44}{'falls':>8}{'alarms':>8}{'others called a fall':>24}")
    for fold in folds:
        sums = counted(fold.results)
        falls, others = sums["falls"], sums["all but falls"]
        print(
            f"{fold.name:<44}{f'{falls.events}/{falls.films}':>8}{falls.alarms:>8}"
            f"{f'{others.events}/{others.films}':>24}"
        )
    print(f"\n{'limit':<18}{'shipped':<16}chosen, with the number of folds")
    for name, values in chosen(folds).items():
        shipped = shown(getattr(FallLimits(), name))
        print(f"{name:<18}{shipped:<16}{', '.join(f'{each} ({n})' for each, n in values.items())}")


def chosen(folds: Sequence[Fold]) -> dict[str, dict[str, int]]:
    """Give for each limit that was chosen its values and how many folds took them."""
    found: dict[str, dict[str, int]] = {}
    for field in fields(FallLimits):
        values = [shown(getattr(fold.limits, field.name)) for fold in folds]
        counts = {value: values.count(value) for value in sorted(set(values))}
        if len(counts) > 1 or shown(getattr(FallLimits(), field.name)) not in counts:
            found[field.name] = counts
    return found


def print_shifts(shifts: Mapping[str, Sequence[tuple[float, Results]]]) -> None:
    """Print what comes of each limit that is shifted, where anything does."""
    print(f"\n{'limit shifted':<28}{'by':>6}{'falls':>10}{'alarms':>10}  called a fall")
    still: list[str] = []
    unmoved: dict[str, Count] | None = None
    for name, cases in shifts.items():
        rows = [(by, counted(results), results) for by, results in cases]
        unmoved = unmoved or rows[0][1]
        if all(sums == unmoved for _, sums, _ in rows):
            still.append(name)
            continue
        for by, sums, results in rows:
            if by == 1.0:
                continue
            falls = sums["falls"]
            called = ", ".join(false(results)) or "none"
            found = f"{falls.events}/{falls.films}"
            print(f"{name:<28}{by - 1.0:>+6.0%}{found:>10}{falls.alarms:>10}  {called}")
    print(f"nothing changes with: {', '.join(still) or 'none'}")


def missed(results: Results) -> list[str]:
    """Give the falls without an event."""
    return [clip.path for clip, result in results.items() if clip.falls and not result.event]


def false(results: Results) -> list[str]:
    """Give the other films with one."""
    return [clip.path for clip, result in results.items() if not clip.falls and result.event]


def as_json(results: Results) -> dict[str, Any]:
    """Give the counts and what went wrong, for a file."""
    return {
        "counts": {kind: asdict(count) for kind, count in counted(results).items()},
        "missed": missed(results),
        "false": false(results),
    }


def shown(value: float | tuple[float, float]) -> str:
    """Give a limit in few characters."""
    return "-".join(f"{each:g}" for each in (value if isinstance(value, tuple) else (value,)))


def of_the_target(clips: Iterable[Clip]) -> list[Clip]:
    """Give the falls and the daily activities of the same sets."""
    return [clip for clip in clips if clip.folder in FALL_SETS]


def _share(hits: int, of: int) -> str:
    if of == 0:
        return "-"
    low, high = clopper_pearson(hits, of)
    return f"{hits}/{of} {hits / of:.0%} ({low:.0%}-{high:.0%})"
