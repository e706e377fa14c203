"""Finds the words of the spoken trigger in a short piece of speech.

Two passes of pocketsphinx with its English acoustic model: keyphrase search at a threshold set for
recall, then, on that place alone, recognition of bare phones without any word, which must come
near the word's own. The first hears "help" in every tenth word; the second has no word to hope
for. Loaded with the few words it needs, the recogniser takes 16 MB.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pocketsphinx

from omnicam.detect.sound.phones import likeness
from omnicam.detect.sound.words import MODEL, TriggerWord, look_up
from omnicam.media import SAMPLE_RATE, Samples

_KEYPHRASE_THRESHOLD = 1e-22  # for recall: the second pass rejects
_FRAME = SAMPLE_RATE // 100  # the recogniser counts in 10 ms
_BEFORE = SAMPLE_RATE // 4  # context of the second pass
_AFTER = SAMPLE_RATE * 35 // 100
_LEVEL = 0.5  # peak that speech is brought to; the recogniser is trained on near speech
_SHORTEST_S = 0.17  # nobody says a whole word faster
_SCORE_SCALE = 100.0  # a clear word has a keyphrase score of 0.84 and more, a stray one 0.83
_SCORE_CENTRE = 0.835
_SCORE_CAP = 0.88  # no word is clearer; higher ones come from clicks in silence
_LIKENESS_SCALE = 14.0
_LIKENESS_CENTRE = 0.41
_ACCEPT = 0.5
_NEAR_BEFORE, _NEAR_AFTER = 75, 25  # frames around the end of another recogniser's word
_ALIKE = 0.33  # phones this near to the word's do not contradict it


@dataclass(frozen=True, slots=True, kw_only=True)
class WordHit:
    """A word that was found.

    Attributes:
        word: as configured.
        confidence: 0..1.
        start_s: seconds from the first sample to the word's beginning.
        end_s: the same to its end.
    """

    word: str
    confidence: float
    start_s: float
    end_s: float


class WordSpotter:
    """Looks for words in pieces of speech; it remembers nothing from one piece to the next."""

    def __init__(self, words: Iterable[str]) -> None:
        """Load the recogniser.

        Raises:
            UnknownWordError: the sound of a word is not known.
        """
        self._words = {word.key: word for word in look_up(words)}
        if not self._words:
            raise ValueError("words: at least one word is needed to listen for")
        self._decoder = _load(self._words.values())

    def spot(self, samples: Samples) -> list[WordHit]:
        """Find words in 16 kHz mono sound, shape (n,); 1 to 3 s are meant.

        Words inside a longer phrase that was found too are left out.
        """
        if len(samples) < SAMPLE_RATE // 4:
            return []
        sound = _levelled(samples)
        hits = [hit for part in self._search("words", sound) if (hit := self._judge(part, sound))]
        return [hit for hit in hits if not any(_covers(other, hit) for other in hits)]

    def agrees(self, samples: Samples, hit: WordHit) -> bool:
        """Whether one of the words may be what another recogniser found in the same sound.

        It may where the keyphrase search finds any of them near by, or where the phones heard there
        come near to one. Less is asked for than in `spot`: two recognisers that fail on different
        sounds need not each be sure.
        """
        sound = _levelled(samples)
        start, end = (round(s * SAMPLE_RATE / _FRAME) for s in (hit.start_s, hit.end_s))
        if any(
            part.word in self._words
            and part.end > end - _NEAR_BEFORE
            and part.start < end + _NEAR_AFTER
            for part in self._search("words", sound)
        ):
            return True
        heard = self._phones(sound, start, end)
        return any(likeness(word.phones, heard) >= _ALIKE for word in self._words.values())

    def _phones(self, sound: npt.NDArray[np.int16], start: int, end: int) -> list[str]:
        """Recognise bare phones between two frames and a little around them."""
        place = sound[max(0, start * _FRAME - _BEFORE) : end * _FRAME + _AFTER]
        return [phone.word for phone in self._search("phones", place) if phone.word.isalpha()]

    def _judge(self, part: _Part, sound: npt.NDArray[np.int16]) -> WordHit | None:
        word = self._words.get(part.word)
        seconds = (part.end - part.start) * _FRAME / SAMPLE_RATE
        if word is None or seconds < _SHORTEST_S:
            return None
        heard = self._phones(sound, part.start, part.end)
        confidence = _confidence(part.score, likeness(word.phones, heard))
        if confidence < _ACCEPT:
            return None
        return WordHit(
            word=word.text,
            confidence=confidence,
            start_s=part.start * _FRAME / SAMPLE_RATE,
            end_s=min(part.end * _FRAME, len(sound)) / SAMPLE_RATE,
        )

    def _search(self, search: str, sound: npt.NDArray[np.int16]) -> list[_Part]:
        self._decoder.activate_search(search)
        self._decoder.start_utt()
        # The whole piece at once: its own mean is taken out, so nothing is carried over.
        self._decoder.process_raw(sound.tobytes(), False, True)
        self._decoder.end_utt()
        if self._decoder.hyp() is None:
            return []
        return [
            _Part(
                word=part.word.strip(),
                start=part.start_frame,
                end=part.end_frame,
                score=part.prob,
            )
            for part in self._decoder.seg()
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    word: str
    start: int
    end: int
    score: float


def _load(words: Iterable[TriggerWord]) -> pocketsphinx.Decoder:
    words = tuple(words)
    decoder = pocketsphinx.Decoder(lm=None, dict=None, loglevel="FATAL", lw=2.0)
    known: set[str] = set()
    for entry, phones in (pair for word in words for pair in word.entries):
        if entry not in known:
            decoder.add_word(entry, phones, True)
            known.add(entry)
    # The recogniser takes several phrases from a file alone.
    with tempfile.TemporaryDirectory() as folder:
        phrases = Path(folder) / "phrases"
        phrases.write_text(
            "".join(f"{word.key} /{_KEYPHRASE_THRESHOLD:g}/\n" for word in words), encoding="ascii"
        )
        decoder.add_kws("words", str(phrases))
    decoder.add_allphone_file("phones", str(MODEL / "en-us-phone.lm.bin"))
    return decoder


def _levelled(samples: Samples) -> npt.NDArray[np.int16]:
    clean = np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0)
    peak = max(float(np.abs(clean).max()), 1e-4)
    return (clean * (32767.0 * _LEVEL / peak)).astype("<i2")


def _confidence(score: float, similar: float) -> float:
    logit = _SCORE_SCALE * (min(score, _SCORE_CAP) - _SCORE_CENTRE) + _LIKENESS_SCALE * (
        similar - _LIKENESS_CENTRE
    )
    return 1.0 / (1.0 + math.exp(-min(max(logit, -30.0), 30.0)))


def _covers(longer: WordHit, hit: WordHit) -> bool:
    return (
        longer is not hit
        and hit.word in longer.word
        and longer.word != hit.word
        and longer.start_s <= hit.start_s + 0.1
        and longer.end_s >= hit.end_s
    )
