"""The figures of bench/words, and the running speech that it is measured on."""

from __future__ import annotations

import shutil
from importlib.util import find_spec

import numpy as np
import pytest
from hearing.running import LANGUAGES, SpeechMissingError, running_speech, sentences
from hearing.words import ALONE, SHIPPED, Ears, chunks, row

from omnicam.evaluate.entries import Entry
from omnicam.evaluate.labels import WORD
from omnicam.taxonomy import AnomalyClass, Level
from tests.edge.detect.test_sound_words import speak

speaking = pytest.mark.skipif(
    shutil.which("espeak-ng") is None, reason="espeak-ng is not installed"
)


def word(time_s):
    return Entry(
        anomaly=AnomalyClass.ABNORMAL_SOUND,
        time_s=time_s,
        confidence=0.9,
        level=Level.MEDIUM,
        label="help",
        alarm_s=time_s,
        word=True,
    )


def call(time_s, alarm_s):
    return Entry(
        anomaly=AnomalyClass.ABNORMAL_SOUND,
        time_s=time_s,
        confidence=0.8,
        level=Level.LOW,
        label="call_for_help",
        alarm_s=alarm_s,
    )


def test_words_and_alarms_are_counted_apart_and_words_said_again_within_ten_seconds():
    heard = [
        [word(1.0), word(11.0), word(30.0), call(1.0, None), call(11.0, 11.5)],
        [word(2.0)],  # in another recording: nothing that was said again
        [],
    ]
    figures = row(SHIPPED, "speech", 0.5, heard)
    assert [figures[what]["count"] for what in ("words", "again", "alarms")] == [4, 1, 1]
    assert figures["words"]["per_hour"] == 8.0
    assert figures["words"]["upper_per_hour"] == pytest.approx(18.3, abs=0.05)  # Garwood: 9.154


@speaking
def test_a_cry_is_heard_by_both_arrangements_and_its_pieces_are_searched_once():
    ears = Ears()
    asked = []
    spot, ears._spot = ears._spot, lambda samples: asked.append(samples) or spot(samples)
    silence = np.zeros(16000, np.float32)
    heard = ears.hear(chunks(np.concatenate((silence, speak("help! help me!"), silence))))
    assert {stage: any(entry.target == WORD for entry in heard[stage]) for stage in heard} == {
        SHIPPED: True,
        ALONE: True,
    }
    assert len({piece.tobytes() for piece in asked}) == len(asked)


def test_sentences_hold_no_word_of_the_trigger():
    try:
        said = {language: sentences(language) for language in LANGUAGES}
    except SpeechMissingError as error:
        pytest.skip(str(error))
    assert all(len(each) > 100 for each in said.values())
    assert not any("help" in one.lower() for one in said["English"])
    assert not any(sign in one for one in said["Mandarin"] for sign in "帮幫救")


@speaking
@pytest.mark.skipif(find_spec("scipy") is None, reason="scipy is no part of the environment")
def test_running_speech_is_the_same_when_made_again_and_when_read_back(tmp_path):
    try:
        first, again, kept = (
            list(running_speech(0.001, tmp_path / folder)) for folder in ("one", "two", "one")
        )
    except SpeechMissingError as error:
        pytest.skip(str(error))
    assert {passage.language for passage in first} == set(LANGUAGES)
    for one, two, three in zip(first, again, kept, strict=True):
        np.testing.assert_array_equal(one.samples, two.samples)
        np.testing.assert_array_equal(one.samples, three.samples)
