import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omnicam.evaluate.statistics import clopper_pearson, percentile, poisson_upper

COUNTS = st.integers(0, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@pytest.mark.parametrize(
    ("hits", "trials", "low", "high"),
    [
        # Tables of the binomial distribution, to four digits.
        (0, 10, 0.0, 0.3085),
        (1, 10, 0.0025, 0.4450),
        (9, 10, 0.5550, 0.9975),
        (10, 10, 0.6915, 1.0),
        (36, 44, 0.6729, 0.9181),
        (0, 0, 0.0, 1.0),
    ],
)
def test_intervals_of_shares_are_those_of_the_tables(hits, trials, low, high):
    assert clopper_pearson(hits, trials) == pytest.approx((low, high), abs=5e-5)


@settings(deadline=None)
@given(COUNTS)
def test_an_interval_holds_the_share_and_mirrors(counts):
    hits, trials = counts
    low, high = clopper_pearson(hits, trials)
    assert 0.0 <= low <= (hits / trials if trials else 0.5) <= high <= 1.0
    mirrored = clopper_pearson(trials - hits, trials)
    assert mirrored == pytest.approx((1.0 - high, 1.0 - low), abs=1e-9)


@settings(deadline=None)
@given(COUNTS.filter(lambda counts: 0 < counts[0] < counts[1]))
def test_each_tail_holds_what_it_should(counts):
    hits, trials = counts
    low, high = clopper_pearson(hits, trials)
    tails = [
        math.fsum(math.comb(trials, k) * low**k * (1 - low) ** (trials - k) for k in upper)
        for upper in [range(hits, trials + 1)]
    ] + [
        math.fsum(math.comb(trials, k) * high**k * (1 - high) ** (trials - k) for k in lower)
        for lower in [range(hits + 1)]
    ]
    assert tails == pytest.approx([0.025, 0.025], rel=1e-6)


@pytest.mark.parametrize(
    ("events", "upper"), [(0, 2.9957), (1, 4.7439), (5, 10.5130), (100, 118.0793)]
)
def test_bounds_of_rates_are_those_of_the_tables(events, upper):
    assert poisson_upper(events) == pytest.approx(upper, abs=5e-5)


@settings(deadline=None)
@given(st.integers(0, 500))
def test_a_bound_lies_above_the_count_and_rises(events):
    assert events < poisson_upper(events) < poisson_upper(events + 1)


def test_counts_that_cannot_be_are_refused():
    with pytest.raises(ValueError, match="3 hits of 2"):
        clopper_pearson(3, 2)
    with pytest.raises(ValueError, match="-1 events"):
        poisson_upper(-1)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=50), st.floats(0, 1))
def test_a_percentile_lies_between_the_extremes(values, share):
    assert min(values) <= percentile(values, share) <= max(values)


def test_percentiles_interpolate():
    assert percentile([], 0.5) is None
    assert percentile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert percentile([0.0, 10.0], 0.95) == pytest.approx(9.5)
