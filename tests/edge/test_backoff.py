"""Growing waits."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from omnicam.backoff import Backoff


def test_waits_double_from_less_than_a_second_to_half_a_minute() -> None:
    waits = [Backoff(first_s=0.5, longest_s=30.0).delay(attempt) for attempt in range(1, 13)]
    assert 0.25 <= waits[0] <= 0.5
    assert all(15 <= wait <= 30 for wait in waits[7:])


@given(st.integers(1, 10**6), st.floats(0.01, 10), st.floats(10, 1000))
def test_no_wait_is_longer_than_the_longest(attempt: int, first: float, longest: float) -> None:
    assert 0 < Backoff(first_s=first, longest_s=longest).delay(attempt) <= longest
