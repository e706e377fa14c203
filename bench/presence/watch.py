"""One film through capture, detect and decide, asked several questions at once.

A question is a camera's zones and lines and what must come of them. The pictures, the movement, the
bodies and the tracks are the same for all, so each film is looked at once; every question has its
own scorers and its own decider.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, time
from pathlib import Path

from omnicam.capture import CameraStream
from omnicam.config.load import default_classes
from omnicam.config.model import CameraSettings, Hours, Line, Point, Zone
from omnicam.decide.decider import Decider
from omnicam.decide.events import Event, Step
from omnicam.detect.analyser import Analyser
from omnicam.detect.pose.landmarker import LocalPoseEstimator
from omnicam.detect.protocol import Need, Observation
from omnicam.detect.registry import make_scorers
from omnicam.detect.zones.geometry import LEFT_HIP, RIGHT_HIP, joint, middle
from omnicam.evidence import Evidence
from omnicam.judge import recording
from omnicam.media import time_of
from omnicam.taxonomy import AnomalyClass

ALWAYS = Hours(time(0, 0), time(0, 0))
"""The whole day: films have no hour of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a film is asked.

    Attributes:
        name: of the question, one of its kind in a film.
        anomaly: the class that is to be decided.
        zones: of the camera.
        lines: of the camera.
        onsets: when it happens, in seconds of the film; none where it must not be called.
        loitering_s: dwell from which staying is loitering, as in the camera's settings.
    """

    name: str
    anomaly: AnomalyClass
    zones: tuple[Zone, ...] = ()
    lines: tuple[Line, ...] = ()
    onsets: tuple[float, ...] = ()
    loitering_s: float = 300.0


@dataclass(frozen=True, slots=True)
class Seen:
    """Where the bodies were in one picture: the hips' place of each track, newly found or kept."""

    time: float
    people: dict[int, Point]


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """What came of a question: when events of its class opened, and which of them alarmed."""

    question: Question
    events: tuple[float, ...]
    alarms: tuple[float, ...]


class _Witness:
    """A scorer that says nothing and notes who is found where."""

    name = "witness"
    needs = frozenset({Need.PICTURE})

    def __init__(self) -> None:
        self.seen: list[Seen] = []

    def observe(self, observation: Observation) -> tuple[Evidence, ...]:
        """Note the people of one picture who were found in it."""
        picture = observation.picture
        if picture is not None and picture.pose_ran:
            places = {
                person.track: middle([joint(person, LEFT_HIP), joint(person, RIGHT_HIP)])
                or (
                    person.region.x + person.region.width / 2,
                    person.region.y + person.region.height / 2,
                )
                for person in picture.people
                if person.last_seen == observation.time
            }
            self.seen.append(Seen(observation.time, places))
        return ()


def watch(
    file: Path, questions: tuple[Question, ...], model: Path
) -> tuple[tuple[Happened, ...], tuple[Seen, ...]]:
    """Play a film and give what came of each question, and the tracks.

    Raises:
        CaptureError: the file cannot be read to its end.
    """
    camera = replace(recording(file), audio=False)
    witness = _Witness()
    cameras = {each.name: question_camera(camera, each) for each in questions}
    scorers = [scorer for each in cameras.values() for scorer in make_scorers(each, UTC)]
    deciders = {name: Decider(each) for name, each in cameras.items()}
    events: dict[str, list[float]] = {name: [] for name in cameras}
    alarms: dict[str, list[float]] = {name: [] for name in cameras}

    def note(name: str, decision: object) -> None:
        if isinstance(decision, Event) and decision.step is Step.SUSPECTED:
            events[name].append(decision.updated)
        elif isinstance(decision, Event) and decision.step is Step.ESCALATED:
            alarms[name].append(decision.updated)

    with (
        LocalPoseEstimator(model) as pose,
        CameraStream(camera) as stream,
    ):
        analyser = Analyser(camera, UTC, pose, [*scorers, witness])
        for item in stream:
            for finding in analyser.observe(item):
                for decision in deciders[finding.camera].observe(finding):
                    note(finding.camera, decision)
            for name, decider in deciders.items():
                for decision in decider.advance(time_of(item)):
                    note(name, decision)
    happened = tuple(
        Happened(question=each, events=tuple(events[each.name]), alarms=tuple(alarms[each.name]))
        for each in questions
    )
    return happened, tuple(witness.seen)


def question_camera(film: CameraSettings, question: Question) -> CameraSettings:
    """Make the question's camera, which watches for its class alone and rests after no event.

    A crossing is asked for every few seconds, where a home would be told once.
    """
    classes = {
        anomaly: replace(
            settings, enabled=anomaly is question.anomaly, refractory_s=0.0, release_s=0.5
        )
        for anomaly, settings in default_classes().items()
    }
    return replace(
        film,
        id=question.name,
        zones=question.zones,
        lines=question.lines,
        night=ALWAYS,
        loitering_s=question.loitering_s,
        classes=classes,
    )
