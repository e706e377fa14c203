"""What evidence counts for after the two corrections: this home's, then the project's.

First what ordinary life in this home taught is taken off, then the table of `calibration` makes
log-odds of it that mean what they say. Both keep the order of evidence. The raw weights of the
scorers stay on record, with each correction beside them.
"""

from __future__ import annotations

from collections.abc import Iterator

from omnicam.decide.calibration import Calibration
from omnicam.decide.events import Event
from omnicam.decide.fusion import Contribution, Fusion, Scale
from omnicam.decide.home import LESSONS, Lesson
from omnicam.decide.learner import Home
from omnicam.taxonomy import ClassName

CALIBRATION, HOME = "calibration", "home"
"""Names under which the corrections stand among the contributions of an event."""


class Weighing:
    """The corrections of one class on one camera."""

    __slots__ = ("_anomaly", "_calibration", "_home", "_lesson")

    def __init__(self, anomaly: ClassName, calibration: Calibration, home: Home | None) -> None:
        self._anomaly = anomaly
        self._calibration = calibration
        self._home = home
        self._lesson = LESSONS.get(anomaly, Lesson())

    def scale(self, fusion: Fusion, time: float) -> Scale:
        """Give what the scorers' sum of a label counts for at a time."""

        def scaled(label: str | None, said: float) -> float:
            lowered = self._at_home(fusion, label, said, time)
            return self._calibration.row(self._anomaly, label)(lowered)

        return scaled

    def corrections(self, fusion: Fusion, label: str | None, time: float) -> Iterator[Contribution]:
        """Give what was corrected, for the record; nothing where nothing was."""
        said = fusion.said(time).get(label, 0.0)
        lowered = self._at_home(fusion, label, said, time)
        calibrated = self._calibration.row(self._anomaly, label)(lowered)
        for name, change in ((HOME, lowered - said), (CALIBRATION, calibrated - lowered)):
            if rounded := round(change, 3):
                yield Contribution(scorer=name, label=label, log_odds=rounded)

    def learn(self, fusion: Fusion, event: Event | None, time: float) -> None:
        """Show the home what the scorers say at a step, with the event that is open."""
        if self._home is not None:
            self._home.note(self._anomaly, fusion.said(time), event)

    def ended(self, event: Event) -> None:
        """Show the home how an event ended."""
        if self._home is not None:
            self._home.ended(event)

    def _at_home(self, fusion: Fusion, label: str | None, said: float, time: float) -> float:
        """Give what evidence weighs after what this home taught about ordinary life."""
        if self._home is None:
            return said
        lowered = self._home.shift(self._anomaly, label)(said)
        if lowered < said and fusion.speaks(self._lesson.keeps_review, time):
            return max(lowered, min(said, self._home.bounds(self._anomaly, label).lowest))
        return lowered
