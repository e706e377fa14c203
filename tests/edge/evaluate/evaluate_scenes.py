"""Outcomes without media, tiny media, and ways in which a worker can fail."""

import os
import time
import wave
from pathlib import Path

import numpy as np

from omnicam.evaluate.entries import Entry
from omnicam.evaluate.judged import Judged
from omnicam.evaluate.manifest import Recording
from omnicam.evaluate.play import Outcome
from omnicam.taxonomy import AnomalyClass, Level, Sense, Thresholds

BOTH = frozenset({Sense.PICTURE, Sense.SOUND})


def entry(anomaly=AnomalyClass.FALL, time_s=1.0, confidence=0.95, label=None, *, word=False):
    level = Thresholds().level(confidence) or Level.LOW
    alarm = time_s + 0.5 if level is Level.HIGH or word else None
    return Entry(
        anomaly=anomaly,
        time_s=time_s,
        confidence=confidence,
        level=level,
        label=label,
        alarm_s=alarm,
        word=word,
    )


def judged(path, label, *entries, seconds=10.0, onset_s=None, error=None, senses=BOTH, peaks=()):
    return Judged(
        Outcome(
            recording=Recording(path=path, label=label, onset_s=onset_s),
            seconds=seconds,
            entries=tuple(entries),
            error=error,
            senses=senses,
            peaks=dict(peaks),
        )
    )


def write_sound(path: Path, seconds: float, *, hertz: float = 440.0, rate: int = 16_000) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    at = np.arange(round(seconds * rate)) / rate
    samples = (0.3 * np.sin(2 * np.pi * hertz * at) * 32767).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.tobytes())


def player(row, task):
    """Do what the label says, instead of judging."""
    if row.label == "crash":
        os._exit(3)
    if row.label == "hang":
        time.sleep(60.0)
    return Outcome(recording=row, seconds=1.0)
