"""From z to calibrated log-odds: this camera's normal scene off, then a line for the class.

    log-odds = slope * (z - bias) + offset          (Platt 1999)

- **Bias**: how far a model leans towards yes in a camera's normal scene: the mean z of a class over
  the audits of that camera in which nothing was suspected, from `KNOWN_FROM` of them on, within 0
  and `MOST_BIAS`. That it is sure of its no in a quiet room is how it should be, and makes no later
  doubt a yes; that it always says yes takes no more than so much from a yes that is real.
- **Line**: fitted on what people said about events that the model had looked at (a false alarm, or
  right), from `LEAST` of each kind on; regularised towards the identity. Until then it may be
  measured on labelled recordings (`omnicam eval --calibrate`). Or it is given by hand in the file:
  such a line is never fitted over.

Everything holds for one model and one version of the questions: with another the file begins anew,
and what is known of a question of the household's own is forgotten when its words change.
A class without a line is uncalibrated, and its verdicts are marked so; see `decide.watch` for how
little they may do.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

import numpy as np

from omnicam.taxonomy import ClassName

KNOWN_FROM = 5
"""Audits from which a reference counts."""

MOST_BIAS = 3.0
"""Nats that a camera's normal scene takes off at most: odds twenty times as high."""

MOST_COUNTED = 200
"""From here on the newest audit weighs 1/200: the reference follows the seasons."""

LEAST = 8
"""Answers of people of each kind, right and false alarm, from which a line is fitted."""

MOST_LOOKS = 500
"""Looks at events that are remembered, the newest."""

MOST_LOG_ODDS = 6.0
"""No home has the evidence for more than 0.9975 either way."""

LEAST_SLOPE, MOST_SLOPE = 0.1, 4.0
MOST_OFFSET = 6.0


class Source(StrEnum):
    """Where a line comes from."""

    PEOPLE = "people"
    MEASURED = "measured"
    GIVEN = "given"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A rising line, with how many true and false events it rests on."""

    slope: float
    offset: float
    right: int = 0
    wrong: int = 0
    source: Source = Source.GIVEN

    def __post_init__(self) -> None:
        if not LEAST_SLOPE <= self.slope <= MOST_SLOPE:
            msg = f"slope = {self.slope!r}: must be from {LEAST_SLOPE} to {MOST_SLOPE}"
            raise ValueError(msg)
        if not abs(self.offset) <= MOST_OFFSET:
            msg = f"offset = {self.offset!r}: must be from -{MOST_OFFSET} to {MOST_OFFSET}"
            raise ValueError(msg)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """Mean z of a class in a camera's normal scene."""

    mean: float = 0.0
    count: int = 0

    def after(self, z: float) -> Reference:
        """Give the reference with one audit more."""
        count = self.count + 1
        return Reference(mean=self.mean + (z - self.mean) / min(count, MOST_COUNTED), count=count)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """The model looked at an event; `right` is what a person said of it later, None for nothing.

    `score` is z less the bias of that time.
    """

    event: str
    anomaly: ClassName
    score: float
    right: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """All that is remembered; immutable.

    Attributes:
        lines: by class.
        references: by `reference_key`.
        looks: the newest last.
    """

    lines: dict[ClassName, Line] = field(default_factory=dict)
    references: dict[str, Reference] = field(default_factory=dict)
    looks: tuple[Look, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What an answer means: log-odds, and whether they mean what they say."""

    score: float
    log_odds: float
    calibrated: bool


def reference_key(camera: str, anomaly: ClassName) -> str:
    """Name a class on a camera."""
    return f"{camera}/{anomaly}"


def without(memory: Memory, gone: Collection[ClassName]) -> Memory:
    """Give the memory without anything of some classes."""
    ends = tuple(f"/{anomaly}" for anomaly in gone)
    return Memory(
        lines={anomaly: line for anomaly, line in memory.lines.items() if anomaly not in gone},
        references={
            key: value for key, value in memory.references.items() if not key.endswith(ends)
        },
        looks=tuple(look for look in memory.looks if look.anomaly not in gone),
    )


def bias(memory: Memory, camera: str, anomaly: ClassName) -> float:
    """Give what a camera's normal scene takes off z of a class; 0 while too little is known."""
    reference = memory.references.get(reference_key(camera, anomaly), Reference())
    if reference.count < KNOWN_FROM:
        return 0.0
    return min(max(reference.mean, 0.0), MOST_BIAS)


def judged(memory: Memory, camera: str, anomaly: ClassName, z: float) -> Judged:
    """Give what z of a class on a camera means."""
    score = z - bias(memory, camera, anomaly)
    line = memory.lines.get(anomaly)
    log_odds = score if line is None else line.slope * score + line.offset
    bounded = min(max(log_odds, -MOST_LOG_ODDS), MOST_LOG_ODDS)
    return Judged(score=score, log_odds=bounded, calibrated=line is not None)


def audited(memory: Memory, camera: str, anomaly: ClassName, z: float) -> Memory:
    """Give the memory after an audit in which nothing was suspected."""
    key = reference_key(camera, anomaly)
    known = memory.references.get(key, Reference())
    return replace(memory, references=memory.references | {key: known.after(z)})


def looked(memory: Memory, event: str, anomaly: ClassName, score: float) -> Memory:
    """Give the memory after a look at an event; of several the first counts.

    The first is what a later decision is made from; the later ones depend on how long it lasted.
    """
    if any(look.event == event for look in memory.looks):
        return memory
    look = Look(event=event, anomaly=anomaly, score=score)
    return replace(memory, looks=(*memory.looks, look)[-MOST_LOOKS:])


def answered(memory: Memory, event: str, *, right: bool) -> Memory:
    """Give the memory after a person's word about an event, with the line that follows from it."""
    known = next((look for look in memory.looks if look.event == event), None)
    if known is None or known.right is right:
        return memory
    looks = tuple(
        replace(look, right=right) if look.event == event else look for look in memory.looks
    )
    memory = replace(memory, looks=looks)
    before = memory.lines.get(known.anomaly)
    if before is not None and before.source is Source.GIVEN:
        return memory
    from_recordings = before is not None and before.source is Source.MEASURED
    told = [look for look in looks if look.anomaly == known.anomaly and look.right is not None]
    line = fitted([look.score for look in told], [bool(look.right) for look in told])
    if line is None and from_recordings:
        return memory  # it holds until this home has said enough
    lines = {anomaly: row for anomaly, row in memory.lines.items() if anomaly != known.anomaly}
    return replace(memory, lines=lines if line is None else lines | {known.anomaly: line})


def measured(scores: Sequence[float], right: Sequence[bool]) -> Line | None:
    """Fit a line on labelled recordings, None with fewer than `LEAST` of either kind.

    What is staged for a manifest is rare at home: the share of right ones among the recordings is
    taken out again, as if half of all that is suspected were real.
    """
    line = fitted(scores, right)
    if line is None:
        return None
    offset = line.offset - math.log(line.right / line.wrong)
    bounded = min(max(offset, -MOST_OFFSET), MOST_OFFSET)
    return replace(line, offset=bounded, source=Source.MEASURED)


def fitted(scores: Sequence[float], right: Sequence[bool]) -> Line | None:
    """Fit a line, None with fewer than `LEAST` answers of either kind.

    Logistic regression with Platt's smoothed targets and a normal prior around the identity
    (slope 1 ± 0.5, offset 0 ± 2): with few answers the line stays near what the model says.
    """
    positives = sum(right)
    negatives = len(right) - positives
    if min(positives, negatives) < LEAST:
        return None
    x = np.asarray(scores, np.float64)
    truth = np.asarray(right, np.bool_)
    target = np.where(truth, (positives + 1.0) / (positives + 2.0), 1.0 / (negatives + 2.0))
    design = np.stack([x, np.ones_like(x)], axis=1)
    centre, precision = np.array([1.0, 0.0]), np.diag([1.0 / 0.5**2, 1.0 / 2.0**2])
    weights = centre.copy()
    for _ in range(50):
        chance = 1.0 / (1.0 + np.exp(-np.clip(design @ weights, -30.0, 30.0)))
        gradient = design.T @ (chance - target) + precision @ (weights - centre)
        curvature = (design.T * (chance * (1.0 - chance))) @ design + precision
        step = np.linalg.solve(curvature, gradient)
        # A full step may leap over the optimum where the data are far apart.
        weights -= step * min(1.0, 1.0 / max(float(np.abs(step).max()), 1e-12))
        if np.abs(step).max() < 1e-9:
            break
    slope = min(max(float(weights[0]), LEAST_SLOPE), MOST_SLOPE)
    offset = min(max(float(weights[1]), -MOST_OFFSET), MOST_OFFSET)
    if not (math.isfinite(slope) and math.isfinite(offset)):
        return None
    return Line(slope=slope, offset=offset, right=positives, wrong=negatives, source=Source.PEOPLE)
