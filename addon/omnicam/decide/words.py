"""The spoken trigger: one shout is one call for help."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

from omnicam.decide.events import event_id
from omnicam.evidence import WordHeard

WORD_REFRACTORY_S = 2.0
"""Seconds of stream after a call in which the same word is the same shout."""

_REMEMBERED = 32  # calls; more distinct words than that in two seconds is no speech


@dataclass(frozen=True, slots=True, kw_only=True)
class HelpCall:
    """Somebody called for help.

    Attributes:
        id: such as `20261122T143215-bedroom-help-09bc`.
        camera: id of the camera.
        word: the configured word.
        confidence: 0..1.
        time: stream time at which the word ended.
        onset: stream time at which it began.
    """

    id: str
    camera: str
    word: str
    confidence: float
    time: float
    onset: float


class WordError(ValueError):
    """A heard word cannot be used; the message names the field and the value."""


class WordFilter:
    """Makes calls of heard words, one for each shout."""

    __slots__ = ("_calls",)

    def __init__(self) -> None:
        self._calls: deque[HelpCall] = deque(maxlen=_REMEMBERED)

    def hear(self, heard: WordHeard) -> HelpCall | None:
        """Give the call that this word makes; None for the same shout heard again.

        "help" inside "help me" is the same shout too, whichever was recognised first.

        Raises:
            WordError: a number in it cannot be used.
        """
        _check(heard)
        if any(_same_shout(call, heard) for call in self._calls):
            return None
        call = HelpCall(
            id=event_id(heard.camera, "help", heard.onset, heard.time),
            camera=heard.camera,
            word=heard.word,
            confidence=heard.confidence,
            time=heard.time,
            onset=heard.onset,
        )
        self._calls.append(call)
        return call


def _same_shout(call: HelpCall, heard: WordHeard) -> bool:
    if abs(call.time - heard.time) >= WORD_REFRACTORY_S:
        return False
    one, other = call.word.casefold(), heard.word.casefold()
    return one in other or other in one


def _check(heard: WordHeard) -> None:
    for name in ("time", "onset"):
        value: float = getattr(heard, name)
        if not math.isfinite(value):
            msg = f"word {heard.word!r}: {name} = {value!r} must be a finite number"
            raise WordError(msg)
    if not 0.0 <= heard.confidence <= 1.0:
        msg = f"word {heard.word!r}: confidence = {heard.confidence!r} must be between 0 and 1"
        raise WordError(msg)
    if not heard.word:
        msg = "word = '' must not be empty"
        raise WordError(msg)
