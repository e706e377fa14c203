"""The model as the node sees it: a bounded line, a few requests at once, and how it fares.

Whoever asks gets an `Answer` in the end, whatever happens; nobody who watches a camera waits here.
"""

from __future__ import annotations

import asyncio
import logging
import math
import threading
import time as clock
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from omnicam import payloads
from omnicam.config.model import Language, ModelSettings
from omnicam.taxonomy import ClassName
from omnicam.verify import calibration, store
from omnicam.verify.breaker import Breaker, Circuit
from omnicam.verify.calibration import Judged, Memory
from omnicam.verify.client import ModelClient, session, shown_address
from omnicam.verify.gate import Ask
from omnicam.verify.line import Line, Urgency
from omnicam.verify.outcomes import MEANINGS, AskError, Outcome, explain
from omnicam.verify.tally import Tally
from omnicam.verify.window import Window

_LOGGER = logging.getLogger(__name__)

RETRY_S = 0.5
"""Wait before an urgent window is asked about a second time."""

GREET_S = 60.0
"""A model that was not heard of for so long is greeted, to know whether it is there."""

KEEP_S = 60.0
"""What was learned is written so often at most; a person's word at once."""

DROPPED_AGAIN_S = 300.0
"""That windows are dropped is told in the log so often at most."""

type Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of asking: z by class where `outcome` is ANSWERED, else nothing."""

    outcome: Outcome
    z: Mapping[ClassName, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class _Job:
    ask: Ask
    window: Window
    scene: str
    answer: asyncio.Future[Answer]


class Verifier:
    """Asks one model for all cameras; `run` it as a task."""

    def __init__(
        self,
        settings: ModelSettings,
        data: Path,
        language: Language,
        changed: Callable[[Json], None],
        node: str,
    ) -> None:
        """Make a verifier that asks nothing yet.

        Args:
            settings: of the model.
            data: folder of what it remembers.
            language: of its words about the model's state.
            changed: told the model's state whenever that becomes another.
            node: id of the node.
        """
        self.settings = settings
        self._data = data
        self._language = language
        self._changed = changed
        self._node = node
        self._client: ModelClient | None = None
        self._line: Line[_Job] = Line()
        self._breaker = Breaker()
        self._wake = asyncio.Condition()
        self._sentences = asyncio.Semaphore(settings.parallel)
        self._memory = store.read(data, settings.name, settings.questions)
        self._kept = self._memory
        self._must_keep = asyncio.Event()
        self._writing = threading.Lock()
        self._tally = Tally()
        self._state: Outcome | None = None
        self._detail = ""
        self._since = clock.time()
        self._heard = self._told_dropped = -math.inf

    async def run(self) -> None:
        """Ask until cancelled; whoever still waits then is told that nothing came."""
        self._changed(self.state())
        try:
            async with AsyncExitStack() as stack:
                self._client = ModelClient(
                    self.settings, await stack.enter_async_context(session())
                )
                tasks = await stack.enter_async_context(asyncio.TaskGroup())
                for _ in range(self.settings.parallel):
                    tasks.create_task(self._serve(urgent_only=False), name="verify")
                tasks.create_task(self._serve(urgent_only=True), name="verify-urgent")
                tasks.create_task(self._greet(), name="verify-greet")
                tasks.create_task(self._keep(), name="verify-keep")
        finally:
            self._client = None
            for job in self._line.clear():
                self._settle(job, Answer(outcome=Outcome.DROPPED))
            await asyncio.to_thread(self._write)

    async def ask(self, ask: Ask, window: Window, scene: str) -> Answer:
        """Wait in the line, and for the answer; an answer comes in bounded time."""
        loop = asyncio.get_running_loop()
        job = _Job(ask, window, scene, loop.create_future())
        if self._client is None:
            self.count(Outcome.PAUSED)
            return Answer(outcome=Outcome.PAUSED)
        self._drop(self._line.push(job, ask.urgency, loop.time()), loop.time())
        async with self._wake:
            self._wake.notify_all()
        return await job.answer

    async def describe(self, camera: str, window: Window, scene: str, wish: str, seed: int) -> str:
        """Ask for a sentence; empty where none comes in time.

        Args:
            camera: whose window it is.
            window: what the model is shown.
            scene: what it is told beside.
            wish: which sentence is wanted, the last line.
            seed: the same gives the same sentence.
        """
        if self._client is None or self._breaker.state is not Circuit.CLOSED:
            return ""
        try:
            async with asyncio.timeout(self.settings.sentence_s), self._sentences:
                session = self._session(camera)
                text = await self._client.describe(window, scene, wish, seed, session)
        except TimeoutError:
            text, outcome = "", Outcome.SLOW
        except AskError as error:
            text, outcome = "", error.outcome
        else:
            outcome = Outcome.ANSWERED
        self._tally.sentences[outcome] += 1
        return text

    async def reply(self, camera: str, window: Window, scene: str, question: str) -> str:
        """Have a person's question about a window answered, beside the line: somebody waits.

        Raises:
            AskError: there is no answer; `outcome` says why.
        """
        if self._client is None or self._breaker.state is not Circuit.CLOSED:
            raise AskError(Outcome.PAUSED, "the model is left alone after failures")
        outcome = Outcome.SLOW
        try:
            async with asyncio.timeout(self.settings.sentence_s), self._sentences:
                text = await self._client.reply(window, scene, question, self._session(camera))
        except TimeoutError:
            raise AskError(outcome, f"no turn within {self.settings.sentence_s:g} s") from None
        except AskError as error:
            outcome = error.outcome
            raise
        else:
            outcome = Outcome.ANSWERED
            return text
        finally:
            self._tally.sentences[outcome] += 1

    def judge(self, camera: str, anomaly: ClassName, z: float) -> Judged:
        """Give what z of a class on a camera means."""
        return calibration.judged(self._memory, camera, anomaly, z)

    def audited(
        self, camera: str, z: Mapping[ClassName, float], low: Mapping[ClassName, float]
    ) -> None:
        """Take an audit: count it and what it found, and let the camera's references learn.

        What a calibrated model affirms is something that the gate missed, no normal scene.

        Args:
            camera: id of the camera.
            z: by class.
            low: log-odds by class from which a verdict affirms.
        """
        self._tally.audits += 1
        for anomaly, value in z.items():
            judged = self.judge(camera, anomaly, value)
            affirmed = judged.log_odds >= low[anomaly]
            if affirmed:
                self._tally.positives[anomaly] += 1
            if not (affirmed and judged.calibrated):
                self._memory = calibration.audited(self._memory, camera, anomaly, value)

    def looked(self, event: str, anomaly: ClassName, score: float) -> None:
        """Remember how an event looked to the model, for what a person may say of it later."""
        self._memory = calibration.looked(self._memory, event, anomaly, score)

    def answered(self, event: str, *, right: bool) -> None:
        """Take a person's word about an event."""
        self._memory = calibration.answered(self._memory, event, right=right)
        self._must_keep.set()

    def speak(self, language: Language) -> None:
        """Give sentences, and words about the model's state, in another language."""
        self._language = language
        self.settings = replace(self.settings, language=language)
        if self._client is not None:
            self._changed(self.state())

    def count(self, outcome: Outcome) -> None:
        """Count a window that never came to be asked about."""
        self._tally.windows[outcome] += 1

    def state(self) -> Json:
        """Say in few words how the model fares: the payload of the node's `model` topic."""
        known = self._state or Outcome.PAUSED
        text = explain(known, self._language) if self._state is not None else ""
        return {
            "state": "unknown" if self._state is None else str(self._state),
            "name": self.settings.name,
            "since": payloads.iso(self._since),
            "reason": text,
        }

    def health(self) -> Json:
        """Say how the model fares, with all counts since the node's start."""
        return (
            self.state()
            | self._tally.figures()
            | {
                "address": shown_address(self.settings),
                "detail": self._detail,
                "circuit": str(self._breaker.state),
                "waiting": len(self._line),
                "calibrated": {
                    str(anomaly): {
                        "slope": round(line.slope, 3),
                        "offset": round(line.offset, 3),
                        "right": line.right,
                        "wrong": line.wrong,
                        "source": str(line.source),
                    }
                    for anomaly, line in self._memory.lines.items()
                },
            }
        )

    async def _serve(self, *, urgent_only: bool) -> None:
        loop = asyncio.get_running_loop()
        while True:
            async with self._wake:
                # Nothing is awaited between an empty line and the wait: no push is overheard.
                while (job := self._next(loop.time(), urgent_only=urgent_only)) is None:
                    await self._wake.wait()
            answer = Answer(outcome=Outcome.DROPPED)
            try:
                answer = await self._answer(job)
            finally:
                self._settle(job, answer)

    def _next(self, now: float, *, urgent_only: bool) -> _Job | None:
        while True:
            job, gone = self._line.pop(now, urgent_only=urgent_only)
            self._drop(gone, now)
            if job is None or not job.answer.done():  # done: whoever asked has gone
                return job

    async def _answer(self, job: _Job) -> Answer:
        urgent = job.ask.urgency is Urgency.URGENT
        answer = await self._attempt(job)
        if urgent and MEANINGS[answer.outcome].again:
            await asyncio.sleep(RETRY_S)
            answer = await self._attempt(job)
        return answer

    async def _attempt(self, job: _Job) -> Answer:
        loop = asyncio.get_running_loop()
        started = loop.time()
        if self._client is None or not self._breaker.allows(started):
            self._tally.windows[Outcome.PAUSED] += 1
            return Answer(outcome=Outcome.PAUSED)
        try:
            z = await self._client.look(
                job.window, job.scene, list(job.ask.events), self._session(job.ask.camera)
            )
        except AskError as error:
            self._note(error.outcome, str(error))
            self._tally.windows[error.outcome] += 1
            self._breaker.failed(loop.time())
            return Answer(outcome=error.outcome)
        except BaseException:
            self._breaker.abandoned(loop.time())
            raise
        self._tally.answered(loop.time() - started)
        self._breaker.succeeded()
        self._note(Outcome.ANSWERED, "")
        return Answer(outcome=Outcome.ANSWERED, z=z)

    def _session(self, camera: str) -> str:
        return f"{self._node}/{camera}"

    def _drop(self, jobs: list[_Job], now: float) -> None:
        for job in jobs:
            self.count(Outcome.DROPPED)
            self._settle(job, Answer(outcome=Outcome.DROPPED))
        if jobs and now - self._told_dropped >= DROPPED_AGAIN_S:
            self._told_dropped = now
            count = self._tally.windows[Outcome.DROPPED]
            _LOGGER.warning("%s (%d so far)", explain(Outcome.DROPPED, Language.ENGLISH), count)

    @staticmethod
    def _settle(job: _Job, answer: Answer) -> None:
        if not job.answer.done():
            job.answer.set_result(answer)

    def _note(self, outcome: Outcome, detail: str) -> None:
        """Take how the model fares now, and tell it where it is news."""
        self._heard = asyncio.get_running_loop().time()
        self._detail = detail
        if outcome is self._state:
            return
        self._state, self._since = outcome, clock.time()
        say = _LOGGER.warning if MEANINGS[outcome].trips else _LOGGER.info
        say("model %s: %s", self.settings.name, explain(outcome, Language.ENGLISH))
        self._changed(self.state())

    async def _greet(self) -> None:
        """Know whether the model is there, also where nothing is suspected for a long time."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(min(max(self._heard + GREET_S - loop.time(), 0.0), GREET_S))
            if loop.time() - self._heard < GREET_S or self._client is None:
                continue
            self._heard = loop.time()
            try:
                await self._client.greet()
            except AskError as error:
                self._note(error.outcome, str(error))
            else:
                # It is there, which is no proof that it answers what it failed at before.
                if self._state in _OF_THE_WAY:
                    self._note(Outcome.REACHED, "")

    async def _keep(self) -> None:
        while True:
            try:
                async with asyncio.timeout(KEEP_S):
                    await self._must_keep.wait()
            except TimeoutError:
                pass  # now and then anyway
            self._must_keep.clear()
            await asyncio.to_thread(self._write)

    def _write(self) -> None:
        with self._writing:  # a thread whose task was cancelled goes on all the same
            memory: Memory = self._memory
            if memory is self._kept:
                return
            try:
                store.write(self._data, self.settings.name, memory, self.settings.questions)
                self._kept = memory
            except OSError as error:
                _LOGGER.error("what was learned of the model is not kept: %s", error)


_OF_THE_WAY = frozenset({None, Outcome.AWAY, Outcome.REFUSED, Outcome.UNTRUSTED})
"""States that a greeting can mend: they are about the way to the model, not about its answers."""
