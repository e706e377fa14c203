"""Keeps the broker's picture of this node equal to the node's own, through every outage.

Two kinds of messages leave here:
- retained ones (`retain`): only the newest value of a topic matters. All of them are sent again
  after each connect, so a broker that lost its store is right again within seconds;
- steps of events: they wait in the recorder's outbox and are ticked off one by one once the broker
  has acknowledged them, so that no outage loses or reorders one.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

import aiomqtt

from omnicam.backoff import Backoff
from omnicam.config.model import MqttSettings, NodeSettings
from omnicam.publish import connection, discovery, topics

_LOGGER = logging.getLogger(__name__)

OWNER_GRACE_S = 1.0
"""How long a retained owner may take to arrive before the entities count as nobody's."""

LONGEST_WAIT_S = 5.0
"""Between two tries to reach the broker: it stands in the house, and a fall must not wait."""

OUTBOX_PAGE = 100
MOST_COMMANDS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxMessage:
    """A message that must reach the broker: `key` ticks it off, the topic is without prefix."""

    key: int
    topic: str
    payload: bytes


class Outbox(Protocol):
    """Where messages wait that must not be lost."""

    async def undelivered(self, limit: int) -> Iterable[OutboxMessage]:
        """Give the oldest messages that the broker has not acknowledged yet."""

    async def mark_delivered(self, key: int) -> None:
        """Tick one off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """Somebody set `setting` of a camera, or of the node, through MQTT.

    Attributes:
        camera: as the topic has it; there may be no such camera. Empty for the node itself.
        setting: as the topic has it.
        value: the raw text.
        retained: whether the broker keeps it and says it again after every connect.
    """

    camera: str
    setting: str
    value: str
    retained: bool = False

    @property
    def topic(self) -> str:
        """The topic below the node's own, as a person knows it."""
        return "/".join(part for part in (self.camera, self.setting, "set") if part)


class Publisher:
    """The node's side of the MQTT contract; `run` it as a task, `retain` and `wake` at will."""

    def __init__(
        self,
        settings: NodeSettings,
        mqtt: MqttSettings,
        outbox: Outbox,
    ) -> None:
        self._settings = settings
        self._mqtt = mqtt
        self._outbox = outbox
        self._retained: dict[str, bytes] = {}
        self._dirty: dict[str, None] = {}  # a set that keeps its order
        self._info: dict[str, object] = {}
        self._owner = ""
        self._owner_known = False
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._commands: asyncio.Queue[Command] = asyncio.Queue(MOST_COMMANDS)
        self._protocol = aiomqtt.ProtocolVersion.V5
        self.connected = False

    def retain(self, topic: str, payload: bytes) -> None:
        """Set the newest value of a retained topic; it is sent when the broker is reached."""
        if self._retained.get(topic) != payload:
            self._retained[topic] = payload
            self._dirty[topic] = None
            self._wake.set()

    def announce(self, settings: NodeSettings, info: dict[str, object]) -> None:
        """Set what the `info` topic says; who owns the entities is added here.

        Of a camera that `settings` no longer have, the broker forgets everything.
        """
        kept = {camera.id for camera in settings.cameras}
        gone = [camera for camera in self._settings.cameras if camera.id not in kept]
        self._settings, self._info = settings, info
        self._refresh_ownership()
        for camera in gone:
            # After the info: who follows it lets the camera go before its states do.
            for topic in (
                discovery.topic(settings, camera),
                *topics.retained(settings.node, camera.id),
            ):
                self.retain(topic, b"")

    def wake(self) -> None:
        """Say that the outbox holds something new."""
        self._wake.set()

    async def commands(self) -> AsyncIterator[Command]:
        """Give every command as it comes."""
        while True:
            yield await self._commands.get()

    async def drain(self, timeout_s: float) -> None:
        """Wait, for a bounded time, until the broker has all that is to be said."""
        self._idle.clear()
        self._wake.set()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._idle.wait(), timeout_s if self.connected else 0)

    async def run(self) -> None:
        """Stay connected until cancelled; on the way out the node is shown offline."""
        backoff, attempt = Backoff(longest_s=LONGEST_WAIT_S), 0
        while True:
            reason = ""
            try:
                async with self._session() as client:
                    attempt = 0
                    await self._serve(client)
            except* (aiomqtt.MqttError, OSError) as group:
                error = group.exceptions[0]
                if connection.wants_older_protocol(error):
                    self._protocol = aiomqtt.ProtocolVersion.V311
                reason = connection.explain(error, self._mqtt)
            attempt += 1
            if attempt == 1:
                # Said once; the way back up is said once, too.
                _LOGGER.warning("%s; events are kept and sent later", reason)
            await asyncio.sleep(backoff.delay(attempt))

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[aiomqtt.Client]:
        client = connection.client(self._mqtt, self._settings.node, self._protocol)
        async with client:
            self.connected = True
            _LOGGER.info("connected to MQTT broker %s:%d", self._mqtt.host, self._mqtt.port)
            try:
                yield client
            except asyncio.CancelledError:
                # A clean disconnect suppresses the last will, so say it ourselves.
                status = topics.node_status(self._settings.node)
                await client.publish(status, topics.OFFLINE, qos=1, retain=True)
                raise
            finally:
                self.connected = False

    async def _serve(self, client: aiomqtt.Client) -> None:
        """Bring the broker up to date and keep it so, until the connection breaks."""
        node = self._settings.node
        self._owner_known = False
        await client.subscribe(topics.owner(node), qos=1)
        await client.subscribe(topics.setting(node, "+", "+"), qos=1)
        await client.subscribe(topics.node_setting(node, "+"), qos=1)
        self._dirty |= dict.fromkeys(self._retained)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._listen(client), name="mqtt-listen")
            tasks.create_task(self._send(client), name="mqtt-send")
            tasks.create_task(self._assume_no_owner(), name="mqtt-owner")

    async def _assume_no_owner(self) -> None:
        await asyncio.sleep(OWNER_GRACE_S)
        if not self._owner_known:
            self._set_owner("")

    async def _listen(self, client: aiomqtt.Client) -> None:
        node = self._settings.node
        async for message in client.messages:
            name = message.topic.value
            text = str(message.payload, "utf-8", "replace") if message.payload else ""
            if name == topics.owner(node):
                self._set_owner(text.strip())
            elif (command := topics.parse_setting(node, name)) is not None:
                camera, setting = command
                self._take_command(
                    Command(
                        camera=camera,
                        setting=setting,
                        value=text.strip(),
                        retained=bool(message.retain),
                    )
                )

    def _take_command(self, command: Command) -> None:
        try:
            self._commands.put_nowait(command)
        except asyncio.QueueFull:
            _LOGGER.warning("%s: too many commands, this one is dropped", command.topic)

    async def _send(self, client: aiomqtt.Client) -> None:
        status = topics.node_status(self._settings.node)
        await client.publish(status, topics.ONLINE, qos=1, retain=True)
        while True:
            self._wake.clear()
            while self._dirty:
                topic = next(iter(self._dirty))
                del self._dirty[topic]
                payload = self._retained[topic]
                try:
                    await client.publish(topic, payload, qos=1, retain=True)
                except aiomqtt.MqttError:
                    self._dirty[topic] = None
                    raise
            await self._empty_outbox(client)
            if not self._dirty and not self._wake.is_set():
                self._idle.set()
                await self._wake.wait()

    async def _empty_outbox(self, client: aiomqtt.Client) -> None:
        while messages := list(await self._outbox.undelivered(OUTBOX_PAGE)):
            for message in messages:
                # Returns once the broker has acknowledged (QoS 1).
                topic = f"{topics.PREFIX}/{self._settings.node}/{message.topic}"
                await client.publish(topic, message.payload, qos=1)
                await self._outbox.mark_delivered(message.key)

    def _set_owner(self, owner: str) -> None:
        if owner and owner != topics.INTEGRATION:
            _LOGGER.warning("%s: unknown owner %r, ignored", topics.owner("…"), owner)
            return
        self._owner, self._owner_known = owner, True
        self._refresh_ownership()

    def _refresh_ownership(self) -> None:
        """Offer the entities by discovery, or take the offer back, then say so in `info`.

        The order matters: the integration waits for `info` to name it before it creates its own
        entities, so the old ones are gone from the broker by then and free their entity ids.
        """
        if not self._owner_known or not self._info:
            return
        offers: dict[str, object] = {
            discovery.topic(self._settings, camera): discovery.payload(self._settings, camera)
            for camera in self._settings.cameras
        }
        offers[discovery.node_topic(self._settings)] = discovery.node_payload(self._settings)
        for topic, offer in offers.items():
            text = b""
            if self._owner != topics.INTEGRATION and offer is not None:
                text = json.dumps(offer, ensure_ascii=False).encode()
            self.retain(topic, text)
        info = self._info | {"entities": self._owner or "mqtt"}
        self.retain(
            topics.info(self._settings.node),
            json.dumps(info, ensure_ascii=False).encode(),
        )
