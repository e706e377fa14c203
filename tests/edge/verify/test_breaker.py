"""The circuit breaker, by example and by property."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from omnicam.verify.breaker import FAILURES, FIRST_S, LONGEST_S, Breaker, Circuit


def opened() -> Breaker:
    breaker = Breaker()
    for _ in range(FAILURES):
        assert breaker.allows(0.0)
        breaker.failed(0.0)
    return breaker


def test_it_opens_waits_tries_once_and_closes() -> None:
    breaker = opened()
    assert breaker.state is Circuit.OPEN
    assert not breaker.allows(FIRST_S - 0.1)
    assert breaker.allows(FIRST_S)
    assert breaker.state is Circuit.HALF_OPEN
    assert not breaker.allows(FIRST_S)  # one trial, not a herd
    breaker.succeeded()
    assert breaker.allows(FIRST_S)


def test_waits_double_up_to_the_longest() -> None:
    breaker, now = opened(), 0.0
    for wait in (5.0, 10.0, 20.0, 40.0, 80.0, LONGEST_S, LONGEST_S):
        assert not breaker.allows(now + wait - 0.01)
        now += wait
        assert breaker.allows(now)
        breaker.failed(now)


def test_a_trial_that_nobody_finished_may_be_made_again() -> None:
    breaker = opened()
    assert breaker.allows(FIRST_S)
    breaker.abandoned(FIRST_S)
    assert breaker.allows(FIRST_S)


EVENTS = st.lists(
    st.tuples(st.floats(0.0, 30.0), st.sampled_from(["succeeded", "failed", "abandoned"]))
)


@given(EVENTS)
def test_it_never_stays_shut_and_needs_failures_in_a_row_to_open(
    events: list[tuple[float, str]],
) -> None:
    breaker, now, in_a_row = Breaker(), 0.0, 0
    for passed, what in events:
        now += passed
        before = breaker.state
        if not breaker.allows(now):
            assert before in {Circuit.OPEN, Circuit.HALF_OPEN}
            assert breaker.state is before
            continue
        if what == "succeeded":
            breaker.succeeded()
            in_a_row = 0
            assert breaker.state is Circuit.CLOSED
        elif what == "failed":
            breaker.failed(now)
            in_a_row += 1
            assert (breaker.state is Circuit.OPEN) == (
                in_a_row >= FAILURES or before is not Circuit.CLOSED
            )
        else:
            breaker.abandoned(now)
            assert breaker.state is before or breaker.state is Circuit.OPEN
    assert breaker.allows(now + LONGEST_S)
