"""The spoken trigger on synthesised speech."""

from __future__ import annotations

import io
import math
import shutil
import subprocess
import wave
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC

import numpy as np
import pytest

from omnicam.config.model import CameraSettings, Secret
from omnicam.detect.protocol import Observation, ScorerContext, Sound
from omnicam.detect.sound.call_for_help import CallForHelp, Manner
from omnicam.detect.sound.help_word import HelpWordScorer
from omnicam.detect.sound.phones import likeness
from omnicam.detect.sound.words import UnknownWordError, check_words, untrained
from omnicam.evidence import Evidence, WordHeard
from omnicam.media import SAMPLE_RATE, Samples

WORDS = ("help", "help me", "帮助", "救命")
NOISE_DB = -60.0
HOP = 4000
CONTEXT = ScorerContext(
    camera=CameraSettings(id="room", name="Room", url=Secret("x")), time_zone=UTC, words=WORDS
)

speaking = pytest.mark.skipif(
    shutil.which("espeak-ng") is None, reason="espeak-ng is not installed"
)


def speak(text: str, voice: str = "en") -> Samples:
    sound = subprocess.run(
        ["espeak-ng", "-v", voice, "--stdout", text], check=True, capture_output=True, timeout=20
    ).stdout
    with wave.open(io.BytesIO(sound)) as made:
        rate = made.getframerate()
        raw = np.frombuffer(made.readframes(10**7), "<i2") / 32768.0
    at = np.arange(int(len(raw) * SAMPLE_RATE / rate)) * rate / SAMPLE_RATE
    return (0.3 * np.interp(at, np.arange(len(raw)), raw) / np.abs(raw).max()).astype(np.float32)


def listen(
    sound: Samples, words: tuple[str, ...] = WORDS
) -> Iterator[tuple[float, Evidence | WordHeard]]:
    """Give what the scorer says with the stream time at which it says it; speech begins at 0."""
    lead = np.zeros(2 * SAMPLE_RATE, np.float32)
    whole = np.concatenate((lead, sound, lead))
    whole += (10 ** (NOISE_DB / 20) * np.random.default_rng(5).standard_normal(len(whole))).astype(
        np.float32
    )
    scorer = HelpWordScorer(replace(CONTEXT, words=words))
    for end in range(SAMPLE_RATE, len(whole) + 1, HOP):
        level = 10 * math.log10(float((whole[end - HOP : end] ** 2).mean()) + 1e-10)
        heard = Sound(
            window=whole[end - SAMPLE_RATE : end], hop=HOP, level_db=level, noise_db=NOISE_DB
        )
        now = end / SAMPLE_RATE - 2.0
        for found in scorer.observe(Observation(camera="room", time=now, sound=heard)):
            yield now, found


@speaking
def test_a_cry_for_help_is_heard_in_time_and_is_a_call() -> None:
    found = list(listen(speak("help! help me!")))
    words = [(now, word) for now, word in found if isinstance(word, WordHeard)]
    assert words
    assert all(word.word in ("help", "help me") for _, word in words)
    assert all(0.0 <= now - word.time <= 1.5 for now, word in words)
    calls = [call for _, call in found if isinstance(call, Evidence)]
    assert any(call.label == "call_for_help" and call.log_odds == 8.0 for call in calls)


@speaking
@pytest.mark.parametrize(
    "text",
    [
        "hello my dear, how are you today",
        "open the window please",
        "the weather will be nice tomorrow",
        "what would you like for dinner",
    ],
)
def test_ordinary_sentences_trigger_nothing(text: str) -> None:
    assert not list(listen(speak(text)))


@speaking
def test_a_word_that_rhymes_is_at_most_a_suspicion() -> None:
    # "sleep" is taken for "help" by the recogniser; it must not sound an alarm.
    found = [found for _, found in listen(speak("good morning, did you sleep well"))]
    assert all(one.log_odds < 5.4 for one in found if isinstance(one, Evidence))


def test_noise_triggers_nothing() -> None:
    hiss = 0.1 * np.random.default_rng(6).standard_normal(4 * SAMPLE_RATE)
    assert not list(listen(hiss.astype(np.float32)))


def test_an_unknown_word_is_named_with_the_remedy() -> None:
    check_words(WORDS)
    with pytest.raises(UnknownWordError, match=r"'xyzzyq'.*use English words"):
        check_words(("help", "xyzzyq"))
    with pytest.raises(UnknownWordError, match="救人"):
        check_words(("救人",))
    with pytest.raises(UnknownWordError, match="empty"):
        check_words(("  ",))


def test_likeness_is_one_for_the_word_itself_and_falls_with_distance() -> None:
    help_ = ("HH", "EH", "L", "P")
    assert likeness(help_, ("SIL", *help_, "SIL")) == 1.0
    near = likeness(help_, ("T", "EH", "L", "TH"))
    far = likeness(help_, ("N", "AO", "M", "IY"))
    assert 1.0 > near > 0.5 > far >= 0.0


def word(time: float, confidence: float = 0.9) -> WordHeard:
    return WordHeard(camera="room", word="help", confidence=confidence, time=time, onset=time - 0.4)


@pytest.mark.parametrize(
    ("gap_s", "loudness_db", "confidences", "is_call"),
    [
        (5.0, 5.0, (0.9, 0.9), True),
        (5.0, 5.0, (0.6, 0.9), True),
        (5.0, 5.0, (0.6, 0.6), False),
        (30.0, 5.0, (0.9, 0.9), False),
        (30.0, 15.0, (0.9, 0.9), False),
        (30.0, 30.0, (0.9, 0.95), True),
        (30.0, 30.0, (0.9, 0.92), False),
        (30.0, 30.0, (0.9, 0.6), False),
    ],
)
def test_a_word_is_a_call_when_clear_and_loud_or_repeated(
    gap_s: float, loudness_db: float, confidences: tuple[float, float], is_call: bool
) -> None:
    rule = CallForHelp()
    quiet = Manner(loudness_db=5.0, alone=False)
    first = rule.weigh(word(10.0, confidences[0]), quiet, 10.5)
    manner = Manner(loudness_db=loudness_db, alone=False)
    second = rule.weigh(word(10.0 + gap_s, confidences[1]), manner, 10.5 + gap_s)
    assert first.log_odds < 5.4  # below the alarm: prior -2.94, alarm above +2.44
    assert (second.log_odds > 5.7) is is_call


@pytest.mark.parametrize(("confidence", "is_call"), [(0.95, True), (0.8, False)])
def test_a_clear_word_that_stands_alone_is_a_call_however_quiet(
    confidence: float, is_call: bool
) -> None:
    manner = Manner(loudness_db=5.0, alone=True)
    assert (CallForHelp().weigh(word(10.0, confidence), manner, 10.5).log_odds > 5.7) is is_call


@speaking
@pytest.mark.parametrize(
    ("pinyin", "expected"), [("jiu4ming4", "救命"), ("bang1zhu4", "帮助"), ("jiu4ming4a5", "救命")]
)
def test_a_mandarin_cry_is_heard(pinyin: str, expected: str) -> None:
    words = [w for _, w in listen(speak(pinyin, "cmn-latn-pinyin")) if isinstance(w, WordHeard)]
    assert [w.word for w in words] == [expected]


@speaking
def test_a_word_without_a_trained_head_is_never_an_alarm_on_its_own() -> None:
    found = [one for _, one in listen(speak("police!"), ("police",))]
    assert [one.word for one in found if isinstance(one, WordHeard)] == ["police"]
    assert all(one.log_odds < 5.4 for one in found if isinstance(one, Evidence))


def test_what_no_head_was_trained_for_is_named() -> None:
    assert untrained((*WORDS, "幫助", " Help ", "来人", "emergency")) == ("来人", "emergency")
