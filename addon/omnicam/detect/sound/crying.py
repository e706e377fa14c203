"""Crying: a baby's, or the sobs of a grown person.

For information only: the cap keeps it below an alarm. The cues' numbers are chosen by hand on
recordings; they move what the network says. Known confusions: moaning and some laughter.
"""

from __future__ import annotations

from omnicam.detect.protocol import ScorerContext
from omnicam.detect.sound.cues import Cue, Ear, Opinion, SoundEventScorer, SoundKind
from omnicam.taxonomy import SoundLabel

CRYING = SoundKind(
    label=SoundLabel.CRYING,
    offset=0.0,
    cap=4.6,  # with the prior of 0.05 a confidence of at most 0.84
    opinion=Opinion(label="crying", share=1.5, centre=1.25),
    cues=(
        Cue(feature="harmonicity", none=0.5, full=0.8, weight=1.0),
        Cue(feature="pitch_high_hz", none=220.0, full=370.0, weight=1.0),
        Cue(feature="sustained_s", none=0.15, full=0.35, weight=1.0),
    ),
    why="a sound like crying",
)


class CryingScorer(SoundEventScorer):
    """Evidence of crying."""

    def __init__(self, context: ScorerContext, ear: Ear | None = None) -> None:
        super().__init__(CRYING, context, ear)
