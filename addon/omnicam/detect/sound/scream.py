"""Screams: loud, held, high-pitched voices with their energy in 1-4 kHz and nothing below.

The numbers are chosen by hand on recordings of people screaming and of daily sounds; no weight is
fitted. Known confusions: a crowing cock and some crying babies pass on every count.
"""

from __future__ import annotations

from omnicam.detect.protocol import ScorerContext
from omnicam.detect.sound.cues import Cue, FeatureMeter, SoundEventScorer, SoundKind
from omnicam.taxonomy import SoundLabel

SCREAM = SoundKind(
    label=SoundLabel.SCREAM,
    offset=-12.0,
    cap=8.0,
    cues=(
        Cue(feature="sustained_s", none=0.2, full=0.4),  # a bark or a word is shorter
        Cue(feature="presence_ratio", none=0.3, full=0.55),
        Cue(feature="low_ratio", none=0.06, full=0.01),  # speech and music have a bass
        Cue(feature="pitch_high_hz", none=450.0, full=650.0),
        Cue(feature="loudness_db", none=12.0, full=22.0),
    ),
    why="a loud, held, high voice",
)


class ScreamScorer(SoundEventScorer):
    """Evidence of a scream."""

    def __init__(self, context: ScorerContext, meter: FeatureMeter | None = None) -> None:
        super().__init__(SCREAM, context, meter)
