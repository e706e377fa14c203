"""Calls for help: a word of the trigger that is loud or said again, and shouting as such.

"Help" within a sentence may be the television or "can I help you": a suspicion for review. A clear
word that stands alone or well above the background, or one that comes twice within ten seconds and
is clear at least once, is a call. Shouting without a known word is never more than a suspicion: the
cap keeps it below an alarm. The numbers are chosen by hand.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from omnicam.detect.protocol import ScorerContext
from omnicam.detect.sound.cues import Cue, Ear, SoundEventScorer, SoundKind
from omnicam.evidence import Evidence, WordHeard
from omnicam.taxonomy import AnomalyClass, SoundLabel

_LOUD_DB = 25.0  # above the camera's background; ordinary speech in a room stays below
_AGAIN_S = 10.0
_SPAN_S = 3.0  # a word settles the matter by itself
_CALL = 8.0  # confidence 0.99 with the prior of 0.05
_SUSPICION = 4.6  # 0.81: review
_CLEAR = 0.9  # confidence from which a word is hardly another one
_SINGLE = 0.94  # the same where it is not said again: half the false alarms of 0.9
_SCORER = "call_for_help"

SHOUT = SoundKind(
    label=SoundLabel.CALL_FOR_HELP,
    offset=-19.4,
    cap=_SUSPICION,
    cues=(
        Cue(feature="sustained_s", none=0.3, full=0.45),  # a called vowel is held
        Cue(feature="pitch_high_hz", none=300.0, full=400.0),
        Cue(feature="presence_ratio", none=0.25, full=0.45),  # an open throat
        Cue(feature="low_ratio", none=0.35, full=0.15),
        Cue(feature="harmonicity", none=0.6, full=0.75),
        Cue(feature="loudness_db", none=20.0, full=30.0),
    ),
    why="a held, loud call",
)


class CallForHelpScorer(SoundEventScorer):
    """Evidence of shouting; the words themselves are `HelpWordScorer`'s."""

    def __init__(self, context: ScorerContext, ear: Ear | None = None) -> None:
        super().__init__(SHOUT, context, ear)


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How a word was said.

    Attributes:
        loudness_db: its level above the camera's background.
        alone: there was a pause before it.
    """

    loudness_db: float
    alone: bool


class CallForHelp:
    """Weighs the words heard on one camera."""

    def __init__(self) -> None:
        self._heard: deque[WordHeard] = deque(maxlen=8)

    def weigh(self, word: WordHeard, manner: Manner, now: float) -> Evidence:
        """Weigh one more word.

        Args:
            word: what was heard; words come in order of time.
            manner: how it was said.
            now: stream time of the decision, to which the evidence belongs.
        """
        again = any(
            0.0 <= word.onset - earlier.time <= _AGAIN_S
            and max(word.confidence, earlier.confidence) >= _CLEAR
            for earlier in self._heard
        )
        self._heard.append(word)
        stands_out = manner.alone or manner.loudness_db >= _LOUD_DB
        call = again or (stands_out and word.confidence >= _SINGLE)
        how = "said again" if again else f"{manner.loudness_db:.0f} dB above the background"
        return Evidence(
            camera=word.camera,
            anomaly=AnomalyClass.ABNORMAL_SOUND,
            log_odds=_CALL if call else _SUSPICION,
            time=now,
            span_s=_SPAN_S,
            scorer=_SCORER,
            why=f'the word "{word.word}", {how}',
            label=SoundLabel.CALL_FOR_HELP.value,
            onset=word.onset,
        )
