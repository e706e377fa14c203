"""From log-probabilities to z, and which tokens count."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkpoints.tokens import tokenizer
from inference_server.serve.verdict.answers import Vocabulary

WORDS = Vocabulary(yes=(1, 2), no=(3,))


@given(st.floats(0.001, 0.998), st.floats(0.01, 0.99))
def test_z_is_the_log_odds_and_share_what_both_have(share: float, yes: float) -> None:
    found = {
        1: math.log(share * yes * 0.25),
        2: math.log(share * yes * 0.75),
        3: math.log(share * (1.0 - yes)),
    }
    z, both = WORDS.read(found)
    assert z == pytest.approx(math.log(yes / (1.0 - yes)))
    assert both == pytest.approx(share)


def test_it_is_bounded_where_a_side_is_impossible() -> None:
    assert WORDS.read({1: -math.inf, 2: -math.inf, 3: 0.0})[0] == -50.0
    assert WORDS.read({1: 0.0, 2: -math.inf, 3: -math.inf})[0] == 50.0


def test_the_words_are_found_as_the_tokenizer_writes_them() -> None:
    made = tokenizer()
    words = Vocabulary.of(lambda text: made.encode(text, add_special_tokens=False))
    assert {made.decode([token]).strip() for token in words.yes} == {"Yes", "yes"}
    assert {made.decode([token]).strip() for token in words.no} == {"No", "no"}
    assert len(words.all) == len(set(words.all)) == 8


def test_a_tokenizer_without_such_words_is_refused() -> None:
    with pytest.raises(ValueError, match="no single token"):
        Vocabulary.of(lambda text: [0, 1])
