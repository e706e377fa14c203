import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnicam.capture.timing import FileClock, Forward, LiveClock

BEGAN = 1_700_000_000.0
PERIOD = 0.04


def play(stamps, arrivals):
    """The times that a live clock and `Forward` give to packets as they arrive."""
    clock, forward, times = LiveClock(), Forward(), []
    for stamp, arrival in zip(stamps, arrivals, strict=True):
        clock.observe(stamp, arrival)
        times.append(forward.next(clock.at(stamp)))
    return times


def rising(times):
    return all(later > earlier for earlier, later in itertools.pairwise(times))


@given(
    st.lists(st.floats(0.0, 0.2), min_size=50, max_size=400),
    st.floats(-1e5, 1e5),
    st.floats(-2e-3, 2e-3),
)
def test_jitter_and_drift_leave_live_times_rising_and_near_the_wall_clock(jitter, first, drift):
    sent = [n * PERIOD for n in range(len(jitter))]
    arrivals = []
    for second, late in zip(sent, jitter, strict=True):
        arrivals.append(max(BEGAN + second + late, arrivals[-1] if arrivals else 0.0))
    times = play([first + s * (1 + drift) for s in sent], arrivals)
    assert rising(times)
    # The first packets may all have been held back: until one was not, times are ahead by that.
    assert all(-0.21 <= a - t <= 0.5 for t, a in zip(times, arrivals, strict=True))


JUMPS = st.floats(1, 5000) | st.floats(-5000, -1)


@given(st.lists(st.tuples(st.integers(25, 60), JUMPS), min_size=1, max_size=8))
def test_resets_and_jumps_of_stamps_leave_live_times_rising_and_near_the_wall_clock(parts):
    stamps, stamp = [], 0.0
    for count, jump in parts:
        stamp += jump
        for _ in range(count):
            stamps.append(stamp)
            stamp += PERIOD
    arrivals = [BEGAN + n * PERIOD for n in range(len(stamps))]
    times = play(stamps, arrivals)
    assert rising(times)
    assert all(abs(a - t) <= 0.51 for t, a in zip(times, arrivals, strict=True))


@given(st.lists(st.one_of(st.none(), st.just(0)), min_size=10, max_size=100))
def test_missing_stamps_leave_live_times_rising(present):
    stamps = [None if gone is None else n * PERIOD for n, gone in enumerate(present)]
    arrivals = [BEGAN + n * PERIOD for n in range(len(stamps))]
    times = play(stamps, arrivals)
    assert rising(times)
    assert all(abs(a - t) < 10 for t, a in zip(times, arrivals, strict=True))


def test_a_late_first_packet_is_corrected_as_soon_as_a_prompt_one_comes():
    clock = LiveClock()
    clock.observe(0.0, BEGAN + 0.9)
    clock.observe(1.0, BEGAN + 1.0)
    assert clock.at(1.0) == pytest.approx(BEGAN + 1.0)


@given(st.floats(-0.5, 1.0))
def test_a_small_jump_is_made_good_within_twelve_seconds(jump):
    stamps = [n * PERIOD + (jump if n >= 100 else 0.0) for n in range(500)]
    arrivals = [BEGAN + n * PERIOD for n in range(500)]
    times = play(stamps, arrivals)
    assert rising(times)
    assert all(abs(a - t) <= 0.54 for t, a in zip(times, arrivals, strict=True))
    assert times[400:] == pytest.approx(arrivals[400:], abs=0.3)


def test_a_stall_with_a_burst_after_it_keeps_the_distances_of_the_stamps():
    stamps = [n * PERIOD for n in range(300)]
    # 2 s of packets arrive together, after the network stood still
    arrivals = [BEGAN + (6.0 if 100 <= n < 150 else s) for n, s in enumerate(stamps)]
    times = play(stamps, arrivals)
    gaps = [b - a for a, b in itertools.pairwise(times)]
    assert max(gaps) < 2 * PERIOD
    assert min(gaps) > PERIOD / 2


def test_a_picture_from_before_a_reset_that_comes_out_late_keeps_its_place():
    clock = LiveClock()
    for n in range(50):
        clock.observe(100 + n * PERIOD, BEGAN + n * PERIOD)
    clock.observe(0.0, BEGAN + 2.0)
    assert clock.at(100 + 49 * PERIOD) == pytest.approx(BEGAN + 49 * PERIOD)
    assert clock.at(0.0) == pytest.approx(BEGAN + 2.0)


@given(st.lists(st.floats(0.001, 30.0), min_size=2, max_size=50), st.floats(-100, 1e5))
def test_a_files_times_are_its_start_and_its_stamps_exactly(steps, first):
    clock, stamp = FileClock(BEGAN, first), first
    for step in steps:
        clock.observe(stamp, 0.0)
        assert clock.at(stamp) == pytest.approx(BEGAN + stamp - first, abs=1e-6)
        stamp += step


def test_a_file_joined_from_parts_goes_on_where_it_stopped():
    clock = FileClock(BEGAN, 10.0)
    for n in range(100):
        clock.observe(10.0 + n * PERIOD, 0.0)
    clock.observe(0.0, 0.0)
    assert clock.at(0.0) == pytest.approx(BEGAN + 100 * PERIOD)
