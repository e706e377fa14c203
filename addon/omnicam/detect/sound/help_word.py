"""The spoken trigger: says which of the configured words was heard, and when.

Speech is cut out by voice activity, searched by a `WordSpotter`, and every new word goes out twice:
as `WordHeard`, for whoever waits for the word alone, and as evidence of a call for help.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from omnicam.detect.protocol import Need, Observation, ScorerContext
from omnicam.detect.sound.call_for_help import CallForHelp
from omnicam.detect.sound.looks import Looks
from omnicam.detect.sound.speech import Piece, SpeechCutter
from omnicam.detect.sound.spotter import WordHit, WordSpotter
from omnicam.evidence import Evidence, WordHeard
from omnicam.media import SAMPLE_RATE, Samples
from omnicam.taxonomy import WORD_SCORER

type Spot = Callable[[Samples], list[WordHit]]


class HelpWordScorer:
    """Listens for the words on one camera."""

    def __init__(self, context: ScorerContext, spot: Spot | None = None) -> None:
        """Load the recogniser, unless `spot` (in another process, perhaps) does its work.

        Raises:
            UnknownWordError: the sound of a configured word is not known.
        """
        self._camera = context.camera.id
        self._spot = spot or WordSpotter(context.words).spot
        self._cutter = SpeechCutter()
        self._call = CallForHelp()
        self._looks = Looks()

    @property
    def name(self) -> str:
        """The scorer's name as in the taxonomy."""
        return WORD_SCORER

    @property
    def needs(self) -> frozenset[Need]:
        """Sound alone."""
        return frozenset({Need.SOUND})

    def observe(self, observation: Observation) -> Iterable[Evidence | WordHeard]:
        """Take the newest sound and report the words that were completed in it."""
        if observation.sound is None:
            return []
        piece = self._cutter.take(observation.sound, observation.time)
        if piece is None:
            return []
        found: list[Evidence | WordHeard] = []
        for hit in sorted(self._spot(piece.samples), key=lambda hit: hit.start_s):
            start = piece.end - len(piece.samples) / SAMPLE_RATE
            word = WordHeard(
                camera=self._camera,
                word=hit.word,
                confidence=hit.confidence,
                time=start + hit.end_s,
                onset=start + hit.start_s,
            )
            sure = self._looks.agree(word, start)
            if sure is not None:
                loudness = _loudness(piece, hit)
                found += [sure, self._call.weigh(sure, loudness, observation.time)]
        return found


def _loudness(piece: Piece, hit: WordHit) -> float:
    """Level of the word above the background, dB."""
    part = piece.samples[int(hit.start_s * SAMPLE_RATE) : int(hit.end_s * SAMPLE_RATE)]
    power = float(np.mean(part.astype(np.float64) ** 2)) if len(part) else 0.0
    return 10.0 * float(np.log10(max(power, 1e-10))) - piece.noise_db
