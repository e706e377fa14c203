"""All classes of one camera: findings and verdicts in, steps of events and calls for help out."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from functools import partial

from omnicam.config.model import CameraSettings
from omnicam.decide.calibration import Calibration, shipped
from omnicam.decide.clock import Admission, StreamClock
from omnicam.decide.events import Event, Feedback, Verdict
from omnicam.decide.learner import Home
from omnicam.decide.places import class_zones, counts
from omnicam.decide.states import ClassState
from omnicam.decide.track import check
from omnicam.decide.watch import ClassWatch, Reading, Standing
from omnicam.decide.weighing import Weighing
from omnicam.decide.words import HelpCall, WordFilter
from omnicam.evidence import Evidence, Finding, WordHeard
from omnicam.taxonomy import AnomalyClass, ClassName, judged_without_model, only_heard

type Decision = Event | HelpCall
"""An event as it stands after a new step, or a call for help."""

type Observer = Callable[[Reading], None]
"""Is told where each class stands at each step in which anything could change."""


class Decider:
    """Decides everything on one camera, in stream time alone.

    The same findings in the same order always give the same decisions. Findings of one moment may
    come in any order. A finding up to 1 s older than the newest still takes its place in the means
    (decisions already given stand); an older one is ignored and counted.
    """

    def __init__(
        self,
        camera: CameraSettings,
        *,
        judged: Collection[ClassName] | None = None,
        calibration: Calibration | None = None,
        home: Home | None = None,
        observer: Observer | None = None,
    ) -> None:
        """Make a decider.

        Args:
            camera: settings of the camera, with those of every class to be decided.
            judged: classes for which a scorer runs; the state of the others is unknown. None for
                the taxonomy's word, less the classes of sound on a camera without sound.
            calibration: by which evidence becomes confidence, None for the project's own table.
            home: learns this camera's ordinary life and weighs it, None for no learning.
            observer: told of every step before it is taken, for whoever measures.
        """
        running = _judged(camera) if judged is None else frozenset(judged)
        self._camera = camera
        self._home = home
        self._observer = observer
        self._zones = {
            anomaly: class_zones(camera, settings) for anomaly, settings in camera.classes.items()
        }
        self._watches = {
            anomaly: ClassWatch(
                camera.id,
                anomaly,
                settings,
                judged=anomaly in running,
                weighing=Weighing(anomaly, calibration or shipped(), home),
            )
            for anomaly, settings in camera.classes.items()
        }
        self._words = WordFilter()
        self._clock = StreamClock()

    @property
    def now(self) -> float:
        """Newest stream time seen; -inf before the first."""
        return self._clock.now

    @property
    def ignored(self) -> int:
        """How many findings and times were too late to count."""
        return self._clock.ignored

    @property
    def open_events(self) -> tuple[Event, ...]:
        """Open events as they stand, including what rose since their last step."""
        return tuple(watch.event for watch in self._watches.values() if watch.event is not None)

    def standings(self) -> tuple[Standing, ...]:
        """Say for every enabled class how near it is to an event now."""
        if self.now == -math.inf:
            return ()
        heard = self._heard(self.now)
        return tuple(
            watch.standing(self.now, heard)
            for watch in self._watches.values()
            if watch.settings.enabled
        )

    def observe(self, finding: Finding) -> list[Decision]:
        """Take a scorer's word or a heard word.

        Raises:
            ValueError: it is about another camera, or a number in it cannot be used.
        """
        self._expect(finding.camera, "finding")
        if isinstance(finding, Evidence):
            check(finding)
        decisions, taken = self._go_to(finding.time, inclusive=False)
        if not taken:
            return decisions
        if isinstance(finding, WordHeard):
            call = self._words.hear(finding)
            return [*decisions, call] if call is not None else decisions
        watch = self._watches.get(finding.anomaly)
        if watch is None or not watch.settings.enabled:
            return decisions
        if counts(finding.region, self._zones[finding.anomaly]):
            watch.fusion.add(finding)
        return decisions

    def advance(self, stream_time: float) -> list[Decision]:
        """Let stream time go on without a finding, so that events can end.

        Call it with the time of every picture and tick once its findings were given.
        """
        return self._go_to(stream_time, inclusive=True)[0]

    def verdict(self, verdict: Verdict) -> list[Decision]:
        """Take a model's verdict; one about an event that has ended says nothing.

        It counts at the stream's present time, not at that of its window: that is when it is known.

        Raises:
            ValueError: it is about another camera, or a number in it cannot be used.
        """
        self._expect(verdict.camera, "verdict")
        decisions: list[Decision] = []
        if verdict.time > self.now:
            decisions += self.advance(verdict.time)
        watch = self._watches.get(verdict.anomaly)
        if watch is not None and watch.settings.enabled:
            decisions += watch.judge(verdict, self.now, self._heard(self.now))
        return decisions

    def feedback(self, feedback: Feedback) -> list[Decision]:
        """Take a person's word about an open event; one about an ended event changes nothing."""
        decisions: list[Decision] = []
        for watch in self._watches.values():
            if watch.event is not None and watch.event.id == feedback.event:
                decisions += watch.answer(feedback.kind, self.now)
        return decisions

    def retune(self, camera: CameraSettings) -> list[Decision]:
        """Go on with other priors, and with other classes switched off (see `sensitivity`).

        Raises:
            ValueError: the settings are another camera's.
        """
        self._expect(camera.id, "settings")
        decisions: list[Decision] = []
        for anomaly, watch in self._watches.items():
            decisions += watch.retune(camera.classes[anomaly], self.now)
        if self._home is not None:
            self._home.retune(camera)
        self._camera = camera
        return decisions

    def finish(self) -> list[Decision]:
        """End what is open and forget what was heard: watching ends or begins anew.

        The decider can be used again afterwards.
        """
        decisions: list[Decision] = []
        for watch in self._watches.values():
            decisions += watch.finish(self.now)
        self._forget()
        return decisions

    def states(self, time: float) -> Mapping[ClassName, ClassState]:
        """Give what the sensor of every class shows at a stream time; see `states.changed`."""
        return {anomaly: watch.state(time) for anomaly, watch in self._watches.items()}

    def _expect(self, camera: str, what: str) -> None:
        if camera != self._camera.id:
            msg = f"{what}.camera = {camera!r}: this decider is for camera {self._camera.id!r}"
            raise ValueError(msg)

    def _go_to(self, time: float, *, inclusive: bool) -> tuple[list[Decision], bool]:
        """Take the steps due before a time, and say whether something at that time may count."""
        decisions: list[Decision] = []
        last = self.now
        match self._clock.admit(time):
            case Admission.IGNORE:
                return decisions, False
            case Admission.RESTART:
                for watch in self._watches.values():
                    decisions += watch.finish(last)
                self._forget()
            case Admission.TAKE:
                pass
        if self._home is not None:
            self._home.watch(max(time, self.now))
        for at in self._clock.due(time, inclusive=inclusive):
            busy = [watch for watch in self._watches.values() if not watch.idle(at)]
            if not busy:
                self._clock.skip()
                break
            heard = self._heard(at)
            for watch in busy:
                if self._observer is not None:
                    self._observer(watch.read(at, heard))
                decisions += watch.step(at, heard)
        return decisions, True

    def _heard(self, time: float) -> Callable[[ClassName, str], float]:
        return partial(self._label_log_odds, time)

    def _label_log_odds(self, time: float, anomaly: ClassName, label: str) -> float:
        watch = self._watches.get(anomaly)
        return watch.fusion.label_log_odds(label, time) if watch is not None else 0.0

    def _forget(self) -> None:
        if self._home is not None:
            self._home.settle()
        for anomaly, watch in self._watches.items():
            self._watches[anomaly] = watch.fresh()
        self._words = WordFilter()


def _judged(camera: CameraSettings) -> frozenset[ClassName]:
    # Sound alone is the source of some classes: without sound nothing can judge them.
    return frozenset(
        anomaly
        for anomaly in AnomalyClass
        if judged_without_model(anomaly) and (camera.audio or not only_heard(anomaly))
    )
