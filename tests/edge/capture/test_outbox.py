import threading
import time

import numpy as np

from omnicam.capture.interleave import Interleaver
from omnicam.capture.outbox import MAX_CHUNKS, MAX_FRAMES, Outbox
from omnicam.media import AudioChunk, Frame, SignalChange


def frame(number):
    image = np.zeros((2, 2, 3), np.uint8)
    return Frame(camera="hall", time=float(number), image=image, sequence=number)


def chunk(time_):
    return AudioChunk(camera="hall", time=time_, samples=np.zeros(1600, np.float32))


def outbox(*, lossless):
    return Outbox("hall", lossless=lossless, wall=time.time)


def taken(box):
    items = []
    while (item := box.get(0)) is not None:
        items.append(item)
    return items


def test_a_slow_reader_of_a_live_stream_loses_the_oldest_frames_but_no_sound():
    box = outbox(lossless=False)
    for number in range(MAX_FRAMES + 5):
        box.put(frame(number))
        box.put(chunk(number + 0.5))
    items = taken(box)
    assert [i.sequence for i in items if isinstance(i, Frame)] == list(range(5, MAX_FRAMES + 5))
    assert sum(isinstance(i, AudioChunk) for i in items) == MAX_FRAMES + 5
    assert (box.dropped_frames, box.dropped_chunks) == (5, 0)


def test_sound_is_bounded_too():
    box = outbox(lossless=False)
    for number in range(MAX_CHUNKS + 3):
        box.put(chunk(number / 10))
    assert len(taken(box)) == MAX_CHUNKS
    assert box.dropped_chunks == 3


def test_a_file_waits_for_its_reader_and_loses_nothing():
    box = outbox(lossless=True)
    writer = threading.Thread(target=lambda: [box.put(frame(n)) for n in range(100)])
    writer.start()
    numbers = [box.get(5).sequence for _ in range(100)]
    writer.join(5)
    assert numbers == list(range(100))
    assert box.dropped_frames == 0


def test_closing_frees_a_writer_that_waits():
    box = outbox(lossless=True)
    said = []
    writer = threading.Thread(target=lambda: said.extend(box.put(frame(n)) for n in range(20)))
    writer.start()
    time.sleep(0.1)
    box.close()
    writer.join(2)
    assert not writer.is_alive()
    assert said.count(False) == 20 - MAX_FRAMES


def test_the_absence_of_the_signal_is_repeated_every_second_until_it_is_back():
    box = outbox(lossless=False)
    box.put(SignalChange(camera="hall", time=1.0, present=False, reason="gone"))
    first, again = box.get(0.1), box.get(1.5)
    assert (first.time, again.present, again.reason) == (1.0, False, "gone")
    assert abs(again.time - time.time()) < 1
    box.put(SignalChange(camera="hall", time=9.0, present=True))
    assert box.get(0.1).present
    assert box.get(1.2) is None


def test_items_of_a_file_come_in_order_of_their_ends():
    merge = Interleaver((Frame, AudioChunk))
    ready = [item for t in (1.0, 1.1, 1.2) for item in merge.add(chunk(t))]
    assert ready == []
    for number in range(1, 3):
        ready += merge.add(frame(number))
    ready += merge.flush()
    ends = [i.end if isinstance(i, AudioChunk) else i.time for i in ready]
    assert len(ends) == 5
    assert ends == sorted(ends)


def test_a_stream_that_stopped_does_not_hold_the_other_back():
    merge = Interleaver((Frame, AudioChunk))
    merge.add(chunk(0.0))
    out = [item for number in range(10) for item in merge.add(frame(number))]
    assert [i.sequence for i in out if isinstance(i, Frame)][:7] == list(range(7))
