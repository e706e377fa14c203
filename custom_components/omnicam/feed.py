"""What a node says about one of its cameras: its topics, read and kept for the entities."""

from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, Final, override

from homeassistant.components import mqtt
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback

from .complaints import Complaints
from .const import LOGGER, TOPIC_ROOT, AnomalyClass, CameraStatus
from .models import (
    AnomalyEvent,
    CameraInfo,
    Heard,
    HelpCall,
    NodeInfo,
    OwnQuestion,
    Verdict,
    parse_event,
    parse_help,
    parse_verdict,
)
from .payload import Flaw, PayloadError, shown
from .settings import CameraChoice, CameraFigures, parse_camera_choice, parse_camera_figures
from .topics import Handler, Parser, TopicFeed, add_listener, payload_bytes

_REMEMBERED_MESSAGES = 32

API_TOPIC: Final = "api"
"""No topic of the node's: what its HTTP API gives, for the entities that show that."""

LEVELS: Final = ("none", "low", "medium", "high")
"""What a camera's level can be."""


class CameraFeed(TopicFeed):
    """The state of one camera, pushed by its node."""

    def __init__(
        self,
        hass: HomeAssistant,
        node: NodeInfo,
        camera: CameraInfo,
        complaints: Complaints,
        hear: Callable[[str, Heard], None],
    ) -> None:
        """Begin with nothing known; `async_start` makes it listen.

        What is heard of events and calls for help goes to `hear`, and comes back through
        `async_tell_step` and `async_call_help`.
        """
        super().__init__(hass, f"{TOPIC_ROOT}/{node.node}/{camera.id}", complaints)
        self._node = node
        self._hear = hear
        self.info = camera
        self.subentry: str | None = None
        """Id of the entry's subentry to which the camera's device and entities belong, if any."""
        self.node_online = False
        self.status: CameraStatus | None = None
        # Switched off for privacy, as far as is known: a lost broker opens no camera.
        self.private = False
        self.choice: CameraChoice | None = None
        self.figures = CameraFigures()
        self.level: str | None = None
        self.last_event: AnomalyEvent | None = None
        self._verdicts: dict[str, Verdict] = {}
        self._last_call: object = None  # by the API, while it stands in for the broker
        self._topics: dict[str, CALLBACK_TYPE] = {}
        self._event_listeners: set[Callable[[AnomalyEvent], None]] = set()
        self._help_listeners: set[Callable[[HelpCall], None]] = set()
        self._seen: deque[tuple[str, bytes]] = deque(maxlen=_REMEMBERED_MESSAGES)

    @property
    def node_id(self) -> str:
        """Id of the node that watches this camera."""
        return self._node.node

    @property
    def available(self) -> bool:
        """Whether the node is there and gets pictures from this camera."""
        return self.node_online and self.status is CameraStatus.ONLINE

    @property
    def watched(self) -> bool:
        """Whether the node is there and minds this camera, even if its signal is lost."""
        return self.node_online and self.status in (CameraStatus.ONLINE, CameraStatus.OFFLINE)

    @property
    def questions(self) -> tuple[OwnQuestion, ...]:
        """The household's own questions about this camera."""
        return self._node.questions_of(self.info.id)

    @property
    def verdicts(self) -> Mapping[str, Verdict]:
        """Everything that the node said of this camera, as it said it."""
        return self._verdicts

    def verdict(self, anomaly: str) -> Verdict | None:
        """Give what the node thinks of a class, None while it cannot judge it or said nothing."""
        return self._verdicts.get(anomaly) if self.judges(anomaly) else None

    def judges(self, anomaly: str) -> bool:
        """Whether the node has anything that can judge a class; without, nothing ever will."""
        return anomaly not in self._node.unknown

    async def async_start(self) -> None:
        """Subscribe to the camera's topics."""
        handlers: dict[str, Handler] = {
            "status": self._on_status,
            "settings": self._on_choice,
            "figures": self._on_figures,
            "level": self._on_level,
            "last_event": self._on_last_event,
            "event": partial(self._on_event, self._parse_event, self._pass_on),
            "help": partial(self._on_event, parse_help, self._pass_on),
        }
        handlers |= {anomaly.value: partial(self._on_verdict, anomaly) for anomaly in AnomalyClass}
        await self._subscribe_all(handlers)
        await self.async_follow_questions()

    async def async_follow_questions(self) -> None:
        """Subscribe to the household's own questions, and leave those that are gone."""
        asked = {question.id for question in self.questions} - set(AnomalyClass)
        for name in self._topics.keys() - asked:
            self._topics.pop(name)()
            self._verdicts.pop(name, None)
        for name in asked - self._topics.keys():
            handler = partial(self._on_verdict, name)
            self._topics[name] = await self.async_subscribe(name, handler)

    @callback
    @override
    def async_stop(self) -> None:
        """Stop listening."""
        super().async_stop()
        while self._topics:
            self._topics.popitem()[1]()

    async def async_watch(self, *, on: bool) -> None:
        """Let the node watch the camera, or leave it alone for privacy."""
        await self.async_command("enabled", _switch(on=on), lambda: self.private is not on)

    async def async_detect(self, *, on: bool) -> None:
        """Let the node judge what the camera sees and hears, or not."""
        await self.async_command(
            "detection",
            _switch(on=on),
            lambda: self.choice is not None and self.choice.detection is on,
        )

    async def async_tune(self, sensitivity: int) -> None:
        """Set the camera's sensitivity, 0 to 100."""
        await self.async_command(
            "sensitivity",
            str(sensitivity),
            lambda: self.choice is not None and self.choice.sensitivity == sensitivity,
        )

    async def async_test(self) -> None:
        """Raise a test alarm."""
        await self.async_command("test", AnomalyClass.FALL, self._is_test_shown)

    def _is_test_shown(self) -> bool:
        verdict = self._verdicts.get(AnomalyClass.FALL)
        return verdict is not None and bool(verdict.test)

    @callback
    def async_update_info(self, node: NodeInfo) -> None:
        """Take over what a newer info says about this camera.

        As with all that concerns many cameras, it is for the hub to notify, one after the other.
        """
        self._node = node
        self.info = node.cameras[self.info.id]

    @callback
    def async_set_node_online(self, *, online: bool) -> None:
        """Follow the node's own status."""
        self.node_online = online

    @callback
    def async_take(self, told: Mapping[str, Any]) -> bool:
        """Take over what the API says of this camera; whether that is anything new.

        What cannot be read is unknown, as in a message.
        """
        before = self.status, dict(self._verdicts), self.level, self._last_call
        self._last_call = told.get("last_call")
        status = told.get("status")
        self.status = next((known for known in CameraStatus if known == status), None)
        if self.status is not None:
            self.private = self.status is CameraStatus.DISABLED
        states = told.get("states")
        self._verdicts = {}
        for anomaly, state in states.items() if isinstance(states, dict) else ():
            with suppress(PayloadError):
                self._verdicts[anomaly] = parse_verdict(state if isinstance(state, dict) else {})[0]
        levels = [verdict.level for verdict in self._verdicts.values() if verdict.level]
        self.level = max(levels, key=LEVELS.index, default=LEVELS[0])
        return before != (self.status, self._verdicts, self.level, self._last_call)

    @callback
    def async_forget_status(self) -> None:
        """Drop the status when the broker is lost: it is repeated as soon as it is back."""
        self.status = None

    @callback
    def async_listen_events(self, listener: Callable[[AnomalyEvent], None]) -> CALLBACK_TYPE:
        """Call back for every step of an event."""
        return add_listener(self._event_listeners, listener)

    @callback
    def async_listen_help(self, listener: Callable[[HelpCall], None]) -> CALLBACK_TYPE:
        """Call back for every spoken call for help."""
        return add_listener(self._help_listeners, listener)

    @callback
    def async_call_help(self, call: HelpCall) -> None:
        """Tell a call for help to whoever listens, also one that a voice assistant heard."""
        for listener in tuple(self._help_listeners):
            listener(call)

    @callback
    def _on_status(self, message: mqtt.ReceiveMessage) -> None:
        text = payload_bytes(message).decode("utf-8", errors="replace")
        status = next((known for known in CameraStatus if known.value == text), None)
        if status is None and text:
            self._complaints.report(
                message.topic,
                [Flaw("(payload)", shown(text), f"send one of {', '.join(CameraStatus)}")],
            )
        if status is self.status:
            return
        # Once down and once up; not at the start, when nothing was lost.
        if status is CameraStatus.OFFLINE:
            LOGGER.warning("Camera %s of node %s is offline", self.info.id, self.node_id)
        elif self.status is CameraStatus.OFFLINE and status is CameraStatus.ONLINE:
            LOGGER.info("Camera %s of node %s is back online", self.info.id, self.node_id)
        self.status = status
        if status is not None:
            self.private = status is CameraStatus.DISABLED
        self.async_notify()

    @callback
    def _on_choice(self, message: mqtt.ReceiveMessage) -> None:
        self.choice = self._read(message, parse_camera_choice)
        self.async_notify("settings")

    @callback
    def _on_figures(self, message: mqtt.ReceiveMessage) -> None:
        self.figures = self._read(message, parse_camera_figures) or CameraFigures()
        self.async_notify("figures")

    @callback
    def _on_level(self, message: mqtt.ReceiveMessage) -> None:
        text = payload_bytes(message).decode("utf-8", errors="replace")
        if text and text not in LEVELS:
            self._complaints.report(
                message.topic, [Flaw("(payload)", shown(text), f"send one of {', '.join(LEVELS)}")]
            )
        self.level = text if text in LEVELS else None
        self.async_notify("level")

    @callback
    def _on_last_event(self, message: mqtt.ReceiveMessage) -> None:
        self.last_event = self._read(message, self._parse_event)
        self.async_notify("last_event")

    @callback
    def _on_verdict(self, anomaly: str, message: mqtt.ReceiveMessage) -> None:
        verdict = self._read(message, parse_verdict)
        if verdict is None:
            # Unknown rather than the last state: a stale "all is well" is the worse error.
            self._verdicts.pop(anomaly, None)
        else:
            self._verdicts[anomaly] = verdict
        self.async_notify(anomaly)

    @callback
    def _on_event[T](
        self,
        parse: Parser[T],
        take: Callable[[T], None],
        message: mqtt.ReceiveMessage,
    ) -> None:
        # Events are never retained by the contract: one that is would ring at every restart.
        # QoS 1 may deliver twice: the same bytes on the same topic are the same event.
        key = (message.topic, payload_bytes(message))
        if message.retain or key in self._seen:
            return
        self._seen.append(key)
        event = self._read(message, parse)
        if event is not None:
            take(event)

    @callback
    def async_tell_step(self, event: AnomalyEvent) -> None:
        """Tell a step of an event to whoever listens."""
        for listener in tuple(self._event_listeners):
            listener(event)

    @callback
    def _pass_on(self, heard: Heard) -> None:
        self._hear(self.info.id, heard)

    def _parse_event(self, payload: Mapping[str, Any]) -> tuple[AnomalyEvent, list[Flaw]]:
        return parse_event(payload, {question.id for question in self.questions})


def _switch(*, on: bool) -> str:
    return "ON" if on else "OFF"
