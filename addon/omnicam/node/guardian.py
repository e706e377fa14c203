"""All cameras of a node: started, switched, shown to the API and announced to the broker."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from omnicam import __version__, payloads
from omnicam.config.model import CameraSettings, Language, NodeSettings
from omnicam.decide.calibration import shipped
from omnicam.decide.events import FeedbackKind
from omnicam.decide.home import HomeMemory
from omnicam.decide.learner import Home
from omnicam.decide.words import HelpCall
from omnicam.detect.registry import judged_classes
from omnicam.node import figures, worker
from omnicam.node.camera_process import CameraProcess, WorkerUnavailableError
from omnicam.node.camera_verify import CameraVerify
from omnicam.node.camera_watch import (
    CameraWatch,
    DrillRefusedError,
    MakeVerify,
    NoModelError,
    Shared,
)
from omnicam.node.household import CameraChoice, Choices
from omnicam.node.outbox import RecordOutbox
from omnicam.node.pose_service import PoseService
from omnicam.node.showing import Outlet
from omnicam.publish import topics
from omnicam.record.errors import RecordError
from omnicam.record.query import CallQuery, EventQuery, Page, StoredEvent
from omnicam.record.recorder import Recorder
from omnicam.serve.view import Json, UnansweredError, UnavailableError, UnknownCameraError
from omnicam.taxonomy import AnomalyClass
from omnicam.time_zone import local_zone
from omnicam.verify.outcomes import AskError, explain
from omnicam.verify.verifier import Verifier

_LOGGER = logging.getLogger(__name__)


class Guardian:
    """Runs the cameras and is the API's window into the node."""

    def __init__(
        self,
        settings: NodeSettings,
        recorder: Recorder,
        outbox: RecordOutbox,
        outlet: Outlet,
        poses: Sequence[PoseService],
        task: Callable[[CameraSettings], worker.WorkerTask],
        homes: Mapping[str, HomeMemory],
        announce: Callable[[NodeSettings, Json], None],
        verifier: Verifier | None = None,
    ) -> None:
        """Make a guardian that starts nothing yet.

        Args:
            settings: of the node.
            recorder: the record.
            outbox: of messages, on the same record.
            outlet: to the broker.
            poses: the shared pose processes.
            task: tells what the worker of a camera needs to know.
            homes: what the cameras have learned before.
            announce: takes the node's settings and its `info` whenever they change.
            verifier: asks the model, None where there is none.
        """
        self._settings = settings
        self._recorder = recorder
        self._outlet = outlet
        self._poses = poses
        self._announce = announce
        self._verifier = verifier
        self._began = time.monotonic()
        self._choices = Choices(settings.data)
        self._shared = Shared(
            node=settings.node,
            recorder=recorder,
            outbox=outbox,
            outlet=outlet,
            on_opened=self.announce,
            household=lambda: self._choices.household,
            language=settings.language,
        )
        self._task = task
        self._watches = {
            camera.id: self._make(camera, homes.get(camera.id)) for camera in settings.cameras
        }
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._switching = asyncio.Lock()
        self.api_url = settings.api.public_url or ""
        self.api_fingerprint: str | None = None
        self.broker_connected: Callable[[], bool | None] = lambda: None
        self.on_language: Callable[[Language], None] = lambda _: None

    @property
    def language(self) -> Language:
        """What the household chose, or else what the configuration says."""
        return self._choices.household.language or self._settings.language

    def _make(self, camera: CameraSettings, memory: HomeMemory | None) -> CameraWatch:
        """Make the watch of a camera, with what it has learned before; it starts nothing yet."""
        settings, verifier = self._settings, self._verifier

        def process(watch: CameraWatch) -> CameraProcess:
            return CameraProcess(
                camera.id, partial(worker.main, self._task(camera)), watch.on_message
            )

        home: Home | None = None
        if settings.learning.enabled:
            home = Home(camera, shipped(), memory, learn_days=settings.learning.days)
        verify: MakeVerify | None = None
        if verifier is not None and camera.verify:
            verify = partial(CameraVerify, camera, local_zone(settings.time_zone), verifier)
        return CameraWatch(camera, process, judged_classes, self._shared, home, verify)

    async def put(self, settings: NodeSettings, camera: CameraSettings) -> None:
        """Watch a camera that is new, or go on watching it with other settings.

        Args:
            settings: of the whole node, with the camera in them.
            camera: its settings.

        Raises:
            RecordError: what it has learned cannot be read; nothing has changed.
        """
        known = camera.id in self._watches
        if known:
            await self._switch(camera.id, on=False)  # it keeps what it has learned as it ends
        try:
            homes = await self._recorder.homes()
        except RecordError:
            if known:
                await self._switch(camera.id, on=self._is_on(self._watch(camera.id).settings))
            raise
        self._settings = settings
        self._recorder.name_camera(camera.id, camera.name)
        self._watches[camera.id] = self._make(camera, homes.get(camera.id))
        self._show_choices()
        self.announce()
        await self._switch(camera.id, on=self._is_on(camera))

    async def drop(self, settings: NodeSettings, camera: str) -> None:
        """Watch a camera no longer; its events stay on record.

        Args:
            settings: of the whole node, without the camera.
            camera: its id.
        """
        await self._switch(camera, on=False)
        del self._watches[camera]
        self._settings = settings
        self.announce()
        await self._choices.keep(self._choices.household.without_camera(camera))

    @property
    def finished(self) -> bool:
        """Whether every camera was a file that has ended."""
        return all(watch.finished is not None for watch in self._watches.values())

    @property
    def failures(self) -> list[str]:
        """Cameras whose source could never be read, and why."""
        return [
            f"{name}: {watch.finished.error}"
            for name, watch in self._watches.items()
            if watch.finished is not None and watch.finished.error
        ]

    async def run(self, *, until_finished: bool = False) -> None:
        """Watch all cameras until cancelled, or until all files have ended."""
        if (chosen := self._choices.household.language) is not None:
            self.on_language(chosen)
        self._show_choices()
        self.announce()
        try:
            for camera in self._settings.cameras:
                await self._switch(camera.id, on=self._is_on(camera))
            while not (until_finished and self.finished):
                await asyncio.sleep(0.2)
                self._look_after_tasks()
        finally:
            for task in self._tasks.values():
                task.cancel()
            await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def turn(self, camera: str, *, on: bool) -> None:
        """Switch a camera on or off and remember it over restarts.

        Off is for privacy: nothing is read from it, recorded or shown, and the picture of its last
        event is taken off the broker.
        """
        self._watch(camera)
        if on:
            # Kept first: what follows may fail, the wish may not.
            await self._choose(camera, enabled=on)
            await self._switch(camera, on=on)
        else:
            await self._switch(camera, on=on)
            await self._choose(camera, enabled=on)

    async def detect(self, camera: str, *, on: bool) -> None:
        """Judge what a camera sees and hears, or do not; it goes on showing its picture."""
        await self._watch(camera).choose(await self._choose(camera, detection=on))

    async def tune(self, camera: str, sensitivity: int) -> None:
        """Set a camera's sensitivity, 0 to 100."""
        await self._watch(camera).choose(await self._choose(camera, sensitivity=sensitivity))

    async def test(self, camera: str, anomaly: AnomalyClass) -> None:
        """Raise a test alarm on a camera."""
        try:
            await self._watch(camera).test(anomaly)
        except DrillRefusedError as error:
            raise UnavailableError(str(error)) from None

    async def speak(self, language: Language) -> None:
        """Give reasons, sentences and the names of offered entities in another language."""
        await self._choices.keep(replace(self._choices.household, language=language))
        self.on_language(language)
        self._show_choices()
        self.announce()

    async def report(self) -> None:
        """Tell the broker now and then how the cameras and the model fare."""
        while True:
            for watch in self._watches.values():
                watch.showing.set_figures(figures.of_camera(watch.statistics))
            model = self._verifier.health() if self._verifier is not None else None
            told = json.dumps(figures.of_node(model)).encode()
            self._outlet.retain(topics.node_figures(self._settings.node), told)
            await asyncio.sleep(figures.TOLD_S)

    def announce(self) -> None:
        """Tell the broker what the node is and has."""
        spoken = replace(self._settings, language=self.language)
        self._announce(spoken, self.info())

    def info(self) -> Json:
        """Say what the node is and has: the payload of the `info` topic."""
        opened = {
            name: (watch.opened.width, watch.opened.height, watch.opened.audio)
            for name, watch in self._watches.items()
            if watch.opened is not None
        }
        spoken = replace(self._settings, language=self.language)
        return payloads.info(spoken, opened, self.api_url, self.api_fingerprint)

    def health(self) -> Json:
        """Say how the node fares."""
        return {
            "status": "degraded" if any(pose.failing for pose in self._poses) else "ok",
            "version": __version__,
            "uptime_s": round(time.monotonic() - self._began, 1),
            "broker_connected": self.broker_connected(),
            "pose": [
                {"running": pose.running, "failing": pose.failing, "restarts": pose.restarts}
                for pose in self._poses
            ],
            "model": self._verifier.health() if self._verifier is not None else None,
            "record_problems": list(self._recorder.problems),
            "cameras": {
                name: {"status": watch.status, "restarts": watch.restarts}
                | ({"windows_over_budget": watch.verify.over_budget} if watch.verify else {})
                | watch.statistics.figures
                for name, watch in self._watches.items()
            },
        }

    def cameras(self) -> list[Json]:
        """Describe every camera with status, states and figures."""
        return [self._camera(name, watch) for name, watch in self._watches.items()]

    def stream_url(self, camera: str) -> str | None:
        """Give the address of a camera's main stream, with its credentials.

        None for a file, and while the camera is switched off for privacy.
        """
        watch = self._watch(camera)
        url = watch.settings.url.reveal()
        return url if "://" in url and watch.status != topics.DISABLED else None

    async def snapshot(self, camera: str) -> bytes:
        """Give the newest picture as JPEG."""
        try:
            return await self._watch(camera).snapshot()
        except WorkerUnavailableError as error:
            raise UnavailableError(str(error)) from None

    async def reply(self, camera: str, question: str) -> str:
        """Have the model answer a question about what a camera sees now."""
        try:
            return await self._watch(camera).reply(question)
        except NoModelError:
            msg = f"camera {camera}: no model looks at it"
            raise UnansweredError(msg, "set model in the node's settings, and verify") from None
        except WorkerUnavailableError as error:
            remedy = "try again when GET /api/cameras shows it online"
            raise UnansweredError(str(error), remedy) from None
        except AskError as error:
            remedy = explain(error.outcome, Language.ENGLISH)
            raise UnansweredError(str(error), remedy) from None

    async def search(self, query: EventQuery) -> Page:
        """Give a page of events."""
        return await self._recorder.search(query)

    async def calls(self, query: CallQuery) -> list[HelpCall]:
        """Give calls for help, the newest first."""
        return await self._recorder.calls(query)

    async def event(self, event: str) -> StoredEvent | None:
        """Give an event with its history."""
        return await self._recorder.get(event)

    async def feedback(self, event: str, kind: FeedbackKind) -> bool:
        """Take a person's word about an event; False if there is no such event."""
        stored = await self._recorder.get(event)
        if stored is None or not await self._recorder.set_feedback(event, kind):
            return False
        watch = self._watches.get(stored.event.camera)
        if watch is not None:
            await watch.feedback(stored.event, kind)
        return True

    def home(self, camera: str) -> Json:
        """Say what a camera has learned of its home."""
        return payloads.home(camera, self._watch(camera).learning.home)

    async def forget_home(self, camera: str) -> None:
        """Let a camera forget what it has learned."""
        if not await self._watch(camera).learning.forget():
            msg = f"camera {camera}: that it forgot its home could not be recorded"
            raise UnavailableError(msg)

    def media_path(self, name: str) -> Path:
        """Give the file of a snapshot or clip by its name in the record."""
        return self._recorder.media.path(name)

    def _watch(self, camera: str) -> CameraWatch:
        try:
            return self._watches[camera]
        except KeyError:
            raise UnknownCameraError(camera) from None

    def _camera(self, name: str, watch: CameraWatch) -> dict[str, Any]:
        opened = watch.opened
        return {
            "id": name,
            "name": watch.settings.name,
            "status": watch.status,
            "stream": watch.statistics.state,
            "error": watch.finished.error if watch.finished else watch.statistics.error,
            "width": opened.width if opened else None,
            "height": opened.height if opened else None,
            "audio": opened.audio if opened else None,
            "states": {anomaly: payloads.state(state) for anomaly, state in watch.states.items()},
            "last_call": watch.last_call,
            "figures": watch.statistics.figures,
        }

    def _is_on(self, camera: CameraSettings) -> bool:
        chosen = self._choices.household.camera(camera.id).enabled
        return camera.enabled if chosen is None else chosen

    async def _choose(self, camera: str, **changes: Any) -> CameraChoice:
        """Keep and show what the household chose for a camera."""
        self._watch(camera)
        household = self._choices.household
        choice = replace(household.camera(camera), **changes)
        await self._choices.keep(household.with_camera(camera, choice))
        self._show_choices()
        return choice

    def _show_choices(self) -> None:
        node, household = self._settings.node, self._choices.household
        told = json.dumps({"language": self.language}).encode()
        self._outlet.retain(topics.node_settings(node), told)
        for camera, watch in self._watches.items():
            enabled = self._is_on(watch.settings)
            watch.showing.set_choice(household.camera(camera), enabled=enabled)

    async def _show_last_event(self, watch: CameraWatch) -> None:
        """Show a camera's last event again: the broker may have lost it, or privacy taken it."""
        try:
            page = await self._recorder.search(EventQuery(camera=watch.settings.id, limit=1))
            for last in page.events:
                watch.showing.set_last_event(last.event, last.snapshot, last.clip)
                if last.snapshot is not None:
                    picture = self._recorder.media.path(last.snapshot)
                    watch.showing.set_picture(await asyncio.to_thread(picture.read_bytes))
        except FileNotFoundError:
            pass  # the retention took it
        except (OSError, RecordError) as error:
            _LOGGER.warning("the last event of %s is not shown: %s", watch.settings.id, error)

    async def _switch(self, camera: str, *, on: bool) -> None:
        """Start or stop watching a camera; twice the same changes nothing."""
        async with self._switching:
            running = self._tasks.get(camera)
            if on and running is None:
                watch = self._watch(camera)
                await self._show_last_event(watch)
                self._tasks[camera] = asyncio.create_task(watch.run(), name=f"watch-{camera}")
            elif not on:
                if running is not None:
                    running.cancel()
                    await asyncio.gather(running, return_exceptions=True)
                    del self._tasks[camera]
                self._watch(camera).disable()

    def _look_after_tasks(self) -> None:
        """Let an error in one camera's watching end the node loudly instead of that camera dumbly.

        Worker processes are restarted below this; what arrives here is a defect of ours, and the
        Supervisor or systemd starts the node again.
        """
        for task in self._tasks.values():
            if task.done() and not task.cancelled():
                task.result()
