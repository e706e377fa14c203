"""The prompts of a window: what all its questions share is written and split into tokens once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from inference_server.serve.verdict.interface import Window, WindowError

_HERE = "\ue000question\ue000"
"""Where the question goes; private characters, that no message may hold."""


@dataclass(frozen=True)
class Place:
    """Where a medium's tokens lie in the prompt."""

    offset: int
    length: int


@dataclass(frozen=True)
class Prompts:
    """Prompts that begin alike.

    Attributes:
        head: tokens up to the end of the last medium.
        tails: the rest of each, by question.
        places: of the media, in order.
    """

    head: Sequence[int]
    tails: Mapping[str, Sequence[int]]
    places: Sequence[Place]


@dataclass(frozen=True)
class Writer:
    """Writes prompts with the model's own template and tokenizer.

    Attributes:
        tokenizer: of transformers; splits marks from the text around them.
        template: of the chat, Jinja.
        marks: text of a medium's mark, by kind of part.
    """

    tokenizer: Any
    template: str | None
    marks: Mapping[str, str]

    def write(
        self, window: Window, questions: Mapping[str, str], lengths: Sequence[int]
    ) -> Prompts:
        """Write a window's prompts.

        Args:
            window: its messages; the question goes to the end of the last.
            questions: by name.
            lengths: tokens of each medium.

        Raises:
            WindowError: a text holds the model's own marks.
        """
        before, after = self._rendered(window)
        ids = {
            kind: self.tokenizer.convert_tokens_to_ids(mark) for kind, mark in self.marks.items()
        }
        kinds = [part["type"] for part in _parts(window.messages) if part["type"] != "text"]
        found = self._encode([before])[0]
        marked = [token for token in found if token in set(ids.values())]
        if marked != [ids[kind] for kind in kinds]:
            raise WindowError("messages", "a text holds one of the model's marks; leave them out")
        head: list[int] = []
        places = []
        waiting = list(lengths)
        # Marks are never merged with what stands beside them: tokens split here are those of the
        # whole.
        last = max((at for at, token in enumerate(found) if token in marked), default=-1)
        for token in found[: last + 1]:
            if token in marked:
                length = waiting.pop(0)
                places.append(Place(len(head), length))
                head += [token] * length
            else:
                head.append(token)
        cut = before
        for kind in kinds:
            cut = cut.split(self.marks[kind], 1)[1]
        tails = self._encode([cut + question + after for question in questions.values()])
        if any(token in set(ids.values()) for tail in tails for token in tail):
            raise WindowError("questions", "a question holds one of the model's marks")
        return Prompts(head, dict(zip(questions, tails, strict=True)), places)

    def _rendered(self, window: Window) -> tuple[str, str]:
        *others, last = window.messages
        parts = [*last["content"], {"type": "text", "text": _HERE}]
        whole = self.tokenizer.apply_chat_template(
            [*others, {**last, "content": parts}],
            chat_template=self.template,
            tokenize=False,
            add_generation_prompt=True,
        )
        before, here, after = whole.partition(_HERE)
        if not here or _HERE in after:
            raise WindowError("messages", "the chat template leaves no place for the question")
        return before, after

    def _encode(self, texts: list[str]) -> list[list[int]]:
        made = self.tokenizer(texts, add_special_tokens=False, return_attention_mask=False)
        return list(made["input_ids"])


def _parts(messages: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [
        part
        for message in messages
        if not isinstance(message["content"], str)
        for part in message["content"]
    ]
