"""Real recordings that may be learned from: those whose licence in the manifest says so."""

from __future__ import annotations

import csv
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from omnicam.detect.sound.mel import RATE

Wave = np.ndarray

FREE = re.compile(
    r"^(CC0?( 0| 1\.0)?( 1\.0)?|CC[ -]BY([ -][34]\.0)?|CC-BY/CC0|MIT.*|public domain.*)$"
)
"""Licences under which the weights may be given away; nothing NC, ND, SA or unstated."""

FOLDERS = ("cc_sounds", "cdogs", "esc10", "mycroft_words", "gmdcsa24")

KINDS = {
    "scream": "scream",
    "glass_breaking": "glass",
    "glass_breaking_mixed": "glass",
    "baby_cry": "crying",
    "dog_bark": "animal",
    "rooster": "animal",
    "person_sneeze": "sneeze",
    "speech": "speech",
    "vocal_nonscream": "voice",
    "chainsaw": "steady",
    "helicopter": "steady",
    "rain": "steady",
    "sea_waves": "steady",
    "background_noise": "steady",
    "clock_tick": "thing",
    "fire_crackling": "thing",
}
"""Kind of sound by label of the manifest; every other label is `thing`."""


@dataclass(frozen=True)
class Clip:
    """One recording: its place, its kind, the group that must stay together, and its licence."""

    path: str
    label: str
    kind: str
    group: str
    licence: str
    source: str


FOLDS = 4


def fold_of(group: str) -> int:
    """Which fold a group of recordings belongs to."""
    return zlib.crc32(group.encode()) % FOLDS


def fold_file(network: Path, fold: int) -> Path:
    """Where the network lies that has not seen a fold, beside the one that has seen all."""
    return network.with_name(f"{network.stem}-fold{fold}.onnx")


def free_clips(manifest: Path) -> Iterator[Clip]:
    """Give the rows of a manifest that may be learned from, in its order."""
    with manifest.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            folder = row["path"].split("/")[0]
            if folder in FOLDERS and row["has_audio"] == "1" and FREE.match(row["licence"]):
                yield Clip(
                    path=row["path"],
                    label=row["label"],
                    kind=KINDS.get(row["label"], "thing"),
                    group=row["group"] or row["path"],
                    licence=row["licence"],
                    source=row["source_repo"] + (f" ({row['note']})" if row["note"] else ""),
                )


def read(path: Path) -> Wave:
    """Decode a file to 16 kHz mono."""
    import av

    resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE)
    parts = []
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            parts += [out.to_ndarray()[0] for out in resampler.resample(frame)]
    parts += [out.to_ndarray()[0] for out in resampler.resample(None)]
    return np.concatenate(parts) if parts else np.zeros(0, np.float32)
