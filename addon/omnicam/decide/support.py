"""Where one class speaks for another: a table, not rules in code.

Support never makes an event: it at most doubles what the class says for itself. A scream alone is
no fight; a scream while people strike out makes the fight surer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from omnicam.taxonomy import AnomalyClass, ClassName, SoundLabel


@dataclass(frozen=True, slots=True, kw_only=True)
class Support:
    """Evidence under a label of another class counts here with this weight in 0..1."""

    anomaly: AnomalyClass
    label: str
    weight: float


SUPPORT: Mapping[ClassName, tuple[Support, ...]] = MappingProxyType(
    {
        AnomalyClass.VIOLENT_CONFLICT: (
            Support(anomaly=AnomalyClass.ABNORMAL_SOUND, label=SoundLabel.SCREAM, weight=0.5),
        ),
        # An alarm in another room shows no smoke here, but what looks like smoke is the surer.
        AnomalyClass.SMOKE: (
            Support(anomaly=AnomalyClass.ABNORMAL_SOUND, label=SoundLabel.SMOKE_ALARM, weight=1.0),
        ),
    }
)


def supported_by(own: float, heard: float, weight: float) -> float:
    """Give the log-odds that support adds: nothing without own evidence, at most as much as it.

    Args:
        own: summed log-odds of the class's own scorers.
        heard: log-odds of the supporting label.
        weight: weight of the support in 0..1.
    """
    if own <= 0.0 or heard <= 0.0:
        return 0.0
    return min(own, weight * heard)
