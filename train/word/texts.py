"""What the voices say: the words, what sounds like them, and everything else.

English text is drawn from Debian's word list (public domain) and the King James Bible (public
domain), Mandarin from random syllables and the poems of the Tang (public domain).
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

SPOKEN = {
    "help": ("help", "help!", "help.", "Help?"),
    "help me": ("help me", "help me!", "help me."),
    "帮助": ("bang1zhu4", "bang1 zhu4", "bang1zhu4!"),
    "救命": ("jiu4ming4", "jiu4ming4!", "jiu4 ming4", "jiu4ming4a5", "jiu4ming4a1"),
}

HELD_VOWEL = {"help": ("[[h'E::lp]]", "[[h'E:lp]]"), "help me": ("[[h'E::lp m'i::]]",)}
"""A call is drawn out; espeak-ng alone can be told so."""

SPELT = {"help": ("help",), "help me": ("help mii", "help mi")}
"""The English words as a speaker of Finnish writes them."""

_CRIES = (
    "eh ah ow heh huh arf woof wow haha hup oh uh ooh hmm aah ell hel hep ep elp hah hey ha ey "
    "hehe "
    "owl ouch oops ugh yeah hell-o yo yay wah bah mmm aw"
).split()
_NEAR_ENGLISH = (
    "held hell health healthy helmet heller hello helix hectic hemp hemlock helm hen head "
    "heap hip hope hop hap hub hulk hall hill hull whelp kelp yelp elf self shelf shelter welt "
    "belt "
    "felt melt pelt tell tap gulp pulp scalp alp alps elbow up cup yep yes hey heck hedge hers "
    "sleep heel heat heed keep kept left lap slap stop shop ship chip tape type top pep pet wet "
    "he'll hell-bent Helen hailed howl howled whelped skelp harp hoop whoop health me tell me "
    "let me meet me hold me hear me held me sell me heavy me hell me him me hop in met me smell me "
    "elk milk silk bell well fell sell cell gel shell spell dwell swell yell tell bell-pepper "
    "hello there hey you hey yep have a hat have me oh my heap of hymn hemmed happy helicopter"
).split()
_NEAR_PHRASES = (
    "tell me", "let me", "hold me", "hear me", "held me", "meet me", "sell me", "hate me", "hi me",
    "hell me", "hello me", "hey me", "he'll be", "held up", "health be", "well, me", "elf me",
    "hello Lee", "have me", "how me", "hop me", "hemp me", "yelp me", "kelp tea", "felt me",
    "smell me", "keep me", "hope me", "whelp me", "sleep well", "did you sleep well", "hell no",
    "well then", "hello hello", "hey hey", "oh hell", "all right", "health care", "a helmet",
    "step up", "hands up", "hurry up", "held back", "hailed me",
)  # fmt: skip
_NEAR_MANDARIN = (
    "bang1mang2 bang1zi5 bang1shou3 bang3zhu4 bang4zhu4 bang4 bang1 zhu4 zhu4yi4 bao3hu4 fang2zhu4 "
    "ban1zhu3 ban4zhu4 bang4zi5 bu2zhu4 zan4zhu4 jian4zhu4 guan1zhu4 dang1zhu4 tang1zhu4 bang1fu4 "
    "bang1xu4 mang2zhu4 gang1zhu4 bang1ju1 bang1ge5 jiu3 jiu4 jiu1 ming2 ming4 sheng1ming4 "
    "jiu4shi4 "
    "jiu4huo3che1 jiu3ming2 jiu1jing4 jiu4min2 xiu4ming2 chu1ming2 you3ming2 gong1ming2 jiu4min4 "
    "jiu4jing4 jiu4ying1 jiu4nin2 qiu2ming2 qiu2ming4 xiu1ming2 liu2ming2 jiu4mian4 jiu4meng4 "
    "jia4ming4 jie4ming4 zhu4ming2 ge2ming4 yao4ming4 pin1ming4 zhi4ming4 jiu4hu4 jiu4zai1 "
    "jiu4bing4 "
    "jiu4xing1 jiu3bei1 jiu4ni3 qiu2jiu4 xiao3ming2 jiao4ming2 jiu4mi4 niu2ming4 diu1ming4"
).split()

_INITIALS = "b p m f d t n l g k h j q x zh ch sh r z c s".split()
_FINALS = {
    "jqx": "i ia ie iao iu ian in iang ing u ue uan un".split(),
    "zhchshrzcs": "i a e ai ei ao ou an en ang eng u uo ui uan un ong".split(),
    "": "a e ai ei ao ou an en ang eng u uo ui uan un ong i ie iao ian in ing".split(),
}


@dataclass(frozen=True, slots=True)
class Sources:
    """Running text to draw from; none of it holds a word of the trigger."""

    words: tuple[str, ...]
    verses: tuple[str, ...]
    poems: tuple[str, ...]


def load() -> Sources:
    """Read the text that Debian's packages bring.

    Raises:
        FileNotFoundError: a package of README.md is missing.
    """
    words = tuple(
        word
        for word in Path("/usr/share/dict/american-english").read_text("utf-8").split()
        if word.isascii() and word.isalpha() and word.islower() and "help" not in word
    )
    bible = subprocess.run(
        ["bible", "-f", "-l400", "Genesis1:1-Revelation22:21"],
        capture_output=True, check=True, text=True, timeout=60,
    ).stdout  # fmt: skip
    verses = tuple(
        text
        for line in bible.splitlines()
        if (text := re.sub(r"^\S+\s+", "", line).strip()) and "help" not in text.lower()
    )
    poems = re.findall(
        r"[\u4e00-\u9fff]{4,}[，。？！]",
        Path("/usr/share/games/fortunes/tang300").read_text("utf-8"),
    )
    return Sources(words=words, verses=verses, poems=tuple(poems))


def other_english(sources: Sources, random: np.random.Generator) -> str:
    """Draw English that is none of the words: a near word, words in a row, or a verse."""
    kind = random.random()
    if kind < 0.08:
        return _draw(_CRIES, random)
    if kind < 0.25:
        return _draw(_NEAR_ENGLISH, random)
    if kind < 0.4:
        return _draw(_NEAR_PHRASES, random)
    if kind < 0.7:
        return " ".join(_draw(sources.words, random) for _ in range(random.integers(1, 6)))
    words = _draw(sources.verses, random).split()
    start = int(random.integers(0, max(len(words) - 8, 1)))
    return " ".join(words[start : start + 8])


def other_mandarin(sources: Sources, random: np.random.Generator) -> str:
    """Draw Mandarin that is none of the words."""
    kind = random.random()
    if kind < 0.4:
        return _draw(_NEAR_MANDARIN, random)
    if kind < 0.75:
        drawn = "".join(_syllable(random) for _ in range(random.integers(1, 6)))
        return drawn if not {"bang1zhu4", "jiu4ming4"} & {drawn} else "ni3hao3"
    return _draw(sources.poems, random)


def _draw(texts: Sequence[str], random: np.random.Generator) -> str:
    return texts[random.integers(len(texts))]


def _syllable(random: np.random.Generator) -> str:
    initial = _draw(_INITIALS, random)
    finals = next(f for group, f in _FINALS.items() if initial in group or not group)
    return f"{initial}{_draw(finals, random)}{random.integers(1, 5)}"
