"""From decisions to what a recording is said to hold: one entry an event, and each label's peak."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from typing import NamedTuple

from omnicam.decide.events import Event, Step
from omnicam.decide.fusion import confidence_of, log_odds_of
from omnicam.decide.watch import Reading
from omnicam.decide.words import HelpCall
from omnicam.evaluate.labels import WORD, target
from omnicam.taxonomy import AnomalyClass, ClassName, Level, Thresholds

_STEPS = 3
_KEPT = 64  # of what was held before an event; more than one word from the decider ever brings


@dataclass(slots=True, kw_only=True)
class Entry:
    """One event, or one kind of sound within one.

    Attributes:
        anomaly: its class.
        time_s: when it reached the lowest level, from the start of the recording.
        confidence: the highest that it reached.
        level: the highest that it reached.
        label: the sound, or the word of a call for help; None for classes of the picture.
        alarm_s: when it reached the level that alarms, None if never.
        word: whether it is the spoken trigger.
    """

    anomaly: ClassName
    time_s: float
    confidence: float
    level: Level
    label: str | None = None
    alarm_s: float | None = None
    word: bool = False

    @property
    def target(self) -> str:
        """The target that it speaks for, as in the table of labels."""
        return WORD if self.word else target(self.anomaly, self.label)


class _Held(NamedTuple):
    """The log-odds that two of the last three steps reached under a label."""

    time: float
    label: str | None
    log_odds: float


class _Last:
    """The last steps of one figure."""

    __slots__ = ("_steps",)

    def __init__(self) -> None:
        self._steps: deque[float] = deque(maxlen=_STEPS)

    def hold(self, value: float) -> float:
        """Take a step; gives what two of the last three reached, -inf before two steps."""
        self._steps.append(value)
        return sorted(self._steps)[-2] if len(self._steps) > 1 else -math.inf


@dataclass(slots=True)
class _Steps:
    """The last steps under one label: its log-odds, and what the scorers said of it."""

    sure: _Last = field(default_factory=_Last)
    said: _Last = field(default_factory=_Last)


class Listener:
    """Follows one recording: told of every reading and decision, in stream time from 0.

    Within one event of `abnormal_sound` two kinds of sound may each reach a level. The event shows
    the surer one; here each has an entry, from when two of three steps held it, as for an event.
    """

    def __init__(self, thresholds: Thresholds) -> None:
        self._thresholds = thresholds
        self._recent: dict[tuple[ClassName, str | None], _Steps] = {}
        self._held: dict[ClassName, list[_Held]] = {}
        self._suspected: dict[ClassName, float] = {}
        self._done: list[Entry] = []
        self.peaks: dict[str, float] = {}
        self.evidence: dict[str, float] = {}

    @property
    def entries(self) -> list[Entry]:
        """All entries of events that have ended, in order of time."""
        return sorted(self._done, key=lambda each: (each.time_s, each.anomaly, each.label or ""))

    def read(self, reading: Reading) -> None:
        """Take where a class stands at a step."""
        anomaly = reading.anomaly
        for label in reading.log_odds:
            self._recent.setdefault((anomaly, label), _Steps())
        history = self._held.setdefault(anomaly, [])
        if anomaly not in self._suspected and len(history) > 2 * _KEPT:
            del history[:-_KEPT]
        for (its, label), steps in self._recent.items():
            if its is not anomaly:
                continue
            held = steps.sure.hold(reading.log_odds.get(label, -math.inf))
            said = steps.said.hold(reading.said.get(label, -math.inf))
            if math.isfinite(held):
                history.append(_Held(reading.time, label, held))
                name = target(anomaly, label)
                self.peaks[name] = max(self.peaks.get(name, -math.inf), held)
                self.evidence[name] = max(self.evidence.get(name, -math.inf), said)

    def decide(self, decision: Event | HelpCall, reached: float) -> None:
        """Take a decision that was made when the stream had come so far."""
        if isinstance(decision, HelpCall):
            self._call(decision, max(reached, decision.time))
        elif decision.step is Step.SUSPECTED:
            self._suspected[decision.anomaly] = decision.suspected
        elif not decision.open:
            self._suspected.pop(decision.anomaly, None)
            self._done += self._entries_of(decision)

    def _call(self, call: HelpCall, time: float) -> None:
        self._done.append(
            Entry(
                anomaly=AnomalyClass.ABNORMAL_SOUND,
                time_s=time,
                confidence=call.confidence,
                level=self._thresholds.level(call.confidence) or Level.LOW,
                label=call.word,
                alarm_s=time,  # it goes out at once, however sure
                word=True,
            )
        )
        self.peaks[WORD] = max(self.peaks.get(WORD, -math.inf), log_odds_of(call.confidence))

    def _entries_of(self, event: Event) -> list[Entry]:
        sound = event.anomaly is AnomalyClass.ABNORMAL_SOUND
        own = event.label if sound else None
        entries: dict[str | None, Entry] = {}
        for held in self._held.get(event.anomaly, ()):
            if event.suspected <= held.time <= event.updated and (held.label or not sound):
                self._raise(entries, event.anomaly, held, held.label if sound else None)
        lead = entries.get(own)
        if lead is None:
            lead = entries[own] = _entry(event.anomaly, event.suspected, 0.0, event.level, own)
        if event.confidence > lead.confidence:
            lead.confidence, lead.level = event.confidence, event.level
        if lead.level is Level.HIGH and lead.alarm_s is None:
            lead.alarm_s = event.suspected
        return list(entries.values())

    def _raise(
        self,
        entries: dict[str | None, Entry],
        anomaly: ClassName,
        held: _Held,
        label: str | None,
    ) -> None:
        confidence = confidence_of(held.log_odds)
        level = self._thresholds.level(confidence)
        if level is None:
            return
        entry = entries.get(label)
        if entry is None:
            entry = entries[label] = _entry(anomaly, held.time, confidence, level, label)
        if confidence > entry.confidence:
            entry.confidence, entry.level = confidence, level
        if level is Level.HIGH and entry.alarm_s is None:
            entry.alarm_s = held.time


def _entry(
    anomaly: ClassName, time: float, confidence: float, level: Level, label: str | None
) -> Entry:
    return Entry(anomaly=anomaly, time_s=time, confidence=confidence, level=level, label=label)
