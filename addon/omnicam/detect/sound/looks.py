"""Puts together what several overlapping looks at the same speech found.

The recogniser is easily swayed by where a piece of speech begins. A word that was really said is
found again in the next piece; a word that was only imagined seldom is. So one clear find counts at
once, an unclear one only when a second look at the same place agrees.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace

from omnicam.evidence import WordHeard

CLEAR = 0.9
"""Confidence from which one look is enough."""

AGREED = 0.97
"""Confidence that two unclear looks must reach together."""

_SAME_S = 0.2  # two looks at one word differ by less
_APART_S = 0.1
_REMEMBERED = 16


class Looks:
    """Remembers the finds of the last seconds on one camera."""

    def __init__(self) -> None:
        self._unclear: deque[tuple[float, WordHeard]] = deque(maxlen=_REMEMBERED)
        self._said: deque[WordHeard] = deque(maxlen=_REMEMBERED)

    def agree(self, found: WordHeard, began: float) -> WordHeard | None:
        """Take one find and give the word once it is sure; None while not, or if it was given.

        Two looks that agree are taken as independent, for which they must begin at different
        moments: both would have to be wrong.

        Args:
            found: what one look found.
            began: stream time at which the piece that was looked at begins.
        """
        if any(_overlap(found, word) for word in self._said):
            return None
        sure = found
        if found.confidence < CLEAR:
            same = [
                word
                for start, word in self._unclear
                if _same(found, word) and abs(start - began) > _APART_S
            ]
            self._unclear.append((began, found))
            if not same:
                return None
            doubt = (1.0 - found.confidence) * (1.0 - max(word.confidence for word in same))
            if 1.0 - doubt < AGREED:
                return None
            sure = replace(found, confidence=1.0 - doubt)
        self._said.append(sure)
        return sure


def _same(one: WordHeard, other: WordHeard) -> bool:
    return one.word == other.word and abs(one.onset - other.onset) < _SAME_S


def _overlap(one: WordHeard, other: WordHeard) -> bool:
    """Whether a word was said already, perhaps as a part of a phrase or the phrase around it."""
    return one.onset < other.time - _SAME_S / 2 and other.onset < one.time - _SAME_S / 2
