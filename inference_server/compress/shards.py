"""Writing files so that they are there whole or not at all."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from inference_server.compress.errors import CompressError

PART = ".part"
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` make a file under a temporary name, then give it its own.

    Raises:
        CompressError: the disk is full. What was written of the file is gone.
    """
    part = path.with_name(path.name + PART)
    try:
        with full_disk(path):
            write(part)
            part.chmod(0o644)
            with part.open("rb") as file:
                os.fsync(file.fileno())
            part.replace(path)
            _sync_folder(path.parent)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write JSON whole or not at all."""
    text = json.dumps(content, indent=2, sort_keys=True) + "\n"
    write_whole(path, lambda part: _write_text(part, text))


def write_shard(path: Path, tensors: Mapping[str, Any]) -> None:
    """Write tensors as a safetensors file, whole or not at all."""
    from safetensors.torch import save_file

    ready = {name: tensor.contiguous() for name, tensor in sorted(tensors.items())}
    write_whole(path, lambda part: save_file(ready, part, metadata={"format": "pt"}))


def clear(folder: Path) -> None:
    """Remove what writers that were killed left in a folder; safetensors names its own `.tmp…`."""
    for pattern in (f"*{PART}", ".tmp*"):
        for path in folder.glob(pattern):
            path.unlink()


def sha256(path: Path) -> str:
    """The digest of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def require_space(folder: Path, nbytes: int) -> None:
    """Check that a folder's disk has room.

    Raises:
        CompressError: it has less; nothing was written.
    """
    free = shutil.disk_usage(folder).free
    if free < nbytes:
        raise CompressError(
            f"{folder} has {free / 1e9:.1f} GB free, and {nbytes / 1e9:.1f} GB are needed"
        )


@contextmanager
def full_disk(path: Path) -> Iterator[None]:
    """Say in words that there was no room; safetensors raises its own error for it."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise CompressError(_full(path)) from error
        raise
    except Exception as error:
        # safetensors' own error has only a text: "I/O error: No space left ... (os error 28)".
        if any(f"os error {number}" in str(error) for number in FULL):
            raise CompressError(_full(path)) from error
        raise


def _full(path: Path) -> str:
    return (
        f"no room left to write {path.name} in {path.parent}; make room and run the same command "
        "again: it goes on where it stopped"
    )


def _write_text(path: Path, text: str) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
