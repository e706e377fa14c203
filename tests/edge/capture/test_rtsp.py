import asyncio
import itertools
import socket
import subprocess
import time
from pathlib import Path

import av
import numpy as np
import pytest

from harness.ports import free_port
from harness.rtsp import SYSTEM_PYTHON, RtspServer
from omnicam.capture import CameraStream, State
from omnicam.config.model import Transport
from omnicam.media import SAMPLE_RATE, AudioChunk, Frame, SignalChange
from tests.edge.capture.capture_scenes import TONE_HZ, camera, pitch

_PROBE = (
    "import gi; gi.require_version('GstRtspServer', '1.0'); from gi.repository import GstRtspServer"
)


def _gstreamer() -> bool:
    if not Path(SYSTEM_PYTHON).exists():
        return False
    return (
        subprocess.run([SYSTEM_PYTHON, "-c", _PROBE], capture_output=True, check=False).returncode
        == 0
    )


pytestmark = pytest.mark.skipif(
    not _gstreamer(), reason="needs gir1.2-gst-rtsp-server-1.0 and python3-gi from Debian"
)


def gather(stream, seconds, *, until=None):
    """Items of some seconds, or until one is what is waited for."""
    items, deadline = [], time.monotonic() + seconds
    while time.monotonic() < deadline:
        item = stream.get(0.2)
        if item is not None:
            items.append(item)
            if until is not None and until(item):
                break
    return items


def of(kind, items):
    return [item for item in items if isinstance(item, kind)]


def away(item):
    return isinstance(item, SignalChange) and not item.present


# On a busy machine UDP loses packets, which is not what is shown here: it is watched again then.
@pytest.mark.timeout(120)
@pytest.mark.parametrize("transport", [Transport.TCP, Transport.UDP])
async def test_a_camera_over_rtsp(media, tmp_path, transport):
    path = media(seconds=12.0)
    # A busy machine may lose packets or be late for a picture: then it is watched again.
    for _ in range(4):
        async with RtspServer({"hall": path}, marks={"hall": [3.0]}) as server:
            with CameraStream(camera(server.url("hall"), transport=transport)) as stream:
                items = await asyncio.to_thread(gather, stream, 7)
                stats = stream.stats()
                until = stream.ring.covers_until()
                clip = stream.ring.cut(until - 3, until - 1, tmp_path / "clip.mp4")
            mark = await server.mark("hall", 3.0, 5)
        if stats.corrupt == stats.dropped_frames == 0:
            break
    frames, chunks = of(Frame, items), of(AudioChunk, items)
    assert items[0].present
    times = [f.time for f in frames]
    steps = np.diff(times)
    assert (steps > 0).all()
    # The median: UDP on a busy machine may lose a picture, which makes one step longer.
    assert np.median(steps) == pytest.approx(1 / 6, abs=0.01)
    assert len(frames) > 20
    # Stream time is that of the wall clock: the red of the first pixel, three more for each
    # picture, says which one it is.
    near = [f for f in frames if mark.wall - 2 < f.time < mark.wall]
    lags = [f.time - (mark.wall + int(f.image[0, 0, 0]) / 3 / 25 - 3.0) for f in near]
    assert len(lags) > 6
    assert np.median(lags) == pytest.approx(0.0, abs=0.12)
    samples = np.concatenate([c.samples for c in chunks[5:]])
    assert pitch(samples[: 2 * SAMPLE_RATE]) == pytest.approx(TONE_HZ, abs=2)
    assert (stats.state, stats.codec, stats.audio_codec) == (State.STREAMING, "h264", "aac")
    assert stats.frame_rate == pytest.approx(25, abs=3)
    assert (stats.corrupt, stats.dropped_frames, stats.reconnects) == (0, 0, 0)
    assert stats.ring_s > 4
    with av.open(str(clip.path)) as container:
        shown = [f.time for f in container.decode(video=0)]
    assert shown[-1] - shown[0] == pytest.approx(clip.end - clip.start, abs=0.15)


async def test_g711_over_rtsp_is_heard_and_kept_as_aac(media, tmp_path):
    async with RtspServer({"hall": media(seconds=12.0)}, g711=True) as server:
        with CameraStream(camera(server.url("hall"))) as stream:
            items = await asyncio.to_thread(gather, stream, 5)
            stats = stream.stats()
            until = stream.ring.covers_until()
            clip = stream.ring.cut(until - 2, until, tmp_path / "clip.mp4")
    samples = np.concatenate([c.samples for c in of(AudioChunk, items)[5:]])
    assert stats.audio_codec == "pcm_alaw"
    assert pitch(samples[:SAMPLE_RATE]) == pytest.approx(TONE_HZ, abs=2)
    with av.open(str(clip.path)) as container:
        assert container.streams.audio[0].codec_context.name == "aac"


async def test_a_small_stream_is_analysed_and_the_main_one_kept(media):
    large, small = media(seconds=12.0, width=640, height=480), media(seconds=12.0, audio=None)
    async with RtspServer({"main": large, "sub": small}) as server:
        settings = camera(server.url("main"), analysis_url=server.url("sub"))
        with CameraStream(settings) as stream:
            items = await asyncio.to_thread(gather, stream, 5)
            stats = stream.stats()
            header = stream.ring._groups[0].packets[0].header
    assert of(Frame, items)[0].image.shape == (240, 320, 3)
    # the small stream has no sound: that of the main one serves
    assert len(of(AudioChunk, items)) > 20
    assert (stats.width, stats.main_state, stats.has_audio) == (320, State.STREAMING, True)
    assert stats.ring_s > 2
    with header.open() as template:
        assert template.streams.video[0].width == 640


async def test_a_wrong_password_is_said_without_showing_it(media):
    async with RtspServer({"hall": media()}, user="anna", password="s3cret/ü@") as server:
        right = camera(server.url("hall"))
        wrong = camera(f"rtsp://anna:other@127.0.0.1:{server.port}/hall")
        with CameraStream(wrong) as stream:
            refused = await asyncio.to_thread(gather, stream, 10, until=away)
            stats = stream.stats()
        with CameraStream(right) as stream:
            items = await asyncio.to_thread(gather, stream, 10, until=lambda i: True)
    assert "password" in refused[-1].reason
    for text in (refused[-1].reason, stats.last_error):
        assert "other" not in text
        assert "anna" not in text
    assert items[0].present


async def test_a_path_that_does_not_exist(media):
    async with RtspServer({"hall": media()}) as server:
        with CameraStream(camera(server.url("cellar"))) as stream:
            items = await asyncio.to_thread(gather, stream, 10, until=away)
    assert "does not exist" in items[-1].reason


async def test_a_refused_port_is_tried_again_and_told_every_second():
    with CameraStream(camera(f"rtsp://127.0.0.1:{free_port()}/hall")) as stream:
        items = await asyncio.to_thread(gather, stream, 3.5)
        stats = stream.stats()
    assert all(away(item) and "refused" in item.reason for item in items)
    assert 3 <= len(items) <= 5
    times = [item.time for item in items]
    assert times == sorted(times)
    assert times[-1] == pytest.approx(time.time(), abs=2)
    assert stats.reconnects == 0


@pytest.mark.parametrize("transport", list(Transport))
async def test_a_camera_that_goes_and_comes_back(media, transport):
    server = RtspServer({"hall": media(seconds=12.0)})
    await server.start()
    try:
        with CameraStream(camera(server.url("hall"), transport=transport)) as stream:
            before = await asyncio.to_thread(gather, stream, 3)
            await server.stop(kill=True)
            lost = await asyncio.to_thread(gather, stream, 9, until=away)
            gone = await asyncio.to_thread(gather, stream, 1.5)
            await server.start()
            back = await asyncio.to_thread(
                gather, stream, 15, until=lambda i: isinstance(i, SignalChange) and i.present
            )
            after = await asyncio.to_thread(gather, stream, 2)
            stats = stream.stats()
    finally:
        await server.stop()
    assert away(lost[-1])
    assert any(away(item) for item in gone)
    assert back[-1].present
    frames = of(Frame, [*before, *lost, *gone, *back, *after])
    assert [f.sequence for f in frames] == list(range(len(frames)))
    times = [f.time for f in frames]
    assert all(b > a for a, b in itertools.pairwise(times))
    assert times[-1] == pytest.approx(time.time(), abs=2)
    assert stats.reconnects == 1


async def test_a_camera_that_accepts_but_never_answers_does_not_hold_up_the_end():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings = camera(f"rtsp://127.0.0.1:{silent.getsockname()[1]}/hall")
        with CameraStream(settings) as stream:
            await asyncio.to_thread(gather, stream, 0.5)
            began = time.monotonic()
        assert time.monotonic() - began < 2
