"""The command line of `bench/falls`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from falling.altered import FILTERS, altered
from falling.choose import Judge, choose
from falling.clips import Clip, read_clips
from falling.folds import Fold, by_group, by_set, cross_validated
from falling.ranges import shifted
from falling.record import Film, watched
from falling.replay import SHIPPED, Limits, judge
from falling.tables import as_json, of_the_target, print_counts, print_folds, print_shifts
from omnicam.capture import CaptureError
from omnicam.detect.pose.model import ModelMissingError

_SHIFTS = (0.8, 1.0, 1.2)


def main() -> int:
    """Measure and print; exit status 1 where a film cannot be read, 2 where nothing can."""
    options = _arguments()
    try:
        clips = read_clips(options.manifest)
        films, failed = _films(clips, options.root, options.cache)
    except (OSError, ValueError, ModelMissingError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    judged = Judge(lambda clip, limits: judge(films[clip], limits))
    report = _measured(judged, tuple(films), options.seed)
    if options.altered:
        report["altered"] = _altered(of_the_target(films), options.root, options.cache)
    if options.json is not None:
        options.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    return 1 if failed else 0


def _measured(judged: Judge, clips: Sequence[Clip], seed: int) -> dict[str, Any]:
    shipped = judged.of(clips, SHIPPED)
    print_counts("shipped limits, set with these films in view (in sample)", shipped)
    everything = choose(judged, clips, seed)
    best = judged.of(clips, Limits(seen=everything))
    print_counts("limits chosen on all films by the rule (in sample)", best)
    report: dict[str, Any] = {
        "seed": seed,
        "shipped": as_json(shipped),
        "chosen on all": as_json(best) | {"limits": asdict(everything)},
    }
    for title, apart in (
        ("limits chosen without the group they are counted on", by_group),
        ("limits chosen without the data set they are counted on", by_set),
    ):
        folds = list(cross_validated(judged, clips, apart, seed))
        together = {clip: result for fold in folds for clip, result in fold.results.items()}
        print_counts(title, dict(sorted(together.items())))
        print_folds(folds)
        report[title] = as_json(together) | {"folds": [_fold(fold) for fold in folds]}
    cases = {by: shifted(SHIPPED, by) for by in _SHIFTS}
    shifts = {
        name: [(by, judged.of(clips, cases[by][name])) for by in _SHIFTS] for name in cases[1.0]
    }
    print_shifts(shifts)
    report["shifted"] = {
        name: {f"{by:g}": as_json(results) for by, results in rows if by != 1.0}
        for name, rows in shifts.items()
    }
    return report


def _fold(fold: Fold) -> dict[str, Any]:
    return as_json(fold.results) | {"left out": fold.name, "limits": asdict(fold.limits)}


def _altered(clips: Sequence[Clip], root: Path, cache: Path) -> dict[str, Any]:
    report = {}
    for kind in FILTERS:
        results = {}
        for clip in clips:
            film = altered(root / clip.path, kind, cache)
            results[clip] = judge(watched(film, cache), SHIPPED)
        print_counts(f"shipped limits, films {kind}", results)
        report[kind] = as_json(results)
    return report


def _films(clips: Sequence[Clip], root: Path, cache: Path) -> tuple[Mapping[Clip, Film], int]:
    films, failed = {}, 0
    for clip in clips:
        try:
            films[clip] = watched(root / clip.path, cache)
        except (CaptureError, FileNotFoundError) as error:
            failed += 1
            print(f"{clip.path}: {error}", file=sys.stderr)
    if not any(clip.falls for clip in films):
        msg = f"no film with a fall could be read below {root}"
        raise ValueError(msg)
    return films, failed


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench/falls", description=__doc__)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--root", type=Path, required=True, help="folder of the recordings")
    parser.add_argument(
        "--cache", type=Path, required=True, help="folder that keeps what was seen in the films"
    )
    parser.add_argument(
        "--altered", action="store_true", help="also mirrored, later, smaller and darker films"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the search (default 0)")
    parser.add_argument("--json", type=Path, help="write the figures")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
