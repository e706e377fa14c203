"""Between which values a limit may be chosen: what is physically sensible, in five steps each.

The log-odds of a landing and of a fall, and the seconds of lying between them, are no limits of
what a fall is: they say what is for review and what alarms, and are not chosen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from random import Random
from types import MappingProxyType
from typing import Any

from falling.replay import Limits
from omnicam.detect.fall_limits import FallLimits, Ramp

type Value = float | Ramp

RANGES: Mapping[str, tuple[Value, ...]] = MappingProxyType(
    {
        "drop_window_s": (0.8, 1.0, 1.3, 1.6, 2.0),
        "drop": ((0.2, 0.4), (0.3, 0.5), (0.4, 0.6), (0.5, 0.7), (0.6, 0.8)),
        "least_hip_drop": (0.05, 0.10, 0.15, 0.20, 0.25),
        "trunk_degrees": ((35.0, 60.0), (40.0, 65.0), (45.0, 70.0), (50.0, 75.0), (55.0, 80.0)),
        "tilt_degrees": ((45.0, 70.0), (50.0, 75.0), (55.0, 80.0), (60.0, 85.0), (65.0, 90.0)),
        "hips_over_floor": ((0.30, 0.18), (0.34, 0.22), (0.38, 0.26), (0.42, 0.30), (0.46, 0.34)),
        "head_rise": ((0.14, 0.00), (0.18, 0.04), (0.22, 0.08), (0.26, 0.12), (0.30, 0.16)),
        "stature": ((0.34, 0.20), (0.38, 0.24), (0.42, 0.28), (0.46, 0.32), (0.50, 0.36)),
        "sunk": ((0.12, 0.04), (0.16, 0.08), (0.20, 0.12), (0.24, 0.16), (0.28, 0.20)),
        "sunk_weight": (0.6, 0.7, 0.8, 0.9, 1.0),
        "sunk_stature": ((0.42, 0.34), (0.46, 0.38), (0.50, 0.42), (0.54, 0.46), (0.58, 0.50)),
        "whole": (0.3, 0.4, 0.5, 0.6, 0.7),
        "leaning": ((15.0, 35.0), (20.0, 40.0), (25.0, 45.0), (30.0, 50.0), (35.0, 55.0)),
        "starts_upright": (45.0, 60.0, 75.0, 90.0, 105.0),
        "growth": (1.2, 1.4, 1.6, 1.8, 2.0),
        "still_tall": (0.0, 0.15, 0.25, 0.35, 0.5),
        "whole_width": (0.8, 0.85, 0.9, 0.95, 1.0),
        "down": (0.3, 0.4, 0.5, 0.6, 0.7),
        "up": (0.05, 0.10, 0.15, 0.20, 0.25),
        "landing_s": (1.0, 1.5, 2.0, 2.5, 3.0),
        "up_s": (0.5, 0.75, 1.0, 1.5, 2.0),
        "jump_s": (0.5, 0.75, 1.0, 1.5, 2.0),
        "jump": (0.5, 0.75, 1.0, 1.25, 1.5),
    }
)
"""Of the limits of a fall that is seen. Those of lying unseen cannot be chosen on this material: no
film of it lasts a minute."""


def drawn(random: Random) -> FallLimits:
    """Draw every limit from its range."""
    values: dict[str, Any] = {name: random.choice(range_) for name, range_ in RANGES.items()}
    return replace(FallLimits(), **values)


def moved(limits: FallLimits, name: str) -> tuple[FallLimits, ...]:
    """Give the same limits with one of them anywhere else in its range."""
    now = getattr(limits, name)
    others: list[Any] = [value for value in RANGES[name] if value != now]
    return tuple(replace(limits, **{name: value}) for value in others)


def shifted(limits: Limits, by: float) -> Mapping[str, Limits]:
    """Give the limits once for each name, with that one multiplied; a pair moves as one."""
    shifts: dict[str, Limits] = {}
    for part in ("seen", "lying"):
        own = getattr(limits, part)
        for field in fields(own):
            value = getattr(own, field.name)
            scaled = tuple(by * each for each in value) if isinstance(value, tuple) else by * value
            changed = replace(own, **{field.name: scaled})
            shifts[f"{part}.{field.name}"] = replace(limits, **{part: changed})
    return shifts
