"""What somebody who was asked "Are you all right?" means by an answer.

Speech recognition gives free text, so words are looked for, not whole sentences. A doubt is no
"yes": whatever sounds of trouble outweighs whatever sounds of comfort.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Meaning(StrEnum):
    """What an answer means."""

    ALL_RIGHT = "all_right"
    NEEDS_HELP = "needs_help"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a language: those of comfort are taken out before trouble is looked for."""

    comfort: re.Pattern[str]
    trouble: re.Pattern[str]
    agreement: re.Pattern[str]


def _words(*words: str, whole: bool) -> re.Pattern[str]:
    pattern = "|".join(words)
    return re.compile(rf"\b(?:{pattern})\b" if whole else f"(?:{pattern})", re.IGNORECASE)


_LANGUAGES: Final[Mapping[str, Words]] = {
    "en": Words(
        comfort=_words(
            r"no (?:problem|worries|need)",
            r"(?:not|don't|do not|no) (?:hurt|injured|need (?:any )?help|in pain)",
            r"no,? (?:i'm|i am|it's|it is) (?:fine|okay|ok|all right|alright|good)",
            r"nothing (?:is wrong|happened)",
            whole=True,
        ),
        trouble=_words(
            "no",
            "nope",
            "not",
            r"\w+n't",
            "cannot",
            "help",
            "hurts?",
            "injured",
            "pain",
            "fell",
            "fallen",
            "ambulance",
            "doctor",
            "emergency",
            "stuck",
            "bleeding",
            "bad",
            whole=True,
        ),
        agreement=_words(
            "yes",
            "yeah",
            "yep",
            "yup",
            "sure",
            "fine",
            "okay",
            "ok",
            "all right",
            "alright",
            "good",
            "well",
            whole=True,
        ),
    ),
    "zh": Words(
        comfort=_words(
            "没事",
            "没问题",
            "没关系",
            "没什么",
            "没受伤",
            "没摔",
            "没有事",
            "不要紧",
            "不疼",
            "不痛",
            "不用",
            "不需要",
            "挺好",
            "很好",
            whole=False,
        ),
        trouble=_words(
            "不",
            "没",
            "救",
            "帮",
            "疼",
            "痛",
            "摔",
            "跌",
            "伤",
            "血",
            "医",
            "难受",
            "起不来",
            "动不了",
            "来人",
            whole=False,
        ),
        agreement=_words("好", "是", "嗯", "对", "可以", "还行", whole=False),
    ),
}


def meaning_of(answer: str) -> Meaning:
    """Give what an answer means, whichever of the languages it is in."""
    text = " ".join(answer.replace("\u2019", "'").split())
    comforted = agreed = False
    for words in _LANGUAGES.values():
        rest, taken = words.comfort.subn(" ", text)
        # "不用帮我" says that help is not needed: what follows the refusal belongs to it.
        rest = re.sub(r"^\s*(?:帮忙?|叫?救护车|医生|去医院)我?", " ", rest) if taken else rest
        if words.trouble.search(rest):
            return Meaning.NEEDS_HELP
        comforted |= bool(taken)
        agreed |= bool(words.agreement.search(rest))
    return Meaning.ALL_RIGHT if comforted or agreed else Meaning.UNCLEAR
