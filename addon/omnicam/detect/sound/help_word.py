"""The spoken trigger: says which of the configured words was heard, and when.

Speech is cut out by voice activity and searched: for the words that a head was trained for by a
`WordHead`, whose doubtful finds a `SecondStage` may reject, for any others by the `WordSpotter`,
which is less sure. Every new word goes out twice: as `WordHeard`, for whoever waits for the word
alone, and as evidence of a call for help.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from omnicam.detect.protocol import Need, Observation, ScorerContext
from omnicam.detect.sound.call_for_help import CallForHelp, Manner
from omnicam.detect.sound.looks import Looks
from omnicam.detect.sound.second_stage import SecondStage
from omnicam.detect.sound.speech import Piece, SpeechCutter
from omnicam.detect.sound.spotter import WordHit, WordSpotter
from omnicam.detect.sound.word_head import WordHead
from omnicam.detect.sound.words import is_trained
from omnicam.detect.soundtrack import decibels
from omnicam.evidence import Evidence, WordHeard
from omnicam.media import SAMPLE_RATE, Samples
from omnicam.taxonomy import WORD_SCORER

type Spot = Callable[[Samples], list[WordHit]]

_UNSURE = 0.8
"""Confidence that a word without a trained head never exceeds: it is for review, no alarm."""

_ALONE_DB = 12.0
"""A call is an island: what was said in the moment before it is this much quieter."""

_BEFORE = SAMPLE_RATE // 4


class HelpWordScorer:
    """Listens for the words on one camera."""

    def __init__(
        self, context: ScorerContext, spot: Spot | None = None, second: SecondStage | None = None
    ) -> None:
        """Load the recognisers.

        Args:
            context: the camera and the words.
            spot: does the first stage's work in its place, in another process perhaps.
            second: the second stage; None for that of the words.

        Raises:
            UnknownWordError: the sound of a configured word is not known.
        """
        self._camera = context.camera.id
        self._spot = spot or make_spot(context.words)
        self._second = second or SecondStage(context.words)
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
            manner = _manner(piece, hit)
            if not self._second.confirms(piece.samples, hit, alone=manner.alone):
                continue
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
                if not is_trained(sure.word):
                    sure = replace(sure, confidence=min(sure.confidence, _UNSURE))
                found += [sure, self._call.weigh(sure, manner, observation.time)]
        return found


def make_spot(words: Iterable[str]) -> Spot:
    """Give the best recogniser of each word, as one.

    Raises:
        UnknownWordError: the sound of a word is not known.
    """
    wanted = [" ".join(word.lower().split()) for word in words]
    trained = [word for word in wanted if is_trained(word)]
    others = [word for word in wanted if not is_trained(word)]
    head = WordHead(trained) if trained else None
    spotter = WordSpotter(others) if others or not trained else None

    def spot(samples: Samples) -> list[WordHit]:
        hits = head.spot(samples) if head else []
        return hits + (spotter.spot(samples) if spotter else [])

    return spot


def _manner(piece: Piece, hit: WordHit) -> Manner:
    """Measure how loud the word is above the background, and whether it stands alone."""
    start, end = int(hit.start_s * SAMPLE_RATE), int(hit.end_s * SAMPLE_RATE)
    level = decibels(piece.samples[start:end])
    before = piece.samples[max(start - _BEFORE, 0) : start]
    # A word that began before the piece did, or for which no pause was found, stands in a sentence.
    alone = len(before) >= _BEFORE // 2 and decibels(before) < level - _ALONE_DB
    return Manner(loudness_db=level - piece.noise_db, alone=alone)
