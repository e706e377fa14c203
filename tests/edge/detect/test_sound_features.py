"""The numbers measured on a second of sound."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from omnicam.detect.sound.features import measure
from omnicam.media import SAMPLE_RATE, Samples

SECOND = np.arange(SAMPLE_RATE) / SAMPLE_RATE


def tone(hz: float, level: float = 0.3) -> Samples:
    return (level * np.sin(2 * np.pi * hz * SECOND)).astype(np.float32)


def white(level: float = 0.1) -> Samples:
    return (level * np.random.default_rng(1).standard_normal(SAMPLE_RATE)).astype(np.float32)


@settings(max_examples=40, deadline=None)
@given(
    arrays.arrays(
        np.float32,
        st.integers(0, 4000),
        elements=st.floats(width=32, allow_nan=True, allow_infinity=True),
    ),
    st.floats(-200, 0),
)
def test_every_number_is_finite_for_every_input(samples: Samples, noise_db: float) -> None:
    features = measure(samples, noise_db)
    assert all(math.isfinite(value) for value in dataclasses.astuple(features))


@pytest.mark.parametrize("hz", [110.0, 220.0, 440.0, 880.0, 1500.0])
def test_the_pitch_of_a_tone_is_its_frequency(hz: float) -> None:
    features = measure(tone(hz), -60)
    assert features.pitch_hz == pytest.approx(hz, rel=0.06)
    assert features.voiced_ratio > 0.95


def test_noise_is_flat_and_has_no_pitch_and_a_tone_is_neither() -> None:
    assert measure(white(), -60).flatness > 0.9
    assert measure(white(), -60).voiced_ratio < 0.1
    assert measure(tone(1000), -60).flatness < 0.01


def test_roughness_hears_fast_modulation_and_not_slow() -> None:
    carrier = white()
    rough = carrier * (1 + 0.9 * np.sin(2 * np.pi * 70 * SECOND)).astype(np.float32)
    slow = carrier * (1 + 0.9 * np.sin(2 * np.pi * 4 * SECOND)).astype(np.float32)
    assert measure(rough, -60).roughness > 1.5 * measure(slow, -60).roughness


def test_loudness_is_relative_to_the_background() -> None:
    assert measure(tone(500), -50).loudness_db == pytest.approx(
        10 * math.log10(0.3**2 / 2) + 50, abs=1
    )


def test_sound_without_an_upper_half_is_seen_as_such() -> None:
    spectrum = np.fft.rfft(white())
    spectrum[SAMPLE_RATE // 4 :] = 0
    narrow = np.fft.irfft(spectrum).astype(np.float32)
    assert measure(narrow, -60).bandwidth_hz == 4000
    assert measure(white(), -60).bandwidth_hz == 8000
    # White noise has half its energy in the upper half, whichever band it has.
    assert measure(narrow, -60).high_ratio == pytest.approx(0.5, abs=0.05)


def test_a_click_is_short_and_sudden() -> None:
    click = np.zeros(SAMPLE_RATE, np.float32)
    click[8000:8160] = white()[:160]
    features = measure(click, -60)
    assert features.onset_db > 30
    assert features.active_s < 0.1
