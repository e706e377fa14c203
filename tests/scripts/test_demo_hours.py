"""The demo shows lit rooms at any hour: its cameras' night must not be now."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from harness.demo import hours_far_from
from omnicam.config.fields import hours


@given(st.integers(0, 24 * 60 - 1))
def test_no_moment_of_the_demo_is_at_night(minute: int) -> None:
    now = datetime(2026, 11, 22, tzinfo=UTC) + timedelta(minutes=minute)
    night = hours(hours_far_from(now))
    for later in range(0, 600, 5):
        assert not night.contains((now + timedelta(minutes=later)).time())
    assert night.contains((now + timedelta(hours=12)).time())
