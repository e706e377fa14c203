"""One target: whether a map is better than none on groups that it has not seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from calibration.fit import LOST_SHARE, SPOKE, Aim, Fitted, cross_validated, share_of
from calibration.reliability import Reliability, measure
from calibration.samples import Sample
from omnicam.decide.calibration import IDENTITY
from omnicam.decide.fusion import confidence_of, log_odds_of
from omnicam.taxonomy import ANOMALIES, AnomalyClass, Thresholds

LOST_UNSEEN = 2 * LOST_SHARE
"""A map that takes more of the right alarms or events of unseen groups away is not used."""

MORE_FALSE = 1
"""Nor is one with more false recordings more at either level than this."""


@dataclass(frozen=True, slots=True)
class Count:
    """Recordings at the lowest level or above, and alarms, among right and wrong ones."""

    found: int
    alarmed: int
    false: int
    false_alarms: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is known about a target.

    Attributes:
        key: of the table.
        base: share of right recordings for which the confidences are measured.
        samples: of it.
        fitted: the map that is used, and why it is the identity if it is.
        before, after: figures without a map, and of groups that the map had not seen, of recordings
            in which something was said; None where nothing is right or nothing is wrong.
        plain, tried: counts of the same two.
    """

    key: str
    base: float
    samples: tuple[Sample, ...]
    fitted: Fitted
    before: Reliability | None
    after: Reliability | None
    plain: Count
    tried: Count


def judge(key: str, samples: tuple[Sample, ...], base: float | None = None) -> Verdict:
    """Fit a target's map, try it on unseen groups, and drop it where it does not help.

    Args:
        key: of the target.
        samples: of it.
        base: share of right recordings for which confidences shall hold; None for the set's own.
    """
    row = ANOMALIES[AnomalyClass(key.partition("/")[0])]
    fitted = cross_validated(samples, Aim(row.prior, row.thresholds, base))
    measured = share_of(samples) if base is None else base
    plain = [sample.evidence for sample in samples]
    right = [sample.right for sample in samples]
    before = after = None
    spoke = [number for number, each in enumerate(plain) if each >= SPOKE]
    if any(right) and not all(right) and spoke:
        before, after = (
            measure(
                [sure[number] for number in spoke],
                [right[number] for number in spoke],
                share_of(samples),
                measured,
            )
            for sure in (_confidences(plain, row.prior), _confidences(fitted.unseen, row.prior))
        )
    counted = count(plain, right, row.prior, row.thresholds)
    tried = count(fitted.unseen, right, row.prior, row.thresholds)
    reason = fitted.reason or _objection(before, after, counted, tried)
    if reason:
        fitted = replace(fitted, platt=IDENTITY, reason=reason)
    return Verdict(key, measured, samples, fitted, before, after, counted, tried)


def count(
    evidence: Sequence[float], right: Sequence[bool], prior: float, thresholds: Thresholds
) -> Count:
    """Count what reaches the lowest level and what alarms."""
    said = list(zip(_confidences(evidence, prior), right, strict=True))
    return Count(
        found=sum(is_so and sure >= thresholds.low for sure, is_so in said),
        alarmed=sum(is_so and sure > thresholds.high for sure, is_so in said),
        false=sum(not is_so and sure >= thresholds.low for sure, is_so in said),
        false_alarms=sum(not is_so and sure > thresholds.high for sure, is_so in said),
    )


def _confidences(evidence: Sequence[float], prior: float) -> list[float]:
    return [confidence_of(log_odds_of(prior) + each) for each in evidence]


def _objection(
    before: Reliability | None, after: Reliability | None, plain: Count, tried: Count
) -> str:
    if before is None or after is None:
        return "needs recordings with and without it"
    if after.log_loss >= before.log_loss:
        return f"no better on unseen groups: log loss {before.log_loss:.4f} -> {after.log_loss:.4f}"
    if tried.alarmed < (1.0 - LOST_UNSEEN) * plain.alarmed:
        return f"would lose right alarms: {plain.alarmed} -> {tried.alarmed}"
    if tried.found < (1.0 - LOST_UNSEEN) * plain.found:
        return f"would lose right events: {plain.found} -> {tried.found}"
    more = max(tried.false - plain.false, tried.false_alarms - plain.false_alarms)
    if more > MORE_FALSE:
        return f"would call {more} more recordings falsely"
    return ""
