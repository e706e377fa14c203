"""What detect and verify say, and decide hears: weights of evidence in stream time."""

from __future__ import annotations

from dataclasses import dataclass

from omnicam.taxonomy import ClassName


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """A rectangle in the picture; all four as fractions 0..1 of its width and height."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One scorer's word about one class at one moment.

    Attributes:
        camera: id of the camera.
        anomaly: the class it speaks about.
        log_odds: weight of evidence, the natural logarithm of the likelihood ratio: 0 says
            nothing, above 0 speaks for the class, below 0 against it.
        time: seconds since the Unix epoch on the stream's own clock.
        span_s: seconds of stream that the observation summarises. A per-frame cue covers one
            frame's period; a cue with two seconds of memory of its own covers 2.0; an impulse that
            settles the matter by itself (a recognised word) covers the whole window.
        scorer: name of the scorer, as in the taxonomy.
        why: the reason in plain words, for the record and the user.
        label: kind inside the class, where there is one (a `SoundLabel`, "covered", …).
        region: where in the picture, if anywhere.
        onset: stream time at which the thing began, where the scorer knows it.
    """

    camera: str
    anomaly: ClassName
    log_odds: float
    time: float
    span_s: float
    scorer: str
    why: str
    label: str | None = None
    region: Region | None = None
    onset: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WordHeard:
    """A word of the spoken trigger was recognised.

    Attributes:
        camera: id of the camera.
        word: the configured word or phrase, such as "help".
        confidence: 0..1.
        time: stream time at which the word ended.
        onset: stream time at which it began.
    """

    camera: str
    word: str
    confidence: float
    time: float
    onset: float


type Finding = Evidence | WordHeard
