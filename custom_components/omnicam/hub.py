"""One node, pushed over MQTT: its status and its cameras."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from homeassistant.components import mqtt
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.service_info.mqtt import ReceivePayloadType

from .api import NodeApi
from .catch_up import CatchUp
from .complaints import Complaints
from .const import INFO_TIMEOUT, LOGGER, TOPIC_ROOT
from .data import OmnicamConfigEntry
from .devices import async_sync_devices
from .feed import API_TOPIC, CameraFeed
from .handover import async_claim
from .models import AnomalyEvent, Heard, NodeInfo, parse_info
from .monitor import ApiMonitor
from .node_feed import NodeFeed
from .pace import Pace
from .payload import Flaw, PayloadError, UnsupportedContractError, read_object, shown
from .stand_in import StandIn
from .subentries import CameraSubentries
from .telling import Telling

type NewCameraListener = Callable[[CameraFeed], None]


class OmnicamHub:
    """Everything that Home Assistant knows of one node."""

    def __init__(
        self, hass: HomeAssistant, entry: OmnicamConfigEntry, node: str, api: NodeApi
    ) -> None:
        """Begin with nothing known; `async_start` makes it listen."""
        self._hass = hass
        self._entry = entry
        self._topic = f"{TOPIC_ROOT}/{node}"
        self._complaints = Complaints()
        self._informed = asyncio.Event()
        self._lock = asyncio.Lock()
        self._unsubscribe: list[CALLBACK_TYPE] = []
        self._new_camera_listeners: list[NewCameraListener] = []
        self._stopped = False
        self._told_away = False
        self._followed = False
        self.node = node
        self.pace = Pace()
        self._telling = Telling(hass, entry, self.pace)
        self.info: NodeInfo | None = None
        self._told_info: NodeInfo | None = None
        self.online: bool | None = None
        self.foreign_contract: str | None = None
        self.cameras: dict[str, CameraFeed] = {}
        self.feed = NodeFeed(hass, node, self._complaints)
        self.monitor = ApiMonitor(hass, entry, api, node, self.async_apply_info, self._notify)
        self.subentries = CameraSubentries(
            hass, entry, api, self.monitor.async_check, self._async_show_again
        )
        self.catch_up = CatchUp(hass, entry, api, self._tell_heard)
        self.stand_in = StandIn(hass, entry, api, self._take_from_api)

    async def async_start(self) -> None:
        """Listen to the node and wait, for a bounded time, until its cameras are known.

        Either way to learn them will do: an API that is down must not keep the sensors from
        working, nor a broker that lost what it retained. `info` stays None when both fail, and
        `monitor.error` then tells why.
        """
        await self.catch_up.async_load()
        self._unsubscribe.append(
            mqtt.async_subscribe_connection_status(self._hass, self._on_connection)
        )
        for suffix, handler in (("status", self._on_status), ("info", self._on_info)):
            self._unsubscribe.append(
                await mqtt.async_subscribe(
                    self._hass, f"{self._topic}/{suffix}", handler, qos=1, encoding=None
                )
            )
        await self.feed.async_start()
        self._unsubscribe.append(self.subentries.async_start())
        await self.monitor.async_check()
        if self.info is None:
            try:
                async with asyncio.timeout(INFO_TIMEOUT):
                    await self._informed.wait()
            except TimeoutError:
                LOGGER.debug("No info of node %s within %s s", self.node, INFO_TIMEOUT)

    @callback
    def async_stop(self) -> None:
        """Stop listening; what was subscribed so far is undone on every path."""
        self._stopped = True
        self._telling.async_stop()
        self.monitor.async_stop()
        self.stand_in.async_stop()
        self.catch_up.async_stop()
        while self._unsubscribe:
            self._unsubscribe.pop()()
        for feed in (self.feed, *self.cameras.values()):
            feed.async_stop()

    @callback
    def async_on_camera(self, listener: NewCameraListener) -> CALLBACK_TYPE:
        """Call back for every camera, those that are known and those to come."""
        self._new_camera_listeners.append(listener)
        for feed in self.cameras.values():
            listener(feed)

        @callback
        def remove() -> None:
            self._new_camera_listeners.remove(listener)

        return remove

    async def async_add_for_cameras(self, add: NewCameraListener) -> CALLBACK_TYPE:
        """As `async_on_camera`, for adding entities: as Home Assistant can bear it."""
        done: set[str] = set()
        async with self.pace:
            while feed := next((f for f in self.cameras.values() if f.info.id not in done), None):
                add(feed)
                done.add(feed.info.id)
                await self.pace.async_pause()
        self._new_camera_listeners.append(add)
        return lambda: self._new_camera_listeners.remove(add)

    async def async_apply_info(self, info: NodeInfo) -> None:
        """Take over a node's info: add new cameras, drop those gone. Twice changes nothing."""
        # Locked, since the info may come from MQTT and the API at the same time.
        async with self._lock:
            if self._stopped:
                return
            self._told_info = info
            self.subentries.async_sync(info)
            info = info.without(self.subentries.pending)
            changed, self.info = info != self.info, info
            for camera_id in self.cameras.keys() - info.cameras.keys():
                self.cameras.pop(camera_id).async_stop()
            async_sync_devices(self._hass, self._entry, info, self.subentries.of)
            self.feed.async_update_info(info)
            for camera_id, camera in info.cameras.items():
                if (known := self.cameras.get(camera_id)) is not None:
                    known.async_update_info(info)
                    if changed:
                        self._telling.async_add(known)
                    await known.async_follow_questions()
                    continue
                feed = CameraFeed(
                    self._hass, info, camera, self._complaints, self.catch_up.async_hear
                )
                feed.subentry = self.subentries.of(camera_id)
                feed.async_set_node_online(online=bool(self.online))
                await feed.async_start()
                self.cameras[camera_id] = feed
                for listener in tuple(self._new_camera_listeners):
                    listener(feed)
                await asyncio.sleep(0)
            self._informed.set()

    async def _async_show_again(self) -> None:
        if self._told_info is not None:
            await self.async_apply_info(self._told_info)

    async def _on_info(self, message: mqtt.ReceiveMessage) -> None:
        if not message.payload:
            # The node withdrew its info. Its cameras stay until a new info says otherwise:
            # removing them would lose what the user has set on their entities.
            return
        try:
            info, flaws = self._read_info(message.payload)
        except PayloadError as error:
            self._complaints.report(message.topic, [error.flaw])
            if isinstance(error, UnsupportedContractError):
                self.foreign_contract = error.found
            return
        self.foreign_contract = None
        self._complaints.report(message.topic, flaws)
        await self.async_apply_info(info)
        if info.cameras.keys() - self.monitor.streams.keys():
            self.monitor.async_refresh()

    def _read_info(self, payload: ReceivePayloadType) -> tuple[NodeInfo, list[Flaw]]:
        info, flaws = parse_info(read_object(payload))
        if info.node != self.node:
            raise PayloadError("node", info.node, f"send {self.node!r} as in the topic")
        return info, flaws

    @callback
    def _on_status(self, message: mqtt.ReceiveMessage) -> None:
        payload = message.payload
        text = payload if isinstance(payload, str) else payload.decode("utf-8", errors="replace")
        if text not in ("online", "offline", ""):
            self._complaints.report(
                message.topic, [Flaw("(payload)", shown(text), "send online or offline")]
            )
        stood_in = self.stand_in.async_stop()
        was, self.online = None if stood_in else self.online, text == "online"
        if self.online is was:
            return
        if not self.online:
            self._tell_away("Node %s is offline, its entities are unavailable")
        elif was is False:
            self.monitor.async_refresh()
        if self.online and self._told_away:
            self._told_away = False
            LOGGER.info("Node %s is back online", self.node)
        self._catch_up_if_there()
        self.feed.async_set_online(online=self.online)
        for feed in self.cameras.values():
            feed.async_set_node_online(online=self.online)
            self._telling.async_add(feed)

    @callback
    def async_follow_events(self) -> None:
        """Begin to tell steps of events: whoever follows them is there."""
        self._followed = True
        self._catch_up_if_there()
        if not mqtt.is_connected(self._hass):
            # Home Assistant has been started while the broker is away.
            self._begin_stand_in()

    @callback
    def _catch_up_if_there(self) -> None:
        if self._followed and self.online:
            self.catch_up.async_begin()

    @callback
    def _on_connection(self, connected: bool) -> None:  # noqa: FBT001 (MQTT calls it so)
        if connected:
            self.monitor.async_refresh()
            self.catch_up.async_hold()
            self._entry.async_create_background_task(
                self._hass, async_claim(self._hass, self.node), "omnicam owner"
            )
            return
        # Nobody knows what happens meanwhile. The broker repeats both kinds of status, with the
        # node's last will if it died, as soon as the subscriptions are back.
        self.online = None
        self.catch_up.async_hold()
        if not self._hass.is_stopping:
            self._begin_stand_in()
        self.feed.async_set_online(online=False)
        for feed in self.cameras.values():
            feed.async_set_node_online(online=False)
            feed.async_forget_status()
            self._telling.async_add(feed)

    @callback
    def _begin_stand_in(self) -> None:
        self._tell_away("The MQTT broker is away, node %s is asked through its API meanwhile")
        self.stand_in.async_start()

    @callback
    def _take_from_api(self, cameras: Sequence[dict[str, Any]] | None) -> None:
        """Show what the API says while the broker is away; None while it does not answer."""
        there = cameras is not None
        news = turned = there is not bool(self.online)
        self.online = there or None
        self.feed.async_set_online(online=there)
        told = {each.get("id"): each for each in cameras or ()}
        for name, feed in self.cameras.items():
            feed.async_set_node_online(online=there)
            changed = name in told and feed.async_take(told[name])
            if name not in told:
                feed.async_forget_status()
            if changed or turned:
                self._telling.async_add(feed)
            news |= changed
        if cameras is None:
            self.monitor.async_recheck()
        elif news:
            # Its steps are on record, too.
            self.catch_up.async_hold()
            self._catch_up_if_there()

    @callback
    def _tell_away(self, what: str) -> None:
        """Say once that nothing is known of the node, whatever else fails before it is back."""
        if not self._told_away:
            self._told_away = True
            LOGGER.warning(what, self.node)

    @callback
    def _tell_heard(self, camera: str, heard: Heard) -> None:
        if (feed := self.cameras.get(camera)) is None:
            return
        if isinstance(heard, AnomalyEvent):
            feed.async_tell_step(heard)
        else:
            feed.async_call_help(heard)

    @callback
    def _notify(self) -> None:
        if self.monitor.available and self.online:
            self.catch_up.async_api_answers()
        for feed in self.cameras.values():
            self._telling.async_add(feed, API_TOPIC)
