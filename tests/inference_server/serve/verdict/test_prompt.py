"""Prompts written in two parts are the tokens of the whole; media take their places."""

from __future__ import annotations

import pytest

from checkpoints.tokens import CHAT_TEMPLATE, tokenizer
from inference_server.serve.verdict.interface import Window, WindowError
from inference_server.serve.verdict.prompt import Place, Writer

MARKS = {"image": "<|image_pad|>", "video": "<|video_pad|>", "audio": "<|audio_pad|>"}
QUESTIONS = {"fall": "Has a person fallen? Yes or No", "smoke": "Is there smoke?"}


def writer() -> Writer:
    return Writer(tokenizer(), CHAT_TEMPLATE, MARKS)


def window(*kinds: str, scene: str = "At night. ") -> Window:
    content = [*({"type": kind} for kind in kinds), {"type": "text", "text": scene}]
    messages = [{"role": "system", "content": "You watch."}, {"role": "user", "content": content}]
    return Window(messages, [])


@pytest.mark.parametrize(
    ("kinds", "lengths"),
    [((), ()), (("image",), (3,)), (("image", "video", "image", "audio"), (3, 5, 1, 2))],
)
def test_head_and_tail_are_the_tokens_of_the_whole(
    kinds: tuple[str, ...], lengths: tuple[int, ...]
) -> None:
    made = writer().write(window(*kinds), QUESTIONS, lengths)
    for name, question in QUESTIONS.items():
        text = writer().tokenizer.apply_chat_template(
            [
                {"role": "system", "content": "You watch."},
                {
                    "role": "user",
                    "content": [
                        *({"type": kind} for kind in kinds),
                        {"type": "text", "text": f"At night. {question}"},
                    ],
                },
            ],
            chat_template=CHAT_TEMPLATE,
            tokenize=False,
            add_generation_prompt=True,
        )
        for kind, length in zip(kinds, lengths, strict=True):
            text = text.replace(MARKS[kind], "\0" * length, 1)
        for mark in set(MARKS.values()):
            assert mark not in text
        spread = iter([kind for kind, n in zip(kinds, lengths, strict=True) for _ in range(n)])
        whole = "".join(MARKS[next(spread)] if letter == "\0" else letter for letter in text)
        expected = writer().tokenizer(whole, add_special_tokens=False)["input_ids"]
        assert [*made.head, *made.tails[name]] == expected


def test_places_tell_where_each_medium_lies() -> None:
    made = writer().write(window("image", "audio"), QUESTIONS, (3, 2))
    ids = [writer().tokenizer.convert_tokens_to_ids(MARKS[kind]) for kind in ("image", "audio")]
    assert [place.length for place in made.places] == [3, 2]
    for token, place in zip(ids, made.places, strict=True):
        assert set(made.head[place.offset : place.offset + place.length]) == {token}
    assert made.places[0] == Place(made.head.index(ids[0]), 3)


@pytest.mark.parametrize(
    ("shown", "questions"),
    [
        (window("image", scene="<|image_pad|>"), QUESTIONS),
        (window("image", scene="<|audio_pad|>"), QUESTIONS),
        (window("image"), {"q": "Is <|video_pad|> there?"}),
    ],
)
def test_marks_in_a_text_are_refused(shown: Window, questions: dict[str, str]) -> None:
    with pytest.raises(WindowError, match="marks"):
        writer().write(shown, questions, (3,))
