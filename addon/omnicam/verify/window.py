"""What the model is shown: some seconds of one camera, cut to where something happens."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from omnicam.evidence import Region

SPAN_S = 4.0
"""Stream time that the pictures span: somebody who lies was still standing at its beginning."""

SOUND_S = 2.5
"""Stream time of sound."""

MARGIN = 0.2
"""What is added around the region on each side, as a share of it: whom somebody falls beside."""

LEAST_SIDE = 0.35
"""Least side of a cut picture, as a share of the picture's: a hand alone tells nothing."""

WHOLE_FROM = 0.8
"""A cut that holds so much of the picture is not worth it: the whole is taken."""

WHOLE = Region(x=0.0, y=0.0, width=1.0, height=1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowOrder:
    """Which window a worker is to cut.

    Attributes:
        time: stream time of its end.
        region: where the evidence lies, None to cut to what moves.
        pictures: how many cut pictures at most, 2 to 8.
    """

    time: float
    region: Region | None
    pictures: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FilmOrder:
    """Which clip of an event that has ended a worker is to look through.

    Attributes:
        path: of the clip.
        start: stream time of its beginning.
        region: where the event was, None for anywhere.
    """

    path: Path
    start: float
    region: Region | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Some seconds of a camera, coded, with what is private blacked out.

    Attributes:
        start: stream time of the first picture.
        end: stream time of the last picture.
        region: to what the pictures are cut.
        whole: small view of the whole picture at the end, JPEG.
        pictures: cut pictures in order of time, JPEG, at most 8; 1 of a scene that did not change.
        sound: mono 16 kHz WAV up to the end; empty where there is none.
        people: how many tracked people there were at the end.
    """

    start: float
    end: float
    region: Region
    whole: bytes
    pictures: tuple[bytes, ...]
    sound: bytes
    people: int


def cut_region(regions: Iterable[Region], aspect: float) -> Region:
    """Give the square (in pixels) to cut to: around all regions with a margin, in the picture.

    Args:
        regions: where something is; none for the whole picture.
        aspect: width of the picture by its height.
    """
    parts = [part for part in map(_inside, regions) if part is not None]
    if not parts:
        return WHOLE
    left, top = min(part[0] for part in parts), min(part[1] for part in parts)
    right, bottom = max(part[2] for part in parts), max(part[3] for part in parts)
    # In units of the picture's height, so that a square is a square.
    wide, high = (right - left) * aspect, bottom - top
    side = max(max(wide, high) * (1.0 + 2.0 * MARGIN), LEAST_SIDE * min(aspect, 1.0))
    width, height = min(side / aspect, 1.0), min(side, 1.0)
    if width * height >= WHOLE_FROM:
        return WHOLE
    return Region(
        x=_shifted((left + right) / 2.0 - width / 2.0, width),
        y=_shifted((top + bottom) / 2.0 - height / 2.0, height),
        width=width,
        height=height,
    )


def spread[T](items: Sequence[T], most: int) -> list[T]:
    """Choose at most `most` (2 or more) items evenly; the first and the last are among them."""
    if len(items) <= most:
        return list(items)
    step = (len(items) - 1) / (most - 1)
    return [items[round(number * step)] for number in range(most)]


def _inside(region: Region) -> tuple[float, float, float, float] | None:
    """Give left, top, right, bottom of what lies in the picture; None where nothing does."""
    left, top = max(region.x, 0.0), max(region.y, 0.0)
    right, bottom = min(region.x + region.width, 1.0), min(region.y + region.height, 1.0)
    return (left, top, right, bottom) if right > left and bottom > top else None


def _shifted(start: float, length: float) -> float:
    return min(max(start, 0.0), 1.0 - length)
