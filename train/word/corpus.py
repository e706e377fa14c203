"""Makes labelled clips, each from its own seed, and turns them into embeddings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from multiprocessing import Pool

import numpy as np
import numpy.typing as npt

from omnicam.detect.sound.embedding import REACH, STEP, SpeechEmbedding
from omnicam.detect.sound.word_head import STEPS, levelled
from omnicam.detect.sound.words import TRAINED
from train.word import augment, texts, voices

type Array = npt.NDArray[np.float32]

RATE = 16000
LENGTH = int(3.6 * RATE)
NONE, UNSURE = 0, -1
_LATEST_S = 0.34
"""A window that ends this long after the word's end still holds the word."""

KINDS = {"word": 0.42, "english": 0.26, "mandarin": 0.22, "sound": 0.1}
"""Shares of the kinds of clips."""


@dataclass(frozen=True, slots=True)
class Job:
    """One clip to make: everything about it follows from these."""

    seed: int
    number: int
    held_out: bool


@dataclass(frozen=True, slots=True)
class Clip:
    """A clip with what is said in it.

    Attributes:
        sound: shape (LENGTH,), as a camera hears it.
        word: 0 for none, else 1 + the word's place in `TRAINED`.
        start, end: samples between which the word lies.
        voice: who speaks.
    """

    sound: Array
    word: int
    start: int
    end: int
    voice: str


@dataclass(frozen=True, slots=True)
class Examined:
    """What is kept of a clip: its embeddings, the class of each window, and the voice's engine."""

    embeddings: npt.NDArray[np.float16]
    classes: npt.NDArray[np.int8]
    engine: str


def examine(seed: int, count: int, *, held_out: bool, jobs: int) -> Iterator[Examined]:
    """Make clips and embed them, in order and the same whatever `jobs` is."""
    todo = [Job(seed, number, held_out) for number in range(count)]
    with Pool(jobs) as pool:
        yield from pool.imap(_examine, todo, chunksize=16)


def make(job: Job) -> Clip:
    """Make one clip."""
    random = np.random.default_rng([job.seed, job.number, int(job.held_out)])
    kind = str(random.choice(list(KINDS), p=list(KINDS.values())))
    if kind == "sound":
        clean = np.zeros(LENGTH, np.float32)
        if random.random() < 0.8:
            clean = augment.noise_event(LENGTH, random)
        clean += 1e-3 * random.standard_normal(LENGTH).astype(np.float32)
        return Clip(augment.as_heard(clean, random), NONE, 0, 0, "")
    number = int(random.integers(len(TRAINED))) if kind == "word" else None
    is_mandarin = kind == "mandarin" or (number is not None and number >= 2)
    voice = _voice(is_mandarin=is_mandarin, held_out=job.held_out, random=random)
    clean = np.zeros(LENGTH, np.float32)
    start = end = 0
    if number is None:
        say = texts.other_mandarin if is_mandarin else texts.other_english
        spoken = _manner(voices.speak(voice, say(_sources(), random), random), random)
        _put(clean, spoken, int(random.uniform(0.2, 1.5) * RATE))
    else:
        if held_out_foreign := job.held_out and not is_mandarin and random.random() < 0.3:
            voice = _FOREIGN[random.integers(len(_FOREIGN))]
        spelling = texts.SPELT if held_out_foreign else texts.SPOKEN
        word = _word(voice, TRAINED[number], spelling, random)
        start = max(int(random.uniform(1.5, 2.9) * RATE) - len(word), RATE // 10)
        end = start + len(word)
        _put(clean, word, start)
        _surround(clean, start, end, (voice, is_mandarin, word), random, alone=held_out_foreign)
    sound = augment.as_heard(clean, random, _babble(held_out=job.held_out))
    label = NONE if number is None else number + 1
    return Clip(sound, label, start, end, f"{voice.engine}:{voice.name}:{voice.accent}")


def labels(clip: Clip, count: int) -> npt.NDArray[np.int8]:
    """Give the class of each window: the word's shortly after its end, none long before it."""
    ends = (REACH + STEP * (np.arange(count) + STEPS - 1)) / RATE
    if clip.word == NONE:
        return np.zeros(count, np.int8)
    found = np.full(count, UNSURE, np.int8)
    late = ends - clip.end / RATE
    found[(late >= 0.0) & (late <= _LATEST_S)] = clip.word
    found[ends < (clip.start + 0.3 * (clip.end - clip.start)) / RATE] = NONE
    found[late > 1.6] = NONE
    return found


def _examine(job: Job) -> Examined:
    clip = make(job)
    embeddings = _network().embed(levelled(clip.sound))
    found = labels(clip, len(embeddings) - STEPS + 1)
    return Examined(embeddings.astype(np.float16), found, clip.voice.partition(":")[0])


def _surround(
    clean: Array,
    start: int,
    end: int,
    who: tuple[voices.Voice, bool, Array],
    random: np.random.Generator,
    *,
    alone: bool,
) -> None:
    """Put other speech, or the word again, around the word; often nothing."""
    voice, is_mandarin, word = who
    kind = random.random()
    if kind < 0.2:
        gap = int(random.uniform(0.1, 0.8) * RATE)
        _put(clean, word, start - gap - len(word))
    elif kind < 0.4 and not alone:
        say = texts.other_mandarin if is_mandarin else texts.other_english
        other = augment.trim(voices.speak(voice, say(_sources(), random), random))
        gap = int(random.uniform(0.1, 0.6) * RATE)
        _put(clean, other, start - gap - len(other))
        if random.random() < 0.5:
            _put(clean, other, end + int(random.uniform(0.15, 0.6) * RATE))


def _put(into: Array, sound: Array, start: int) -> None:
    begin, stop = max(start, 0), min(start + len(sound), len(into))
    if stop > begin:
        into[begin:stop] += sound[begin - start : stop - start]


def _word(
    voice: voices.Voice,
    word: str,
    spelling: Mapping[str, tuple[str, ...]],
    random: np.random.Generator,
) -> Array:
    spoken = spelling[word]
    if voice.engine == "espeak-ng" and word in texts.HELD_VOWEL and random.random() < 0.3:
        spoken = texts.HELD_VOWEL[word]
    sound = voices.speak(voice, str(random.choice(spoken)), random)
    return _manner(augment.trim(sound), random)[: int(1.4 * RATE)]


def _manner(sound: Array, random: np.random.Generator) -> Array:
    if len(sound) < RATE // 20:
        return sound
    sound = augment.other_throat(sound, random)
    if random.random() < 0.25:
        sound = augment.stretch(sound, random.uniform(1.1, 1.8))
    return augment.shout(sound, random) if random.random() < 0.35 else sound


def _voice(*, is_mandarin: bool, held_out: bool, random: np.random.Generator) -> voices.Voice:
    """Draw a voice, the few made of recorded speech as often as all others together."""
    able = [v for v in (_MANDARIN if is_mandarin else _ENGLISH) if v.held_out is held_out]
    if not is_mandarin:
        engine = random.choice(["espeak-ng", "flite", "festival"], p=[0.5, 0.4, 0.1])
        able = [v for v in able if v.engine == engine] or able
    return able[random.integers(len(able))]


_ENGLISH, _MANDARIN, _FOREIGN = voices.english(), voices.mandarin(), voices.foreign()


@cache
def _sources() -> texts.Sources:
    return texts.load()


@cache
def _network() -> SpeechEmbedding:
    return SpeechEmbedding()


@cache
def _babble(*, held_out: bool) -> tuple[Array, ...]:
    """People talking in the background: a few long sentences of several voices."""
    random = np.random.default_rng([77, int(held_out)])
    verses = _sources().verses
    made = []
    for _ in range(12):
        voice = _voice(is_mandarin=False, held_out=held_out, random=random)
        made.append(voices.speak(voice, verses[random.integers(len(verses))], random))
    return tuple(made)
