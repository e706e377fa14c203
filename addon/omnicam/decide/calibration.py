"""From summed evidence to log-odds that mean what they say: one table of Platt maps.

The scorers' weights are their makers' estimates of ln P(seen | class) / P(seen | ordinary life). A
map `slope * x + offset` (Platt 1999) for a class, or for one label of it, corrects them by how
recordings with known contents came out:

    confidence = sigmoid(ln(prior / (1 - prior)) + slope * x + offset)

**What 0.9 means:** of recordings that reach 0.9, in material mixed as the one behind the table,
nine in ten show the class. Each row has the share of its class in that material (`base`), and
`bench/calibrate` prints beside it what is left where one recording in twenty shows it. Such sets
hold far more of each class than a home does, so 0.9 is no promise for a home: how often its
ordinary life alone gets there is what `home` learns.

The slope is above 0: within a class and label the order of confidences never changes. The numbers
and where they come from stand in `calibration.json`, which `bench/calibrate` writes.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from omnicam.taxonomy import AnomalyClass, ClassName

LEAST_SLOPE, MOST_SLOPE = 0.25, 4.0
LEAST_OFFSET, MOST_OFFSET = -4.0, 1.0
"""A map outside of these says that a scorer is broken, which is not for a table to mend. The upper
bound of the offset keeps a class of which nothing was seen far below its lowest level."""

FILE = files("omnicam.decide") / "calibration.json"
FORMAT = 1


class CalibrationError(ValueError):
    """The table cannot be used; the message names the row and what is wrong."""


@dataclass(frozen=True, slots=True)
class Platt:
    """A rising line: evidence in, calibrated evidence out, both natural log-odds."""

    slope: float = 1.0
    offset: float = 0.0

    def __post_init__(self) -> None:
        if not LEAST_SLOPE <= self.slope <= MOST_SLOPE:
            msg = f"slope = {self.slope!r}: must be from {LEAST_SLOPE} to {MOST_SLOPE}"
            raise CalibrationError(msg)
        if not LEAST_OFFSET <= self.offset <= MOST_OFFSET:
            msg = f"offset = {self.offset!r}: must be from {LEAST_OFFSET} to {MOST_OFFSET}"
            raise CalibrationError(msg)

    def __call__(self, log_odds: float) -> float:
        """Give calibrated evidence."""
        return self.slope * log_odds + self.offset

    def inverse(self, calibrated: float) -> float:
        """Give the evidence that is mapped to this."""
        return (calibrated - self.offset) / self.slope


IDENTITY = Platt()
"""Where there were too few recordings to know better."""


def key_of(anomaly: ClassName, label: str | None) -> str:
    """Name a class, or one label of it, as tables and measurements do: `abnormal_sound/scream`."""
    return str(anomaly) if label is None else f"{anomaly}/{label}"


class Calibration:
    """The maps of all classes and labels."""

    __slots__ = ("rows",)

    def __init__(self, rows: Mapping[str, Platt] = MappingProxyType({})) -> None:
        """Take maps by `key_of`; what has none keeps its evidence as it is.

        Raises:
            CalibrationError: a row is about no class.
        """
        for key in rows:
            if key.split("/", 1)[0] not in set(AnomalyClass):
                msg = f"row {key!r}: {key.split('/', 1)[0]!r} is no class of the taxonomy"
                raise CalibrationError(msg)
        self.rows: Mapping[str, Platt] = MappingProxyType(dict(rows))

    def row(self, anomaly: ClassName, label: str | None) -> Platt:
        """Give the map of a label, or its class's where it has none of its own."""
        own = self.rows.get(key_of(anomaly, label))
        return own if own is not None else self.rows.get(str(anomaly), IDENTITY)


def parse(raw: Mapping[str, Any]) -> Calibration:
    """Make a table of what `calibration.json` holds.

    Raises:
        CalibrationError: a row or the form of the whole is wrong.
    """
    if raw.get("format") != FORMAT:
        msg = f"format = {raw.get('format')!r}: this program reads {FORMAT}"
        raise CalibrationError(msg)
    rows: dict[str, Platt] = {}
    for key, row in raw.get("rows", {}).items():
        slope, offset = float(row["slope"]), float(row["offset"])
        if not (math.isfinite(slope) and math.isfinite(offset)):
            msg = f"row {key!r}: slope and offset must be finite numbers"
            raise CalibrationError(msg)
        try:
            rows[key] = Platt(slope, offset)
        except CalibrationError as error:
            msg = f"row {key!r}: {error}"
            raise CalibrationError(msg) from None
    return Calibration(rows)


@cache
def shipped() -> Calibration:
    """Give the project's own table, read once."""
    return parse(json.loads(FILE.read_text(encoding="utf-8")))
