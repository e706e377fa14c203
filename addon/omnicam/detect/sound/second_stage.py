"""Looks again at a word that the head is not sure of: the second stage of the spoken trigger.

In running speech the head hears one of its words every minute or two. What it is sure of counts. Of
the rest an English word counts where pocketsphinx, which fails on other sounds, can hear it there
too, and a Mandarin one, for which it has no model, where it stands alone: who calls pauses first,
who tells a story does not. Rules and numbers were chosen on recordings and on synthetic speech
(`bench/words`).
"""

from __future__ import annotations

from collections.abc import Iterable

from omnicam.detect.sound.spotter import WordHit, WordSpotter
from omnicam.detect.sound.words import CHINESE, is_trained
from omnicam.media import Samples

SURE_ENGLISH, SURE_MANDARIN = 0.97, 0.95
"""Confidence of the head from which nobody else is asked."""


class SecondStage:
    """Rejects doubtful words on one camera; it remembers nothing from one to the next."""

    def __init__(self, words: Iterable[str]) -> None:
        """Take the words of the trigger; those without a trained head are left to their spotter."""
        wanted = {" ".join(word.lower().split()) for word in words}
        self._trained = {word for word in wanted if is_trained(word)}
        self._english = self._trained - CHINESE.keys()
        self._spotter: WordSpotter | None = None

    def confirms(self, samples: Samples, hit: WordHit, *, alone: bool) -> bool:
        """Whether a word counts.

        Args:
            samples: the piece in which it was found, shape (n,), 16 kHz mono.
            hit: the word and its place in the piece.
            alone: whether there was a pause before it.
        """
        if hit.word not in self._trained:
            return True
        if hit.word not in self._english:
            return alone or hit.confidence >= SURE_MANDARIN
        if hit.confidence >= SURE_ENGLISH:
            return True
        if self._spotter is None:  # 16 MB that a camera without doubtful words does without
            self._spotter = WordSpotter(sorted(self._english))
        return self._spotter.agrees(samples, hit)
