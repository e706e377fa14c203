"""`omnicam eval`: play a manifest, print the tables, write the results."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from omnicam.config.model import Language, ModelSettings
from omnicam.detect.pose.model import ModelMissingError, find_model
from omnicam.detect.registry import judged_classes
from omnicam.evaluate import verified
from omnicam.evaluate.asking import greet
from omnicam.evaluate.judged import Judged
from omnicam.evaluate.manifest import ManifestError, Recording, read_manifest, with_onsets
from omnicam.evaluate.play import Outcome, Task
from omnicam.evaluate.report import write_report
from omnicam.evaluate.sections import Section, cost, plain, sections
from omnicam.evaluate.tables import entry_of, summary
from omnicam.evaluate.workers import play_all
from omnicam.judge import recording
from omnicam.record.errors import RecordError
from omnicam.record.files import write_atomic
from omnicam.taxonomy import AnomalyClass, Sense
from omnicam.verify import store
from omnicam.verify.outcomes import AskError, explain
from omnicam.verify.outcomes import Outcome as Answer

GOOD, INCOMPLETE, WRONG_USE, INTERRUPTED = 0, 1, 2, 130


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the command line says; see `omnicam eval --help`."""

    manifest: Path
    root: Path
    classes: frozenset[AnomalyClass]
    jobs: int
    onsets: Path | None = None
    model: Path | None = None
    json: Path | None = None
    timing: Path | None = None
    report: Path | None = None
    verify: ModelSettings | None = None
    calibrate: Path | None = None


def evaluate(options: Options) -> int:
    """Run the command.

    Returns:
        0 when every recording was judged, 1 when one failed or has an unknown label or a window was
        not answered, 2 when nothing could be begun, 130 when interrupted.
    """
    try:
        recordings, model = _begin(options)
    except (ManifestError, ModelMissingError, _UnusableError) as error:
        print(error, file=sys.stderr)
        return WRONG_USE
    task = Task(root=options.root, model=model, classes=options.classes, verify=options.verify)
    began = time.monotonic()
    outcomes: dict[Recording, Outcome] = {}
    try:
        for outcome in play_all(dict.fromkeys(recordings), task, options.jobs):
            outcomes[outcome.recording] = outcome
            _progress(len(outcomes), len(recordings), outcome)
    except KeyboardInterrupt:
        print("interrupted: nothing was written", file=sys.stderr)
        return INTERRUPTED
    ordered = [outcomes[row] for row in recordings]
    wall_s = time.monotonic() - began
    files = [Judged(outcome) for outcome in ordered]
    able = judged_classes(recording(options.root), frozenset(Sense))
    tables = summary(files, options.classes, able)
    compared: Mapping[str, Any] = {}
    more: list[Section] = []
    if options.verify is not None:
        compared = verified.summary(files, classes_of(options), options.verify.name)
        more = verified.sections(compared)
    shown = [*sections(tables), *more, cost(ordered, wall_s, options.jobs)]
    for section in shown:
        print(f"\n{plain(section)}")
    try:
        if options.json is not None:
            with_model = {"verify": compared} if compared else {}
            _write(options.json, results(files, tables, options.classes) | with_model)
        if options.timing is not None:
            _write(options.timing, _timing(ordered, wall_s, options.jobs))
        if options.report is not None:
            write_report(options.report, options.root, files, tables, shown)
        if options.calibrate is not None and options.verify is not None:
            _calibrate(options.calibrate, options.verify.name, files)
    except (RecordError, _UnusableError) as error:
        print(error, file=sys.stderr)
        return INCOMPLETE
    complete = all(each.error is None and each.known for each in files)
    complete = complete and set(compared.get("windows", ())) <= {Answer.ANSWERED, Answer.NO_WINDOW}
    return GOOD if complete else INCOMPLETE


class _UnusableError(RuntimeError):
    """Something that was named cannot be used."""


def _begin(options: Options) -> tuple[tuple[Recording, ...], Path]:
    """Read what is to be played and find the pose model; ask whether the model is there."""
    recordings = read_manifest(options.manifest)
    if options.onsets is not None:
        recordings = with_onsets(recordings, options.onsets)
    model = find_model(options.model)
    if not options.root.is_dir():
        raise _UnusableError(f"{options.root} is no folder")
    if options.calibrate is not None:
        _check_calibration(options.calibrate, options.verify)
    if options.verify is not None:
        try:
            greet(options.verify)
        except AskError as error:
            raise _UnusableError(explain(error.outcome, Language.ENGLISH)) from None
    return recordings, model


def _check_calibration(folder: Path, model: ModelSettings | None) -> None:
    if model is None:
        raise _UnusableError("--calibrate needs --verify: only a model's word is calibrated")
    if not folder.is_dir():
        raise _UnusableError(f"--calibrate: {folder} is no folder")
    other = store.model_of(folder)
    if other not in {None, model.name}:
        raise _UnusableError(
            f"--calibrate: {folder / store.FILE_NAME} is about the model {other!r}; "
            "say its name with --verify-name, or name another folder"
        )


def _calibrate(folder: Path, model: str, files: Sequence[Judged]) -> None:
    """Write the lines that the recordings give, and say what became of them."""
    known = verified.lines([each for each in files if each.known])
    try:
        taken = store.give(folder, model, known) if known else frozenset()
    except OSError as error:
        raise _UnusableError(f"{folder / store.FILE_NAME} cannot be written: {error}") from None
    kept = ", ".join(sorted(known.keys() - taken))
    print(f"\n{folder / store.FILE_NAME}: {', '.join(sorted(taken)) or 'nothing'} calibrated")
    if kept:
        print(f"left as people or the file's owner said: {kept}")


def classes_of(options: Options) -> list[AnomalyClass]:
    """Give the classes that were asked for, in the taxonomy's order."""
    return [each for each in AnomalyClass if each in options.classes]


def results(
    files: Sequence[Judged], tables: object, classes: Collection[AnomalyClass]
) -> dict[str, Any]:
    """Make the results: the same for the same recordings and detectors, to the byte."""
    return {
        "classes": [each.value for each in AnomalyClass if each in classes],
        "files": [
            {
                "path": each.path,
                "label": each.label,
                "seconds": round(each.seconds, 3),
                "error": each.error,
                "events": [entry_of(entry) for entry in each.entries],
                "peaks": {name: round(peak, 3) for name, peak in each.outcome.peaks.items()},
                "evidence": {name: round(said, 3) for name, said in each.outcome.evidence.items()},
                "senses": sorted(sense.name.lower() for sense in each.senses),
                "warning": each.warning,
            }
            for each in files
        ],
        "summary": tables,
    }


def cores() -> int:
    """Give the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _timing(outcomes: Sequence[Outcome], wall_s: float, jobs: int) -> dict[str, Any]:
    return {
        "jobs": jobs,
        "wall_s": round(wall_s, 3),
        "files": [
            {
                "path": each.recording.path,
                "seconds": round(each.seconds, 3),
                "cpu_s": round(each.cpu_s, 3),
                "wall_s": round(each.wall_s, 3),
            }
            for each in outcomes
        ],
    }


def _write(file: Path, value: object) -> None:
    write_atomic(file, (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode())


def _progress(done: int, total: int, outcome: Outcome) -> None:
    said = outcome.error or f"{len(outcome.entries)} events in {outcome.seconds:.1f} s"
    print(f"[{done}/{total}] {outcome.recording.path}: {said}", file=sys.stderr, flush=True)
