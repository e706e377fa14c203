"""The whole node, put together in the order in which its parts depend on each other."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import logging
import socket
import tempfile
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from omnicam.config.added import CameraBook
from omnicam.config.model import CameraSettings, MqttSettings, NodeSettings
from omnicam.detect.pose.model import find_model
from omnicam.node import commands
from omnicam.node.guardian import Guardian
from omnicam.node.outbox import RecordOutbox
from omnicam.node.pose_service import PoseService
from omnicam.node.roster import Roster
from omnicam.node.showing import Outlet
from omnicam.node.worker import WorkerTask
from omnicam.publish import topics
from omnicam.publish.publisher import Publisher
from omnicam.record.errors import RecordError
from omnicam.record.recorder import Recorder
from omnicam.serve.announce import Announcement, announced
from omnicam.serve.certificate import load_or_create as load_certificate
from omnicam.serve.server import serving
from omnicam.serve.token import load_or_create
from omnicam.serve.view import Json
from omnicam.verify.verifier import Verifier

_LOGGER = logging.getLogger(__name__)

SWEEP_S = 3600.0
DRAIN_S = 3.0


class StartError(RuntimeError):
    """The node cannot start; the message says what to do."""


class NoBroker:
    """The outlet of a node without MQTT: what would be published is only recorded."""

    def retain(self, topic: str, payload: bytes) -> None:
        """There is nobody to tell."""

    def wake(self) -> None:
        """There is nobody to tell."""


async def run(book: CameraBook, *, until_finished: bool = False) -> list[str]:
    """Run the node of a configuration until cancelled, or until all its files have ended.

    Returns:
        Cameras whose source could never be read, and why.

    Raises:
        StartError: a folder, a port or the pose model is missing.
        CertificateError: the API's certificate cannot be used or made.
    """
    settings = book.settings
    model = find_model(settings.pose_model)
    recorder = await _open_record(settings)
    outbox = RecordOutbox(recorder)
    try:
        with tempfile.TemporaryDirectory(prefix="omnicam-") as private:
            poses = [
                PoseService(model, Path(private) / f"pose-{number}")
                for number in range(settings.pose_processes)
            ]
            turns = itertools.cycle(poses)

            def task(camera: CameraSettings) -> WorkerTask:
                return WorkerTask(
                    camera=camera,
                    time_zone=settings.time_zone,
                    words=settings.words,
                    yamnet=settings.sound.yamnet,
                    pose_socket=next(turns).socket,
                    log_level=logging.getLogger().level,
                    verify=settings.model is not None and camera.verify,
                )

            publisher = Publisher(settings, settings.mqtt, outbox) if settings.mqtt else None
            outlet: Outlet = publisher or NoBroker()

            def announce(now: NodeSettings, info: Json) -> None:
                if publisher is not None:
                    publisher.announce(now, info)

            homes = await recorder.homes()
            verifier = _verifier(settings, outlet)
            guardian = Guardian(
                settings, recorder, outbox, outlet, poses, task, homes, announce, verifier
            )
            roster = Roster(book, guardian)

            if verifier is not None:
                guardian.on_language = verifier.speak
            if publisher is not None:
                guardian.broker_connected = lambda: publisher.connected
            token = load_or_create(settings.data)
            certificate = await asyncio.to_thread(load_certificate, settings.api, settings.data)
            async with serving(guardian, roster, token, settings.api, certificate) as port:
                address = _own_address(settings.mqtt)
                scheme = "http"
                if certificate is not None:
                    scheme, guardian.api_fingerprint = "https", certificate.fingerprint
                guardian.api_url = settings.api.public_url or f"{scheme}://{address}:{port}"
                here = Announcement(
                    node=settings.node,
                    name=settings.name,
                    url=guardian.api_url,
                    host=settings.api.host,
                    address=address,
                    port=port,
                    fingerprint=guardian.api_fingerprint,
                )
                # Home Assistant can use a node only through the broker.
                heard = settings.api.zeroconf and settings.mqtt is not None
                async with (
                    announced(here if heard else None),
                    _beside(guardian, poses, publisher, recorder, verifier),
                ):
                    await guardian.run(until_finished=until_finished)
            return guardian.failures
    finally:
        await recorder.close()


@contextlib.asynccontextmanager
async def _beside(
    guardian: Guardian,
    poses: Sequence[PoseService],
    publisher: Publisher | None,
    recorder: Recorder,
    verifier: Verifier | None,
) -> AsyncIterator[None]:
    """Run what serves the cameras while they run; an error in any of it ends the node."""
    async with asyncio.TaskGroup() as tasks:
        running = [
            *(tasks.create_task(pose.run(), name="pose") for pose in poses),
            tasks.create_task(_sweep(recorder), name="sweep"),
        ]
        if verifier is not None:
            running.append(tasks.create_task(verifier.run(), name="verifier"))
        if publisher is not None:
            running.append(tasks.create_task(publisher.run(), name="publisher"))
            running.append(tasks.create_task(_obey(guardian, publisher), name="commands"))
            running.append(tasks.create_task(guardian.report(), name="figures"))
        try:
            yield
        finally:
            if publisher is not None:
                await publisher.drain(DRAIN_S)
            for task in running:
                task.cancel()


def _verifier(settings: NodeSettings, outlet: Outlet) -> Verifier | None:
    """Make what asks the model; its state goes to the broker."""
    if settings.model is None:
        outlet.retain(topics.model(settings.node), b"")  # of a model that is no longer set
        return None

    def tell(state: Json) -> None:
        payload = json.dumps(state, ensure_ascii=False).encode()
        outlet.retain(topics.model(settings.node), payload)

    return Verifier(settings.model, settings.data, settings.language, tell, settings.node)


async def _obey(guardian: Guardian, publisher: Publisher) -> None:
    desk = commands.Desk(guardian)
    async for command in publisher.commands():
        await desk.obey(command)


async def _open_record(settings: NodeSettings) -> Recorder:
    names = {camera.id: camera.name for camera in settings.cameras}
    try:
        recorder = await asyncio.to_thread(
            Recorder,
            settings.data,
            settings.retention,
            camera_names=names,
            class_names={
                name: f"{asked.english} {asked.chinese}"
                for name, asked in (settings.model.questions if settings.model else {}).items()
            },
            publish=settings.mqtt is not None,
        )
        for event in await recorder.recover():
            _LOGGER.warning("event %s was cut short when the node stopped last", event.id)
    except RecordError as error:
        msg = f"data = {settings.data}: {error.strerror or error}"
        raise StartError(msg) from error
    return recorder


async def _sweep(recorder: Recorder) -> None:
    while True:
        try:
            await recorder.sweep()
        except RecordError as error:
            _LOGGER.error("old events could not be let go: %s", error)
        await asyncio.sleep(SWEEP_S)


def _own_address(mqtt: MqttSettings | None) -> str:
    """Guess the address under which others reach this machine: the one that talks to the broker.

    No packet is sent: connecting a datagram socket only asks for the route.
    """
    if mqtt is not None:
        with contextlib.suppress(OSError), socket.socket(type=socket.SOCK_DGRAM) as probe:
            probe.connect((mqtt.host, mqtt.port))
            return str(probe.getsockname()[0])
    return "127.0.0.1"
