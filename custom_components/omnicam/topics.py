"""Listening to a node's topics and asking it for something, for cameras and the node alike."""

import asyncio
from collections.abc import Callable, Mapping
from itertools import chain
from typing import Any

from homeassistant.components import mqtt
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError

from .complaints import Complaints
from .const import COMMAND_TIMEOUT, DOMAIN
from .payload import Flaw, PayloadError, read_object

type Parser[T] = Callable[[Mapping[str, Any]], tuple[T, list[Flaw]]]
type Handler = Callable[[mqtt.ReceiveMessage], None]


class TopicFeed:
    """What a node says below one topic.

    Every topic is subscribed on its own and not by a wildcard: the retained pictures under a camera
    would otherwise come along. Home Assistant subscribes again after a lost connection and the
    broker then repeats what it retains, which is the whole resync.
    """

    def __init__(self, hass: HomeAssistant, topic: str, complaints: Complaints) -> None:
        """Begin with nothing heard."""
        self._hass = hass
        self._topic = topic
        self._complaints = complaints
        self._unsubscribe: list[CALLBACK_TYPE] = []
        self._state_listeners: dict[str | None, set[Callable[[], None]]] = {}

    async def async_subscribe(self, suffix: str, handler: Handler) -> CALLBACK_TYPE:
        """Listen to a topic, beyond what every feed listens to."""
        # As bytes: a payload that is no UTF-8 must be told like any other flaw.
        return await mqtt.async_subscribe(
            self._hass, f"{self._topic}/{suffix}", handler, qos=1, encoding=None
        )

    @callback
    def async_stop(self) -> None:
        """Stop listening."""
        while self._unsubscribe:
            self._unsubscribe.pop()()

    @callback
    def async_listen(self, listener: Callable[[], None], topic: str | None = None) -> CALLBACK_TYPE:
        """Call back after every change, or only after those of one topic and of all at once.

        A camera has twenty entities: to write all of them at each message costs Home Assistant
        twenty times as much as to write the one that the message is about.
        """
        return add_listener(self._state_listeners.setdefault(topic, set()), listener)

    @callback
    def async_notify(self, topic: str | None = None) -> None:
        """Tell the entities that what one topic says may have changed; None: everything may."""
        topics = tuple(self._state_listeners) if topic is None else (topic, None)
        # Once each, since an entity may show more than one topic.
        found = (self._state_listeners.get(each, ()) for each in topics)
        for listener in dict.fromkeys(chain.from_iterable(found)):
            listener()

    async def async_command(self, setting: str, value: str, obeyed: Callable[[], bool]) -> None:
        """Ask the node for something, and return once it says that it is so.

        Nobody must believe that a camera is closed while it is not.

        Raises:
            HomeAssistantError: the broker did not take it, or the node did not do it.
        """
        done = asyncio.Event()

        @callback
        def look() -> None:
            if obeyed():
                done.set()

        stop = self.async_listen(look)
        topic = f"{self._topic}/{setting}/set"
        try:
            await mqtt.async_publish(self._hass, topic, value, qos=1, retain=False)
            look()  # the node does not repeat what it has said already
            async with asyncio.timeout(COMMAND_TIMEOUT):
                await done.wait()
        except TimeoutError as error:
            raise HomeAssistantError(
                translation_domain=DOMAIN,
                translation_key="not_obeyed",
                translation_placeholders={"topic": topic, "value": value},
            ) from error
        finally:
            stop()

    async def _subscribe_all(self, handlers: Mapping[str, Handler]) -> None:
        for suffix, handler in handlers.items():
            self._unsubscribe.append(await self.async_subscribe(suffix, handler))

    def _read[T](self, message: mqtt.ReceiveMessage, parse: Parser[T]) -> T | None:
        """Read a message; None where it is empty or cannot be read, which is told."""
        if not message.payload:
            return None
        try:
            value, flaws = parse(read_object(message.payload))
        except PayloadError as error:
            self._complaints.report(message.topic, [error.flaw])
            return None
        self._complaints.report(message.topic, flaws)
        return value


def payload_bytes(message: mqtt.ReceiveMessage) -> bytes:
    """Give a payload as bytes, whatever MQTT made of it."""
    payload = message.payload
    return payload.encode() if isinstance(payload, str) else bytes(payload)


def add_listener[T](listeners: set[T], listener: T) -> CALLBACK_TYPE:
    """Add a listener; what is given back takes it away."""
    listeners.add(listener)

    @callback
    def remove() -> None:
        listeners.discard(listener)

    return remove
