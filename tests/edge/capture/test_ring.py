import threading

import av
import pytest

from omnicam.capture import CameraStream, ClipError, PacketRing
from omnicam.capture.clip import RingPacket, StreamHeader, Track, decoding_stamps
from tests.edge.capture.capture_scenes import STARTS_AT, camera

HEADER = StreamHeader(b"")


def recorded(settings):
    """The ring after a file was played to its end."""
    with CameraStream(settings) as stream:
        for _ in stream:
            pass
        return stream.ring


def packets_of(path, kind):
    with av.open(str(path)) as container:
        stream = next(s for s in container.streams if s.type == kind)
        return [(float(p.pts * p.time_base), bytes(p)) for p in container.demux(stream) if p.size]


def picture(time, *, key=False, size=1000):
    data = bytes(size)
    return RingPacket(Track.VIDEO, time, time, data, key=key, opens=key, header=HEADER)


def fill(ring, seconds, *, size=1000):
    for number in range(round(seconds * 10)):
        ring.add(picture(number / 10, key=number % 10 == 0, size=size))


def test_a_ring_keeps_at_least_its_seconds_from_a_key_frame_on():
    ring = PacketRing(5.0)
    ring.add(picture(-0.1))  # no key frame yet: nothing to begin with
    fill(ring, 20.5)
    assert ring.covers_from() == 15.0
    assert ring.covers_until() == 20.4
    assert ring.stats().size == 55 * 1000


def test_a_ring_that_memory_cuts_short_says_so():
    ring = PacketRing(60.0, max_bytes=30_000)
    fill(ring, 20)
    stats = ring.stats()
    assert 20_000 <= stats.size <= 30_000
    assert stats.cut_short > 0
    endless = PacketRing(60.0, max_bytes=10_000)
    endless.add(picture(0.0, key=True))
    for number in range(1, 100):
        endless.add(picture(number / 10))
    assert endless.stats().size <= 10_000


@pytest.mark.parametrize("bframes", [0, 2])
def test_a_clip_holds_its_range_and_the_very_packets_of_the_camera(media, tmp_path, bframes):
    source = media(bframes=bframes)
    ring = recorded(camera(source))
    clip = ring.cut(STARTS_AT + 2.4, STARTS_AT + 4.4, tmp_path / "clip.mp4")
    assert clip.start == pytest.approx(STARTS_AT + 2.0)  # the key frame before
    assert clip.end == pytest.approx(STARTS_AT + 4.4, abs=0.1)
    assert clip.size == clip.path.stat().st_size
    assert [p.name for p in tmp_path.iterdir()] == ["clip.mp4"]
    originals = {data: time for time, data in packets_of(source, "video")}
    copied = packets_of(clip.path, "video")
    assert len(copied) == pytest.approx(2.4 * 25, abs=3)
    assert [originals[data] for _, data in copied] == pytest.approx(
        [time + 2.0 for time, _ in copied], abs=1e-3
    )
    sound = {data for _, data in packets_of(source, "audio")}
    assert all(data in sound for _, data in packets_of(clip.path, "audio"))
    with av.open(str(clip.path)) as container:
        times = [frame.time for frame in container.decode(video=0)]
    assert times == sorted(times)
    assert len(times) == len(copied)


def test_sound_that_mp4_cannot_hold_becomes_aac(media, tmp_path):
    ring = recorded(camera(media("nut", audio="pcm_alaw", audio_rate=8000)))
    clip = ring.cut(STARTS_AT + 1, STARTS_AT + 4, tmp_path / "clip.mp4")
    with av.open(str(clip.path)) as container:
        assert container.streams.audio[0].codec_context.name == "aac"
        seconds = sum(f.samples / f.sample_rate for f in container.decode(audio=0))
    assert seconds == pytest.approx(3.0, abs=0.2)


def test_a_clip_of_sound_alone(media, tmp_path):
    ring = recorded(camera(media("mkv", video=None, seconds=3.0)))
    clip = ring.cut(STARTS_AT + 1, STARTS_AT + 2, tmp_path / "clip.mp4")
    assert len(packets_of(clip.path, "audio")) == pytest.approx(48_000 / 1024, abs=3)


def test_a_clip_beyond_the_ring_or_upside_down_is_refused(media, tmp_path):
    ring = recorded(camera(media()))
    with pytest.raises(ClipError, match="nothing of that time"):
        ring.cut(STARTS_AT + 100, STARTS_AT + 110, tmp_path / "clip.mp4")
    with pytest.raises(ClipError, match="not before"):
        ring.cut(STARTS_AT + 2, STARTS_AT + 1, tmp_path / "clip.mp4")
    with pytest.raises(ClipError, match="cannot be written"):
        ring.cut(STARTS_AT + 1, STARTS_AT + 2, tmp_path / "no" / "clip.mp4")
    assert list(tmp_path.iterdir()) == []


def test_a_codec_that_mp4_cannot_hold_is_said(media, tmp_path):
    ring = recorded(camera(media("avi", video="wmv2", audio=None, seconds=1.0)))
    with pytest.raises(ClipError, match="wmv2"):
        ring.cut(STARTS_AT, STARTS_AT + 1, tmp_path / "clip.mp4")


def test_a_ring_may_be_read_while_it_is_written():
    ring, errors = PacketRing(2.0), []

    def read():
        for _ in range(2000):
            start, end = ring.covers_from(), ring.covers_until()
            if start is not None and end is not None and end - start > 4:
                errors.append((start, end))

    reader = threading.Thread(target=read)
    reader.start()
    fill(ring, 500)
    reader.join(20)
    assert not errors
    assert ring.covers_until() == pytest.approx(499.9)


def test_decoding_stamps_rise_and_none_lies_after_its_picture():
    assert decoding_stamps([0, 3600, 7200]) == [(0, 0), (3600, 3600), (7200, 7200)]
    shown = [0, 4, 2, 1, 3, 8, 6, 5, 7]
    stamps = decoding_stamps(shown)
    assert [pts for pts, _ in stamps] == shown
    decoded = [dts for _, dts in stamps]
    assert decoded == sorted(set(decoded))
    assert all(dts <= pts for pts, dts in stamps)
