"""Several looks at the same speech: clear finds count at once, unclear ones only in agreement."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from omnicam.detect.sound.looks import AGREED, CLEAR, Looks
from omnicam.evidence import WordHeard


def find(confidence: float, onset: float = 10.0, word: str = "help") -> WordHeard:
    return WordHeard(camera="c", word=word, confidence=confidence, time=onset + 0.4, onset=onset)


def test_a_clear_find_counts_at_once_and_once() -> None:
    looks = Looks()
    assert looks.agree(find(0.92), 9.0) == find(0.92)
    assert looks.agree(find(0.95), 9.25) is None
    assert looks.agree(find(0.9, onset=11.0), 10.0) is not None


def test_an_unclear_find_counts_when_another_look_agrees() -> None:
    looks = Looks()
    assert looks.agree(find(0.85), 9.0) is None
    sure = looks.agree(find(0.85, onset=10.05), 9.25)
    assert sure is not None
    assert abs(sure.confidence - 0.9775) < 1e-9


def test_looks_that_are_no_second_opinion_do_not_count() -> None:
    for second, began in (
        (find(0.85), 9.0),  # the same piece of speech
        (find(0.85, onset=10.5), 9.25),  # another place
        (find(0.85, word="救命"), 9.25),  # another word
        (find(0.51), 9.25),  # together still below the mark
    ):
        looks = Looks()
        assert looks.agree(find(0.85), 9.0) is None
        assert looks.agree(second, began) is None


def test_a_word_inside_a_phrase_that_was_said_is_not_said_again() -> None:
    looks = Looks()
    assert looks.agree(find(0.9, word="help me"), 9.0) is not None
    assert looks.agree(find(0.9, onset=10.05), 9.25) is None


@given(st.lists(st.tuples(st.floats(0.5, 1.0), st.floats(9.0, 9.9)), max_size=12))
def test_what_is_given_is_sure_and_given_once(finds: list[tuple[float, float]]) -> None:
    looks = Looks()
    given_out = [sure for c, began in finds if (sure := looks.agree(find(c), began))]
    assert len(given_out) <= 1
    assert all(word.confidence >= min(CLEAR, AGREED) for word in given_out)
