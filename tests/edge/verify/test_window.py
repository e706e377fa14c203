"""What is cut out of a camera's last seconds: place, time, privacy, memory."""

from __future__ import annotations

import io
import wave
from datetime import UTC
from itertools import pairwise

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnicam.config.model import CameraSettings, Hours, Secret, Zone, ZoneKind
from omnicam.evidence import Region
from omnicam.media import SAMPLE_RATE, AudioChunk, Frame
from omnicam.verify.cutting import CUT_SIDE, KEPT, PERIOD_S, WHOLE_SIDE, Recent
from omnicam.verify.window import (
    LEAST_SIDE,
    SOUND_S,
    SPAN_S,
    WHOLE,
    Window,
    WindowOrder,
    cut_region,
    spread,
)

START = 1_795_000_000.0

SHARE = st.floats(-0.3, 1.3)
SIDE = st.floats(0.0, 1.5)
REGIONS = st.lists(
    st.builds(lambda x, y, w, h: Region(x=x, y=y, width=w, height=h), SHARE, SHARE, SIDE, SIDE),
    max_size=5,
)


@given(REGIONS, st.floats(0.4, 2.5))
def test_a_cut_lies_in_the_picture_holds_every_region_and_is_not_too_small(
    regions: list[Region], aspect: float
) -> None:
    cut = cut_region(regions, aspect)
    assert cut.x >= 0.0
    assert cut.y >= 0.0
    assert cut.x + cut.width <= 1.0 + 1e-9
    assert cut.y + cut.height <= 1.0 + 1e-9
    assert min(cut.width * aspect, cut.height) >= LEAST_SIDE * min(aspect, 1.0) - 1e-9
    for region in regions:
        left, right = max(region.x, 0.0), min(region.x + region.width, 1.0)
        top, bottom = max(region.y, 0.0), min(region.y + region.height, 1.0)
        if right > left and bottom > top:
            assert cut.x <= left + 1e-9
            assert right <= cut.x + cut.width + 1e-9
            assert cut.y <= top + 1e-9
            assert bottom <= cut.y + cut.height + 1e-9


@given(st.integers(0, 40), st.integers(2, 8))
def test_a_choice_is_even_and_keeps_both_ends(count: int, most: int) -> None:
    items = list(range(count))
    chosen = spread(items, most)
    assert len(chosen) == min(count, most)
    assert chosen == sorted(set(chosen))
    if count:
        assert (chosen[0], chosen[-1]) == (0, count - 1)
    gaps = [after - before for before, after in pairwise(chosen)]
    assert not gaps or max(gaps) - min(gaps) <= 1


def camera(*zones: Zone) -> CameraSettings:
    return CameraSettings(id="hall", name="Hall", url=Secret("-"), zones=zones)


def frame(time: float, level: int = 120, size: tuple[int, int] = (480, 640)) -> Frame:
    image = np.full((*size, 3), level, np.uint8)
    return Frame(camera="hall", time=START + time, image=image, sequence=0)


def pixels(jpeg: bytes) -> np.ndarray:
    picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    return picture


def order(time: float, region: Region | None = None, pictures: int = 4) -> WindowOrder:
    return WindowOrder(time=START + time, region=region, pictures=pictures)


def filled(recent: Recent, seconds: float, *, moving: bool = True) -> Recent:
    """Show six pictures a second that get brighter, and sound of one level."""
    boxes = (Region(x=0.6, y=0.5, width=0.1, height=0.2),) if moving else ()
    for number in range(round(seconds * 6)):
        recent.see(frame(number / 6, number % 250), boxes, ())
        samples = np.full(SAMPLE_RATE // 6, 0.25, np.float32)
        recent.hear(AudioChunk(camera="hall", time=START + number / 6, samples=samples))
    return recent


def cut(recent: Recent, wanted: WindowOrder) -> Window:
    window = recent.cut(wanted)
    assert window is not None
    return window


def test_a_window_is_the_pictures_before_a_moment_cut_to_what_moves() -> None:
    recent = filled(Recent(camera(), UTC), 20)
    window = cut(recent, order(18.0))
    assert window.end == START + 18.0
    assert START + 18.0 - SPAN_S < window.start <= START + 18.0 - SPAN_S + PERIOD_S
    assert len(window.pictures) == 4
    levels = [pixels(jpeg).mean() for jpeg in window.pictures]
    assert levels == sorted(levels)
    assert levels[-1] == pytest.approx(108, abs=2)
    assert pixels(window.whole).shape == (240, WHOLE_SIDE, 3)
    shape = pixels(window.pictures[0]).shape
    assert abs(shape[0] - shape[1]) <= 1
    assert max(shape) < 200
    assert window.region.x < 0.6
    assert window.region.width < 0.5


def test_the_same_stream_gives_the_same_window_whatever_came_since() -> None:
    one = cut(filled(Recent(camera(), UTC), 18.5), order(18.0))
    other = cut(filled(Recent(camera(), UTC), 19.5), order(18.0))
    assert one == other


def test_where_nothing_moves_two_whole_pictures_do() -> None:
    window = cut(filled(Recent(camera(), UTC), 20, moving=False), order(19.0, pictures=8))
    assert len(window.pictures) == 2
    assert window.region == WHOLE
    assert max(pixels(window.pictures[0]).shape) == CUT_SIDE


def test_what_the_evidence_is_about_goes_before_what_moves() -> None:
    region = Region(x=0.0, y=0.0, width=0.1, height=0.1)
    window = cut(filled(Recent(camera(), UTC), 20), order(19.0, region))
    assert (window.region.x, window.region.y) == (0.0, 0.0)


def test_private_zones_are_black_in_their_hours() -> None:
    corners = ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))
    moment = Hours(*(_clock(START + second) for second in (0, 3600)))
    for hours, dark in (((), True), ((moment,), True), ((Hours(moment.end, moment.start),), False)):
        zone = Zone(name="bath", kind=ZoneKind.IGNORED, points=corners, hours=hours)
        recent = Recent(camera(zone), UTC)
        recent.see(frame(1.0, 200), (), ())
        window = cut(recent, order(1.0))
        for jpeg in (window.whole, *window.pictures):
            picture = pixels(jpeg)
            half = picture.shape[1] // 2
            assert bool(picture[:, : half - 8].max() < 20) is dark
            assert picture[:, half + 8 :].min() > 180


def _clock(time: float):
    from datetime import datetime

    return datetime.fromtimestamp(time, UTC).time().replace(microsecond=0)


def test_sound_ends_with_the_window_and_gaps_are_silent() -> None:
    recent = Recent(camera(), UTC)
    recent.see(frame(10.0), (), ())
    for time in (8.0, 9.0):  # half a second each: a gap between them, nothing at the end
        samples = np.full(SAMPLE_RATE // 2, 0.5, np.float32)
        recent.hear(AudioChunk(camera="hall", time=START + time, samples=samples))
    with wave.open(io.BytesIO(cut(recent, order(10.0)).sound)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (16000, 1, 2)
        samples = np.frombuffer(file.readframes(10**6), "<i2") / 32767.0
    assert len(samples) == SOUND_S * SAMPLE_RATE
    heard = [bool(part.mean() > 0.4) for part in np.split(samples, 5)]
    assert heard == [False, False, True, False, True]  # 7.0 to 9.5


def test_without_pictures_there_is_no_window_and_without_sound_no_sound() -> None:
    recent = Recent(camera(), UTC)
    assert recent.cut(order(1.0)) is None
    recent.see(frame(5.0), (), ())
    assert recent.cut(order(1.0)) is None
    assert cut(recent, order(6.0)).sound == b""
    assert recent.cut(order(30.0)) is None


def test_memory_is_bounded() -> None:
    recent = filled(Recent(camera(), UTC), 120)
    assert len(recent._pictures) == KEPT
    held = sum(kept.image.nbytes for kept in recent._pictures)
    held += sum(piece.samples.nbytes for piece in recent._sound)
    assert held < 12_000_000


def test_a_clock_set_back_begins_anew() -> None:
    recent = filled(Recent(camera(), UTC), 20)
    recent.see(frame(3.0, 77), (), ())
    assert pixels(cut(recent, order(3.0)).whole).mean() == pytest.approx(77, abs=2)
    assert recent.cut(order(19.0)) is None
