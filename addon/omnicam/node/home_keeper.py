"""Writes down what a camera learns of its home, now and then and when a person has spoken."""

from __future__ import annotations

import math

from omnicam.decide.events import Event, FeedbackKind
from omnicam.decide.home import HomeMemory
from omnicam.decide.learner import Home
from omnicam.record.recorder import Recorder

KEPT_S = 600.0
"""Stream time between two writings; a power cut costs no more than that."""


class HomeKeeper:
    """One camera's learner together with its place in the record."""

    def __init__(self, camera: str, home: Home | None, recorder: Recorder) -> None:
        """Take a learner, None where nothing is to be learned."""
        self.home = home
        self._camera = camera
        self._recorder = recorder
        self._changes = 0
        self._looked = -math.inf

    async def reached(self, time: float) -> None:
        """Let stream time go on: write if there is something new and the last time is long ago."""
        # A stream whose clock was set back would otherwise write nothing until it caught up.
        if not 0.0 <= time - self._looked < KEPT_S:
            self._looked = time
            await self.keep()

    async def answer(self, event: Event, kind: FeedbackKind) -> None:
        """Take a person's word about an event."""
        if self.home is not None:
            self.home.answer(event, kind)
            await self.keep()

    async def forget(self) -> bool:
        """Forget everything, also where learning is off; False where that could not be kept."""
        if self.home is None:
            return await self._recorder.keep_home(self._camera, HomeMemory())
        self.home.reset()
        return await self.keep()

    async def keep(self) -> bool:
        """Write if there is something new; False where the record did not take it."""
        if self.home is None or self.home.changes == self._changes:
            return True
        changes = self.home.changes
        kept = await self._recorder.keep_home(self._camera, self.home.memory)
        if kept:
            self._changes = changes
        return kept
