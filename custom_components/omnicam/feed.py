"""What a node says about one of its cameras: its topics, read and kept for the entities."""

from collections import deque
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from homeassistant.components import mqtt
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback

from .complaints import Complaints
from .const import LOGGER, TOPIC_ROOT, AnomalyClass, CameraStatus
from .models import (
    AnomalyEvent,
    CameraInfo,
    HelpCall,
    NodeInfo,
    Verdict,
    parse_event,
    parse_help,
    parse_verdict,
)
from .payload import Flaw, PayloadError, read_object, shown

_REMEMBERED_MESSAGES = 32

type _Parser[T] = Callable[[Mapping[str, Any]], tuple[T, list[Flaw]]]


class CameraFeed:
    """The state of one camera, pushed by its node.

    Every topic is subscribed on its own and not by a wildcard: the retained pictures under the
    camera would otherwise come along. Home Assistant subscribes again after a lost connection and
    the broker then repeats what it retains, which is the whole resync.
    """

    def __init__(
        self, hass: HomeAssistant, node: NodeInfo, camera: CameraInfo, complaints: Complaints
    ) -> None:
        """Begin with nothing known; `async_start` makes it listen."""
        self._hass = hass
        self._complaints = complaints
        self._topic = f"{TOPIC_ROOT}/{node.node}/{camera.id}"
        self._node = node
        self.info = camera
        self.node_online = False
        self.status: CameraStatus | None = None
        self._verdicts: dict[AnomalyClass, Verdict] = {}
        self._unsubscribe: list[CALLBACK_TYPE] = []
        self._state_listeners: set[Callable[[], None]] = set()
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
    def verdicts(self) -> Mapping[AnomalyClass, Verdict]:
        """Everything that the node said of this camera, as it said it."""
        return self._verdicts

    def verdict(self, anomaly: AnomalyClass) -> Verdict | None:
        """Give what the node thinks of a class, None while it cannot judge it or said nothing."""
        return None if anomaly in self._node.unknown else self._verdicts.get(anomaly)

    async def async_start(self) -> None:
        """Subscribe to the camera's topics."""
        handlers: dict[str, Callable[[mqtt.ReceiveMessage], None]] = {
            "status": self._on_status,
            "event": partial(self._on_event, parse_event, self._event_listeners),
            "help": partial(self._on_event, parse_help, self._help_listeners),
        }
        handlers |= {anomaly.value: partial(self._on_verdict, anomaly) for anomaly in AnomalyClass}
        for suffix, handler in handlers.items():
            self._unsubscribe.append(
                # As bytes: a payload that is no UTF-8 must be told like any other flaw.
                await mqtt.async_subscribe(
                    self._hass, f"{self._topic}/{suffix}", handler, qos=1, encoding=None
                )
            )

    @callback
    def async_stop(self) -> None:
        """Stop listening."""
        while self._unsubscribe:
            self._unsubscribe.pop()()

    @callback
    def async_update_info(self, node: NodeInfo) -> None:
        """Take over what a newer info says about this camera."""
        self._node = node
        self.info = node.cameras[self.info.id]
        self.async_notify()

    @callback
    def async_set_node_online(self, *, online: bool) -> None:
        """Follow the node's own status."""
        if online is not self.node_online:
            self.node_online = online
            self.async_notify()

    @callback
    def async_forget_status(self) -> None:
        """Drop the status when the broker is lost: it is repeated as soon as it is back."""
        self.status = None
        self.async_notify()

    @callback
    def async_listen(self, listener: Callable[[], None]) -> CALLBACK_TYPE:
        """Call back after every change of state."""
        return _add(self._state_listeners, listener)

    @callback
    def async_listen_events(self, listener: Callable[[AnomalyEvent], None]) -> CALLBACK_TYPE:
        """Call back for every step of an event."""
        return _add(self._event_listeners, listener)

    @callback
    def async_listen_help(self, listener: Callable[[HelpCall], None]) -> CALLBACK_TYPE:
        """Call back for every spoken call for help."""
        return _add(self._help_listeners, listener)

    @callback
    def async_call_help(self, call: HelpCall) -> None:
        """Take a call for help that a voice assistant heard, as one that the camera heard."""
        for listener in tuple(self._help_listeners):
            listener(call)

    @callback
    def async_notify(self) -> None:
        """Tell the entities that something may have changed."""
        for listener in tuple(self._state_listeners):
            listener()

    @callback
    def _on_status(self, message: mqtt.ReceiveMessage) -> None:
        text = _bytes(message).decode("utf-8", errors="replace")
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
        self.async_notify()

    @callback
    def _on_verdict(self, anomaly: AnomalyClass, message: mqtt.ReceiveMessage) -> None:
        verdict = self._read(message, parse_verdict) if message.payload else None
        if verdict is None:
            # Unknown rather than the last state: a stale "all is well" is the worse error.
            self._verdicts.pop(anomaly, None)
        else:
            self._verdicts[anomaly] = verdict
        self.async_notify()

    @callback
    def _on_event[T](
        self,
        parse: _Parser[T],
        listeners: set[Callable[[T], None]],
        message: mqtt.ReceiveMessage,
    ) -> None:
        # Events are never retained by the contract: one that is would ring at every restart.
        # QoS 1 may deliver twice: the same bytes on the same topic are the same event.
        key = (message.topic, _bytes(message))
        if message.retain or key in self._seen:
            return
        self._seen.append(key)
        event = self._read(message, parse)
        if event is not None:
            for listener in tuple(listeners):
                listener(event)

    def _read[T](self, message: mqtt.ReceiveMessage, parse: _Parser[T]) -> T | None:
        try:
            value, flaws = parse(read_object(message.payload))
        except PayloadError as error:
            self._complaints.report(message.topic, [error.flaw])
            return None
        self._complaints.report(message.topic, flaws)
        return value


def _bytes(message: mqtt.ReceiveMessage) -> bytes:
    payload = message.payload
    return payload.encode() if isinstance(payload, str) else bytes(payload)


def _add[T](listeners: set[T], listener: T) -> CALLBACK_TYPE:
    listeners.add(listener)

    @callback
    def remove() -> None:
        listeners.discard(listener)

    return remove
