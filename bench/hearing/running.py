"""Synthetic running speech by voices that no network was trained on, made once and kept.

It stands in for a television and for people who talk: no recording of that kind was at hand.
English comes from Debian's fortunes, Mandarin from the poems of the Song, neither of which was
trained on; sentences with a word of the trigger are left out.
"""

from __future__ import annotations

import re
import wave
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from omnicam.media import SAMPLE_RATE, Samples

if TYPE_CHECKING:
    from train.word import voices

LANGUAGES = ("English", "Mandarin")

_FORTUNES = Path("/usr/share/games/fortunes")
_FILES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "English": ("cookie", "computers", "definitions", "humorists", "science", "wisdom"),
        "Mandarin": ("song100",),
    }
)
_SENTENCE = MappingProxyType(
    {
        "English": re.compile(r"[A-Z][a-z' ,\n]{40,160}[.!?]"),
        "Mandarin": re.compile("[\u4e00-\u9fff，、]{8,30}[。！？]"),
    }
)
_WORDS = ("help", "帮", "幫", "救")
_SEED = 20261122
_SENTENCES = 8  # that one voice says in a row
_LEVEL, _NOISE = 0.3, 1e-3
_FESTIVAL = 0.25  # share of the one held-out English voice that is made of recordings


class SpeechMissingError(RuntimeError):
    """A program or a text that the speech is made of is not installed; says which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A few sentences by one voice.

    Attributes:
        name: such as `English 3`.
        language: one of `LANGUAGES`.
        samples: shape (n,), 16 kHz mono, -1..1.
    """

    name: str
    language: str
    samples: Samples

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return len(self.samples) / SAMPLE_RATE


def running_speech(hours: float, cache_folder: Path) -> Iterator[Passage]:
    """Give passages of both languages, each half of the time; the same every time.

    Args:
        hours: of speech, with its pauses.
        cache_folder: keeps what was made; a passage that lies there is not made again.

    Raises:
        SpeechMissingError: a program or a text is missing.
    """
    cache_folder.mkdir(parents=True, exist_ok=True)
    for language in LANGUAGES:
        left = hours * 3600 / len(LANGUAGES)
        number = 0
        while left > 0:
            passage = _passage(language, number, cache_folder)
            yield passage
            left -= passage.seconds
            number += 1


def _passage(language: str, number: int, folder: Path) -> Passage:
    file = folder / f"{language.lower()}-{number:04}.wav"
    if not file.exists():
        _keep(file, _spoken(language, number))
    with wave.open(str(file)) as kept:
        raw = np.frombuffer(kept.readframes(kept.getnframes()), "<i2")
    samples = (raw / np.float32(32768)).astype(np.float32)
    return Passage(name=f"{language} {number}", language=language, samples=samples)


def _spoken(language: str, number: int) -> Samples:
    """Let one voice speak; every second passage in a room, with noise, perhaps by telephone."""
    from train.word import augment, voices  # need scipy, see bench/README.md

    random = np.random.default_rng([_SEED, LANGUAGES.index(language), number])
    voice = _voice(language, random)
    said = sentences(language)
    parts: list[Samples] = []
    for _ in range(_SENTENCES):
        try:
            parts.append(voices.speak(voice, said[random.integers(len(said))], random))
        except FileNotFoundError as error:
            raise SpeechMissingError(f"{error.filename} is missing: {_REMEDY}") from error
        parts.append(np.zeros(int(random.uniform(0.2, 0.9) * SAMPLE_RATE), np.float32))
    clean = np.concatenate(parts) * np.float32(_LEVEL)
    if number % 2:
        return augment.as_heard(clean, random)
    return clean + np.float32(_NOISE) * random.standard_normal(len(clean)).astype(np.float32)


def _voice(language: str, random: np.random.Generator) -> voices.Voice:
    from train.word import voices

    able = [
        voice
        for voice in (voices.english() if language == "English" else voices.mandarin())
        if voice.held_out
    ]
    recorded = [voice for voice in able if voice.engine != "espeak-ng"]
    if recorded and random.random() < _FESTIVAL:
        return recorded[random.integers(len(recorded))]
    formants = [voice for voice in able if voice.engine == "espeak-ng"]
    return formants[random.integers(len(formants))]


_REMEDY = (
    "apt-get install espeak-ng festival festvox-kallpc16k festvox-kdlpc16k fortunes fortunes-zh"
)


@cache
def sentences(language: str) -> tuple[str, ...]:
    """Give the sentences of a language, without any that holds a word of the trigger.

    Raises:
        SpeechMissingError: the texts are not installed.
    """
    try:
        text = "\n".join(
            (_FORTUNES / name).read_text("utf-8", errors="ignore") for name in _FILES[language]
        )
    except FileNotFoundError as error:
        raise SpeechMissingError(f"{error.filename} is missing: {_REMEDY}") from error
    text = re.sub(r"\x1b\[[0-9;]*m", "", text)
    found = (re.sub(r"\s+", " ", one) for one in _SENTENCE[language].findall(text))
    return tuple(one for one in found if not any(word in one.lower() for word in _WORDS))


def _keep(file: Path, samples: Samples) -> None:
    part = file.with_suffix(".part")
    with wave.open(str(part), "wb") as kept:
        kept.setnchannels(1)
        kept.setsampwidth(2)
        kept.setframerate(SAMPLE_RATE)
        kept.writeframes(np.round(np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    part.replace(file)
