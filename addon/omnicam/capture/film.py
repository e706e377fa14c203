"""A few pictures of a clip that was written, for somebody who wants to see it afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import av
import av.error
import numpy as np
from av.video.frame import VideoFrame

from omnicam.capture.clip import ClipError
from omnicam.media import Pixels

LONGEST_S = 30.0
"""So much of a clip is looked at, from its beginning."""

WIDEST = 640
"""Pictures are shrunk to this width: a main stream of 4K takes 25 MB a picture."""

type Shot = tuple[float, Pixels]
"""Seconds from the clip's beginning, and the picture in RGB."""


def read_film(path: Path, most: int) -> list[Shot]:
    """Give at most `most` pictures, spread evenly over the clip's first `LONGEST_S`.

    Pictures that stand for themselves cost little to decode; all are decoded only where a camera
    sends too few of those.

    Args:
        path: of the clip.
        most: 2 or more.

    Raises:
        ClipError: the file holds no picture that can be decoded.
    """
    try:
        shots = _thinned(_decoded(path, alone=True), most)
        if len(shots) < most:
            shots = _thinned(_decoded(path, alone=False), most)
    except (av.error.FFmpegError, OSError, ValueError) as error:
        raise ClipError(f"the clip cannot be read: {error}") from error
    if not shots:
        raise ClipError("the clip holds no picture")
    return shots


def _decoded(path: Path, *, alone: bool) -> Iterator[tuple[float, VideoFrame]]:
    with av.open(path) as container:
        if not container.streams.video:
            return
        stream = container.streams.video[0]
        if alone:
            stream.codec_context.skip_frame = "NONKEY"
        first: float | None = None
        for frame in container.decode(stream):
            time = float(frame.time or 0.0)
            first = time if first is None else first
            if time - first > LONGEST_S:
                return
            yield time - first, frame


def _thinned(frames: Iterator[tuple[float, VideoFrame]], most: int) -> list[Shot]:
    """Keep evenly spread pictures of unknown many, with at most `2 * most` in memory.

    Whenever there are twice as many, every second one goes and the step doubles.
    """
    shots: list[Shot] = []
    step = 1
    for number, (time, frame) in enumerate(frames):
        if number % step == 0:
            if len(shots) == 2 * most:
                shots = shots[::2]
                step *= 2
            if number % step == 0:
                shots.append((time, _small(frame)))
    if len(shots) <= most:
        return shots
    gap = (len(shots) - 1) / (most - 1)
    return [shots[round(index * gap)] for index in range(most)]


def _small(frame: VideoFrame) -> Pixels:
    scale = min(WIDEST / frame.width, 1.0)
    width, height = round(frame.width * scale), round(frame.height * scale)
    picture = frame.reformat(width=width, height=height, format="rgb24").to_ndarray()
    return np.asarray(picture, np.uint8)
