"""What tests watch: messages on MQTT and states in Home Assistant, kept and waited for."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from harness.broker import Broker
from harness.home_assistant import HomeAssistant

POLL_S = 0.2
SESSION_S = 600
READY_S = 15.0

type Json = dict[str, Any]


async def until[T](look: Callable[[], Awaitable[T]], timeout_s: float, what: str) -> T:
    """Look again and again until what is seen is truthy, and give it.

    Raises:
        TimeoutError: it never was; the message says what was waited for and what was seen last.
    """
    deadline = time.monotonic() + timeout_s
    while not (seen := await look()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {timeout_s:g} s; seen last: {seen!r}")
        await asyncio.sleep(POLL_S)
    return seen


class Log[T]:
    """Everything that was seen, in order; somebody else adds, tests wait."""

    def __init__(self) -> None:
        self.items: list[T] = []
        self._more = asyncio.Condition()

    async def add(self, item: T) -> None:
        """Add what was just seen."""
        async with self._more:
            self.items.append(item)
            self._more.notify_all()

    async def find(self, wanted: Callable[[T], bool], timeout_s: float, what: str) -> T:
        """Wait for the first item that is wanted, those already seen included.

        Raises:
            TimeoutError: none came; the message says what was waited for and what came last.
        """

        def found() -> list[T]:
            return [item for item in self.items if wanted(item)]

        try:
            async with asyncio.timeout(timeout_s), self._more:
                await self._more.wait_for(lambda: bool(found()))
        except TimeoutError:
            last = "\n".join(str(item) for item in self.items[-10:])
            raise TimeoutError(f"{what}: not within {timeout_s:g} s; came last:\n{last}") from None
        return found()[0]


@dataclass(frozen=True, slots=True)
class Message:
    """One message from the broker; `time` (Unix seconds) is when it came."""

    topic: str
    payload: bytes
    retained: bool
    time: float

    @property
    def text(self) -> str:
        """The payload as text."""
        return self.payload.decode(errors="replace")

    @property
    def json(self) -> Json:
        """The payload as JSON."""
        value: Json = json.loads(self.payload)
        return value


class Listener:
    """Hears topics of a broker.

    With an identifier the broker keeps its session while it is away, over a restart, too, if the
    broker is persistent: messages of QoS 1 that come meanwhile wait for `connect`.
    """

    def __init__(self, broker: Broker, *topics: str, identifier: str | None = None) -> None:
        self.log: Log[Message] = Log()
        self._broker = broker
        self._topics = topics
        self._identifier = identifier
        self._ready = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self.connect()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._end()

    async def connect(self) -> None:
        """Connect, again if need be, and wait until the broker has taken the subscriptions."""
        await self._end()
        self._ready.clear()
        self._task = asyncio.create_task(self._listen())
        ready = asyncio.create_task(self._ready.wait())
        await asyncio.wait(
            (ready, self._task), timeout=READY_S, return_when=asyncio.FIRST_COMPLETED
        )
        ready.cancel()
        if self._task.done():
            self._task.result()
        if not self._ready.is_set():
            raise TimeoutError(f"the broker gave no answer within {READY_S:g} s")

    def newest(self, topic: str) -> Message | None:
        """Give the newest message of a topic; None before the first."""
        return next((item for item in reversed(self.log.items) if item.topic == topic), None)

    def of(self, topic: str) -> list[Message]:
        """Give all messages of a topic, in order."""
        return [item for item in self.log.items if item.topic == topic]

    async def _listen(self) -> None:
        expiry = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho has no types
        if self._identifier is not None:
            expiry.SessionExpiryInterval = SESSION_S
        client = aiomqtt.Client(
            "127.0.0.1",
            self._broker.port,
            username=self._broker.username,
            password=self._broker.password,
            protocol=aiomqtt.ProtocolVersion.V5,
            identifier=self._identifier,
            clean_start=self._identifier is None,
            properties=expiry,
        )
        # A broker that is stopped ends this; whoever tests that calls `connect` afterwards.
        with contextlib.suppress(aiomqtt.MqttError):
            async with client:
                for topic in self._topics:
                    await client.subscribe(topic, qos=1)
                self._ready.set()
                async for message in client.messages:
                    payload = bytes(message.payload) if message.payload else b""
                    await self.log.add(
                        Message(message.topic.value, payload, message.retain, time.time())
                    )

    async def _end(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None


@dataclass(frozen=True, slots=True)
class State:
    """A state that an entity took; `time` (Unix seconds) is when that was heard."""

    entity: str
    state: str
    attributes: Json
    time: float


class States:
    """Follows all states of a Home Assistant."""

    def __init__(self, home_assistant: HomeAssistant) -> None:
        self.log: Log[State] = Log()
        self._home_assistant = home_assistant
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        ready = asyncio.Event()
        self._task = asyncio.create_task(self._follow(ready))
        await asyncio.wait_for(ready.wait(), READY_S)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def reaches(self, entity: str, state: str, timeout_s: float) -> State:
        """Wait for the first time that an entity takes a state."""
        return await self.log.find(
            lambda seen: seen.entity == entity and seen.state == state,
            timeout_s,
            f"{entity} = {state}",
        )

    async def _follow(self, ready: asyncio.Event) -> None:
        async with self._home_assistant.websocket() as socket:
            changes = socket.state_changes()
            await socket.subscribe()
            ready.set()
            async for change in changes:
                await self.log.add(
                    State(change["entity_id"], change["state"], change["attributes"], time.time())
                )
