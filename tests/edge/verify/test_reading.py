"""Log-odds and sentences out of completions, good and bad."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnicam.verify import reading
from omnicam.verify.outcomes import AskError, Outcome
from tests.edge.verify.verify_scenes import completion, yes_or_no


@given(st.floats(0.001, 0.999))
def test_z_is_the_log_odds_of_yes_against_no(probability: float) -> None:
    expected = math.log(probability / (1.0 - probability))
    assert reading.log_odds(yes_or_no(probability)) == pytest.approx(expected, abs=1e-9)


def test_all_ways_to_write_yes_and_no_count_together() -> None:
    tops = {"Yes": 0.2, " yes": 0.1, "ĠYES": 0.05, "是": 0.15, "No": 0.1, "▁no": 0.1, "否": 0.05}
    body = completion({token: math.log(share) for token, share in tops.items()} | {"The": -3.0})
    assert reading.log_odds(body) == pytest.approx(math.log(0.5 / 0.25))


def test_a_side_that_is_not_listed_is_at_most_what_is_left() -> None:
    body = completion({"Yes": math.log(0.97), "The": math.log(0.02)})
    assert reading.log_odds(body) == pytest.approx(math.log(0.97 / 0.01))
    assert reading.log_odds(completion({"No": math.log(0.9)})) == pytest.approx(math.log(0.1 / 0.9))
    # One listed token more, less likely than what is left: the missing side is not above it.
    body = completion({"No": math.log(0.6), "Hm": math.log(0.001)})
    assert reading.log_odds(body) == pytest.approx(math.log(0.001 / 0.6))


@given(st.dictionaries(st.text(max_size=4), st.floats(-50.0, 0.0), min_size=1, max_size=20))
def test_whatever_the_tokens_there_is_a_bounded_number_or_nonsense(tops: dict[str, float]) -> None:
    outcome = None
    try:
        assert abs(reading.log_odds(completion(tops))) <= 50.0
    except AskError as error:
        outcome = error.outcome
    assert outcome in {None, Outcome.NONSENSE}


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {},
        "yes",
        {"choices": []},
        {"choices": [{"message": {"content": "Yes"}}]},
        {"choices": [{"logprobs": None}]},
        {"choices": [{"logprobs": {"content": []}}]},
        completion({}),
        completion({"The": -0.1, "A": -2.5}),
        completion({"Yes": -9999.0, "The": -0.001}),
        completion({"Yes": 0.7}),
        completion({"Yes": 10**400}),
        completion({"The": -(10**400)}),
        completion({"Yes": math.nan}),
        {"choices": [{"logprobs": {"content": [{"top_logprobs": [{"token": 1, "logprob": -1}]}]}}]},
        {"choices": [{"logprobs": {"content": [{"top_logprobs": [{"token": "Yes"}]}]}}]},
        {"choices": [{"logprobs": {"content": [{"top_logprobs": {"Yes": -1}}]}}]},
    ],
)
def test_everything_else_is_nonsense(body: Any) -> None:
    with pytest.raises(AskError) as caught:
        reading.log_odds(body)
    assert caught.value.outcome is Outcome.NONSENSE


@given(
    st.one_of(
        st.none(),
        st.dictionaries(
            st.sampled_from(["log_odds", "share"]),
            st.dictionaries(
                st.sampled_from(["fall", "smoke"]),
                st.one_of(st.floats(), st.integers(), st.text(), st.booleans()),
            ),
        ),
    )
)
def test_a_verdict_is_bounded_numbers_of_all_questions_or_nonsense(body: Any) -> None:
    outcome = None
    try:
        found = reading.verdict(body, ["fall", "smoke"])
        assert set(found) == {"fall", "smoke"}
        assert all(abs(z) <= 50.0 for z in found.values())
    except AskError as error:
        outcome = error.outcome
    assert outcome in {None, Outcome.NONSENSE}


def test_a_verdict_needs_a_share_that_says_yes_or_no() -> None:
    body = {"log_odds": {"fall": -1.5}, "share": {"fall": 0.01}}
    assert reading.verdict(body, ["fall"]) == {"fall": -1.5}
    with pytest.raises(AskError, match="neither yes nor no"):
        reading.verdict(body | {"share": {"fall": 1e-4}}, ["fall"])


def test_a_number_that_the_model_writes_is_no_probability() -> None:
    with pytest.raises(AskError):
        reading.log_odds(completion({"0": -0.01}, text="0.97"))


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("  A woman lies\n on the\tfloor. ", "A woman lies on the floor."),
        ("一位老人\u0000摔倒在床边。", "一位老人 摔倒在床边。"),
        ("x" * 1000, "x" * 299 + "…"),
    ],
)
def test_a_sentence_is_one_line_of_bearable_length(text: str, read: str) -> None:
    assert reading.sentence(completion({"A": -1.0}, text)) == read


@pytest.mark.parametrize("body", [None, {}, {"choices": [{"message": {"content": None}}]}])
def test_no_sentence_is_nonsense(body: Any) -> None:
    with pytest.raises(AskError):
        reading.sentence(body)
    with pytest.raises(AskError):
        reading.sentence(completion({"A": -1.0}, " \n"))
