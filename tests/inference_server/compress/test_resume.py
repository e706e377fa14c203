"""Killed at any moment, it goes on; what it made is the same bytes; half of it never loads."""

from __future__ import annotations

import multiprocessing
import os
import resource
import shutil
import time
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from transformers import Qwen3OmniMoeForConditionalGeneration

from inference_server.compress.errors import CompressError
from inference_server.compress.run import Task, compress
from inference_server.compress.simulate import answers
from inference_server.compress.window import synthetic
from inference_server.recipes import Recipe

# A forked child needs no imports: it can be killed many times in the time that one start takes.
FORK = multiprocessing.get_context("fork")


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_killed_at_random_moments_it_ends_with_the_same_bytes(
    task, compressed: Path, tmp_path: Path
) -> None:
    whole = content(compressed)
    steps: list[str] = []
    began = time.monotonic()
    compress(task(tmp_path / "measured", say=steps.append))
    length = time.monotonic() - began
    assert content(tmp_path / "measured") == whole

    target, random, kills = tmp_path / "target", Random(3), 0
    interrupted = task(target)
    while kills < 12:
        child = FORK.Process(target=compress, args=(interrupted,))
        child.start()
        child.join(random.uniform(0.02, 0.35) * length)
        if child.is_alive():
            child.kill()
            kills += 1
        child.join()
        if child.exitcode == 0:
            break
        assert child.exitcode == -9
        if not (target / "config.json").exists():
            with pytest.raises(CompressError, match="no finished model"):
                answers(target, synthetic(1))
            with pytest.raises((OSError, ValueError)):
                Qwen3OmniMoeForConditionalGeneration.from_pretrained(target)
    compress(interrupted)
    assert kills >= 2
    assert content(target) == whole
    assert not interrupted.work.exists()


def test_a_finished_target_is_left_alone(task, compressed: Path, tmp_path: Path) -> None:
    target = tmp_path / "target"
    shutil.copytree(compressed, target)
    said: list[str] = []
    compress(task(target, say=said.append))
    assert said == [f"{target} is complete already"]
    with pytest.raises(CompressError, match="holds another model"):
        compress(task(target, recipe=Recipe("other", 5, 4, 4, 16, 16, 16, 16)))


class StoppedError(Exception):
    """Ends a run where the test wants it."""


def stop_after(task: Task, text: str) -> None:
    def say(line: str) -> None:
        if line.startswith(text):
            raise StoppedError

    with pytest.raises(StoppedError):
        compress(replace(task, say=say))


def test_another_task_in_the_same_folders_is_refused(task, tmp_path: Path) -> None:
    begun = task(tmp_path / "target")
    stop_after(begun, "layer 1 ")
    for other in (
        replace(begun, recipe=Recipe("other", 5, 4, 4, 16, 16, 16, 16)),
        replace(begun, windows=synthetic(2, seed=8)),
    ):
        with pytest.raises(CompressError, match="belongs to another compression"):
            compress(other)
    changed = next((tmp_path / "target").glob("model-layer-000*"))
    changed.write_bytes(changed.read_bytes()[:-1] + b"x")
    with pytest.raises(CompressError, match="not as this compression left it"):
        compress(begun)


def test_two_at_once_are_refused(task, tmp_path: Path) -> None:
    slow = task(tmp_path / "target")
    refused: list[str] = []

    def say(line: str) -> None:
        if line.startswith("vision"):
            with pytest.raises(CompressError, match="another compression is running") as caught:
                compress(slow)
            refused.append(str(caught.value))
            raise StoppedError

    with pytest.raises(StoppedError):
        compress(replace(slow, say=say))
    assert refused


def limited(task: Task, size: int, code: str) -> None:
    """A child whose files cannot grow past a size: to a program, the same as a full disk."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    try:
        compress(task)
    except CompressError as error:
        os._exit(0 if code in str(error) else 2)
    os._exit(1)


def test_a_full_disk_is_said_so_and_the_run_goes_on_when_there_is_room(
    task, compressed: Path, checkpoint: Path, tmp_path: Path
) -> None:
    before = content(checkpoint)
    stopped = task(tmp_path / "target")
    child = FORK.Process(target=limited, args=(stopped, 600_000, "no room left"))
    child.start()
    child.join()
    assert child.exitcode == 0
    assert not list((tmp_path / "target").glob("*.part"))
    # As a kill leaves them in the middle of a file.
    for name in ("model-layer-001.safetensors.part", ".tmpAbCdEf"):
        (tmp_path / "target" / name).write_bytes(b"half")
    compress(stopped)
    assert content(tmp_path / "target") == content(compressed)
    assert content(checkpoint) == before


def test_too_little_room_is_found_before_anything_is_written(
    task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=10_000))
    with pytest.raises(CompressError, match="GB are needed"):
        compress(task(tmp_path / "target"))
    assert not list((tmp_path / "target").iterdir())
