"""A household's one slider for a camera, in terms of what is decided.

Sensitivity moves the prior odds of every class: how likely something is thought to happen here
before anything was seen. The weights of evidence, the levels and their thresholds stay what they
are, so that "high" means the same on every camera. From 0 to 100 the prior log-odds move by
-`REACH` to +`REACH`; in the middle they are as configured.
"""

from __future__ import annotations

from dataclasses import replace

from omnicam.config.model import CameraSettings, ClassSettings
from omnicam.decide.fusion import confidence_of, log_odds_of
from omnicam.decide.levels import HYSTERESIS

LEAST, AS_CONFIGURED, MOST = 0, 50, 100

REACH = 1.5
"""Nats: at 100 the prior odds are 4.5 times those configured, at 0 a 4.5th."""

_QUIET = 0.5
"""Nats by which a raised prior stays below where an event ends: it must not raise an alarm alone,
nor hold one open."""


def tuned(camera: CameraSettings, sensitivity: int, *, detection: bool = True) -> CameraSettings:
    """Give a camera's settings as the household tuned them.

    Args:
        camera: as configured.
        sensitivity: 0 to 100.
        detection: whether anything is judged at all.

    Raises:
        ValueError: the sensitivity lies outside 0 to 100.
    """
    if not LEAST <= sensitivity <= MOST:
        msg = f"sensitivity = {sensitivity}: must be between {LEAST} and {MOST}"
        raise ValueError(msg)
    shift = REACH * (sensitivity - AS_CONFIGURED) / (MOST - AS_CONFIGURED)
    classes = {
        anomaly: _tuned(settings, shift, detection=detection)
        for anomaly, settings in camera.classes.items()
    }
    return replace(camera, classes=classes)


def _tuned(settings: ClassSettings, shift: float, *, detection: bool) -> ClassSettings:
    prior = log_odds_of(settings.prior)
    if shift <= 0.0:
        moved = prior + shift
    else:
        # A prior that was configured higher than that is left where it is.
        highest = log_odds_of(max(settings.thresholds.low - HYSTERESIS, 0.0)) - _QUIET
        moved = max(prior, min(prior + shift, highest))
    return replace(
        settings,
        enabled=settings.enabled and detection,
        prior=confidence_of(moved) if shift else settings.prior,
    )
