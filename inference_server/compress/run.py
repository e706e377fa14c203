"""Compressing from beginning to end, and again from where it was stopped."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import torch

from inference_server import verdicts
from inference_server.compress import shards
from inference_server.compress.capture import Encoders, thinker_config
from inference_server.compress.decoder import load_layer
from inference_server.compress.errors import CompressError
from inference_server.compress.journal import Journal, locked, open_journal
from inference_server.compress.layer import Method, compress_layer
from inference_server.compress.layout import REPORT, target_bytes, target_config
from inference_server.compress.parts import PARTS, Part
from inference_server.compress.sequences import load_hidden, load_sequences, save_hidden
from inference_server.compress.source import INDEX, Source, read_header
from inference_server.compress.weights import Weights
from inference_server.compress.window import Window, digest
from inference_server.recipes import Recipe

SHARD_BYTES = 1_000_000_000
CAPTURE = "capture"


@dataclass(frozen=True)
class Task:
    """What is to be compressed, how, and where to.

    Attributes:
        source: the checkpoint.
        target: the folder that is made.
        recipe: what is kept of each part.
        windows: that calibrate.
        work: the folder for hidden states and the journal; gone when all is done.
        method: how experts are chosen and weights rounded.
        say: told of progress.
    """

    source: Source
    target: Path
    recipe: Recipe
    windows: Sequence[Window]
    work: Path
    method: Method = field(default_factory=Method)
    say: Callable[[str], None] = print

    def identity(self) -> dict[str, Any]:
        """What tells this compression from others; the same for the same result."""
        return {
            "source": self.source.fingerprint(),
            "recipe": asdict(self.recipe),
            "windows": digest(self.windows),
            "method": asdict(self.method),
        }


def compress(task: Task) -> None:
    """Make the target; goes on where a run of the same task was stopped.

    Raises:
        CompressError: something does not fit, or the disk is full. The source is never written
            to, and a target that is not complete has no config.json, so that nothing loads it.
    """
    _check_folders(task)
    with locked(task.work):
        identity = task.identity()
        if _complete(task, identity):
            task.say(f"{task.target} is complete already")
        else:
            journal = open_journal(task.work, identity | {"target": str(task.target.resolve())})
            _check_target(task, journal)
            _steps(task, journal)
            _finish(task, journal, identity)
    shutil.rmtree(task.work, ignore_errors=True)


def _check_folders(task: Task) -> None:
    source, target, work = (path.resolve() for path in (task.source.folder, task.target, task.work))
    for one, other in ((source, target), (source, work), (target, work)):
        if one == other or one in other.parents or other in one.parents:
            raise CompressError(f"{one} and {other}: one folder is in the other; take another")
    task.target.mkdir(parents=True, exist_ok=True)


def _complete(task: Task, identity: dict[str, Any]) -> bool:
    if not (task.target / "config.json").exists():
        return False
    try:
        report = json.loads((task.target / REPORT).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        report = {}
    if report.get("task") != identity:
        raise CompressError(f"{task.target} holds another model already; take an empty folder")
    return True


def _check_target(task: Task, journal: Journal) -> None:
    """A target is empty, or holds what this compression put there before it was stopped."""
    if not journal.begun:
        strange = sorted(path.name for path in task.target.iterdir())
        if strange:
            raise CompressError(
                f"{task.target} is not empty ({strange[0]} is in it); take an empty folder"
            )
        journal.save()
    shards.clear(task.target)
    if journal.steps:
        task.say(f"going on: {len(journal.steps)} steps are done")
    journal.verify(task.target)
    done = sum(each["size"] for each in journal.files().values())
    shards.require_space(task.target, target_bytes(task.source, task.recipe) - done)


def _steps(task: Task, journal: Journal) -> None:
    with Weights(task.source.folder, _shards_of(task.source)) as weights:
        for part in PARTS:
            if not journal.done(part.name):
                _part(task, journal, part, weights)
        weights.close()
        if not journal.done(CAPTURE):
            _capture(task, journal)
        config = thinker_config(task.source.config)
        sequences = load_sequences(task.work / "sequences.safetensors")
        for number in range(task.source.layers):
            step = f"layer-{number:03d}"
            if journal.done(step):
                continue
            before = time.monotonic()
            hidden = load_hidden(_hidden(task, number))
            layer = load_layer(weights, config, number, keep=torch.bfloat16)
            made = compress_layer(layer, hidden, sequences, task.recipe, task.method)
            path = task.target / f"model-{step}.safetensors"
            shards.write_shard(path, made.tensors)
            save_hidden(_hidden(task, number + 1), made.hidden)
            journal.note(step, [path], made.report)
            _hidden(task, number).unlink()
            weights.close()
            _progress(task, number, time.monotonic() - before, path.stat().st_size)


def _part(task: Task, journal: Journal, part: Part, weights: Weights) -> None:
    before = time.monotonic()
    files = []
    report: dict[str, Any] = {}
    tensors = part.convert(task.source, weights, task.recipe, task.windows, report)
    for number, batch in enumerate(_by_size(tensors), start=1):
        path = task.target / f"model-{part.name}-{number:03d}.safetensors"
        shards.write_shard(path, batch)
        files.append(path)
    journal.note(part.name, files, report)
    size = sum(path.stat().st_size for path in files)
    task.say(f"{part.name}: {time.monotonic() - before:.0f} s, {size / 1e9:.2f} GB")


def _by_size(
    tensors: Iterator[tuple[str, torch.Tensor]],
) -> Iterator[dict[str, torch.Tensor]]:
    batch: dict[str, torch.Tensor] = {}
    size = 0
    for name, tensor in tensors:
        if batch and size + tensor.nbytes > SHARD_BYTES:
            yield batch
            batch, size = {}, 0
        batch[name] = tensor
        size += tensor.nbytes
    if batch:
        yield batch


def _capture(task: Task, journal: Journal) -> None:
    """Windows through the encoders as they are in the target now."""
    before = time.monotonic()
    with Weights(task.target, journal.files()) as weights:
        config = target_config(task.source, task.recipe, PARTS)
        encoders = Encoders(weights, config, task.source.folder)
        questions = list(verdicts.QUESTIONS.values())
        sequences, hidden = encoders.sequences(task.windows, questions)
    if not hidden.isfinite().all():
        raise CompressError("what leaves the encoders is not finite")
    shards.require_space(task.work, 3 * hidden.nbytes)
    with shards.full_disk(task.work / CAPTURE):
        sequences.save(task.work / "sequences.safetensors")
        save_hidden(_hidden(task, 0), hidden)
    counts = {
        "windows": len(task.windows),
        "tokens": sequences.tokens,
        "picture_tokens": int(sequences.visual.sum()),
        "sound_tokens": int(sequences.sound.sum()),
    }
    journal.note(CAPTURE, [], counts)
    told = ", ".join(f"{value} {name.replace('_', ' ')}" for name, value in counts.items())
    task.say(f"{CAPTURE}: {time.monotonic() - before:.0f} s, {told}")


def _progress(task: Task, number: int, seconds: float, size: int) -> None:
    left = (task.source.layers - number - 1) * seconds / 60
    task.say(
        f"layer {number + 1} of {task.source.layers}: {seconds:.0f} s, {size / 1e9:.3f} GB, "
        f"about {left:.0f} min left"
    )


def _finish(task: Task, journal: Journal, identity: dict[str, Any]) -> None:
    """Index, tokenizer and processor, report; the configuration last."""
    entries = {
        name: entry
        for shard in sorted(journal.files())
        for name, entry in read_header(task.target / shard).items()
    }
    total = sum((task.target / shard).stat().st_size for shard in journal.files())
    index = {
        "metadata": {"total_size": total},
        "weight_map": {name: entry.shard for name, entry in entries.items()},
    }
    shards.write_json(task.target / INDEX, index)
    for path in sorted(task.source.folder.iterdir()):
        if path.is_file() and _copied(path.name):
            shards.write_whole(task.target / path.name, partial(shutil.copyfile, path))
    reports = {step: noted["report"] for step, noted in journal.steps.items()}
    shards.write_json(task.target / REPORT, {"task": identity, "steps": reports})
    config = target_config(task.source, task.recipe, PARTS)
    shards.write_json(task.target / "config.json", config)
    task.say(f"{task.target}: {total / 1e9:.2f} GB of weights")


def _copied(name: str) -> bool:
    weights = (".safetensors", ".bin", ".pt", ".pth", ".gguf")
    return not name.endswith(weights) and name not in {INDEX, "config.json", REPORT}


def _hidden(task: Task, number: int) -> Path:
    return task.work / f"hidden-{number:03d}.npy"


def _shards_of(source: Source) -> set[str]:
    return {entry.shard for entry in source.entries.values()}
