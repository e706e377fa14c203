"""Windows as sequences: who sees whom, and that they come back from disk as they were."""

from __future__ import annotations

from pathlib import Path

import torch
from hypothesis import given
from hypothesis import strategies as st

from inference_server.compress.sequences import (
    Sequences,
    Span,
    load_hidden,
    load_sequences,
    save_hidden,
)


@given(prefix=st.integers(1, 20), questions=st.lists(st.integers(1, 5), min_size=1, max_size=4))
def test_a_question_sees_the_prefix_and_itself_alone(prefix: int, questions: list[int]) -> None:
    span = Span(7, prefix, tuple(questions))
    mask = span.mask()[0, 0]
    at = prefix
    for length in questions:
        for token in range(at, at + length):
            seen = torch.where(mask[token])[0].tolist()
            assert seen == [*range(prefix), *range(at, token + 1)]
        at += length
    assert torch.equal(mask[:prefix, :prefix], torch.ones(prefix, prefix).tril().bool())
    assert not mask[:prefix, prefix:].any()
    assert [answer - 7 for answer in span.answers] == [
        prefix + sum(questions[: number + 1]) - 1 for number in range(len(questions))
    ]


def test_they_come_back_from_disk(tmp_path: Path) -> None:
    spans = (Span(0, 5, (2, 3)), Span(10, 4, (1, 1)))
    made = Sequences(
        spans,
        torch.arange(48.0).view(3, 16),
        torch.arange(16) % 3 == 0,
        torch.arange(16) % 3 == 1,
        torch.randn(2, 6, 8),
    )
    made.save(tmp_path / "sequences")
    again = load_sequences(tmp_path / "sequences")
    assert again.spans == spans
    for name in ("positions", "visual", "sound", "deepstack"):
        assert torch.equal(getattr(again, name), getattr(made, name))
    hidden = torch.randn(16, 8)
    save_hidden(tmp_path / "hidden", hidden)
    assert torch.equal(load_hidden(tmp_path / "hidden"), hidden)
