"""The command line of `bench/people`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from omnicam.capture import CaptureError
from omnicam.detect.pose.model import ModelMissingError, find_model
from omnicam.evaluate.manifest import ManifestError, read_manifest
from omnicam.evaluate.statistics import clopper_pearson
from presence.films import Film, written
from presence.nobody import recorded_nobody, staged_nobody
from presence.recorded import MARKS, MarksError, read_lines, read_nobody
from presence.staged import crossings, occlusions, stay
from presence.verdicts import Score, percentile, score, stayed
from presence.watch import Happened, Question, watch

PARTS = ("crossings", "occlusions", "recorded", "nobody")


def main() -> int:
    """Measure and print; exit status 1 where something cannot be read."""
    options = _arguments()
    try:
        model = find_model(None)
        known = {each.path for each in read_manifest(options.manifest)}
        marked = read_lines(MARKS / "lines.csv")
        empty = read_nobody(MARKS / "nobody.csv")
    except (ModelMissingError, ManifestError, MarksError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    parts = options.part or list(PARTS)
    lost = sorted({*marked, *(each.path for each in empty)} - known)
    for path in lost:
        print(f"{path}: not in the manifest; left out", file=sys.stderr)
    report: dict[str, Any] = {}
    try:
        if "crossings" in parts:
            report["crossings"] = _ask(_played(crossings(), model), "staged crossings")
        if "stay" in parts:
            report["stay"] = _ask(_played((stay(options.dwell),), model), "staged stay")
        if "occlusions" in parts:
            report["occlusions"] = _identities(occlusions(), model)
        if "recorded" in parts:
            films = {path: asked for path, asked in marked.items() if path in known}
            report["recorded"] = _ask(_watched(films, options.root, model), "recorded crossings")
        if "nobody" in parts:
            there = [each for each in empty if each.path in known]
            report["nobody"] = {
                "recorded": _false(recorded_nobody(there, options.root, model), "recorded"),
                "staged": _false(staged_nobody(model), "staged"),
            }
    except CaptureError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    if options.json is not None:
        options.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    return 1 if lost else 0


type _Asked = tuple[str, Score]


def _scored(happened: Happened) -> _Asked:
    return happened.question.name, score(happened)


def _played(films: Iterable[Film], model: Path) -> Iterator[tuple[str, tuple[_Asked, ...]]]:
    for film in films:
        happened, _ = watch(written(film), film.questions, model)
        yield film.name, tuple(_scored(each) for each in happened)


def _watched(
    films: Mapping[str, tuple[Question, ...]], root: Path, model: Path
) -> Iterator[tuple[str, tuple[_Asked, ...]]]:
    for path, asked in films.items():
        happened, _ = watch(root / path, asked, model)
        yield path, tuple(_scored(each) for each in happened)


def _ask(played: Iterable[tuple[str, tuple[_Asked, ...]]], title: str) -> dict[str, Any]:
    """Print what came of the questions of films, one by one and summed up."""
    print(f"\n== {title} ==\n{'film':52} {'question':12} found  alarms  false  seconds late")
    found: dict[str, dict[str, Any]] = {}
    sums: dict[str, list[Score]] = {}
    for name, asked in played:
        for question, its in asked:
            happened = len(its.latencies) + len(its.missed)
            late = " ".join(f"{each:.2f}" for each in its.latencies)
            print(
                f"{name:52} {question:12} {len(its.latencies):2}/{happened:<3} {its.alarms:5} "
                f"{len(its.false):7}  {late}",
                flush=True,
            )
            found.setdefault(name, {})[question] = asdict(its)
            sums.setdefault(question, []).append(its)
    for question, scores in sums.items():
        print(f"{'all':52} {question:12} {_summed(scores)}")
    return found


def _summed(scores: list[Score]) -> str:
    late = [each for its in scores for each in its.latencies]
    happened = len(late) + sum(len(its.missed) for its in scores)
    false = sum(len(its.false) for its in scores)
    if not happened:
        return f"{false} false in {len(scores)} films"
    low, high = clopper_pearson(len(late), happened)
    return (
        f"{len(late)}/{happened} ({100 * low:.0f}-{100 * high:.0f} %), {false} false, "
        f"p50 {percentile(late, 0.5):.2f} s, p95 {percentile(late, 0.95):.2f} s, "
        f"within 1 s {sum(each <= 1.0 for each in late)}"
    )


def _identities(films: Iterable[Film], model: Path) -> dict[str, list[bool | None]]:
    words: Mapping[bool | None, str] = {True: "the same", False: "another", None: "not found"}
    found: dict[str, list[bool | None]] = {}
    print("\n== staged occlusions: who stays who they are ==")
    for film in films:
        _, seen = watch(written(film), (), model)
        found[film.name] = [stayed(film.walkers[each.walker], each, seen) for each in film.same]
        print(f"{film.name:32} {', '.join(words[each] for each in found[film.name])}", flush=True)
    everyone = [each for of_film in found.values() for each in of_film]
    print(
        f"{'all':32} the same {everyone.count(True)}, another {everyone.count(False)}, "
        f"not found {everyone.count(None)} of {len(everyone)}"
    )
    return found


def _false(played: Iterable[tuple[str, float, int]], title: str) -> dict[str, int]:
    """Print the events where nobody is."""
    print(f"\n== nobody is there ({title}), the whole picture restricted ==")
    found: dict[str, int] = {}
    total = 0.0
    for name, seconds, events in played:
        found[name] = events
        total += seconds
        if events:
            print(f"{name:62} {events} events in {seconds:.0f} s", flush=True)
    wrong = sum(count > 0 for count in found.values())
    low, high = clopper_pearson(wrong, len(found)) if found else (0.0, 1.0)
    print(
        f"{wrong} of {len(found)} films with an event ({100 * low:.0f}-{100 * high:.0f} %), "
        f"{sum(found.values())} events in {total:.0f} s"
    )
    return found


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench/people", description=__doc__)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--root", type=Path, required=True, help="folder of the recordings")
    parser.add_argument(
        "--part",
        action="append",
        choices=(*PARTS, "stay"),
        help="only this, may be given again; `stay` runs only if named",
    )
    parser.add_argument(
        "--dwell", type=float, default=60.0, help="seconds that make `stay` loitering (default 60)"
    )
    parser.add_argument("--json", type=Path, help="write the figures")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
