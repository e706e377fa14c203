"""When the model is asked, and about what: per camera, in stream time, without I/O.

Asked is about classes with an open event, and about those whose confidence stands at most
`SUSPECT_NATS` below the lowest level (from 0.25 where that is 0.75): the gate is set for recall,
precision is the model's. One window asks about all of them. A matter that goes on is looked at
again after a wait that doubles; one that the model has verified is not. No detector suspects what
the household asks in its own words: such questions are asked by the clock, in windows of their own.
"""

from __future__ import annotations

import hashlib
import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from omnicam.config.model import CameraSettings, ModelSettings, When
from omnicam.decide.events import Step
from omnicam.decide.fusion import log_odds_of
from omnicam.decide.watch import Standing
from omnicam.evidence import Region
from omnicam.taxonomy import AnomalyClass, ClassName, judged_without_model
from omnicam.verify.line import Urgency
from omnicam.verify.window import WHOLE

SUSPECT_NATS = 2.2
"""So far below the lowest level, in log-odds, a class is suspected."""

EVENT_AGAIN_S, SUSPICION_AGAIN_S = 10.0, 15.0
"""First wait until the same matter is looked at again; it doubles each time."""

LONGEST_AGAIN_S = 300.0

LOOK_S = 20.0
"""A class that nothing but the model can judge is looked at so often while people are there: twice
before its last verdict is too old to count (`decide.watch.VERDICT_KNOWN_S`)."""

FORGET_S = 60.0
"""A suspicion that was gone for so long is a new one."""

URGENT = frozenset({AnomalyClass.FALL})
"""Classes whose open events overtake."""

ON_A_CALL = (
    AnomalyClass.FALL,
    AnomalyClass.VIOLENT_CONFLICT,
    AnomalyClass.ABNORMAL_SOUND,
)
"""What is asked when somebody has called for help."""

RULED = frozenset({AnomalyClass.RESTRICTED_AREA_INTRUSION, AnomalyClass.NIGHT_LOITERING})
"""Classes that a zone or a clock defines: a model can say whether somebody is there at all, so it
is asked about their events only. Else everybody in the picture would be an intruder."""

UNSEEN = frozenset({"frozen", "moved", "signal"})
"""Labels of events that a few pictures cannot show: a model would deny them and be wrong."""

MINUTE_S, HOUR_S = 60.0, 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What the model is to be asked.

    Attributes:
        camera: id of the camera.
        time: stream time of the window's end.
        urgency: who goes first.
        events: class to the id of its open event (None without one), in the taxonomy's order.
        region: where the evidence lies, None to cut to what moves.
    """

    camera: str
    time: float
    urgency: Urgency
    events: dict[ClassName, str | None]
    region: Region | None = None

    @property
    def audit(self) -> bool:
        """Whether nothing was suspected."""
        return self.urgency is Urgency.AUDIT


@dataclass(slots=True)
class _Matter:
    """An event, or a suspicion, that was looked at."""

    event: str | None
    asked: float
    seen: float
    wait_s: float


class Gate:
    """One camera's gate.

    Attributes:
        over_budget: how many windows were not asked about because the minute's were spent.
    """

    def __init__(self, camera: CameraSettings, model: ModelSettings) -> None:
        self._camera = camera
        self._model = model
        self._classes = tuple(
            anomaly
            for anomaly, settings in camera.classes.items()
            if settings.enabled and settings.verify
        )
        self._own = {
            anomaly: question
            for anomaly in self._classes
            if (question := camera.classes[anomaly].question) is not None
        }
        self._own_asked: dict[ClassName, float] = {}
        self._matters: dict[ClassName, _Matter] = {}
        self._looked = -math.inf
        self._asked: deque[float] = deque()
        self._now = -math.inf
        self._audit_slot: int | None = None
        self.over_budget = 0

    def reached(
        self, time: float, standings: Sequence[Standing], *, people: int, called: bool = False
    ) -> Ask | None:
        """Let stream time go on and give what is to be asked now, if anything.

        Args:
            time: not before the last one, unless the stream's clock was set back.
            standings: of all classes.
            people: how many are in the picture.
            called: whether somebody has called for help since the last time.
        """
        if time < self._now:
            self._matters.clear()
            self._asked.clear()
            self._own_asked.clear()
            self._looked, self._audit_slot = -math.inf, None
        self._now = time
        suspected = [each for each in standings if self._suspects(each)]
        due = [each for each in suspected if self._due(each, time)]
        looks = self._looks(time, people)
        urgency = self._urgency(due, looks=looks, called=called)
        audits = self._audits(time)
        if urgency is None:
            audit = self._audit(time, standings) if audits and not suspected else None
            return audit or self._wonder(time, standings, people)
        if urgency is not Urgency.URGENT and not self._affordable(time):
            self._refuse(due, time, looks=looks)
            return None
        asked = {each.anomaly: each.event.id if each.event else None for each in suspected}
        extra = (*(ON_A_CALL if called else ()), *(self._model_only() if people else ()))
        asked |= {anomaly: None for anomaly in extra if anomaly not in asked}
        for each in suspected:
            self._note(each, time)
        if people:
            self._looked = time
        self._asked.append(time)
        first = min(due, key=_importance, default=None)
        return Ask(
            camera=self._camera.id,
            time=time,
            urgency=urgency,
            events={anomaly: asked[anomaly] for anomaly in self._classes if anomaly in asked},
            region=first.region if first is not None else None,
        )

    def _suspects(self, standing: Standing) -> bool:
        if standing.anomaly not in self._classes or standing.anomaly in self._own:
            return False
        if standing.event is not None:
            return standing.event.label not in UNSEEN
        if standing.anomaly in RULED:
            return False
        low = self._camera.classes[standing.anomaly].thresholds.low
        return standing.log_odds >= log_odds_of(low) - SUSPECT_NATS

    def _due(self, standing: Standing, time: float) -> bool:
        event = standing.event
        if event is not None and Step.VERIFIED in event.taken:
            return False
        known = self._matters.get(standing.anomaly)
        if known is None:
            return True
        known_event = known.event
        if event is not None and event.id != known_event:
            return True  # what was a suspicion has become an event, or it is another event
        if event is None and time - known.seen > FORGET_S:
            return True
        known.seen = time
        return time - known.asked >= known.wait_s

    def _note(self, standing: Standing, time: float) -> None:
        event = standing.event.id if standing.event is not None else None
        known = self._matters.get(standing.anomaly)
        wait_s = EVENT_AGAIN_S if event is not None else SUSPICION_AGAIN_S
        same = known is not None and known.event == event and time - known.seen <= FORGET_S
        if known is not None and same:
            wait_s = min(known.wait_s * 2.0, LONGEST_AGAIN_S)
        self._matters[standing.anomaly] = _Matter(event, time, time, wait_s)

    def _looks(self, time: float, people: int) -> bool:
        return people > 0 and bool(self._model_only()) and time - self._looked >= LOOK_S

    def _model_only(self) -> tuple[ClassName, ...]:
        return tuple(
            each
            for each in self._classes
            if each not in self._own and not judged_without_model(each)
        )

    def _urgency(self, due: Sequence[Standing], *, looks: bool, called: bool) -> Urgency | None:
        urgent = any(each.event is not None and each.anomaly in URGENT for each in due)
        if urgent or (called and set(ON_A_CALL) & set(self._classes)):
            return Urgency.URGENT
        if any(each.event is not None for each in due):
            return Urgency.EVENT
        if due:
            return Urgency.SUSPICION
        return Urgency.LOOK if looks else None

    def _affordable(self, time: float) -> bool:
        while self._asked and self._asked[0] <= time - MINUTE_S:
            self._asked.popleft()
        return len(self._asked) < self._model.windows_per_minute

    def _refuse(self, due: Sequence[Standing], time: float, *, looks: bool) -> None:
        """Let what cannot be afforded wait like what was asked, so that it is counted once."""
        self.over_budget += 1
        for each in due:
            self._note(each, time)
        if looks:
            self._looked = time

    def _audits(self, time: float) -> bool:
        """Whether the moment of an audit was passed; each is chosen by camera and time alone."""
        if self._model.audits_per_hour <= 0.0:
            return False
        slot_s = HOUR_S / self._model.audits_per_hour
        slot = math.floor(time / slot_s)
        moment = (slot + chance(self._camera.id, slot)) * slot_s
        passed = slot if time >= moment else slot - 1
        before, self._audit_slot = self._audit_slot, passed
        return before is not None and passed > before

    def _audit(self, time: float, standings: Sequence[Standing]) -> Ask | None:
        # A class that needs a line or sound which this camera has not would measure nothing.
        judged = {each.anomaly for each in standings if each.judged} | set(self._model_only())
        # What is going on is no normal scene.
        judged |= {each.anomaly for each in standings if each.event is None} & set(self._own)
        classes = [anomaly for anomaly in self._classes if anomaly in judged - RULED]
        if not classes:
            return None
        self._asked.append(time)
        return Ask(
            camera=self._camera.id,
            time=time,
            urgency=Urgency.AUDIT,
            events=dict.fromkeys(classes),
        )

    def _wonder(self, time: float, standings: Sequence[Standing], people: int) -> Ask | None:
        """Give the household's own questions whose time has come, in one window."""
        there = {When.ALWAYS: True, When.PEOPLE: people > 0, When.NOBODY: people == 0}
        due = [
            anomaly
            for anomaly, question in self._own.items()
            if there[question.when]
            and time - self._own_asked.get(anomaly, -math.inf) >= question.every_s
        ]
        if not due:
            return None
        self._own_asked |= dict.fromkeys(due, time)
        if not self._affordable(time):
            self.over_budget += 1
            return None
        self._asked.append(time)
        events = {each.anomaly: each.event.id for each in standings if each.event is not None}
        # Only what is about people is cut to what moves.
        people_only = all(self._own[anomaly].when is When.PEOPLE for anomaly in due)
        return Ask(
            camera=self._camera.id,
            time=time,
            urgency=Urgency.LOOK,
            events={anomaly: events.get(anomaly) for anomaly in due},
            region=None if people_only else WHOLE,
        )


def chance(camera: str, number: int) -> float:
    """Give a number in 0..1 that depends on nothing but its arguments, spread evenly."""
    digest = hashlib.sha256(f"audit\n{camera}\n{number}".encode()).digest()
    return int.from_bytes(digest[:6], "big") / 2**48


def _importance(standing: Standing) -> tuple[int, float]:
    """Order whose region is cut to: urgent events, events, then the surest suspicion."""
    event = standing.event
    rank = 2 if event is None else int(standing.anomaly not in URGENT)
    return rank, -standing.log_odds
