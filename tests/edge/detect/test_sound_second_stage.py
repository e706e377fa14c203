"""What the second stage of the spoken trigger rejects."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from omnicam.detect.sound.second_stage import SURE_ENGLISH, SURE_MANDARIN, SecondStage
from omnicam.detect.sound.spotter import WordHit
from omnicam.media import SAMPLE_RATE, Samples
from tests.edge.detect.test_sound_words import WORDS, speak

speaking = pytest.mark.skipif(
    shutil.which("espeak-ng") is None, reason="espeak-ng is not installed"
)
SILENCE: Samples = np.zeros(2 * SAMPLE_RATE, np.float32)


def hit(word: str, confidence: float, start_s: float = 0.8, end_s: float = 1.4) -> WordHit:
    return WordHit(word=word, confidence=confidence, start_s=start_s, end_s=end_s)


def piece(text: str) -> tuple[Samples, float, float]:
    """Give two seconds with a text at their end, and where it begins and ends."""
    said = speak(text)[: len(SILENCE)]
    samples = SILENCE.copy()
    samples[len(samples) - len(said) :] = said
    samples += 1e-3 * np.random.default_rng(3).standard_normal(len(samples)).astype(np.float32)
    return samples, 2.0 - len(said) / SAMPLE_RATE, 2.0


@speaking
@pytest.mark.parametrize(
    ("text", "confirmed"),
    [("help!", True), ("help me!", True), ("banana", False), ("good morning", False)],
)
def test_a_doubtful_english_word_counts_where_the_second_recogniser_can_hear_it(
    text: str, confirmed: bool
) -> None:
    samples, start, end = piece(text)
    stage = SecondStage(WORDS)
    assert stage.confirms(samples, hit("help", 0.8, start, end), alone=True) is confirmed


def test_what_the_head_is_sure_of_needs_nobody_else() -> None:
    stage = SecondStage(WORDS)
    assert stage.confirms(SILENCE, hit("help", SURE_ENGLISH), alone=False)
    assert not stage.confirms(SILENCE, hit("help", SURE_ENGLISH - 0.01), alone=True)


@pytest.mark.parametrize("word", ["帮助", "救命", "幫助"])
def test_a_doubtful_mandarin_word_counts_where_it_stands_alone(word: str) -> None:
    stage = SecondStage((*WORDS, "幫助"))
    assert stage.confirms(SILENCE, hit(word, 0.7), alone=True)
    assert not stage.confirms(SILENCE, hit(word, SURE_MANDARIN - 0.01), alone=False)
    assert stage.confirms(SILENCE, hit(word, SURE_MANDARIN), alone=False)


def test_a_word_without_a_trained_head_is_left_to_its_own_recogniser() -> None:
    assert SecondStage(("Police", "help")).confirms(SILENCE, hit("police", 0.5), alone=False)
