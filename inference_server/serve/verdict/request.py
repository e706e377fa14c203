"""What a client may ask, checked field by field; media stay as they came until they are wanted."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from inference_server.serve.verdict import media
from inference_server.serve.verdict.interface import Picture, Sound, Window, WindowError

MOST_QUESTIONS = 32
MOST_TEXT = 16_000
"""Characters of all texts together."""

_FIELDS = frozenset({"model", "messages", "questions"})
_ROLES = ("system", "user", "assistant")

Medium = Picture | Sound
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Sent:
    """A medium as it came, and what reads it."""

    read: Callable[[Any, str], Medium]
    value: Any
    field: str

    def decoded(self) -> Medium:
        """Read it: some ms of work.

        Raises:
            WindowError: it is not what it should be.
        """
        return self.read(self.value, self.field)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request.

    Attributes:
        model: by name; empty for the one that is served.
        messages: as in `interface.Window`.
        media: in order, not read yet.
        questions: by name.
    """

    model: str
    messages: Sequence[Mapping[str, Any]]
    media: Sequence[Sent]
    questions: Mapping[str, str]

    def window(self, read: Sequence[Medium]) -> Window:
        """Give the window, with its media read."""
        return Window(self.messages, read)


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of part that holds a medium: where it lies in the part, and what it becomes."""

    outer: str
    inner: str
    becomes: str
    read: Callable[[Any, str], Medium]


_KINDS: Mapping[str, _Kind] = MappingProxyType(
    {
        "image_url": _Kind("image_url", "url", "image", media.picture),
        "video_url": _Kind("video_url", "url", "video", media.film),
        "input_audio": _Kind("input_audio", "data", "audio", media.sound),
    }
)


def read(body: bytes) -> Asked:
    """Read a request's body.

    Raises:
        WindowError: it is none; the message names the field.
    """
    try:
        whole = json.loads(body)
    except (ValueError, RecursionError):
        raise WindowError("body", "no JSON") from None
    if not isinstance(whole, dict):
        raise WindowError("body", "must be a JSON object")
    for field in whole:
        if field not in _FIELDS:
            raise WindowError(field[:40], f"no such field; there are {', '.join(sorted(_FIELDS))}")
    model = whole.get("model", "")
    if not isinstance(model, str):
        raise WindowError("model", "must be text")
    questions = _questions(whole.get("questions"))
    messages, sent = _messages(whole.get("messages"))
    texts = [*questions.values(), *_texts(messages)]
    if (count := sum(map(len, texts))) > MOST_TEXT:
        raise WindowError("messages", f"{count} characters of text: at most {MOST_TEXT}")
    return Asked(model, messages, sent, questions)


def _questions(given: Any) -> dict[str, str]:
    if not isinstance(given, dict) or not given:
        raise WindowError("questions", "must be an object: a question by each name")
    if len(given) > MOST_QUESTIONS:
        raise WindowError("questions", f"{len(given)} of them: at most {MOST_QUESTIONS}")
    for name, question in given.items():
        if not isinstance(question, str) or not question.strip():
            raise WindowError(f"questions.{name[:40]}", "must be text")
    return dict(given)


def _messages(given: Any) -> tuple[list[Json], list[Sent]]:
    if not isinstance(given, list) or not given:
        raise WindowError("messages", "must be a list of one or more messages")
    sent: list[Sent] = []
    made = []
    for number, message in enumerate(given):
        field = f"messages[{number}]"
        if not isinstance(message, dict) or message.get("role") not in _ROLES:
            raise WindowError(f"{field}.role", f"must be one of {', '.join(_ROLES)}")
        if set(message) - {"role", "content"}:
            raise WindowError(field, "has role and content only")
        content = message.get("content")
        parts = [{"type": "text", "text": content}] if isinstance(content, str) else content
        if not isinstance(parts, list):
            raise WindowError(f"{field}.content", "must be text or a list of parts")
        places = ((part, f"{field}.content[{at}]") for at, part in enumerate(parts))
        read = [_part(part, place, sent) for part, place in places]
        made.append({"role": message["role"], "content": read})
    if made[-1]["role"] != "user":
        raise WindowError(f"messages[{len(made) - 1}].role", "the last message must be the user's")
    for message in made[:-1]:
        # As text: what many templates expect of a system message.
        if all(part["type"] == "text" for part in message["content"]):
            message["content"] = "".join(part["text"] for part in message["content"])
    return made, sent


def _part(part: Any, field: str, sent: list[Sent]) -> Json:
    kind = part.get("type") if isinstance(part, dict) else None
    if kind == "text":
        if not isinstance(part.get("text"), str):
            raise WindowError(f"{field}.text", "must be text")
        return {"type": "text", "text": part["text"]}
    known = _KINDS.get(kind) if isinstance(kind, str) else None
    if known is None:
        raise WindowError(f"{field}.type", f"must be text or one of {', '.join(_KINDS)}")
    held = part.get(known.outer)
    if not isinstance(held, dict):
        raise WindowError(f"{field}.{known.outer}", f"must be an object with {known.inner}")
    if kind == "input_audio" and held.get("format") != "wav":
        raise WindowError(f"{field}.{known.outer}.format", "must be wav")
    inner = f"{field}.{known.outer}.{known.inner}"
    sent.append(Sent(known.read, held.get(known.inner), inner))
    return {"type": known.becomes}


def _texts(messages: Sequence[Json]) -> list[str]:
    return [
        text
        for message in messages
        for text in (
            [message["content"]]
            if isinstance(message["content"], str)
            else [part["text"] for part in message["content"] if part["type"] == "text"]
        )
    ]
