"""Which tokens say Yes and No, and what their probabilities mean.

    z = logsumexp(log-probabilities of Yes variants) - logsumexp(those of No variants)

Log-probabilities are of the whole vocabulary, not of the most probable tokens. A number that the
model writes is none: decoded scores compress ranks (arXiv 2604.02543).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

YES = ("yes", "是", "是的", "有")
NO = ("no", "否", "不", "不是", "没有", "没")

MOST_LOG_ODDS = 50.0
_LEAST = -100.0


@dataclass(frozen=True)
class Vocabulary:
    """Ids of the tokens that say Yes, and of those that say No."""

    yes: tuple[int, ...]
    no: tuple[int, ...]

    @classmethod
    def of(cls, encode: Callable[[str], Sequence[int]]) -> Vocabulary:
        """Find the words, as they are written and after a space, that are one token each.

        Args:
            encode: gives a text's tokens.

        Raises:
            ValueError: a side has none.
        """
        made = cls(_single(YES, encode), _single(NO, encode))
        if not made.yes or not made.no:
            raise ValueError("the tokenizer has no single token for Yes, or none for No")
        return made

    @property
    def all(self) -> tuple[int, ...]:
        """Give all ids."""
        return self.yes + self.no

    def read(self, found: Mapping[int, float]) -> tuple[float, float]:
        """Give z, within ±50, and the share that both sides have of the probability.

        Args:
            found: log-probability of each of `all`.
        """
        yes = _sum(found[token] for token in self.yes)
        no = _sum(found[token] for token in self.no)
        z = min(max(yes - no, -MOST_LOG_ODDS), MOST_LOG_ODDS)
        return z, min(math.exp(_sum((yes, no))), 1.0)


def _single(words: Iterable[str], encode: Callable[[str], Sequence[int]]) -> tuple[int, ...]:
    written = [
        space + case
        for word in words
        for case in (word, word.capitalize(), word.upper())
        for space in ("", " ")
    ]
    pieces = [tuple(encode(text)) for text in written]
    return tuple(sorted({piece[0] for piece in pieces if len(piece) == 1}))


def _sum(values: Iterable[float]) -> float:
    found = [max(value, _LEAST) for value in values]
    top = max(found)
    return top + math.log(math.fsum(math.exp(value - top) for value in found))
