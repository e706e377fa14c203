"""The weight of evidence for one class: the leaky means of its scorers, added up.

The mean of a scorer (see `track`) forgets with tau = window_s / 3. A maximum over the window would
multiply the false alarms of single frames; a sum that leaks (Wald's sequential test, with
forgetting) asks that the evidence lasts.

Scorers of one class add, since they look at different things. Labels of one class do not: a scream
and a cough are different matters, and a covered lens is also defocused, so their sum would count
one matter twice. The class is as sure as its surest label. A word without a label is about the
class whatever its kind and counts for every label.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from omnicam.decide.track import Track, check
from omnicam.evidence import Evidence, Region

MODEL, UNCALIBRATED = "model", "model_uncalibrated"
"""Names under which a verdict counts among the scorers."""

_VERDICTS = frozenset({MODEL, UNCALIBRATED})

_CERTAIN = 20.0  # log-odds: keeps a confidence inside 0..1 in floating point

type Scale = Callable[[str | None, float], float]
"""What the scorers' summed log-odds of a label count for."""


def as_said(_label: str | None, log_odds: float) -> float:
    """Let the scorers' sum count for what it is."""
    return log_odds


def confidence_of(log_odds: float) -> float:
    """Turn log-odds into a confidence strictly inside 0..1."""
    return 1.0 / (1.0 + math.exp(-min(max(log_odds, -_CERTAIN), _CERTAIN)))


def log_odds_of(confidence: float) -> float:
    """Turn a confidence in 0..1 into log-odds within ±20."""
    if not 0.0 <= confidence <= 1.0:
        msg = f"confidence = {confidence!r}: must be between 0 and 1"
        raise ValueError(msg)
    if confidence in (0.0, 1.0):
        return math.copysign(_CERTAIN, confidence - 0.5)
    return min(max(math.log(confidence / (1.0 - confidence)), -_CERTAIN), _CERTAIN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contribution:
    """What one scorer weighs in a decision, in log-odds."""

    scorer: str
    label: str | None
    log_odds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why the class stands where it stands: the strongest word and everybody's weight."""

    reason: str
    region: Region | None
    onset: float | None
    contributions: tuple[Contribution, ...]


class Fusion:
    """All scorers of one class on one camera."""

    __slots__ = ("_tau", "_tracks")

    def __init__(self, window_s: float) -> None:
        if not (math.isfinite(window_s) and window_s > 0.0):
            msg = f"window_s = {window_s!r}: must be above 0 seconds"
            raise ValueError(msg)
        self._tau = window_s / 3.0
        self._tracks: dict[tuple[str | None, str], Track] = {}

    def add(self, evidence: Evidence) -> None:
        """Take one piece of evidence.

        Raises:
            EvidenceError: a number in it cannot be used.
        """
        check(evidence)
        key = (evidence.label, evidence.scorer)
        track = self._tracks.get(key)
        if track is None:
            track = self._tracks[key] = Track(self._tau)
        track.add(evidence)

    def prune(self, time: float) -> None:
        """Forget scorers that fell silent long ago, so that labels cannot pile up."""
        gone = [key for key, track in self._tracks.items() if track.forgotten(time)]
        for key in gone:
            del self._tracks[key]

    @property
    def empty(self) -> bool:
        """Whether nothing is remembered, so that the confidence is the prior."""
        return not self._tracks

    def weigh(self, time: float, scale: Scale = as_said) -> tuple[float, str | None]:
        """Give the log-odds of the surest label (0 for no evidence) and that label."""
        weights = self.weights(time, scale)
        best, label = weights.pop(None), None
        for name, weight in weights.items():
            if weight > best:
                best, label = weight, name
        return best, label

    def weights(self, time: float, scale: Scale = as_said) -> dict[str | None, float]:
        """Give the log-odds of every label, and of none: this one is always there.

        Args:
            time: not before the newest word.
            scale: what the scorers' sum counts for; a model's verdict comes calibrated and is
                added as it is.
        """
        verdicts = self.verdicts(time)
        general = verdicts.get(None, 0.0)
        return {
            label: scale(label, log_odds)
            + general
            + (verdicts.get(label, 0.0) if label is not None else 0.0)
            for label, log_odds in ({None: 0.0} | self.said(time)).items()
        }

    def totals(self, time: float) -> dict[str | None, float]:
        """Give the summed log-odds of every label, and under None what was said without one.

        None is there where somebody spoke without a label, and its sum is part of every other.
        """
        sums = self._sums(time)
        general = math.fsum(sums.get(None, ()))
        # fsum is exact, and labels are sorted: the order in which scorers spoke leaves no trace.
        return {
            name: general if name is None else math.fsum((general, *sums[name]))
            for name in sorted(sums, key=str)
        }

    def verdicts(self, time: float) -> dict[str | None, float]:
        """Give what a model says about each label that it named."""
        said: dict[str | None, float] = {}
        for (label, scorer), track in self._tracks.items():
            if scorer in _VERDICTS:
                said[label] = said.get(label, 0.0) + track.mean(time)
        return said

    def said(self, time: float) -> dict[str | None, float]:
        """Give the totals of what the scorers say, without a model's verdicts."""
        verdicts = self.verdicts(time)
        general = verdicts.get(None, 0.0)
        return {
            label: total - general - (verdicts.get(label, 0.0) if label is not None else 0.0)
            for label, total in self.totals(time).items()
        }

    def speaks(self, scorers: Collection[str], time: float) -> bool:
        """Whether one of these scorers is in favour."""
        return any(
            scorer in scorers and track.mean(time) > 0.0
            for (_, scorer), track in self._tracks.items()
        )

    def label_log_odds(self, label: str, time: float) -> float:
        """Give the summed log-odds of what was said under one label alone."""
        return math.fsum(self._sums(time).get(label, ()))

    def explain(self, label: str | None, time: float) -> Explanation:
        """Say who spoke for the label, the strongest first, and in which words."""
        spoken = [
            (track.mean(time), scorer, its, track) for its, scorer, track in self._about(label)
        ]
        spoken.sort(key=lambda entry: (-entry[0], entry[1], str(entry[2])))
        said = [(track.said(), track) for mean, _, _, track in spoken if mean > 0.0]
        words = [(word, track) for word, track in said if word is not None]
        return Explanation(
            reason=words[0][0].why if words else "",
            region=next((word.region for word, _ in words if word.region is not None), None),
            onset=min((track.onset() for _, track in words), default=None),
            contributions=tuple(
                Contribution(scorer=scorer, label=its, log_odds=round(mean, 3))
                for mean, scorer, its, _ in spoken
            ),
        )

    def _about(self, label: str | None) -> Iterator[tuple[str | None, str, Track]]:
        for (its, scorer), track in self._tracks.items():
            if its is None or its == label:
                yield its, scorer, track

    def _sums(self, time: float) -> dict[str | None, list[float]]:
        sums: dict[str | None, list[float]] = {}
        for (label, _), track in self._tracks.items():
            sums.setdefault(label, []).append(track.mean(time))
        return sums
