"""What is done, so that a run that was killed goes on where it stopped.

A step is noted after the files it made are whole on disk, with their sizes and digests; a step
that is not noted is done again from what the step before it left.
"""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from inference_server.compress.errors import CompressError
from inference_server.compress.shards import sha256, write_json

NAME = "journal.json"
FORMAT = 1


@dataclass
class Journal:
    """The steps done in one working folder.

    Attributes:
        folder: the working folder.
        task: what tells this compression from another: source, recipe, target, windows.
        steps: of each step done, in order: its files in the target and what it reported.
    """

    folder: Path
    task: Mapping[str, Any]
    steps: dict[str, dict[str, Any]] = field(default_factory=dict)

    def done(self, step: str) -> bool:
        """Whether a step is done."""
        return step in self.steps

    def note(self, step: str, files: Sequence[Path], report: Mapping[str, Any]) -> None:
        """Note a step as done; `files` are whole on disk already."""
        made = {path.name: {"size": path.stat().st_size, "sha256": sha256(path)} for path in files}
        self.steps[step] = {"files": made, "report": dict(report)}
        self.save()

    def save(self) -> None:
        """Write it whole."""
        content = {"format": FORMAT, "task": self.task, "steps": self.steps}
        write_json(self.folder / NAME, content)

    @property
    def begun(self) -> bool:
        """Whether it is on disk: what is in the target then may be this compression's."""
        return (self.folder / NAME).exists()

    def files(self) -> dict[str, dict[str, Any]]:
        """Every file of the target that is done, with size and digest."""
        return {name: each for step in self.steps.values() for name, each in step["files"].items()}

    def verify(self, target: Path) -> None:
        """Check that the target still holds what is noted.

        Raises:
            CompressError: a file was changed or removed since.
        """
        for name, noted in self.files().items():
            path = target / name
            if not path.is_file() or path.stat().st_size != noted["size"]:
                changed = True
            else:
                changed = sha256(path) != noted["sha256"]
            if changed:
                raise CompressError(
                    f"{path} is not as this compression left it; remove {target} and "
                    f"{self.folder} and begin anew"
                )


def open_journal(folder: Path, task: Mapping[str, Any]) -> Journal:
    """Read the journal of a working folder, or begin one.

    Raises:
        CompressError: the folder belongs to another compression, or its journal is unreadable.
    """
    path = folder / NAME
    if not path.exists():
        return Journal(folder, task)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        steps, noted = content["steps"], content["task"]
        known = content["format"] == FORMAT
    except (ValueError, KeyError, TypeError, OSError) as error:
        raise CompressError(f"{path} cannot be read ({error}); remove {folder}") from None
    differing = sorted(key for key in {*task, *noted} if task.get(key) != noted.get(key))
    if differing or not known:
        raise CompressError(
            f"{folder} belongs to another compression (its {', '.join(differing) or 'format'} "
            "differs); finish that one, or remove the folder and its target"
        )
    return Journal(folder, task, steps)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep others out of a working folder for as long as this process lives.

    Raises:
        CompressError: another compression runs in it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CompressError(f"another compression is running in {folder}") from None
        yield
