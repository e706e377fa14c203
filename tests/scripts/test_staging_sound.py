"""The sounds of staged scenes: the same every time, on time, as loud as they should be."""

import shutil

import numpy as np
import pytest

from staging.sound import CEILING, ROOM_TONE_DB, SOUNDS, Cue, room_tone, saturate, soundtrack
from staging.voices import speech

RATE = 16_000
START_S = 1.0
SPEAKS = {"speech", "tv"}

needs_espeak = pytest.mark.skipif(
    shutil.which("espeak-ng") is None, reason="espeak-ng is not installed"
)
KINDS = [
    pytest.param(kind, marks=needs_espeak) if kind in SPEAKS else kind for kind in sorted(SOUNDS)
]


def cue(kind, start_s=START_S, gain_db=0.0):
    return Cue(kind, start_s, gain_db, text="Good morning.")


def decibels(samples):
    return 10 * np.log10(np.mean(samples.astype(np.float64) ** 2))


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_gives_the_same_samples(kind):
    first, again = (soundtrack([cue(kind)], 3.0, 7) for _ in range(2))
    assert first.dtype == np.float32
    assert first.shape == (3 * RATE,)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, soundtrack([cue(kind)], 3.0, 8))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", [1, 2])
def test_energy_rises_within_20_ms_of_the_start_and_not_before(kind, seed):
    quiet = soundtrack([], 3.0, seed)
    added = soundtrack([cue(kind)], 3.0, seed).astype(np.float64) - quiet
    first, soon = round(START_S * RATE), round((START_S + 0.02) * RATE)
    assert not added[:first].any()
    assert decibels(added[first:soon]) > decibels(quiet) + 3


@pytest.mark.parametrize("kind", KINDS)
def test_the_peak_is_at_the_kinds_level(kind):
    added = soundtrack([cue(kind)], 9.0, 3) - soundtrack([], 9.0, 3)
    # The echo adds to the direct sound and takes from it.
    assert 20 * np.log10(np.abs(added).max()) == pytest.approx(SOUNDS[kind].level_db, abs=2.0)


def test_the_gain_shifts_the_level():
    quiet = soundtrack([], 3.0, 3)
    plain, softer = (soundtrack([cue("thud", 1.0, gain)], 3.0, 3) - quiet for gain in (0.0, -12.0))
    assert decibels(softer) == pytest.approx(decibels(plain) - 12, abs=0.2)


def test_the_room_is_pink_and_at_its_level():
    tone = room_tone(np.random.default_rng(1), 20 * RATE, RATE)
    power = np.abs(np.fft.rfft(tone)) ** 2
    hertz = np.fft.rfftfreq(len(tone), 1 / RATE)
    octaves = [power[(low <= hertz) & (hertz < 2 * low)].sum() for low in (125, 500, 2000)]
    assert decibels(tone) == pytest.approx(ROOM_TONE_DB, abs=0.1)
    assert max(octaves) / min(octaves) < 1.3


def test_nothing_clips_however_loud():
    loud = soundtrack([cue("scream", 0.5, 30.0), cue("glass_breaking", 0.5, 30.0)], 2.0, 4)
    assert np.isfinite(loud).all()
    assert np.abs(loud).max() <= CEILING
    assert np.mean(np.abs(loud) == np.float32(CEILING)) < 0.2


def test_saturation_is_monotonic_and_leaves_quiet_sound_alone():
    ramp = np.linspace(-1.5, 1.5, 3001)
    bent = saturate(ramp)
    assert (np.diff(bent) > 0).all()
    assert np.array_equal(bent[np.abs(ramp) < 0.69], ramp[np.abs(ramp) < 0.69])


def test_another_cue_leaves_the_first_as_it_was():
    one = soundtrack([cue("cough")], 8.0, 5)
    two = soundtrack([cue("cough"), cue("thud", 5.0)], 8.0, 5)
    assert np.array_equal(one[: 5 * RATE], two[: 5 * RATE])
    assert not np.array_equal(one, two)


def test_a_sound_across_an_end_of_the_film_is_cut():
    whole = soundtrack([cue("music", 2.0)], 4.0, 6) - soundtrack([], 4.0, 6)
    began = soundtrack([cue("music", -1.0)], 1.0, 6) - soundtrack([], 1.0, 6)
    assert began == pytest.approx(whole[3 * RATE : 4 * RATE], abs=1e-6)
    assert np.array_equal(soundtrack([cue("thud", 99.0)], 1.0, 6), soundtrack([], 1.0, 6))


@needs_espeak
@pytest.mark.parametrize(("text", "language"), [("Help! Help me!", "en"), ("救命！", "zh")])
@pytest.mark.parametrize("rate", [8_000, 16_000, 48_000])
def test_words_are_spoken_at_any_rate(text, language, rate):
    words = speech(text, language, rate)
    assert 0.3 < len(words) / rate < 3.0
    assert len(words) / rate == pytest.approx(len(speech(text, language, RATE)) / RATE, abs=0.01)


def test_without_espeak_the_error_names_the_program_and_the_remedy(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RuntimeError, match=r"espeak-ng is missing.*install"):
        soundtrack([cue("speech")], 2.0, 1)


@pytest.mark.parametrize(
    ("cues", "duration_s", "rate", "says"),
    [
        ([Cue("trumpet", 0.0)], 1.0, RATE, "'trumpet': expected one of"),
        ([Cue("speech", 0.0, text="Hi", language="tlh")], 1.0, RATE, "language 'tlh'"),
        ([Cue("thud", float("nan"))], 1.0, RATE, "start_s = nan"),
        ([], 0.0, RATE, "duration_s = 0.0"),
        ([], 1.0, 100, "rate = 100"),
    ],
)
def test_what_cannot_be_used_is_named(cues, duration_s, rate, says):
    with pytest.raises(ValueError, match=says):
        soundtrack(cues, duration_s, 1, rate)
