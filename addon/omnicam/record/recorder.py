"""The one door to the record for the node: asynchronous, one writer, and never in the way.

What cannot be recorded is reported and the guardian goes on: a full disk must not silence an alarm.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from omnicam.config.model import RetentionSettings
from omnicam.decide.events import Event, FeedbackKind, interrupted
from omnicam.decide.home import HomeMemory
from omnicam.decide.words import HelpCall
from omnicam.record.codec import line
from omnicam.record.errors import DiskFullError, RecordError
from omnicam.record.journal import Journal
from omnicam.record.media import MediaFiles
from omnicam.record.outbox import Pending
from omnicam.record.query import CallQuery, EventQuery, Page, StoredEvent
from omnicam.record.retention import DAY_S, Retention, Swept
from omnicam.record.store import Store

CLIP_WAIT_S = 600.0
"""An ended event whose clip did not come in this time gets its journal line without one."""

_ROOM = 64_000_000  # bytes freed at once when the disk is full

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What became of a step or a call.

    Attributes:
        number: number of its message in the outbox; None where there is none.
        snapshot: name of the snapshot below the data folder, None without one.
        problems: what could not be recorded, in plain words; empty when all went well.
        stored: False where the database did not take it: publish it from memory.
    """

    number: int | None
    snapshot: str | None = None
    problems: tuple[str, ...] = ()
    stored: bool = True


class Recorder:
    """Records events, calls, snapshots and clips below one data folder."""

    def __init__(
        self,
        data: Path,
        settings: RetentionSettings,
        *,
        camera_names: Mapping[str, str] | None = None,
        class_names: Mapping[str, str] | None = None,
        publish: bool = True,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Open the record; blocks shortly, so call it before the loop or in a thread.

        Args:
            data: the data folder; made as needed.
            settings: of the retention.
            camera_names: what people call the cameras, by id, to be found by.
            class_names: what people call classes of their own, by id, to be found by.
            publish: whether somebody publishes; without, no messages are kept for delivery.
            clock: gives Unix seconds.

        Raises:
            RecordError: the folder or the database cannot be used.
        """
        self.media = MediaFiles(data)
        self._store = Store(data / "events.db", clock=clock)
        self._journal = Journal(data / "events.jsonl", clock=clock)
        self._retention = Retention(self._store, self.media, settings, clock=clock)
        self._settings = settings
        self._names = dict(camera_names or {})
        self._classes = dict(class_names or {})
        self._publish = publish
        self._clock = clock
        self._writing = asyncio.Lock()
        self._problems: tuple[str, ...] = ()

    @property
    def problems(self) -> tuple[str, ...]:
        """What the newest write could not record; empty when all went well."""
        return self._problems

    def name_camera(self, camera: str, name: str) -> None:
        """Take what people call a camera from now on; older events keep the older name."""
        self._names[camera] = name

    async def recover(self) -> list[Event]:
        """Put in order what a crash left, once at the start; gives the events it had to end.

        Raises:
            RecordError: the record cannot be read or written.
        """
        async with self._writing:
            return await asyncio.to_thread(self._recover)

    async def record_step(
        self, event: Event, snapshot: bytes | None = None, *, clip_follows: bool = False
    ) -> Recorded:
        """Record a step before it is published. Never raises for a disk or a database.

        Args:
            event: as it stands after the step.
            snapshot: a JPEG, None to keep the one before.
            clip_follows: `finish_clip` or another step will come: the journal's line waits.
        """
        async with self._writing:
            return await asyncio.to_thread(
                self._record_step, event, snapshot, clip_follows=clip_follows
            )

    async def record_call(self, call: HelpCall) -> Recorded:
        """Record a call for help before it is published. Never raises for a disk or a database."""
        async with self._writing:
            return await asyncio.to_thread(self._record_call, call)

    async def prepare_clip(self, event: str) -> Path:
        """Make the place for an event's clip and give its path.

        Raises:
            RecordError: the folder cannot be made.
        """
        return await asyncio.to_thread(self.media.prepare_clip, event)

    async def finish_clip(self, event: str, *, step_follows: bool = False) -> str | None:
        """Note that an event's clip was cut, or failed; gives its name, None if there is no file.

        The journal's line of an ended event is written now, unless another step is to come.
        """
        async with self._writing:
            return await asyncio.to_thread(self._finish_clip, event, step_follows=step_follows)

    async def undelivered(self, limit: int = 100) -> list[Pending]:
        """Give the oldest messages that the broker has not got, in order."""
        return await asyncio.to_thread(self._store.undelivered, limit)

    async def mark_delivered(self, number: int) -> None:
        """Note that the broker has a message."""
        async with self._writing:
            await asyncio.to_thread(self._store.mark_delivered, number)

    async def get(self, event: str) -> StoredEvent | None:
        """Give an event with its history."""
        return await asyncio.to_thread(self._store.get, event)

    async def search(self, query: EventQuery) -> Page:
        """Give a page of events; raises `QueryError` where a field of the query is wrong."""
        return await asyncio.to_thread(self._store.search, query)

    async def calls(self, query: CallQuery) -> list[HelpCall]:
        """Give calls for help, the newest first; raises `QueryError` as `search` does."""
        return await asyncio.to_thread(self._store.calls, query)

    async def set_feedback(self, event: str, kind: FeedbackKind) -> bool:
        """Keep what a person said; False if there is no such event."""
        async with self._writing:
            return await asyncio.to_thread(self._store.set_feedback, event, kind)

    async def homes(self) -> dict[str, HomeMemory]:
        """Give what the cameras have learned of their home, by camera.

        Raises:
            RecordError: the record cannot be read.
        """
        return await asyncio.to_thread(self._store.homes)

    async def keep_home(self, camera: str, memory: HomeMemory) -> bool:
        """Keep what a camera has learned; False where the database did not take it."""
        async with self._writing:
            return await asyncio.to_thread(self._keep_home, camera, memory)

    async def sweep(self) -> Swept:
        """Let go what is too old or too much; call it every hour or so.

        Raises:
            RecordError: a file or the database cannot be changed.
        """
        async with self._writing:
            return await asyncio.to_thread(self._sweep)

    async def close(self) -> None:
        """Let the files go."""
        async with self._writing:
            await asyncio.to_thread(self._store.close)

    def _recover(self) -> list[Event]:
        self._journal.repair()
        now = self._clock()
        ended = [interrupted(event, now) for event in self._store.open_events()]
        for event in ended:
            self._store.add_step(event, **self._named(event), publish=self._publish)
        for stored in self._store.unjournaled():
            self._adopt_clip(stored)
            self._write_line(stored.event.id)
        return ended

    def _record_step(self, event: Event, snapshot: bytes | None, *, clip_follows: bool) -> Recorded:
        problems: list[str] = []
        name = None
        if snapshot is not None:
            jpeg = snapshot
            name = self._attempt(
                problems, lambda: self.media.write_snapshot(event.id, jpeg), otherwise=None
            )
        stored = len(problems)
        number = self._attempt(
            problems,
            lambda: self._store.add_step(
                event,
                **self._named(event),
                snapshot=name,
                publish=self._publish,
            ),
            otherwise=None,
        )
        taken = len(problems) == stored
        if taken and not event.open and not clip_follows:
            self._attempt(problems, lambda: self._write_line(event.id), otherwise=None)
        self._problems = tuple(problems)
        return Recorded(number=number, snapshot=name, problems=self._problems, stored=taken)

    def _named(self, event: Event) -> dict[str, str]:
        return {
            "camera_name": self._names.get(event.camera, ""),
            "class_names": self._classes.get(event.anomaly, ""),
        }

    def _record_call(self, call: HelpCall) -> Recorded:
        problems: list[str] = []
        number = self._attempt(
            problems, lambda: self._store.add_call(call, publish=self._publish), otherwise=None
        )
        self._problems = tuple(problems)
        return Recorded(number=number, problems=self._problems, stored=not problems)

    def _finish_clip(self, event: str, *, step_follows: bool) -> str | None:
        problems: list[str] = []
        stored = self._attempt(problems, lambda: self._store.get(event), otherwise=None)
        name = None
        if stored is not None:
            found = stored
            name = self._attempt(problems, lambda: self._adopt_clip(found), otherwise=None)
            if not found.event.open and not step_follows:
                self._attempt(problems, lambda: self._write_line(event), otherwise=None)
        self._problems = tuple(problems)
        return name

    def _keep_home(self, camera: str, memory: HomeMemory) -> bool:
        problems: list[str] = []
        self._attempt(problems, lambda: self._store.set_home(camera, memory), otherwise=None)
        self._problems = tuple(problems)
        return not problems

    def _sweep(self) -> Swept:
        late = self._clock() - CLIP_WAIT_S
        for stored in self._store.unjournaled(late):
            self._write_line(stored.event.id)
        self._journal.forget(self._clock() - self._settings.days * DAY_S)
        return self._retention.sweep()

    def _adopt_clip(self, stored: StoredEvent) -> str | None:
        name = self.media.clip_name(stored.event.id)
        if not self.media.path(name).is_file():
            return None
        self._store.set_clip(stored.event.id, name)
        return name

    def _write_line(self, event: str) -> None:
        stored = self._store.get(event)
        if stored is None or stored.journaled:
            return
        self._journal.append(
            line(stored.event, snapshot=stored.snapshot, clip=stored.clip, feedback=stored.feedback)
        )
        self._store.mark_journaled(event)

    def _attempt[T](self, problems: list[str], write: Callable[[], T], *, otherwise: T) -> T:
        """Write, make room once where the disk is full, and note what could not be done."""
        try:
            try:
                return write()
            except DiskFullError:
                if not self._retention.make_room(_ROOM).freed:
                    raise
                return write()
        except RecordError as error:
            _log.error("Not recorded: %s", error.strerror or error)
            problems.append(error.strerror or str(error))
            return otherwise
