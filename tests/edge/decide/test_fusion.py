"""Tests of the fusion of evidence."""

from __future__ import annotations

import math
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omnicam.decide.fusion import Fusion, confidence_of, log_odds_of
from omnicam.decide.support import supported_by
from omnicam.decide.track import EvidenceError
from omnicam.evidence import Evidence
from tests.edge.decide.decide_scenes import START, evidence

PRIOR = log_odds_of(0.05)

words = st.builds(
    lambda time, log_odds, span, scorer, label: evidence(
        time / 8, log_odds, span_s=span, scorer=scorer, label=label
    ),
    st.integers(0, 8),
    st.floats(-30, 30),
    st.floats(0.01, 10),
    st.sampled_from(["one", "two"]),
    st.sampled_from([None, "scream", "cough"]),
)


def constant(rate: float, log_odds: float, seconds: float) -> float:
    """Give the sum after constant evidence at a rate."""
    fusion = Fusion(3.0)
    for index in range(round(seconds * rate)):
        fusion.add(evidence(index / rate, log_odds, span_s=1 / rate))
    # Every rate has then said something about the whole of the time.
    return fusion.weigh(START + seconds)[0]


@given(log_odds=st.floats(0.1, 12), seconds=st.integers(1, 8))
@settings(max_examples=60)
def test_rate_of_speaking_has_no_weight(log_odds: float, seconds: int) -> None:
    slow = confidence_of(PRIOR + constant(3, log_odds, seconds))
    fast = confidence_of(PRIOR + constant(12, log_odds, seconds))
    assert slow == pytest.approx(fast, abs=1e-6)


@given(st.lists(words, max_size=14), st.randoms(use_true_random=False))
def test_order_of_arrival_within_a_second_leaves_no_trace(
    said: list[Evidence], random: Random
) -> None:
    shuffled = list(said)
    random.shuffle(shuffled)
    one, other = Fusion(3.0), Fusion(3.0)
    for word in said:
        one.add(word)
    for word in shuffled:
        other.add(word)
    for later in (1.0, 1.5, 4.0):
        assert one.weigh(START + later) == other.weigh(START + later)


@given(st.lists(words, max_size=20), st.floats(0, 100))
def test_sum_is_bounded(said: list[Evidence], later: float) -> None:
    fusion = Fusion(3.0)
    for word in sorted(said, key=lambda word: word.time):
        fusion.add(word)
    total, _ = fusion.weigh(START + 1 + later)
    assert abs(total) <= 4 * 12.0
    assert 0.0 < confidence_of(PRIOR + total) < 1.0


def test_lasting_evidence_reaches_the_levels_of_the_contract() -> None:
    assert confidence_of(PRIOR + constant(6, 6.0, 6)) == pytest.approx(0.955, abs=0.005)
    assert confidence_of(PRIOR + constant(6, 8.0, 6)) > 0.99
    assert 0.75 < confidence_of(PRIOR + constant(6, 4.3, 6)) < 0.85


def test_impulse_of_a_window_counts_at_once_and_holds_for_its_span() -> None:
    fusion = Fusion(3.0)
    fusion.add(evidence(0, 6.0, span_s=3.0))
    at_once, _ = fusion.weigh(START)
    assert at_once == pytest.approx(6 * (1 - math.exp(-3)))
    assert fusion.weigh(START + 3.0)[0] == at_once
    assert fusion.weigh(START + 4.0)[0] == pytest.approx(at_once * math.exp(-1))


def test_silence_lets_the_sum_sink_and_the_scorer_be_forgotten() -> None:
    fusion = Fusion(3.0)
    fusion.add(evidence(0, 8.0, span_s=1.0))
    fusion.prune(START + 5)
    assert not fusion.empty
    fusion.prune(START + 20)
    assert fusion.empty
    assert fusion.weigh(START + 20) == (0.0, None)


def test_scorers_of_one_label_add_and_labels_do_not() -> None:
    fusion = Fusion(3.0)
    fusion.add(evidence(0, 3.0, scorer="one", span_s=30.0))
    fusion.add(evidence(0, 3.0, scorer="two", span_s=30.0))
    assert fusion.weigh(START)[0] == pytest.approx(6.0, abs=1e-3)
    kinds = Fusion(3.0)
    kinds.add(evidence(0, 3.0, scorer="scream", label="scream", span_s=30.0))
    kinds.add(evidence(0, 2.0, scorer="cough", label="cough", span_s=30.0))
    total, label = kinds.weigh(START)
    assert (total, label) == (pytest.approx(3.0, abs=1e-3), "scream")
    kinds.add(evidence(0, 1.0, scorer="model", span_s=30.0))
    assert kinds.weigh(START)[0] == pytest.approx(4.0, abs=1e-3)


def test_late_word_takes_its_own_place() -> None:
    in_order, late = Fusion(3.0), Fusion(3.0)
    said = [evidence(index / 6, 5.0 + index) for index in range(6)]
    for word in said:
        in_order.add(word)
    for word in [*said[:2], *said[3:], said[2]]:
        late.add(word)
    assert late.weigh(START + 1) == in_order.weigh(START + 1)


def test_explanation_names_the_strongest_and_when_it_began() -> None:
    fusion = Fusion(3.0)
    for index in range(12):
        fusion.add(evidence(index / 6, 2.0, scorer="weak", why="something moved"))
        fusion.add(evidence(index / 6, 6.0, scorer="strong", why="lies on the floor"))
    fusion.add(evidence(2.0, -1.0, scorer="strong", why="nothing to see"))
    why = fusion.explain(None, START + 2)
    assert why.reason == "lies on the floor"
    assert why.onset == START
    assert [part.scorer for part in why.contributions] == ["strong", "weak"]


def test_onset_of_an_older_matter_is_not_kept() -> None:
    fusion = Fusion(3.0)
    fusion.add(evidence(0, 8.0))
    fusion.add(evidence(30, 8.0, onset=START + 29.5))
    assert fusion.explain(None, START + 30).onset == START + 29.5


@pytest.mark.parametrize("field", ["log_odds", "time", "span_s", "onset"])
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_numbers_without_meaning_are_refused(field: str, value: float) -> None:
    with pytest.raises(EvidenceError, match=f"{field} = "):
        Fusion(3.0).add(replace(evidence(0), **{field: value}))


def test_span_must_be_above_zero() -> None:
    with pytest.raises(EvidenceError, match=r"span_s = 0\.0 must be above 0"):
        Fusion(3.0).add(evidence(0, span_s=0.0))


def test_one_word_weighs_no_more_than_it_can_know() -> None:
    fusion = Fusion(3.0)
    fusion.add(evidence(0, 1e9, span_s=1e9))
    assert fusion.weigh(START)[0] == pytest.approx(12.0)
    assert fusion.weigh(START + 200)[0] < 1e-3


@given(st.floats(-20, 20), st.floats(-20, 20), st.floats(0, 1))
def test_support_never_stands_alone_nor_more_than_doubles(
    own: float, heard: float, weight: float
) -> None:
    added = supported_by(own, heard, weight)
    assert 0.0 <= added <= max(own, 0.0)
    assert added == 0.0 or heard > 0.0


@given(st.floats(0.0, 1.0))
def test_log_odds_and_confidence_are_inverse(confidence: float) -> None:
    assert confidence_of(log_odds_of(confidence)) == pytest.approx(confidence, abs=1e-8)


def test_log_odds_of_no_probability_is_refused() -> None:
    with pytest.raises(ValueError, match=r"confidence = 1.5: must be between 0 and 1"):
        log_odds_of(1.5)
