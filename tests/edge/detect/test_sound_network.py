"""The sound network's picture and its file."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from omnicam.detect.protocol import Sound
from omnicam.detect.sound.cough import COUGH
from omnicam.detect.sound.crying import CRYING
from omnicam.detect.sound.cues import audible
from omnicam.detect.sound.glass_breaking import GLASS_BREAKING
from omnicam.detect.sound.mel import BANDS, FRAMES, WINDOW, log_mel
from omnicam.detect.sound.network import SoundNetwork
from omnicam.detect.sound.scream import SCREAM


@given(
    arrays.arrays(
        np.float32,
        st.integers(0, WINDOW + 100),
        elements=st.floats(width=32, allow_nan=True, allow_infinity=True),
    )
)
def test_every_sound_has_a_picture(samples):
    picture = log_mel(np.clip(samples, -1e6, 1e6))
    assert picture.shape == (FRAMES, BANDS)
    assert picture.min() >= 0.0
    assert picture.max() <= 1.0


def test_the_gain_of_the_microphone_is_not_seen():
    sound = np.random.default_rng(1).standard_normal(WINDOW).astype(np.float32) * 0.1
    np.testing.assert_allclose(log_mel(sound), log_mel(sound * 0.05), atol=1e-3)


def test_a_tone_lies_in_its_own_band():
    tone = np.sin(2 * np.pi * 3000 * np.arange(WINDOW) / WINDOW).astype(np.float32)
    bands = log_mel(tone).mean(axis=0)
    assert bands[: int(bands.argmax()) - 4].max() < 0.5
    assert bands[int(bands.argmax()) + 5 :].max() < 0.5


def test_the_network_knows_what_the_scorers_ask_of_it():
    said = SoundNetwork().listen(np.zeros(WINDOW, np.float32))
    kinds = (SCREAM, GLASS_BREAKING, COUGH, CRYING)
    assert {kind.opinion.label for kind in kinds} <= said.keys()
    assert all(np.isfinite(value) for value in said.values())


def test_the_same_sound_is_heard_the_same_way_twice():
    sound = np.random.default_rng(2).standard_normal(WINDOW).astype(np.float32)
    network = SoundNetwork()
    network.listen(np.zeros(WINDOW // 2, np.float32))
    assert network.listen(sound) == SoundNetwork().listen(sound)


@pytest.mark.parametrize(
    ("level_db", "noise_db", "heard"),
    [
        (-80.0, -82.0, False),
        (-58.0, -60.0, False),
        (-50.0, -60.0, True),
        (-20.0, -20.0, True),  # the stream began with it, or a television runs
    ],
)
def test_what_is_as_good_as_silent_is_not_listened_to(level_db, noise_db, heard):
    window = np.full(WINDOW, 10 ** (level_db / 20), np.float32)
    assert audible(Sound(window=window, hop=4000, level_db=level_db, noise_db=noise_db)) is heard
