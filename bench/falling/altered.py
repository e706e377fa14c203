"""Films made anew as another camera might have seen them: mirrored, later, smaller, darker."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType

import av
from av.filter import Graph
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

LATER_S = 0.08

FILTERS: Mapping[str, tuple[tuple[str, str], ...]] = MappingProxyType(
    {
        "mirrored": (("hflip", ""),),
        f"{LATER_S * 1000:.0f} ms later": (
            ("trim", f"start={LATER_S}"),
            ("setpts", "PTS-STARTPTS"),
        ),
        "within 320x240": (
            ("scale", "w=320:h=240:force_original_aspect_ratio=decrease:force_divisible_by=2"),
        ),
        "0.6 of the brightness": (("lutyuv", "y=(val-16)*0.6+16"),),
    }
)
"""FFmpeg's filters by the name of what they do; other pictures are analysed of a film that begins
later."""

_QUALITY = {"crf": "14", "preset": "ultrafast", "threads": "1"}


def altered(film: Path, kind: str, folder: Path) -> Path:
    """Give a film altered in one way, without sound; made on the first call, then kept.

    Args:
        film: as it was recorded.
        kind: of `FILTERS`.
        folder: in which it is kept.

    Raises:
        av.FFmpegError: the film cannot be read.
    """
    recipe = repr((kind, FILTERS[kind], _QUALITY)).encode()
    made = folder / f"{hashlib.sha256(film.read_bytes() + recipe).hexdigest()[:32]}.mp4"
    if made.is_file():
        return made
    folder.mkdir(parents=True, exist_ok=True)
    draft = made.with_suffix(f".{os.getpid()}")
    with av.open(str(film)) as source, av.open(str(draft), "w", format="mp4") as output:
        stream = source.streams.video[0]
        stream.codec_context.thread_count = 1
        made_stream: VideoStream | None = None
        for picture in _filtered(source.decode(stream), stream, kind):
            if made_stream is None:
                made_stream = output.add_stream("libx264", options=_QUALITY)
                made_stream.width, made_stream.height = picture.width, picture.height
                made_stream.pix_fmt = "yuv420p"
                made_stream.time_base = picture.time_base or Fraction(1, 1000)
                made_stream.codec_context.time_base = made_stream.time_base
            output.mux(made_stream.encode(picture))
        if made_stream is not None:
            output.mux(made_stream.encode(None))
    draft.replace(made)
    return made


def _filtered(
    pictures: Iterator[VideoFrame], stream: VideoStream, kind: str
) -> Iterator[VideoFrame]:
    graph = Graph()
    links = [graph.add_buffer(template=stream)]
    links += [graph.add(name, arguments) for name, arguments in FILTERS[kind]]
    links += [graph.add("format", "yuv420p"), graph.add("buffersink")]
    graph.link_nodes(*links).configure()
    for picture in pictures:
        graph.vpush(picture)
        yield from _ready(graph)
    graph.vpush(None)
    yield from _ready(graph)


def _ready(graph: Graph) -> Iterator[VideoFrame]:
    while True:
        try:
            picture = graph.vpull()
        except (av.error.BlockingIOError, av.error.EOFError):
            return
        yield picture
