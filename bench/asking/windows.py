"""Windows that nobody has seen: noise of the sizes that are measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from inference_server import verdicts
from inference_server.serve.verdict.interface import RATE, Picture, Sound, Window

# In words that the stand-in tokenizer knows: about the tokens of the node's texts in Qwen's own.
SYSTEM = "You watch over a home. Look at the video and listen to the sound. " * 7
SCENE = "Look at the camera.\n"
QUESTIONS = {
    name: f"{question} Answer with Yes or No only." for name, question in verdicts.QUESTIONS.items()
}
WISH = "Answer with a number for each class of what you see."


@dataclass(frozen=True)
class Size:
    """Sizes of a window.

    Attributes:
        name: as the tables call it.
        kind: `image`, or `video` for a film.
        frames: of it.
        side: pixels along a side.
        seconds: of sound.
    """

    name: str
    kind: Any
    frames: int
    side: int
    seconds: float = 2.0

    @property
    def grid(self) -> list[int]:
        """Pairs of frames, rows and columns of patches."""
        return [-(-self.frames // 2), self.side // 16, self.side // 16]

    @property
    def mel(self) -> int:
        """Frames of sound."""
        return int(self.seconds * 100)


ONE = Size("1 x 768x768 + 2 s", "image", 1, 768)
FOUR = Size("4 x 448x448 + 2 s", "video", 4, 448)
TINY = (
    Size("1 x 64x64 + 1 s", "image", 1, 64, 1.0),
    Size("4 x 384x384 + 1 s", "video", 4, 384, 1.0),
)


class Windows:
    """Makes windows; each is new."""

    def __init__(self) -> None:
        self._count = 0

    def make(self, size: Size) -> Window:
        """Give a new one."""
        self._count += 1
        random = np.random.default_rng(self._count)
        shape = (size.frames, size.side, size.side, 3)
        pixels = random.integers(0, 256, shape, dtype=np.uint8)
        samples = random.standard_normal(int(size.seconds * RATE)).astype(np.float32) * 0.1
        content = [{"type": size.kind}, {"type": "audio"}, {"type": "text", "text": SCENE}]
        return Window(
            [{"role": "system", "content": SYSTEM}, {"role": "user", "content": content}],
            [
                Picture(pixels, size.kind, f"{2 * self._count:032x}"),
                Sound(samples, f"{2 * self._count + 1:032x}"),
            ],
        )
