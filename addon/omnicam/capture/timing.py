"""From a stream's own time stamps to Unix time.

A stamp is what a stream says, in seconds of its own clock, which may start anywhere, jump, drift
or be missing. Both clocks here are pure: they are told when something arrived and never ask.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

BACK_S: Final = 0.5
"""A stamp this far behind the one before is a reset; less is pictures out of order (B-frames)."""
STEP_S: Final = 0.5
"""From this error on the mapping is corrected at once; below it, slowly."""
SLEW: Final = 0.05
"""Seconds of slow correction for each second of stream."""
SETTLING_S: Final = 3.0
"""So long after the first packet a mapping that proves too late is corrected at once."""
BUCKET_S: Final = 5.0
"""The least delay is taken over the last one to two buckets."""
FILE_GAP_S: Final = 60.0
"""A file that leaps further ahead than this was joined from parts with stamps of their own."""


class StampClock(Protocol):
    """Maps the stamps of one stream to Unix seconds."""

    def observe(self, stamp: float | None, arrival: float) -> None:
        """Take the decoding stamp of the next packet and the Unix time at which it arrived."""

    def at(self, stamp: float | None) -> float:
        """Give the Unix time of a stamp near the packet observed last; None means that packet's."""


@dataclass(slots=True)
class _Epoch:
    """A stretch of stamps without a reset."""

    offset: float
    newest: float


class LiveClock:
    """Follows the arrival of a live stream.

    The delay between a stamp and its arrival is the true offset plus what the network and the
    camera held the packet back for, never less: so the least delay of the last 5 to 10 seconds is
    the best estimate of the offset (the minimum filter of RFC 5905's clock filter). Small errors
    are corrected at 5 % so that durations stay true, large ones at once.
    """

    def __init__(self) -> None:
        self._epoch: _Epoch | None = None
        self._before: _Epoch | None = None
        self._least = self._least_before = float("inf")
        self._bucket_started = self._started = self._arrival = 0.0

    def observe(self, stamp: float | None, arrival: float) -> None:
        """Take the decoding stamp of the next packet and the Unix time at which it arrived."""
        epoch = self._epoch
        if epoch is None or (stamp is not None and stamp < epoch.newest - BACK_S):
            self._begin(0.0 if stamp is None else stamp, arrival)
            return
        if stamp is None:
            return
        delay = arrival - stamp
        if arrival - self._bucket_started >= BUCKET_S:
            self._least_before, self._least = self._least, delay
            self._bucket_started = arrival
        self._least = min(self._least, delay)
        error = min(self._least, self._least_before) - epoch.offset
        settling = arrival - self._started < SETTLING_S and error < 0
        if settling or abs(error) > STEP_S:
            epoch.offset += error
        else:
            reach = SLEW * max(0.0, arrival - self._arrival)
            epoch.offset += min(reach, max(-reach, error))
        self._arrival = arrival
        epoch.newest = max(epoch.newest, stamp)

    def at(self, stamp: float | None) -> float:
        """Give the Unix time of a stamp near the packet observed last; None means that packet's.

        Raises:
            ValueError: nothing was observed yet.
        """
        epoch = self._epoch
        if epoch is None:
            raise ValueError("no packet with a time stamp was observed yet")
        if stamp is None:
            return epoch.newest + epoch.offset
        before = self._before
        # A decoder gives pictures late: one from before a reset may come out after it.
        if before is not None and abs(stamp - before.newest) < abs(stamp - epoch.newest):
            return stamp + before.offset
        return stamp + epoch.offset

    def _begin(self, stamp: float, arrival: float) -> None:
        self._before = self._epoch
        self._epoch = _Epoch(arrival - stamp, stamp)
        self._least, self._least_before = arrival - stamp, float("inf")
        self._bucket_started = self._started = self._arrival = arrival


class FileClock:
    """Maps a file's stamps to `starts_at` plus what has passed since its first, exactly.

    Arrival means nothing here, so the same file gives the same times at any pace. Stamps that jump
    (a file joined from parts) go on where they stopped.
    """

    def __init__(self, starts_at: float, first: float) -> None:
        self._epoch = _Epoch(starts_at - first, first)
        self._before: _Epoch | None = None
        self._step = 0.0

    def observe(self, stamp: float | None, arrival: float) -> None:  # noqa: ARG002
        """Take the decoding stamp of the next packet; the arrival is not looked at."""
        if stamp is None:
            return
        epoch = self._epoch
        ahead = stamp - epoch.newest
        if -BACK_S <= ahead <= FILE_GAP_S:
            self._step = ahead if ahead > 0 else self._step
            epoch.newest = max(epoch.newest, stamp)
            return
        self._before = epoch
        self._epoch = _Epoch(epoch.offset + epoch.newest + self._step - stamp, stamp)

    def at(self, stamp: float | None) -> float:
        """Give the Unix time of a stamp near the packet observed last; None means that packet's."""
        epoch, before = self._epoch, self._before
        if stamp is None:
            return epoch.newest + epoch.offset
        if before is not None and abs(stamp - before.newest) < abs(stamp - epoch.newest):
            return stamp + before.offset
        return stamp + epoch.offset


class Forward:
    """Keeps times of one kind rising, whatever the stream says."""

    LEAST_S: Final = 1e-4
    SET_BACK_S: Final = 5.0

    def __init__(self) -> None:
        self._last: float | None = None

    def next(self, time: float) -> float:
        """Give the time, or just after the one before where that is not later.

        Only a clock that was set back by more than 5 s (the machine's own, between two
        connections) is followed: holding on to the old time would stop the stream's time.
        """
        last = self._last
        if last is not None and last - self.SET_BACK_S < time < last + self.LEAST_S:
            time = last + self.LEAST_S
        self._last = time
        return time
