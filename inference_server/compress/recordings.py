"""Windows from recordings: those of a folder, or those that a manifest lists and labels."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from av.error import FFmpegError

from inference_server.compress.errors import CompressError
from inference_server.compress.window import RATE, Window

SUFFIXES = frozenset(
    {".mp4", ".mkv", ".avi", ".mov", ".webm", ".wav", ".ogg", ".flac", ".mp3", ".m4a"}
)
PICTURES = 4
SECONDS = 2.0
# As many pictures of a window as the edge node sends for a verdict, over as long.
FPS = PICTURES / SECONDS
LONGEST = 60.0


@dataclass(frozen=True)
class Recording:
    """A file and what is in it; the label is that of a manifest, empty where there is none."""

    path: Path
    label: str = ""


def load(place: Path, most: int = 64) -> list[Window]:
    """Windows of a folder's or a manifest's recordings, evenly spread over them.

    Raises:
        CompressError: there is nothing that can be read.
    """
    recordings = listed(place)
    each = max(1, most // len(recordings))
    chosen = recordings[:: max(1, len(recordings) // most)][:most]
    windows = [window for recording in chosen for window in spread(windows_of(recording), each)]
    if not any(window.frames is not None for window in windows):
        raise CompressError(f"{place}: no recording in it has pictures")
    return windows


def listed(place: Path) -> list[Recording]:
    """The recordings of a folder, or those of a manifest (CSV with path and label).

    Paths of a manifest are below its own folder.

    Raises:
        CompressError: it is neither, or lists nothing.
    """
    if place.is_dir():
        files = sorted(path for path in place.rglob("*") if path.suffix.lower() in SUFFIXES)
        found = [Recording(path) for path in files]
    else:
        found = _manifest(place)
    if not found:
        raise CompressError(f"{place}: there is no recording in it")
    return found


def _manifest(file: Path) -> list[Recording]:
    try:
        with file.open(encoding="utf-8", newline="") as lines:
            rows = list(csv.DictReader(lines))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CompressError(f"{file} cannot be read: {error}") from None
    for number, row in enumerate(rows, start=2):
        if not row.get("path") or row.get("label") is None:
            raise CompressError(f"{file}, line {number}: a row has a path and a label")
    recordings = [Recording(file.parent / row["path"], row["label"]) for row in rows]
    films = [each for each in recordings if each.path.suffix.lower() in SUFFIXES]
    return sorted(films, key=lambda each: (each.path, each.label))


def windows_of(recording: Recording) -> list[Window]:
    """All windows of a recording's first minute, one after the other, in its own time.

    Raises:
        CompressError: it cannot be decoded.
    """
    try:
        with av.open(str(recording.path)) as file:
            pictures = _pictures(file) if file.streams.video else []
        with av.open(str(recording.path)) as file:
            sound = _sound(file) if file.streams.audio else None
    except (FFmpegError, OSError, TypeError) as error:  # TypeError: a frame without a time
        raise CompressError(f"{recording.path} cannot be decoded: {error}") from None
    length = max(len(pictures) / FPS, 0.0 if sound is None else len(sound) / RATE)
    windows = []
    for number in range(max(1, int(length // SECONDS))):
        frames = pictures[number * PICTURES : (number + 1) * PICTURES]
        heard = None if sound is None else _cut(sound, number)
        if not frames and heard is None:
            continue
        # The encoder takes pictures in pairs; the last of a film that ends early stands still.
        shown = np.stack(frames + frames[-1:] * (PICTURES - len(frames))) if frames else None
        windows.append(Window(f"{recording.path.name}@{number * SECONDS:g}", shown, FPS, heard))
    return windows


def spread(windows: Sequence[Window], count: int) -> list[Window]:
    """Some of a recording's windows, evenly spread."""
    if len(windows) <= count:
        return list(windows)
    at = np.linspace(0, len(windows) - 1, count).round().astype(int)
    return [windows[index] for index in at]


def _pictures(file: av.container.InputContainer) -> list[np.ndarray]:
    """Pictures as of every half second."""
    pictures: list[np.ndarray] = []
    for frame in file.decode(video=0):
        if frame.time > LONGEST:
            break
        if frame.time * FPS >= len(pictures):
            pictures.append(frame.to_ndarray(format="rgb24"))
    return pictures


def _sound(file: av.container.InputContainer) -> np.ndarray:
    resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE)
    parts: list[np.ndarray] = []
    for frame in file.decode(audio=0):
        if frame.time is not None and frame.time > LONGEST:
            break
        parts += [piece.to_ndarray()[0] for piece in resampler.resample(frame)]
    parts += [piece.to_ndarray()[0] for piece in resampler.resample(None)]
    return np.concatenate(parts) if parts else np.zeros(0, dtype=np.float32)


def _cut(sound: np.ndarray, number: int) -> np.ndarray | None:
    """A window's sound, filled up with silence; None where the recording has none left."""
    length = int(SECONDS * RATE)
    piece = sound[number * length : (number + 1) * length]
    if not len(piece):
        return None
    return np.pad(piece, (0, length - len(piece))).astype(np.float32)


def first_windows(recordings: Iterable[Recording], each: int) -> list[tuple[Recording, Window]]:
    """Some windows of every recording, with what it is labelled."""
    return [
        (recording, window)
        for recording in recordings
        for window in spread(windows_of(recording), each)
    ]
