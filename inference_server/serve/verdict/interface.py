"""What answers verdicts, and what it is asked and gives: neither torch nor vLLM."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

RATE = 16_000
"""Samples a second of a sound."""


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A picture, or a film of several.

    Attributes:
        pixels: RGB, uint8 [frames, height, width, 3]; one frame for a picture.
        kind: a film's frames go in pairs, which halves its tokens.
        digest: tells it from every other; the same content has the same.
    """

    pixels: NDArray[np.uint8]
    kind: Literal["image", "video"]
    digest: str


@dataclass(frozen=True, slots=True, eq=False)
class Sound:
    """Samples at `RATE`, float32 [samples] from -1 to 1, and what tells them from all others."""

    samples: NDArray[np.float32]
    digest: str


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """What the model is shown.

    Attributes:
        messages: as a chat's, their content in parts. A part is `{"type": "text", "text": ...}` or
            stands for the next of `media`: `{"type": "image" | "video" | "audio"}`.
        media: in the order of those parts.
    """

    messages: Sequence[Mapping[str, Any]]
    media: Sequence[Picture | Sound]


@dataclass(frozen=True, slots=True)
class Reply:
    """What the model makes of a window.

    Attributes:
        log_odds: of Yes against No, by question; within ±50.
        share: of the probability that Yes and No have together, by question: where it is tiny, the
            model does not answer the question.
        prompt_tokens: of all prompts together.
        cached_tokens: of them, those that were not worked out anew.
    """

    log_odds: Mapping[str, float]
    share: Mapping[str, float]
    prompt_tokens: int
    cached_tokens: int


class WindowError(ValueError):
    """A window or a question that cannot be asked about; the message says which and why."""

    def __init__(self, field: str, why: str) -> None:
        self.field = field
        super().__init__(f"{field}: {why}")


class Judge(Protocol):
    """Answers questions about windows."""

    async def judge(self, window: Window, questions: Mapping[str, str]) -> Reply:
        """Ask all questions about a window; each is answered as if it were the only one.

        Args:
            window: what is seen and heard.
            questions: yes/no questions by a name of one's own; one or more.

        Raises:
            WindowError: it does not fit the model.
        """
