"""Pronunciations of the words of the spoken trigger, in the recogniser's English phones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import pocketsphinx

TRAINED = ("help", "help me", "帮助", "救命")
"""Words that a head was trained for, in the order of its outputs after the first, which is none."""

SAME: Mapping[str, str] = MappingProxyType({"幫助": "帮助"})
"""Other spellings of a trained word."""

# Mandarin in English phones: the nearest sounds; the tones are lost.
CHINESE: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "帮助": ("B AA NG JH UW",),
        "幫助": ("B AA NG JH UW",),
        "救命": ("JH Y OW M IH NG", "JH OW M IH NG"),
        "救救我": ("JH Y OW JH Y OW W AO",),
        "帮帮我": ("B AA NG B AA NG W AO",),
        "幫幫我": ("B AA NG B AA NG W AO",),
        "来人": ("L AY R AH N",),
        "來人": ("L AY R AH N",),
    }
)

MODEL = Path(pocketsphinx.get_model_path()) / "en-us"
_DICTIONARY = MODEL / "cmudict-en-us.dict"


class UnknownWordError(ValueError):
    """A word of the spoken trigger whose sound is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggerWord:
    """One word or phrase of the trigger.

    Attributes:
        text: as configured.
        key: the same in the recogniser's own words, separated by spaces.
        entries: (recogniser's word, phones) to add to its dictionary.
        phones: phones of the first pronunciation of the whole.
    """

    text: str
    key: str
    entries: tuple[tuple[str, str], ...]
    phones: tuple[str, ...]


def is_trained(word: str) -> bool:
    """Whether a head was trained for a word; any other is recognised less surely."""
    return SAME.get(word, word) in TRAINED


def untrained(words: Iterable[str]) -> tuple[str, ...]:
    """Give the words that no head was trained for."""
    return tuple(word for word in words if not is_trained(" ".join(word.lower().split())))


def check_words(words: Iterable[str]) -> None:
    """Make sure that every word can be listened for.

    Raises:
        UnknownWordError: names the word and the remedy.
    """
    look_up(words)


def look_up(words: Iterable[str]) -> tuple[TriggerWord, ...]:
    """Give the pronunciations of the words, reading the English dictionary once.

    Raises:
        UnknownWordError: a word is neither English nor one of the Chinese words known here.
    """
    wanted = tuple(dict.fromkeys(" ".join(word.lower().split()) for word in words))
    if "" in wanted:
        raise UnknownWordError("words: an entry is empty; remove it or write a word such as help")
    english = _read_english({t for word in wanted if word not in CHINESE for t in word.split()})
    return tuple(
        _chinese(word, number) if word in CHINESE else _english(word, english)
        for number, word in enumerate(wanted)
    )


def _chinese(word: str, number: int) -> TriggerWord:
    key = f"chinese{number}"  # the recogniser's file formats are kept to ASCII
    pronunciations = CHINESE[word]
    return TriggerWord(
        text=word,
        key=key,
        entries=_variants(key, pronunciations),
        phones=tuple(pronunciations[0].split()),
    )


def _english(word: str, english: Mapping[str, tuple[str, ...]]) -> TriggerWord:
    for token in word.split():
        if token not in english:
            raise UnknownWordError(
                f"words: how {token!r} in {word!r} sounds is not known; use English words, or one "
                f"of {', '.join(CHINESE)}"
            )
    tokens = word.split()
    return TriggerWord(
        text=word,
        key=word,
        entries=tuple(entry for token in tokens for entry in _variants(token, english[token])),
        phones=tuple(phone for token in tokens for phone in english[token][0].split()),
    )


def _variants(key: str, pronunciations: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Name the second pronunciation `key(2)` and so on, as the recogniser wants it."""
    return tuple(
        (key if number == 1 else f"{key}({number})", phones)
        for number, phones in enumerate(pronunciations, start=1)
    )


def _read_english(wanted: set[str]) -> Mapping[str, tuple[str, ...]]:
    """Read line by line: the whole dictionary in memory would cost 20 MB a camera."""
    found: dict[str, list[str]] = {}
    with _DICTIONARY.open(encoding="utf-8") as lines:
        for line in lines:
            name, _, phones = line.strip().partition(" ")
            base = name.partition("(")[0]
            if base in wanted:
                found.setdefault(base, []).append(phones.strip())
    return {word: tuple(phones) for word, phones in found.items()}
