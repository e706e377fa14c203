"""The recordings: which hold a scream or breaking glass, and their sound as the node hears it."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from omnicam.capture import CameraStream
from omnicam.judge import recording
from omnicam.media import AudioChunk
from omnicam.taxonomy import SoundLabel

KINDS: Mapping[SoundLabel, frozenset[str]] = MappingProxyType(
    {
        SoundLabel.SCREAM: frozenset({"scream", "scream_in_noise"}),
        SoundLabel.GLASS_BREAKING: frozenset(
            {"glass_breaking", "glass_breaking_in_noise", "glass_breaking_mixed"}
        ),
    }
)
"""What is compared, and the manifest's labels of the clips that hold it; all others do not."""


class NoSoundError(ValueError):
    """A recording that should have sound has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """One row of the manifest that has sound."""

    path: str
    label: str
    group: str

    @property
    def source(self) -> str:
        """Folder and label, by which tables are broken down."""
        return f"{self.path.split('/', 1)[0]} / {self.label}"


def read_manifest(file: Path) -> tuple[Clip, ...]:
    """Give the clips with sound.

    Raises:
        OSError: the file cannot be read.
        ValueError: a column is missing.
    """
    with file.open(encoding="utf-8", newline="") as lines:
        rows = csv.DictReader(lines)
        missing = {"path", "label", "group", "has_audio"} - set(rows.fieldnames or ())
        if missing:
            msg = f"{file} lacks the columns {', '.join(sorted(missing))}"
            raise ValueError(msg)
        return tuple(
            Clip(path=row["path"], label=row["label"], group=row["group"])
            for row in rows
            if row["has_audio"] == "1"
        )


def sound_of(file: Path) -> tuple[AudioChunk, ...]:
    """Give a recording's sound by the node's own capture.

    Raises:
        CaptureError: it cannot be read, or not to its end.
        NoSoundError: it has none.
    """
    with CameraStream(recording(file)) as stream:
        chunks = tuple(item for item in stream if isinstance(item, AudioChunk))
    if not chunks:
        raise NoSoundError(f"{file.name} has no sound")
    return chunks
