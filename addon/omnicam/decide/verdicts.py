"""What a model's verdict may do in a decision.

**Calibrated.** At the lowest level's threshold or above it affirms, as far below one half it
denies, in between the model does not know and nothing changes. A no that is not about an event
makes the class known and weighs nothing: it tells what was, and somebody may fall a moment later.

**Not calibrated.** Nobody knows yet how often such a yes or no is right, so it is bounded:

- A yes adds what it says, but at most `UNCALIBRATED_MOST` nats (odds 4.5 times as high): alone it
  lifts a class from its prior of 0.05 to 0.19, far from an event; with detectors that already make
  an event for review it may make the alarm. It passes the same gate as their evidence.
- A no weighs nothing. A model that always says no would otherwise silence a fall of which the
  detectors are sure; missing one is worse than looking at one for nothing.
- Neither verifies or dismisses.
- A class that nothing but the model can judge may get an event for review by a yes, halfway between
  the two lowest levels, so that people can say whether it is right and the class becomes
  calibrated; none where even the lowest level alarms. With one exception: who asks a question of
  their own and lets its lowest level alarm takes the model at its word.
"""

from __future__ import annotations

from dataclasses import dataclass

from omnicam.config.model import ClassSettings
from omnicam.decide.events import Verdict
from omnicam.decide.fusion import confidence_of, log_odds_of
from omnicam.taxonomy import Level, judged_without_model

UNCALIBRATED_MOST = 1.5
"""Nats that an uncalibrated yes may add."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a verdict may do.

    Attributes:
        weight: what it weighs as evidence, None for nothing said at all.
        confidence: that an event may begin with or rise to at once, None for no such right.
        favours: whether it is a yes, of whatever weight.
        verifies: whether it verifies an event.
        dismisses: whether it ends an event that is not verified.
    """

    weight: float | None = None
    confidence: float | None = None
    favours: bool = False
    verifies: bool = False
    dismisses: bool = False


def read_verdict(verdict: Verdict, settings: ClassSettings, prior: float) -> Said:
    """Give what a verdict may do.

    Args:
        verdict: of a model, with finite log-odds.
        settings: of its class.
        prior: of its class, in log-odds.
    """
    reader = _calibrated if verdict.calibrated else _uncalibrated
    return reader(verdict, settings, prior)


def _calibrated(verdict: Verdict, settings: ClassSettings, prior: float) -> Said:
    probability, low = confidence_of(verdict.log_odds), settings.thresholds.low
    if probability >= low:
        weight = verdict.log_odds - prior
        return Said(weight=weight, confidence=probability, favours=True, verifies=True)
    if probability <= 1.0 - low:
        if verdict.event is None:
            return Said(weight=0.0)
        return Said(weight=verdict.log_odds, dismisses=verdict.final)
    return Said()


def _uncalibrated(verdict: Verdict, settings: ClassSettings, prior: float) -> Said:
    probability, limits = confidence_of(verdict.log_odds), settings.thresholds
    if probability <= 1.0 - limits.low:
        return Said(weight=0.0)  # said and known, but it counts for nothing
    if judged_without_model(verdict.anomaly):
        if verdict.log_odds <= 0.0:
            return Said()
        return Said(weight=min(verdict.log_odds, UNCALIBRATED_MOST), favours=True)
    trusted = settings.question is not None or settings.alarm_level is not Level.LOW
    if probability < limits.low or not trusted:
        return Said()
    review = min(probability, (limits.low + limits.medium) / 2.0)
    return Said(weight=log_odds_of(review) - prior, confidence=review, favours=True)
