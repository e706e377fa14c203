"""Breaking glass: a sudden, short, noisy burst rich in high frequencies and poor in bass.

Rain and surf are as noisy but have no beginning and no end; dishes ring but hold together. What
the network says is moved by cues whose numbers are chosen by hand on recordings. Known confusion: a
pane that is struck so hard that it crashes in its frame and yet holds.
"""

from __future__ import annotations

from omnicam.detect.protocol import ScorerContext
from omnicam.detect.sound.cues import Cue, Ear, Opinion, SoundEventScorer, SoundKind
from omnicam.taxonomy import SoundLabel

GLASS_BREAKING = SoundKind(
    label=SoundLabel.GLASS_BREAKING,
    offset=-28.0,
    cap=12.0,
    opinion=Opinion(label="glass", share=0.2, centre=-2.85),
    cues=(
        Cue(feature="flatness", none=0.25, full=0.5),
        Cue(feature="high_ratio", none=0.03, full=0.1),
        Cue(feature="low_ratio", none=0.7, full=0.4),
        Cue(feature="high_onset_db", none=12.0, full=22.0),
        Cue(feature="harmonicity", none=0.42, full=0.34),
        Cue(feature="active_s", none=0.12, full=0.25),  # a click is shorter
        Cue(feature="fall_db", none=4.0, full=9.0),  # the beginning of rain has no end yet
        Cue(feature="roughness", none=0.35, full=0.28),  # crackling fire
        Cue(feature="sustained_s", none=0.6, full=0.45),  # rain, surf, engines go on
    ),
    why="a sudden burst like breaking glass",
)


class GlassBreakingScorer(SoundEventScorer):
    """Evidence of breaking glass."""

    def __init__(self, context: ScorerContext, ear: Ear | None = None) -> None:
        super().__init__(GLASS_BREAKING, context, ear)
