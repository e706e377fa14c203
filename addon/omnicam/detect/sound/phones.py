"""How near a string of recognised phones comes to the phones of a word (ARPAbet)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

_NEAR = 0.4  # cost of one phone heard as a neighbour
_FAR = 1.0  # cost of any other substitution
_SKIP = 0.6  # cost of a phone that was heard in between, or was not heard

# Phones that far microphones and a phone recogniser without words confuse.
_NEIGHBOURS = (
    ("HH", "T", "TH", "F", "K", "P", "D", "S", "SH"),  # voiceless beginnings
    ("EH", "AE", "AH", "EY", "AY", "IH", "ER", "OW"),
    ("L", "OW", "W", "UW", "AO", "V", "UH", "AA"),  # a dark l is nearly a vowel
    ("P", "B", "T", "F", "TH", "V", "K"),
    ("M", "N", "NG"),
    ("IY", "IH", "Y", "EY"),
    ("JH", "CH", "ZH", "SH", "Z", "D", "S"),
    ("AA", "AO", "AH", "AW", "OW"),
    ("UW", "UH", "OW", "W"),
    ("B", "D", "G", "V"),
    ("R", "ER", "W"),
)
_PAIRS = frozenset(
    pair
    for group in _NEIGHBOURS
    for first, second in combinations(group, 2)
    for pair in ((first, second), (second, first))
)


def likeness(word: Sequence[str], heard: Sequence[str]) -> float:
    """Give 1 where the word's phones occur somewhere in what was heard, down to 0.

    Method: edit distance of the word to the best part of `heard` (Sellers 1980), divided by the
    word's length.
    """
    if not word:
        return 0.0
    row = [0.0] * (len(heard) + 1)  # the word may begin anywhere
    for phone in word:
        above, row = row, [row[0] + _SKIP]
        for column, other in enumerate(heard, start=1):
            row.append(
                min(
                    above[column - 1] + _substitution(phone, other),
                    above[column] + _SKIP,
                    row[-1] + _SKIP,
                )
            )
    return max(0.0, 1.0 - min(row) / (_SKIP * len(word)))  # and end anywhere


def _substitution(phone: str, other: str) -> float:
    if phone == other:
        return 0.0
    return _NEAR if (phone, other) in _PAIRS else _FAR
