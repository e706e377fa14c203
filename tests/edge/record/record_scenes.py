"""Events for the tests of the record."""

from __future__ import annotations

from dataclasses import replace

from omnicam.decide.events import Event, Step, event_id, take
from omnicam.decide.fusion import Contribution
from omnicam.decide.words import HelpCall
from omnicam.evidence import Region
from omnicam.taxonomy import AnomalyClass, Level

START = 1_795_000_000.0
JPEG = b"\xff\xd8\xff\xe0" + b"picture" * 100 + b"\xff\xd9"


def suspected(time: float = 0.0, **changes: object) -> Event:
    """Give a fresh event at START + time."""
    event = Event(
        id="",
        camera="bedroom",
        anomaly=AnomalyClass.FALL,
        label=None,
        step=Step.SUSPECTED,
        taken=(Step.SUSPECTED,),
        level=Level.HIGH,
        confidence=0.9512345,
        suspected=START + time,
        onset=START + time - 0.5,
        updated=START + time,
        reason="lies on the floor beside the bed",
        region=Region(x=0.1, y=0.2, width=0.3, height=0.4),
        review=False,
        contributions=(Contribution(scorer="fall", label=None, log_odds=5.5),),
    )
    event = replace(event, **changes)  # type: ignore[arg-type]
    made = event_id(event.camera, event.anomaly, event.onset, event.suspected)
    return replace(event, id=event.id or made)


def resolved(event: Event, after: float = 5.0) -> Event:
    """Give the same event ended."""
    return take(event, Step.RESOLVED, event.updated + after)


def call(time: float = 0.0) -> HelpCall:
    """Give a call for help."""
    return HelpCall(
        id=event_id("bedroom", "help", START + time, START + time),
        camera="bedroom",
        word="救命",
        confidence=0.93,
        time=START + time,
        onset=START + time - 0.4,
    )
