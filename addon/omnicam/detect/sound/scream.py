"""Screams: loud, held, high-pitched voices with their energy in 1-4 kHz and nothing below.

What the network says is moved by cues whose numbers are chosen by hand on recordings of people
screaming and of daily sounds. Known confusions: a cock, a dog, some babies.
"""

from __future__ import annotations

from omnicam.detect.protocol import ScorerContext
from omnicam.detect.sound.cues import Cue, Ear, Opinion, SoundEventScorer, SoundKind
from omnicam.taxonomy import SoundLabel

SCREAM = SoundKind(
    label=SoundLabel.SCREAM,
    offset=-12.0,
    cap=12.0,
    opinion=Opinion(label="scream", share=0.3, centre=-1.6),
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

    def __init__(self, context: ScorerContext, ear: Ear | None = None) -> None:
        super().__init__(SCREAM, context, ear)
