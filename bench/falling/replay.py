"""A film that was watched once, judged by the real fall scorers and decider with any limits."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC
from pathlib import Path

from falling.record import Film
from omnicam.decide.decider import Decider
from omnicam.decide.fusion import log_odds_of
from omnicam.detect.fall import FallScorer
from omnicam.detect.fall_limits import FOUND_LYING, SEEN_FALL, FallenLimits, FallLimits
from omnicam.detect.fallen import FallenScorer
from omnicam.detect.protocol import ScorerContext
from omnicam.evaluate.entries import Listener
from omnicam.evaluate.labels import FALL
from omnicam.judge import recording
from omnicam.taxonomy import ANOMALIES, AnomalyClass, Level

_ROW = ANOMALIES[AnomalyClass.FALL]
_PLAYER = recording(Path("recording"))
_CAMERA = replace(
    _PLAYER,
    audio=False,
    classes={AnomalyClass.FALL: _PLAYER.classes[AnomalyClass.FALL]},
)

SILENT = log_odds_of(_ROW.prior)
"""Log-odds of a film in which nothing was said."""


@dataclass(frozen=True, slots=True)
class Limits:
    """All limits by which falls are found."""

    seen: FallLimits = SEEN_FALL
    lying: FallenLimits = FOUND_LYING


SHIPPED = Limits()


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a film.

    Attributes:
        event: whether a fall reached the lowest level.
        alarm: whether one alarmed.
        peak: the highest log-odds that two of three steps reached.
    """

    event: bool
    alarm: bool
    peak: float


def judge(film: Film, limits: Limits) -> Result:
    """Play a film to fresh scorers and a fresh decider."""
    context = ScorerContext(camera=_CAMERA, time_zone=UTC)
    scorers = (FallScorer(context, limits.seen), FallenScorer(context, limits.lying))
    listener = Listener(_ROW.thresholds)
    decider = Decider(_CAMERA, observer=listener.read)
    reached = 0.0
    for time, observation in film:
        reached = max(reached, time)
        decisions = []
        if observation is not None:
            for scorer in scorers:
                for evidence in scorer.observe(observation):
                    decisions += decider.observe(evidence)
        for decision in (*decisions, *decider.advance(time)):
            listener.decide(decision, reached)
    for decision in decider.finish():
        listener.decide(decision, reached)
    levels = [entry.level for entry in listener.entries]
    return Result(
        event=bool(levels),
        alarm=Level.HIGH in levels,
        peak=listener.peaks.get(FALL, SILENT),
    )
