"""The same recording decided a second time, with what a model says: before and after, side by side.

The gate, the windows, the questions and the decisions are those of a node; time stands still while
the model thinks. Its word is taken as it is (calibrated, without a camera's normal scene), and what
it said is kept, so that the tables show whether it deserves that.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Self

import aiohttp

from omnicam.config.model import CameraSettings, ModelSettings
from omnicam.decide.decider import Decider, Decision
from omnicam.decide.events import Verdict
from omnicam.detect.protocol import Picture
from omnicam.evaluate.entries import Entry, Listener
from omnicam.evidence import Finding
from omnicam.media import AudioChunk, Frame, MediaItem, time_of
from omnicam.taxonomy import ClassName, Thresholds, only_heard
from omnicam.verify.calibration import MOST_LOG_ODDS
from omnicam.verify.client import ModelClient, session
from omnicam.verify.cutting import Recent
from omnicam.verify.gate import Ask, Gate
from omnicam.verify.outcomes import AskError, Outcome
from omnicam.verify.questions import Scene, describe
from omnicam.verify.window import WindowOrder


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What the model said about a class at a moment of the recording."""

    time_s: float
    anomaly: ClassName
    z: float

    @property
    def log_odds(self) -> float:
        """What that counts for, as in a node."""
        return min(max(self.z, -MOST_LOG_ODDS), MOST_LOG_ODDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What a recording was judged to hold with the model.

    Attributes:
        entries: its events.
        peaks: by target, the highest log-odds that two of three steps reached.
        looks: everything that the model said.
        outcomes: how many windows ended how.
    """

    entries: tuple[Entry, ...] = ()
    peaks: dict[str, float] = field(default_factory=dict)
    looks: tuple[Look, ...] = ()
    outcomes: dict[str, int] = field(default_factory=dict)


class Asking:
    """Follows one recording and asks the model about it; a context manager."""

    def __init__(self, camera: CameraSettings, model: ModelSettings, zone: tzinfo) -> None:
        self._camera = camera
        self._model = model
        self._zone = zone
        self._listener = Listener(Thresholds())
        self._decider = Decider(camera, observer=self._listener.read)
        self._gate = Gate(camera, model)
        self._recent = Recent(camera, zone)
        self._looks: list[Look] = []
        self._outcomes: Counter[str] = Counter()
        self._runner = asyncio.Runner()
        self._session: aiohttp.ClientSession | None = None

    def __enter__(self) -> Self:
        """Connect."""
        self._session = self._runner.run(_opened())
        return self

    def __exit__(self, *_: object) -> None:
        """Let the connection go."""
        if self._session is not None:
            self._runner.run(self._session.close())
        self._runner.close()

    def take(self, item: MediaItem, findings: Iterable[Finding], seen: Picture | None) -> None:
        """Take a piece of media with what the scorers found in it."""
        reached = time_of(item)
        for finding in findings:
            self._decide(self._decider.observe(finding), reached)
        self._decide(self._decider.advance(reached), reached)
        people = 0
        if seen is not None:
            people = len(seen.people)
            if isinstance(item, Frame):
                moving = () if seen.motion.global_change else seen.motion.regions
                self._recent.see(item, moving, tuple(person.region for person in seen.people))
        if isinstance(item, AudioChunk):
            self._recent.hear(item)
        ask = self._gate.reached(reached, self._decider.standings(), people=people)
        if ask is not None:
            self._ask(ask)

    def finish(self) -> Verified:
        """End what is open and give everything."""
        self._decide(self._decider.finish(), self._decider.now)
        return Verified(
            entries=tuple(self._listener.entries),
            peaks=self._listener.peaks,
            looks=tuple(self._looks),
            outcomes=dict(self._outcomes),
        )

    def _ask(self, ask: Ask) -> None:
        order = WindowOrder(time=ask.time, region=ask.region, pictures=self._model.pictures)
        window = self._recent.cut(order)
        if window is None:
            self._outcomes[Outcome.NO_WINDOW] += 1
            return
        classes = [each for each in ask.events if window.sound or not only_heard(each)]
        if not classes or self._session is None:
            return
        scene = Scene(camera=self._camera.name, zones=(), time=ask.time, recent=())
        client = ModelClient(self._model, self._session)
        try:
            z = self._runner.run(
                client.look(window, describe(scene, self._zone), classes, ask.camera)
            )
        except AskError as error:
            self._outcomes[error.outcome] += 1
            return
        self._outcomes[Outcome.ANSWERED] += 1
        for anomaly, value in z.items():
            look = Look(time_s=ask.time, anomaly=anomaly, z=value)
            self._looks.append(look)
            verdict = Verdict(
                camera=ask.camera,
                event=ask.events[anomaly],
                anomaly=anomaly,
                log_odds=look.log_odds,
                time=ask.time,
                sentence="",
            )
            self._decide(self._decider.verdict(verdict), ask.time)

    def _decide(self, decisions: Iterable[Decision], reached: float) -> None:
        for decision in decisions:
            self._listener.decide(decision, reached)


def greet(model: ModelSettings) -> None:
    """See whether the model is there.

    Raises:
        AskError: it is not, or does not let us in.
    """

    async def ask() -> None:
        async with session() as connection:
            await ModelClient(model, connection).greet()

    asyncio.run(ask())


async def _opened() -> aiohttp.ClientSession:
    return session()
