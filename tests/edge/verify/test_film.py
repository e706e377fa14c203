"""The clip of an event that has ended, as a window."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from omnicam.capture import ClipError
from omnicam.capture.film import read_film
from omnicam.config.load import parse
from omnicam.evidence import Region
from omnicam.verify.film import PICTURES, film
from omnicam.verify.window import FilmOrder


def clip(file: Path, seconds: int, *, key_s: int = 1, size: tuple[int, int] = (1280, 720)) -> Path:
    """Write a clip at 5 pictures a second whose grey tells the second."""
    with av.open(file, "w") as output:
        stream = output.add_stream("libx264", rate=5, options={"g": str(key_s * 5)})
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        for number in range(seconds * 5):
            grey = 20 + number // 5 * 5
            picture = np.full((size[1], size[0], 3), grey, np.uint8)
            output.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        output.mux(stream.encode())
    return file


def seconds_shown(pictures: Any) -> list[int]:
    return [round((float(np.median(picture)) - 20) / 5) for picture in pictures]


@pytest.mark.parametrize("key_s", [1, 60], ids=["many key pictures", "one key picture"])
def test_pictures_are_spread_over_the_clip(tmp_path: Path, key_s: int) -> None:
    shots = read_film(clip(tmp_path / "a.mp4", 15, key_s=key_s), PICTURES)
    assert len(shots) == PICTURES
    times = [time for time, _ in shots]
    assert times[0] == 0.0
    assert times[-1] >= 12.0
    assert np.diff(times).min() > 0.4 * np.diff(times).max()
    assert seconds_shown(image for _, image in shots) == [int(time) for time in times]
    assert {image.shape for _, image in shots} == {(360, 640, 3)}


def test_of_a_long_clip_the_first_half_minute_is_looked_at(tmp_path: Path) -> None:
    shots = read_film(clip(tmp_path / "a.mp4", 45, size=(64, 64)), PICTURES)
    assert 24.0 <= shots[-1][0] <= 30.0


def test_a_broken_clip_is_told(tmp_path: Path) -> None:
    file = tmp_path / "a.mp4"
    file.write_bytes(b"no clip")
    with pytest.raises(ClipError, match="cannot be read"):
        read_film(file, PICTURES)


def test_a_film_is_cut_and_what_is_private_is_black(tmp_path: Path) -> None:
    left = [[0.0, 0.0], [0.5, 0.0], [0.5, 1.0], [0.0, 1.0]]
    zones = {"window": {"kind": "ignored", "points": left}}
    camera = {"url": "rtsp://h/", "zones": zones}
    settings = parse({"node": "home", "cameras": {"hall": camera}}, base=Path("/")).cameras[0]
    path = clip(tmp_path / "a.mp4", 10)
    order = FilmOrder(path=path, start=100.0, region=Region(x=0.4, y=0.4, width=0.2, height=0.2))
    window = film(order, settings, UTC)
    assert (window.start, window.sound) == (100.0, b"")
    assert 108.0 <= window.end <= 110.0
    assert len(window.pictures) == PICTURES
    pictures = [decoded(data) for data in (window.whole, *window.pictures)]
    assert pictures[0].shape[:2] == (180, 320)
    for picture in pictures:
        height, width = picture.shape[:2]
        assert max(height, width) <= 448
        assert picture[height // 2, 2].max() < 8
        assert picture[height // 2, -3].min() > 10


def decoded(data: bytes) -> Any:
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
