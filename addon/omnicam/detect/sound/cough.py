"""Coughs: short bursts, half noise and half voice, that begin at once across the whole spectrum.

For information only: the cap keeps a cough, however clear, below an alarm. The cues' numbers are
chosen by hand on recordings; they move what the network says.
"""

from __future__ import annotations

from omnicam.detect.protocol import ScorerContext
from omnicam.detect.sound.cues import Cue, Ear, Opinion, SoundEventScorer, SoundKind
from omnicam.taxonomy import SoundLabel

COUGH = SoundKind(
    label=SoundLabel.COUGH,
    offset=-19.4,
    cap=4.6,  # with the prior of 0.05 a confidence of at most 0.84
    opinion=Opinion(label="cough", share=0.3, centre=-4.0),
    cues=(
        Cue(feature="sustained_s", none=0.3, full=0.2),
        Cue(feature="active_s", none=0.12, full=0.2),
        Cue(feature="high_onset_db", none=25.0, full=35.0),
        Cue(feature="roughness", none=0.2, full=0.28),
        Cue(feature="harmonicity", none=0.68, full=0.55),  # less voice than a laugh
        Cue(feature="harmonicity", none=0.3, full=0.38),  # more voice than a knock
    ),
    why="a sound like coughing",
)


class CoughScorer(SoundEventScorer):
    """Evidence of coughing."""

    def __init__(self, context: ScorerContext, ear: Ear | None = None) -> None:
        super().__init__(COUGH, context, ear)
