"""The embedding and the head: their shapes, their arithmetic, and that they need no exact level."""

from __future__ import annotations

import numpy as np
import pytest

from omnicam.detect.sound.embedding import REACH, STEP, SpeechEmbedding, log_mel
from omnicam.detect.sound.word_head import WINDOW, WordHead, began, levelled
from omnicam.media import SAMPLE_RATE


def noise(seconds: float, seed: int = 1) -> np.ndarray:
    random = np.random.default_rng(seed)
    return (0.1 * random.standard_normal(int(seconds * SAMPLE_RATE))).astype(np.float32)


def test_sliding_over_a_long_sound_is_the_same_as_window_after_window() -> None:
    network = SpeechEmbedding()
    sound = noise(1.5)
    together = network.embed(sound)
    assert len(together) == (len(sound) - REACH) // STEP + 1
    for step in (0, 3, len(together) - 1):
        alone = network.embed(sound[step * STEP : step * STEP + REACH])
        assert alone.shape == (1, 96)
        np.testing.assert_allclose(alone[0], together[step], rtol=1e-3, atol=1e-2)


def test_sound_that_is_too_short_has_no_embedding() -> None:
    assert SpeechEmbedding().embed(noise(0.5)).shape == (0, 96)
    assert WordHead(("help",)).spot(noise(1.0)) == []


def test_the_mel_of_a_tone_lies_in_one_place() -> None:
    at = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    low, high = (log_mel(np.sin(2 * np.pi * f * at).astype(np.float32)) for f in (300.0, 2000.0))
    assert low.shape == (97, 32)
    assert np.argmax(low[50]) < 8 < 16 < np.argmax(high[50])


@pytest.mark.parametrize("gain", [0.01, 3.0])
def test_the_level_makes_no_difference(gain: float) -> None:
    head, sound = WordHead(("help",)), noise(2.0)
    np.testing.assert_allclose(
        head.probabilities(sound), head.probabilities(sound * np.float32(gain)), atol=1e-3
    )


@pytest.mark.parametrize("sound", [np.zeros(2 * SAMPLE_RATE), np.full(2 * SAMPLE_RATE, np.nan)])
def test_silence_and_broken_samples_are_no_word(sound: np.ndarray) -> None:
    broken = sound.astype(np.float32)
    assert np.isfinite(levelled(broken)).all()
    assert WordHead(("help", "救命")).spot(broken) == []


def test_probabilities_come_every_80_ms_and_add_up_to_one() -> None:
    found = WordHead(("help",)).probabilities(noise(2.0))
    assert found.shape == ((2 * SAMPLE_RATE - WINDOW) // STEP + 1, 5)
    np.testing.assert_allclose(found.sum(axis=1), 1.0, atol=1e-5)


def test_a_word_began_at_the_pause_before_it() -> None:
    sound = np.zeros(2 * SAMPLE_RATE, np.float32)
    sound[int(1.0 * SAMPLE_RATE) : int(1.4 * SAMPLE_RATE)] = noise(0.4)
    assert began(sound, 1.4) == pytest.approx(1.0, abs=0.02)
    assert began(noise(2.0), 1.4) == pytest.approx(0.4, abs=0.02)  # no pause: 1 s before
