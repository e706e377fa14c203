"""A test alarm: an event that a person asks for, to see that the alarm arrives where it should.

It takes the whole way: state, steps, record, picture, clip, broker. It is marked everywhere as a
test, comes from no scorer, and teaches nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

from omnicam.config.model import Language
from omnicam.decide.events import Event, Step, event_id, take
from omnicam.decide.states import ClassState, SensorState
from omnicam.taxonomy import ANOMALIES, AnomalyClass, ClassName, Level

LASTS_S = 10.0
"""How long a test alarm goes on."""

USUAL = AnomalyClass.FALL
"""What is played where nobody says what."""

_REASONS: Mapping[Language, str] = {
    Language.ENGLISH: "test alarm: {name}; a person asked for it, nothing was seen",
    Language.CHINESE: "测试警报：{name}；由用户触发，并未发现异常",
}


def begin(camera: str, anomaly: AnomalyClass, time: float, language: Language) -> Event:
    """Make the suspicion with which a test alarm begins at a stream time."""
    row = ANOMALIES[anomaly]
    name = row.chinese if language is Language.CHINESE else row.english
    return Event(
        id=event_id(camera, f"test_{anomaly}", time, time),
        camera=camera,
        anomaly=anomaly,
        label=None,
        step=Step.SUSPECTED,
        taken=(Step.SUSPECTED,),
        level=Level.HIGH,
        confidence=1.0,
        suspected=time,
        onset=time,
        updated=time,
        reason=_REASONS[language].format(name=name),
        review=False,
        test=True,
    )


def end(event: Event, time: float) -> Event:
    """Give a test alarm after its end; the stream's clock may have been set back meanwhile."""
    return take(event, Step.RESOLVED, max(time, event.updated))


def shown(states: Mapping[ClassName, ClassState], test: Event) -> dict[ClassName, ClassState]:
    """Give the states with a test alarm among them; an open event of the same class comes first."""
    real = states.get(test.anomaly)
    if real is not None and real.event is not None:
        return dict(states)
    state = ClassState(
        anomaly=test.anomaly,
        state=SensorState.ON,
        level=test.level,
        confidence=test.confidence,
        event=test.id,
        since=test.suspected,
        reason=test.reason,
        label=test.label,
        test=True,
    )
    return {**states, test.anomaly: state}
