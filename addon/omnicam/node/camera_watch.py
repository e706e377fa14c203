"""One camera in the main process: findings through decide to the record and the broker.

The order within a step is what makes it fast and safe: the retained state leaves first, because
somebody may be lying on the floor; then the step is recorded together with its message; the clip
follows and holds up nothing.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from omnicam.config.model import CameraSettings, Language
from omnicam.decide.decider import Decider, Decision
from omnicam.decide.events import Event, Feedback, FeedbackKind, Step, Verdict, described, take
from omnicam.decide.learner import Home
from omnicam.decide.sensitivity import tuned
from omnicam.decide.states import ClassState
from omnicam.decide.words import HelpCall
from omnicam.detect.reasons import in_language
from omnicam.node import drill
from omnicam.node.camera_process import CameraProcess, WorkerUnavailableError
from omnicam.node.camera_verify import SETTLE_S, CameraVerify, Deliver, reports
from omnicam.node.home_keeper import HomeKeeper
from omnicam.node.household import CameraChoice, Household
from omnicam.node.messages import (
    Continue,
    Finished,
    FromWorker,
    Progress,
    Signal,
    Statistics,
    StreamOpened,
)
from omnicam.node.outbox import RecordOutbox
from omnicam.node.showing import Outlet, Showing
from omnicam.publish import topics
from omnicam.record.errors import RecordError
from omnicam.record.recorder import Recorded, Recorder
from omnicam.taxonomy import AnomalyClass, ClassName, Sense

_LOGGER = logging.getLogger(__name__)

CLIP_BEFORE_S = 5.0
CLIP_AFTER_S = 10.0

_NOTHING_YET = Statistics(figures={}, state="starting", error="")


type MakeVerify = Callable[[CameraProcess, Deliver], CameraVerify]
"""Makes a camera's way to the model, of its worker and of who takes the verdicts."""


class DrillRefusedError(RuntimeError):
    """A test alarm cannot be raised now; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Shared:
    """What all cameras of a node have in common.

    Attributes:
        node: id of the node.
        recorder: the record.
        outbox: of messages.
        outlet: to the broker.
        on_opened: called when a camera's size and sound become known.
        household: gives what the household chose, as it stands now.
        language: of reasons, where the household chose none.
    """

    node: str
    recorder: Recorder
    outbox: RecordOutbox
    outlet: Outlet
    on_opened: Callable[[], None]
    household: Callable[[], Household] = Household
    language: Language = Language.ENGLISH


class NoModelError(LookupError):
    """No model looks at this camera."""


class CameraWatch:
    """Watches one camera for as long as `run` is not cancelled."""

    def __init__(
        self,
        settings: CameraSettings,
        process: Callable[[CameraWatch], CameraProcess],
        judged: Callable[[CameraSettings, Collection[Sense]], frozenset[ClassName]],
        shared: Shared,
        home: Home | None = None,
        verify: MakeVerify | None = None,
    ) -> None:
        """Make a watch that starts nothing yet.

        Args:
            settings: of the camera.
            process: makes the worker's process, whose messages go to `on_message`.
            judged: tells which classes scorers can judge, given what the stream offers.
            shared: what all cameras have in common.
            home: learns what is ordinary here, None for no learning.
            verify: makes the way to the model, None where there is none.
        """
        self.settings = settings
        self.learning = HomeKeeper(settings.id, home, shared.recorder)
        self.opened: StreamOpened | None = None
        self.statistics = _NOTHING_YET
        self.finished: Finished | None = None
        self.last_call: str | None = None
        self._shared = shared
        self._judged = judged
        self._senses = frozenset(Sense)
        self._showing = Showing(shared.node, settings.id, shared.outlet)
        self._choice = shared.household().camera(settings.id)
        self._decider = self._make_decider()
        self._test: Event | None = None
        self._test_ending: asyncio.Task[None] | None = None
        self._process = process(self)
        self.verify = verify(self._process, self._take_verdicts) if verify is not None else None
        # Deciding and recording are one turn: a verdict's step is never recorded before the one
        # on which it rests.
        self._turn = asyncio.Lock()
        self._background: set[asyncio.Task[Any]] = set()
        self._awaiting_clip: dict[str, asyncio.Task[None]] = {}
        self._awaiting_words: dict[str, asyncio.Task[None]] = {}
        self._stopped = False

    @property
    def states(self) -> Mapping[ClassName, ClassState]:
        """What every class's sensor shows."""
        return self._showing.states

    @property
    def showing(self) -> Showing:
        """What the broker is shown of this camera."""
        return self._showing

    @property
    def status(self) -> str:
        """Whether the camera is there: `online`, `offline` or `disabled`."""
        return self._showing.status

    @property
    def restarts(self) -> int:
        """How often the worker had to be started again."""
        return self._process.restarts

    async def run(self) -> None:
        """Watch until cancelled or the source ends for good."""
        self._stopped = False
        self._showing.set_status(topics.OFFLINE)
        self._publish_states()
        try:
            await self._process.run()
        finally:
            self._stopped = True  # what ends now was cut short: nobody saw its end
            if self.verify is not None:
                self.verify.stop()
            if self._test_ending is not None:
                self._test_ending.cancel()
            async with self._turn:
                await self._carry([*self._end_test(), *self._decider.finish()])
            self._publish_states()
            await self.learning.keep()
            await asyncio.gather(*self._background, return_exceptions=True)

    def disable(self) -> None:
        """Show the camera as switched off; whoever calls this has cancelled `run`."""
        self.opened = None
        self.statistics = _NOTHING_YET
        self._showing.set_status(topics.DISABLED)
        self._showing.set_picture(b"")

    async def snapshot(self, time: float | None = None) -> bytes:
        """Get a picture as JPEG; `WorkerUnavailableError` where there is none now."""
        return await self._process.snapshot(time)

    async def reply(self, question: str) -> str:
        """Have the model answer a question about what the camera sees now.

        Raises:
            NoModelError: no model looks at this camera.
            WorkerUnavailableError: there is no picture now.
            AskError: the model gave no answer.
        """
        if self.verify is None:
            raise NoModelError(self.settings.id)
        return await self.verify.reply(question, self._decider.now)

    async def choose(self, choice: CameraChoice) -> None:
        """Go on as the household chose; what is open stays open while its class is watched."""
        async with self._turn:
            self._choice = choice
            decisions = self._decider.retune(self._tuned())
            self._publish_states()
            await self._carry(decisions)

    async def test(self, anomaly: AnomalyClass) -> Event:
        """Begin a test alarm; it ends by itself after `drill.LASTS_S`.

        Raises:
            DrillRefusedError: it would not arrive, or would hide what is real.
        """
        async with self._turn:
            self._may_test(anomaly)
            language = self._language
            now = self._decider.now
            event = drill.begin(self.settings.id, anomaly, now, language)
            self._test = take(event, Step.ESCALATED, now)
            self._publish_states()
            await self._carry([event, self._test])
        self._test_ending = self._start(self._let_test_end())
        return event

    async def feedback(self, event: Event, kind: FeedbackKind) -> None:
        """Take a person's word about an event of this camera, open or ended.

        Args:
            event: as it is on record.
            kind: what was said.
        """
        async with self._turn:
            now = next((each for each in self._decider.open_events if each.id == event.id), event)
            decisions = self._decider.feedback(Feedback(event=event.id, kind=kind))
            self._publish_states()
            await self._carry(decisions)
        if event.test:
            return  # nothing was seen: there is nothing to learn from it
        await self.learning.answer(now, kind)
        if self.verify is not None:
            self.verify.answered(now, kind)

    async def on_message(self, message: FromWorker | None) -> None:
        """Take what the worker says, in order; None when its process is gone."""
        match message:
            case Progress():
                await self._progress(message)
            case StreamOpened():
                await self._open(message)
            case Signal():
                self._signal(message)
            case Statistics():
                self.statistics = message
            case Finished():
                self._finish(message)
            case None:
                if self.finished is None:
                    # A dead process streams nothing; the next one counts from 0.
                    self.statistics = _NOTHING_YET
                self._showing.set_status(topics.OFFLINE)
            case _:
                msg = f"camera {self.settings.id}: unexpected message {type(message).__name__}"
                raise TypeError(msg)

    async def _progress(self, message: Progress) -> None:
        async with self._turn:
            decisions: list[Decision] = []
            # Time in which nothing is judged does not go on for the decider: it teaches nothing.
            if self._choice.detection:
                for finding in message.findings:
                    decisions += self._decider.observe(in_language(finding, self._language))
                decisions += self._decider.advance(message.time)
            self._publish_states()
            if self.verify is not None and self._choice.detection:
                # Before anything is recorded: the window is cut while the worker still has it.
                self.verify.decided(decisions)
                standings = self._decider.standings()
                self.verify.reached(message.time, standings, message.people)
            await self._carry(decisions)
        await self.learning.reached(message.time)
        if message.wants_answer:
            if self.verify is not None:
                await self.verify.settle()
                await self._settle_words()
            self._process.send(Continue())

    async def _take_verdicts(self, verdicts: Sequence[Verdict]) -> Sequence[Decision]:
        # What was decided is recorded, also where whoever brought the verdicts is sent away.
        return await asyncio.shield(self._start(self._obey(verdicts)))

    async def _obey(self, verdicts: Sequence[Verdict]) -> Sequence[Decision]:
        async with self._turn:
            decisions: list[Decision] = []
            for verdict in verdicts:
                decisions += self._decider.verdict(verdict)
            self._publish_states()
            if self.verify is not None:
                self.verify.decided(decisions)
            await self._carry(decisions)
        return decisions

    async def _open(self, message: StreamOpened) -> None:
        offered = {Sense.PICTURE: message.width > 0, Sense.SOUND: message.audio, Sense.SIGNAL: True}
        senses = frozenset(sense for sense, there in offered.items() if there)
        if senses != self._senses:
            # Without sound nothing can judge the classes of sound: they become unknown, not off.
            async with self._turn:
                await self._carry(self._decider.finish())
                self._senses = senses
                self._decider = self._make_decider()
        self.opened = message
        self._publish_states()
        self._shared.on_opened()

    def _signal(self, message: Signal) -> None:
        if message.change.present:
            self._showing.set_status(topics.ONLINE)
            return
        if self.status == topics.ONLINE:
            _LOGGER.warning("camera %s is away: %s", self.settings.id, message.change.reason)
        self._showing.set_status(topics.OFFLINE)

    def _finish(self, message: Finished) -> None:
        self.finished = message
        self._showing.set_status(topics.OFFLINE)
        if message.error:
            _LOGGER.error("camera %s: %s", self.settings.id, message.error)
        else:
            _LOGGER.info("camera %s: the recording has ended", self.settings.id)

    @property
    def _language(self) -> Language:
        return self._shared.household().language or self._shared.language

    def _tuned(self) -> CameraSettings:
        choice = self._choice
        return tuned(self.settings, choice.sensitivity, detection=choice.detection)

    def _make_decider(self) -> Decider:
        judged = self._judged(self.settings, self._senses)
        return Decider(self._tuned(), judged=judged, home=self.learning.home)

    def _may_test(self, anomaly: AnomalyClass) -> None:
        camera = self.settings.id
        if self.status != topics.ONLINE or not math.isfinite(self._decider.now):
            msg = f"camera {camera} is {self.status}: a test needs its picture"
        elif not self._choice.detection:
            msg = f"the detection of camera {camera} is switched off: switch it on"
        elif self._test is not None:
            msg = f"a test is under way on camera {camera}: wait {drill.LASTS_S:.0f} s"
        elif any(event.anomaly is anomaly for event in self._decider.open_events):
            msg = f"a real event of {anomaly} is open on camera {camera}: look after that first"
        else:
            return
        raise DrillRefusedError(msg)

    async def _let_test_end(self) -> None:
        await asyncio.sleep(drill.LASTS_S)
        async with self._turn:
            decisions = self._end_test()
            self._publish_states()
            await self._carry(decisions)

    def _end_test(self) -> list[Decision]:
        test, self._test = self._test, None
        return [] if test is None else [drill.end(test, self._decider.now)]

    async def _carry(self, decisions: list[Decision]) -> None:
        """Record every decision with its message; start what follows from it."""
        for decision in decisions:
            if isinstance(decision, HelpCall):
                _LOGGER.info("%s: %r was called", decision.camera, decision.word)
                recorded = await self._shared.recorder.record_call(decision)
                self.last_call = decision.id
            else:
                recorded = await self._record(decision)
            if not recorded.stored:
                self._shared.outbox.keep(decision)
            self._shared.outlet.wake()

    async def _record(self, event: Event) -> Recorded:
        _LOGGER.info(
            "%s: %s %s, %s %.2f: %s",
            *(event.camera, event.anomaly, event.step, event.level, event.confidence, event.reason),
        )
        begins = event.step is Step.SUSPECTED
        if begins:
            self._awaiting_clip[event.id] = self._start(self._cut_clip(event))
        if self.verify is not None and reports(event) and not self._stopped:
            words = self._put_in_words(event, self.verify)
            self._awaiting_words[event.id] = self._start(words)
        snapshot = None
        if begins or event.step is Step.ESCALATED:
            snapshot = await self._take_snapshot(event)
        # The journal's line of an ended event waits for what is still to come.
        clip_follows = event.id in self._awaiting_clip or event.id in self._awaiting_words
        recorded = await self._shared.recorder.record_step(
            event, snapshot, clip_follows=clip_follows
        )
        self._showing.set_last_event(event, recorded.snapshot)
        return recorded

    async def _take_snapshot(self, event: Event) -> bytes | None:
        try:
            jpeg = await self._process.snapshot(event.updated)
        except WorkerUnavailableError as error:
            _LOGGER.warning("no snapshot of %s: %s", event.id, error)
            return None
        self._showing.set_picture(jpeg)
        return jpeg

    async def _cut_clip(self, event: Event) -> None:
        try:
            path = await self._shared.recorder.prepare_clip(event.id)
            await self._process.clip(
                event.onset - CLIP_BEFORE_S, event.suspected + CLIP_AFTER_S, path
            )
        except (WorkerUnavailableError, RecordError) as error:
            _LOGGER.warning("no clip of %s: %s", event.id, error)
        # Nothing may wait in between: the recorder takes turns in the order of its calls, so that a
        # step which counted on the clip is recorded first.
        self._awaiting_clip.pop(event.id, None)
        follows = event.id in self._awaiting_words
        await self._shared.recorder.finish_clip(event.id, step_follows=follows)

    async def _put_in_words(self, event: Event, verify: CameraVerify) -> None:
        """Let the model describe an event that has ended, once its clip is there."""
        recorder, sentence = self._shared.recorder, ""
        if cutting := self._awaiting_clip.get(event.id):
            await asyncio.wait((cutting,))
        clip = recorder.media.path(recorder.media.clip_name(event.id))
        try:
            if await asyncio.to_thread(clip.is_file):
                sentence = await verify.report(event, clip, event.onset - CLIP_BEFORE_S)
        finally:
            # Under the turn, so that it never comes before the step that ended the event.
            async with self._turn:
                self._awaiting_words.pop(event.id, None)
                if sentence:
                    await self._carry([described(event, sentence)])
                else:
                    await recorder.finish_clip(event.id)

    async def _settle_words(self) -> None:
        """Wait for sentences whose clip is there: a file is then told the same every time."""
        ready = [
            words
            for event, words in self._awaiting_words.items()
            if event not in self._awaiting_clip
        ]
        if ready:
            await asyncio.wait(ready, timeout=SETTLE_S)

    def _publish_states(self) -> None:
        states = self._decider.states(self._decider.now)
        self._showing.set_states(states if self._test is None else drill.shown(states, self._test))

    def _start[T](self, work: Coroutine[None, None, T]) -> asyncio.Task[T]:
        """Run something beside the stream; a reference keeps it from being collected."""
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)
        return task
