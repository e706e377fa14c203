"""One recording beside what its label says about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto

from omnicam.decide.fusion import confidence_of
from omnicam.evaluate.entries import Entry
from omnicam.evaluate.labels import Meaning, is_about, meaning_of
from omnicam.evaluate.play import Outcome
from omnicam.taxonomy import Sense

EARLY_S = 0.5
"""Onsets are marked by eye: an event that comes this much before one still belongs to it."""


class Role(Enum):
    """What a target is on a recording; see `labels`."""

    EXPECTED = auto()
    AMBIGUOUS = auto()
    OTHER = auto()


@dataclass(frozen=True, slots=True)
class Judged:
    """An outcome with the meaning of its label, None where the label is not known."""

    outcome: Outcome
    meaning: Meaning | None = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "meaning", meaning_of(self.outcome.recording.label))

    @property
    def path(self) -> str:
        """Its path in the manifest."""
        return self.outcome.recording.path

    @property
    def label(self) -> str:
        """Its label in the manifest."""
        return self.outcome.recording.label

    @property
    def folder(self) -> str:
        """The source that it comes from."""
        return self.outcome.recording.folder

    @property
    def still(self) -> bool:
        """Whether it is a single picture."""
        return self.outcome.recording.still

    @property
    def onset_s(self) -> float | None:
        """When begins what the label names."""
        return self.outcome.recording.onset_s

    @property
    def seconds(self) -> float:
        """How much of it was played."""
        return self.outcome.seconds

    @property
    def error(self) -> str | None:
        """Why it could not be judged."""
        return self.outcome.error

    @property
    def warning(self) -> str | None:
        """What makes its figures doubtful."""
        return self.outcome.warning

    @property
    def senses(self) -> frozenset[Sense]:
        """What it offered."""
        return self.outcome.senses

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Its events."""
        return self.outcome.entries

    @property
    def known(self) -> bool:
        """Whether its label is in the table."""
        return self.meaning is not None

    @property
    def normal(self) -> bool:
        """Whether it is ordinary life."""
        return self.meaning is not None and self.meaning.normal

    def role(self, name: str) -> Role:
        """Give what a target is here; whatever an unknown label might mean is ambiguous."""
        if self.meaning is None:
            return Role.AMBIGUOUS
        if any(is_about(each, name) for each in self.meaning.expected):
            return Role.EXPECTED
        unclear = any(is_about(each, name) for each in self.meaning.ambiguous)
        return Role.AMBIGUOUS if unclear else Role.OTHER

    def of(self, name: str, *, alarms: bool = False) -> list[Entry]:
        """Give the events of a target, or its alarms."""
        return [
            entry
            for entry in self.entries
            if is_about(entry.target, name) and not (alarms and entry.alarm_s is None)
        ]

    def right(self, name: str, *, alarms: bool = False) -> list[Entry]:
        """Give those that the label expects; of a recording that failed nothing is right."""
        if self.error is not None or self.role(name) is not Role.EXPECTED:
            return []
        return [entry for entry in self.of(name, alarms=alarms) if not self._early(entry)]

    def early(self, name: str) -> list[Entry]:
        """Give those that came before what the label names had begun."""
        return [entry for entry in self.of(name) if self._early(entry)]

    def false(self, name: str, *, alarms: bool = False) -> list[Entry]:
        """Give those that are certainly false."""
        return self.of(name, alarms=alarms) if self.role(name) is Role.OTHER else []

    def delay(self, name: str, *, alarms: bool = False) -> float | None:
        """Give the seconds from the known onset to the first right event, None without one."""
        times = [
            entry.alarm_s if alarms else entry.time_s for entry in self.right(name, alarms=alarms)
        ]
        known = [time for time in times if time is not None]
        return min(known) - self.onset_s if known and self.onset_s is not None else None

    def peak(self, name: str) -> float:
        """Give the highest confidence that a target reached and held; 0 where nothing was said."""
        peaks = [peak for each, peak in self.outcome.peaks.items() if is_about(each, name)]
        return confidence_of(max(peaks)) if peaks and self.error is None else 0.0

    def _early(self, entry: Entry) -> bool:
        return self.onset_s is not None and entry.time_s < self.onset_s - EARLY_S
