"""Days in a home: recordings of its ordinary life, played one after another in stream time."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from homes.recordings import Heard, moved
from omnicam.config.load import default_classes
from omnicam.config.model import CameraSettings, Secret
from omnicam.decide.calibration import key_of, shipped
from omnicam.decide.decider import Decider, Decision
from omnicam.decide.events import Event, FeedbackKind
from omnicam.decide.home import DAY_S, HomeMemory
from omnicam.decide.learner import Home
from omnicam.taxonomy import Level

APART_S = 600.0
"""From the end of one recording to the beginning of the next."""

FIRST_DAY = 20_000
"""Number of the first day; any will do."""

CAMERA = CameraSettings(
    id="recording", name="Recording", url=Secret("-"), classes=default_classes()
)


type CalledFalse = Callable[[Heard, str], bool]
"""Whether a person calls an event of this target in a recording a false alarm."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Which targets had an event in a recording, and which of them alarmed."""

    events: frozenset[str]
    alarms: frozenset[str]


def live(days: Sequence[Sequence[Heard]], called_false: CalledFalse | None = None) -> HomeMemory:
    """Let a camera watch days, each with its recordings, and give what it then remembers.

    Args:
        days: what is to be seen and heard on each.
        called_false: says which events of a recording a person calls false alarms; None if nobody
            ever says anything.
    """
    home = Home(CAMERA, shipped())
    decider = Decider(CAMERA, home=home)
    for number, recordings in enumerate(days):
        time = (FIRST_DAY + number) * DAY_S
        for heard in recordings:
            time = _quiet(decider, time, APART_S)[0]
            decisions = _play(decider, heard, time)
            time, later = _quiet(decider, time + heard.seconds, APART_S)
            for event in [*decisions, *later]:
                if not isinstance(event, Event) or event.open or called_false is None:
                    continue
                if called_false(heard, target_of(event)):
                    home.answer(event, FeedbackKind.FALSE_ALARM)
    decider.finish()
    return home.memory


def judge(heard: Heard, memory: HomeMemory | None, today: int) -> Outcome:
    """Show a recording to a camera on a day, with what it remembers; None for no learning."""
    home = None if memory is None else Home(CAMERA, shipped(), memory)
    decider = Decider(CAMERA, home=home)
    decisions = _play(decider, heard, (FIRST_DAY + today) * DAY_S + 1000.0)
    return outcome([*decisions, *decider.finish()])


def outcome(decisions: Collection[Decision]) -> Outcome:
    """Sum up what was decided."""
    ended = [each for each in decisions if isinstance(each, Event)]
    return Outcome(
        events=frozenset(target_of(event) for event in ended),
        alarms=frozenset(target_of(event) for event in ended if event.level is Level.HIGH),
    )


def target_of(event: Event) -> str:
    """Give the key under which an event counts."""
    sound = event.anomaly == "abnormal_sound"
    return key_of(event.anomaly, event.label if sound else None)


def _play(decider: Decider, heard: Heard, start: float) -> list[Decision]:
    decisions: list[Decision] = []
    for time, findings in heard.said:
        for finding in findings:
            decisions += decider.observe(moved(finding, start))
        decisions += decider.advance(start + time)
    return decisions


def _quiet(decider: Decider, time: float, seconds: float) -> tuple[float, list[Decision]]:
    decisions: list[Decision] = []
    for step in range(1, int(seconds // 30) + 1):
        decisions += decider.advance(time + 30.0 * step)
    return time + seconds, decisions
