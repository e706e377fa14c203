"""The tone of a smoke alarm, and what beeps otherwise."""

from __future__ import annotations

from datetime import UTC

import numpy as np
import pytest

from omnicam.config.model import CameraSettings, Secret
from omnicam.detect.protocol import Observation, ScorerContext
from omnicam.detect.sound.smoke_alarm import SmokeAlarmScorer
from omnicam.detect.soundtrack import Soundtrack
from omnicam.media import SAMPLE_RATE, AudioChunk
from omnicam.taxonomy import SoundLabel

CONTEXT = ScorerContext(
    camera=CameraSettings(id="room", name="Room", url=Secret("x")), time_zone=UTC
)


def beeps(hz: float, *pattern: tuple[float, float], square: bool = False) -> np.ndarray:
    """Tones and pauses, in seconds."""
    parts = []
    for on, off in pattern:
        wave = np.sin(2 * np.pi * hz * np.arange(int(on * SAMPLE_RATE)) / SAMPLE_RATE)
        parts += [np.sign(wave) if square else wave, np.zeros(int(off * SAMPLE_RATE))]
    return np.concatenate(parts)


T3 = ((0.5, 0.5), (0.5, 0.5), (0.5, 1.5))


def heard(sound: np.ndarray, level: float = 0.1, noise: float = 0.001) -> list:
    """What the scorer says of a sound in a quiet room."""
    random = np.random.default_rng(1)
    lead = np.zeros(2 * SAMPLE_RATE)
    whole = np.concatenate((lead, level * sound, lead))
    whole += noise * random.standard_normal(len(whole))
    scorer, track = SmokeAlarmScorer(CONTEXT), Soundtrack()
    chunk = AudioChunk(camera="room", time=0.0, samples=whole.astype(np.float32))
    return [
        evidence
        for time, piece in track.hear(chunk)
        for evidence in scorer.observe(Observation(camera="room", time=time, sound=piece))
    ]


@pytest.mark.parametrize("hz", [2900.0, 3150.0, 3450.0])
@pytest.mark.parametrize("level", [0.3, 0.01])
def test_three_beeps_and_a_rest_are_a_smoke_alarm(hz, level):
    said = heard(beeps(hz, *T3), level)
    assert [evidence.label for evidence in said] == [SoundLabel.SMOKE_ALARM]
    assert said[0].onset == pytest.approx(2.0, abs=0.05)
    # Decided within a second of the end of the last beep, and a piece of sound.
    assert said[0].time <= 4.5 + 1.0 + 0.3


def test_the_low_horn_is_heard_too():
    assert len(heard(beeps(520.0, *T3, square=True))) == 1


def test_every_group_is_told_once():
    assert len(heard(beeps(3100.0, *T3, *T3, *T3))) == 3


def test_an_old_alarm_that_beeps_on_is_heard():
    assert heard(beeps(3000.0, *((0.15, 0.15),) * 14))


def test_the_echo_of_a_large_room_does_not_hide_the_rests():
    sound = beeps(3200.0, *T3)
    random = np.random.default_rng(2)
    time = np.arange(SAMPLE_RATE // 2) / SAMPLE_RATE
    tail = random.standard_normal(len(time)) * 10 ** (-3 * time / 0.5) * 0.03
    assert len(heard(sound + np.convolve(sound, tail)[: len(sound)])) == 1


@pytest.mark.parametrize(
    ("what", "sound"),
    [
        ("an oven", beeps(2048.0, *T3)),
        ("a microwave of five beeps", beeps(3000.0, *((0.5, 0.5),) * 5)),
        ("a long tone", beeps(3100.0, (3.0, 1.0))),
        ("two beeps", beeps(3100.0, (0.5, 0.5), (0.5, 2.0))),
        ("three short beeps", beeps(3100.0, *((0.1, 0.1),) * 3, (0.0, 2.0))),
        ("noise", np.random.default_rng(3).standard_normal(6 * SAMPLE_RATE)),
    ],
)
def test_other_beeps_are_no_smoke_alarm(what, sound):
    assert heard(sound) == [], what
