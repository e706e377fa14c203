"""One camera's way to the model: what is suspected becomes a window, its answer a verdict.

All of it runs beside the watching: a model that hangs delays a verdict and nothing else. Only a
file that is played fast waits (`settle`), so that it is judged the same every time.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import tzinfo
from pathlib import Path

from omnicam.config.model import CameraSettings, Language
from omnicam.decide.decider import Decision
from omnicam.decide.events import TRUTH, Event, FeedbackKind, Step, Verdict
from omnicam.decide.fusion import log_odds_of
from omnicam.decide.watch import Standing
from omnicam.decide.words import HelpCall
from omnicam.node.camera_process import CameraProcess, WorkerUnavailableError
from omnicam.taxonomy import ClassName, only_heard
from omnicam.verify.calibration import Judged
from omnicam.verify.gate import Ask, Gate
from omnicam.verify.outcomes import Outcome
from omnicam.verify.questions import Scene, describe, name_of, report, wish
from omnicam.verify.sentences import compose, zone_names
from omnicam.verify.verifier import Verifier
from omnicam.verify.window import WHOLE, FilmOrder, Window, WindowOrder

_LOGGER = logging.getLogger(__name__)

RECENT_S = 600.0
"""So long the model is told of what was suspected on this camera."""

SETTLE_S = 45.0
"""A file that is played fast waits for the model no longer; its worker would give up at 60 s."""

_RECENT = 3
_DESCRIBED = 64

type Deliver = Callable[[Sequence[Verdict]], Awaitable[Sequence[Decision]]]
"""Takes verdicts to the decider and on; gives what was decided."""


class CameraVerify:
    """Asks the model about one camera."""

    def __init__(
        self,
        camera: CameraSettings,
        time_zone: tzinfo,
        verifier: Verifier,
        process: CameraProcess,
        deliver: Deliver,
    ) -> None:
        """Make an object that asks nothing yet.

        Args:
            camera: its settings.
            time_zone: its local time.
            verifier: asks the model, for all cameras.
            process: the camera's worker, which cuts windows.
            deliver: called with verdicts as they come.
        """
        self._camera = camera
        self._time_zone = time_zone
        self._verifier = verifier
        self._process = process
        self._deliver = deliver
        self._gate = Gate(camera, verifier.settings)
        self._recent: deque[tuple[ClassName, float]] = deque(maxlen=_RECENT)
        self._described: deque[str] = deque(maxlen=_DESCRIBED)
        self._called = False
        self._asking: set[asyncio.Task[None]] = set()

    @property
    def over_budget(self) -> int:
        """How many windows were not asked about because the minute's were spent."""
        return self._gate.over_budget

    def decided(self, decisions: Sequence[Decision]) -> None:
        """Take what was decided: it is context for the model, and a call makes it urgent."""
        for decision in decisions:
            if isinstance(decision, HelpCall):
                self._called = True
            elif decision.step is Step.SUSPECTED:
                self._recent.append((decision.anomaly, decision.suspected))

    def reached(self, time: float, standings: Sequence[Standing], people: int) -> None:
        """Let stream time go on; start to ask where something is suspected."""
        called, self._called = self._called, False
        ask = self._gate.reached(time, standings, people=people, called=called)
        if ask is not None:
            task = asyncio.create_task(self._ask(ask), name=f"verify-{self._camera.id}")
            self._asking.add(task)
            task.add_done_callback(self._done)

    async def settle(self) -> None:
        """Wait, for a bounded time, until everything that was asked is answered."""
        if self._asking:
            await asyncio.wait(tuple(self._asking), timeout=SETTLE_S)

    def stop(self) -> None:
        """Ask no further: nobody waits for the answers."""
        for task in self._asking:
            task.cancel()

    async def reply(self, question: str, time: float) -> str:
        """Show the model what the camera sees now and give its answer to a person's question.

        Args:
            question: in the person's words.
            time: stream time of the newest picture.

        Raises:
            WorkerUnavailableError: there is no picture now.
            AskError: the model gave no answer.
        """
        pictures = self._verifier.settings.pictures
        window = await self._process.window(WindowOrder(time=time, region=WHOLE, pictures=pictures))
        scene = describe(
            Scene(camera=self._camera.name, zones=(), time=time, recent=tuple(self._recent)),
            self._time_zone,
        )
        return await self._verifier.reply(self._camera.id, window, scene, question)

    def answered(self, event: Event, kind: FeedbackKind) -> None:
        """Take a person's word about an event: the calibration learns from it."""
        right = TRUTH.get(kind)
        if right is not None:
            self._verifier.answered(event.id, right=right)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._asking.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _LOGGER.error("camera %s: asking the model failed", self._camera.id, exc_info=error)

    async def _ask(self, ask: Ask) -> None:
        pictures = self._verifier.settings.pictures
        order = WindowOrder(time=ask.time, region=ask.region, pictures=pictures)
        try:
            window = await self._process.window(order)
        except WorkerUnavailableError as error:
            self._verifier.count(Outcome.NO_WINDOW)
            _LOGGER.info("no window for the model: %s", error)
            return
        ask = _answerable(ask, window)
        if not ask.events:
            return
        scene = self._scene(ask, window)
        answer = await self._verifier.ask(ask, window, scene)
        if answer.outcome is not Outcome.ANSWERED:
            return
        camera = self._camera.id
        judged = {
            anomaly: self._verifier.judge(camera, anomaly, z) for anomaly, z in answer.z.items()
        }
        if ask.audit:
            self._verifier.audited(camera, answer.z, self._low(answer.z))
        self._remember(ask.events, judged)
        affirmed = [anomaly for anomaly, said in judged.items() if self._affirms(anomaly, said)]
        verdicts = self._verdicts(ask, judged)
        if not affirmed:
            await self._deliver(verdicts)
            return
        # What it weighs counts now; a step that people read waits for its sentence.
        first = [replace(each, final=each.anomaly not in affirmed) for each in verdicts]
        decisions = await self._deliver(first)
        events = ask.events | {
            each.anomaly: each.id
            for each in decisions
            if isinstance(each, Event) and each.anomaly in judged
        }
        self._remember(events, judged)
        sentence = await self._describe(ask, window, scene, affirmed, events)
        await self._deliver(
            [each for each in self._verdicts(ask, judged, sentence) if each.anomaly in affirmed]
        )

    async def _describe(
        self,
        ask: Ask,
        window: Window,
        scene: str,
        affirmed: Sequence[ClassName],
        events: Mapping[ClassName, str | None],
    ) -> str:
        """Have a sentence written where an event has none yet; empty without."""
        fresh = {
            anomaly: event
            for anomaly in affirmed
            if (event := events[anomaly]) is not None and event not in self._described
        }
        if not fresh:
            return ""
        settings = self._verifier.settings
        words = wish(list(fresh), settings.language, settings.questions)
        seed = _seed(f"{ask.camera}\n{ask.time:.3f}")
        sentence = await self._verifier.describe(ask.camera, window, scene, words, seed)
        if sentence:
            self._described.extend(fresh.values())
        return sentence

    async def report(self, event: Event, clip: Path, start: float) -> str:
        """Have an event that has ended described by its clip; empty where that cannot be.

        Args:
            event: as it ended.
            clip: its file.
            start: stream time of the clip's beginning.
        """
        settings, camera = self._verifier.settings, self._camera
        order = FilmOrder(path=clip, start=start, region=event.region)
        try:
            window = await self._process.film(order)
        except WorkerUnavailableError as error:
            self._verifier.count(Outcome.NO_WINDOW)
            _LOGGER.info("no sentence about %s: %s", event.id, error)
            return ""
        place = event.region
        scene = Scene(
            camera=camera.name,
            zones=tuple(zone_names(camera, place)) if place is not None else (),
            time=event.onset,
            recent=(),
            spread_s=window.end - window.start,
        )
        wanted = report(event.anomaly, settings.language, settings.questions)
        what = await self._verifier.describe(
            camera.id, window, describe(scene, self._time_zone), wanted, _seed(event.id)
        )
        if not what:
            return ""
        return compose(what, camera, place, event.onset, self._time_zone, settings.language)

    def _remember(
        self, events: Mapping[ClassName, str | None], judged: Mapping[ClassName, Judged]
    ) -> None:
        """Keep how events looked to the model, for what people say of them later."""
        for anomaly, event in events.items():
            if event is not None:
                self._verifier.looked(event, anomaly, judged[anomaly].score)

    def _affirms(self, anomaly: ClassName, said: Judged) -> bool:
        return said.log_odds >= log_odds_of(self._camera.classes[anomaly].thresholds.low)

    def _low(self, classes: Mapping[ClassName, float]) -> dict[ClassName, float]:
        settings = self._camera.classes
        return {anomaly: log_odds_of(settings[anomaly].thresholds.low) for anomaly in classes}

    def _verdicts(
        self, ask: Ask, judged: Mapping[ClassName, Judged], sentence: str = ""
    ) -> list[Verdict]:
        return [
            Verdict(
                camera=ask.camera,
                event=ask.events[anomaly],
                anomaly=anomaly,
                log_odds=said.log_odds,
                time=ask.time,
                sentence=sentence,
                calibrated=said.calibrated,
            )
            for anomaly, said in judged.items()
        ]

    def _scene(self, ask: Ask, window: Window) -> str:
        place = ask.region if ask.region is not None else window.region
        zones = zone_names(self._camera, place) if place != WHOLE else ()
        own = self._verifier.settings.questions
        recent = tuple(
            (name_of(anomaly, Language.ENGLISH, own), time)
            for anomaly, time in self._recent
            if 0.0 <= ask.time - time <= RECENT_S
        )
        return describe(
            Scene(camera=self._camera.name, zones=tuple(zones), time=ask.time, recent=recent),
            self._time_zone,
        )


def reports(event: Event) -> bool:
    """Whether an event that has ended is worth a sentence: it alarmed, or the model affirmed it."""
    return event.step is Step.RESOLVED and not {Step.ESCALATED, Step.VERIFIED}.isdisjoint(
        event.taken
    )


def _seed(text: str) -> int:
    """Give a seed that depends on nothing but the text."""
    return int(hashlib.sha256(text.encode()).hexdigest()[:7], 16)


def _answerable(ask: Ask, window: Window) -> Ask:
    """Leave out what this window cannot show: a sound that is not in it."""
    if window.sound:
        return ask
    events = {anomaly: event for anomaly, event in ask.events.items() if not only_heard(anomaly)}
    return replace(ask, events=events)
