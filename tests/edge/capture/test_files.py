import itertools
import time

import numpy as np
import pytest

from omnicam.capture import RUN_ON_S, CameraStream, CaptureError, Offer, ProblemKind, State
from omnicam.config.model import Pace
from omnicam.media import SAMPLE_RATE, AudioChunk, Frame, SignalChange, Tick, time_of
from tests.edge.capture.capture_scenes import STARTS_AT, TONE_HZ, camera, pitch


def play(settings):
    with CameraStream(settings) as stream:
        items = list(stream)
        return items, stream.stats()


def of(kind, items):
    return [item for item in items if isinstance(item, kind)]


def test_a_file_gives_frames_at_the_analysis_rate_with_its_own_times(media):
    items, stats = play(camera(media()))
    frames = of(Frame, items)
    assert len(frames) == pytest.approx(6 * 6, abs=2)
    assert frames[0].time == STARTS_AT
    assert [f.sequence for f in frames] == list(range(len(frames)))
    # every time is that of one of the 25 pictures a second
    steps = [(f.time - STARTS_AT) * 25 for f in frames]
    assert steps == pytest.approx([round(step) for step in steps], abs=1e-4)
    assert frames[0].image.shape == (240, 320, 3)
    assert frames[0].image.dtype == np.uint8
    assert items[0] == SignalChange(camera="hall", time=STARTS_AT, present=True)
    assert (stats.state, stats.width, stats.height, stats.codec) == (State.ENDED, 320, 240, "h264")
    assert stats.corrupt == 0
    assert stats.dropped_frames == 0


def test_the_same_file_gives_the_same_twice(media):
    first, second = play(camera(media()))[0], play(camera(media()))[0]
    assert [(type(a), a.time) for a in first] == [(type(b), b.time) for b in second]
    assert all(
        np.array_equal(a.image, b.image)
        for a, b in zip(of(Frame, first), of(Frame, second), strict=True)
    )


def test_items_of_a_file_come_in_order_of_their_ends(media):
    items, _ = play(camera(media()))
    ends = [i.end if isinstance(i, AudioChunk) else i.time for i in items]
    assert ends == sorted(ends)


@pytest.mark.parametrize(
    ("suffix", "audio", "rate"),
    [
        ("mp4", "aac", 48_000),
        ("nut", "pcm_alaw", 8_000),
        ("nut", "pcm_mulaw", 8_000),
        ("mkv", "pcm_s16le", 44_100),
    ],
)
def test_sound_of_any_codec_becomes_16_khz_mono(media, suffix, audio, rate):
    items, stats = play(camera(media(suffix, audio=audio, audio_rate=rate)))
    chunks = of(AudioChunk, items)
    samples = np.concatenate([c.samples for c in chunks])
    assert samples.dtype == np.float32
    assert len(samples) / SAMPLE_RATE == pytest.approx(6.0 + RUN_ON_S, abs=0.1)
    assert pitch(samples[SAMPLE_RATE : 3 * SAMPLE_RATE]) == pytest.approx(TONE_HZ, abs=2)
    loudness = np.sqrt(2 * np.mean(samples[SAMPLE_RATE : 3 * SAMPLE_RATE] ** 2))
    assert loudness == pytest.approx(0.5, abs=0.05)
    # each chunk begins where the one before it ended
    gaps = [b.time - a.end for a, b in itertools.pairwise(chunks)]
    assert max(map(abs, gaps)) < 0.03
    assert (stats.has_audio, stats.audio_codec) == (True, audio)


@pytest.mark.parametrize(
    ("width", "height", "shape"),
    [(322, 242, (242, 322, 3)), (321, 241, (241, 321, 3)), (1280, 718, (359, 640, 3))],
)
def test_odd_and_large_sizes(media, width, height, shape):
    items, stats = play(camera(media("mkv", width=width, height=height, seconds=1.0)))
    frame = of(Frame, items)[0]
    assert frame.image.shape == shape
    assert (stats.width, stats.height) == (width, height)
    # the picture is the one that was made: red grows to the right, in the first row from black
    assert frame.image[0, 2:20, 0].astype(int).std() > 2 or width > 640


def test_what_is_shown_is_what_was_made(media):
    items, _ = play(camera(media("mkv", video="mjpeg", seconds=1.0)))
    shown = of(Frame, items)[0].image.astype(int)
    rows, columns = np.mgrid[0:240, 0:320]
    made = np.stack([columns, 2 * rows, rows + columns], -1) % 256
    assert np.abs(shown - made)[20:100, 20:100].mean() < 12


def test_a_stream_without_sound(media):
    items, stats = play(camera(media(audio=None, seconds=2.0)))
    assert of(Frame, items)
    assert not of(AudioChunk, items)
    assert not stats.has_audio


def test_sound_alone(media):
    items, stats = play(camera(media("mkv", video=None, seconds=2.0)))
    assert not of(Frame, items)
    assert sum(len(c.samples) for c in of(AudioChunk, items)) > 1.8 * SAMPLE_RATE
    assert (stats.codec, stats.width) == ("", 0)


def test_sound_that_is_not_wanted_is_not_given(media):
    items, _ = play(camera(media(), audio=False))
    assert of(Frame, items)
    assert not of(AudioChunk, items)


def test_pictures_that_none_refers_to_are_not_decoded_unless_the_rest_is_too_little(media):
    _, plain = play(camera(media()))
    _, skipping = play(camera(media(bframes=2)))
    assert skipping.decoded < 0.8 * plain.decoded
    items, _ = play(camera(media(bframes=2), frame_rate=20.0))
    late = [f for f in of(Frame, items) if f.time >= STARTS_AT + 3]
    assert len(late) == pytest.approx(20 * 3, abs=5)


def test_the_size_may_change_within_a_stream(media, tmp_path):
    small = media("ts", seconds=2.0).read_bytes()
    large = media("ts", seconds=2.0, width=480, height=360).read_bytes()
    joined = tmp_path / "joined.ts"
    joined.write_bytes(small + large)
    items, stats = play(camera(joined))
    frames = of(Frame, items)
    assert {f.image.shape for f in frames} == {(240, 320, 3), (360, 480, 3)}
    times = [f.time for f in frames]
    assert times == sorted(times)
    assert times[-1] - times[0] == pytest.approx(4.0, abs=0.5)
    assert (stats.width, stats.height) == (480, 360)


def test_corrupt_packets_are_counted_and_the_rest_is_shown(media, tmp_path):
    data = bytearray(media("ts").read_bytes())
    rng = np.random.default_rng(1)
    for start in rng.integers(len(data) // 3, 2 * len(data) // 3, 60):
        data[start : start + 40] = rng.bytes(40)
    broken = tmp_path / "broken.ts"
    broken.write_bytes(data)
    items, stats = play(camera(broken))
    assert stats.corrupt > 0
    assert of(Frame, items)[-1].time == pytest.approx(STARTS_AT + 5.9, abs=0.5)
    assert stats.state is State.ENDED


@pytest.mark.parametrize(
    ("content", "kind"),
    [(None, ProblemKind.NOT_FOUND), (b"no video at all" * 100, ProblemKind.UNREADABLE)],
)
def test_a_file_that_cannot_be_read_ends_with_an_error_that_says_so(tmp_path, content, kind):
    path = tmp_path / "camera.mp4"
    if content is not None:
        path.write_bytes(content)
    with CameraStream(camera(path)) as stream:
        with pytest.raises(CaptureError) as caught:
            list(stream)
        assert stream.stats().state is State.FAILED
    assert caught.value.problem.kind is kind
    assert str(path) in str(caught.value)


def test_a_file_cut_off_in_its_middle_ends_with_an_error(media, tmp_path):
    whole = media().read_bytes()
    path = tmp_path / "half.mp4"
    path.write_bytes(whole[: len(whole) // 2])
    with CameraStream(camera(path)) as stream, pytest.raises(CaptureError) as caught:
        list(stream)
    assert caught.value.problem.kind is ProblemKind.UNREADABLE


def test_a_file_played_live_takes_its_time(media):
    settings = camera(media(seconds=2.0), pace=Pace.LIVE, starts_at=None)
    with CameraStream(settings) as stream:
        lags = [time.time() - item.time for item in stream if isinstance(item, Frame)]
    assert len(lags) == pytest.approx(12, abs=1)
    assert min(lags) > -0.05
    # The median: a busy machine shows one picture late, or another.
    assert np.median(lags) < 0.7


def test_closing_in_the_middle_of_a_file_takes_no_time(media):
    took = []
    for _ in range(3):
        with CameraStream(camera(media())) as stream:
            assert stream.get(5) is not None
            began = time.monotonic()
        took.append(time.monotonic() - began)
    assert np.median(took) < 1  # a busy machine may hold up one of them


def test_a_hardware_decoder_that_is_not_there_is_replaced_with_a_warning(media):
    items, stats = play(camera(media(seconds=1.0), hardware="vdpau"))
    assert of(Frame, items)
    assert not stats.hardware
    assert "vdpau" in stats.warning
    assert "software" in stats.warning


def test_time_runs_on_in_silence_after_the_end(media):
    items, _ = play(camera(media("mkv", audio="pcm_s16le", audio_rate=16_000)))
    last = items.pop()
    chunks = of(AudioChunk, items)
    sounding = [chunk for chunk in chunks if chunk.samples.any()]
    silent = chunks[len(sounding) :]
    assert not any(chunk.samples.any() for chunk in silent)
    assert sum(chunk.samples.size for chunk in silent) == RUN_ON_S * SAMPLE_RATE
    gaps = [b.time - a.end for a, b in itertools.pairwise(chunks)]
    assert max(map(abs, gaps)) < 1e-6
    assert isinstance(last, Tick)
    recorded = [time_of(item) for item in items if item not in silent]
    assert last.time == pytest.approx(max(recorded) + RUN_ON_S)
    assert not of(Tick, items)


def test_a_film_without_sound_ends_without_sound(media):
    items, _ = play(camera(media("mkv", audio=None)))
    assert not of(AudioChunk, items)
    assert isinstance(items[-1], Tick)


@pytest.mark.parametrize(
    ("made", "offer"),
    [
        ({}, Offer(320, 240, audio=True)),
        ({"audio": None}, Offer(320, 240, audio=False)),
        ({"video": None}, Offer(0, 0, audio=True)),
    ],
)
def test_what_a_stream_offers_is_said_once_it_is_known(media, made, offer):
    with CameraStream(camera(media("mkv", seconds=2.0, **made))) as stream:
        said = [stream.offers() for _ in stream]
    # While sound alone has come, a stream with pictures says nothing.
    assert said[-1] == offer
    assert set(said) <= {None, offer}
