"""Tells what happened while Home Assistant could not hear it, from the node's own record.

Steps of events and spoken calls for help are not retained, and Home Assistant keeps no session at
the broker: what a node says while Home Assistant restarts, or before it has found back to a broker
that restarted, never reaches it. Hence the integration remembers which of them it has told, over
its own restarts, and asks the node's API for the others once the node is heard again. What is told
so is marked as `late` and has its true time.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later
from homeassistant.helpers.storage import Store
from homeassistant.util import dt as dt_util

from .api import ApiError, NodeApi
from .const import DOMAIN, LOGGER
from .data import OmnicamConfigEntry
from .models import AnomalyEvent, Heard, parse_event, parse_help
from .payload import PayloadError

PASSES: Final = (2.0, 15.0)
"""Seconds after the node is heard again at which its record is asked: the first pass begins when
the subscriptions stand, the second finds what fell in between on a slow machine."""

_TIMEOUT: Final = 5.0
_LONGEST: Final = timedelta(hours=24)
"""What is older is history, found in the node's record, and no news."""

_SLACK: Final = timedelta(minutes=1)
"""Steps of two cameras may come in another order than their times."""

APART: Final = 0.005
"""Seconds between two steps: the state of an event entity is a time in milliseconds, and two steps
of the same one would be one."""

_REMEMBERED: Final = 2000
_PAGE: Final = 200
_SAVE_DELAY: Final = 1.0
_VERSION: Final = 1

type _Step = tuple[str, Heard]


class CatchUp:
    """Lets each step of an event and each call for help through once, and gets the missed ones."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: OmnicamConfigEntry,
        api: NodeApi,
        tell: Callable[[str, Heard], None],
    ) -> None:
        """Take the node's API and what tells the entities of a camera what was heard."""
        self._hass = hass
        self._entry = entry
        self._api = api
        self._tell = tell
        self._store = _store(hass, entry)
        self._told: dict[str, None] = {}  # a set that keeps its order
        self._newest = dt_util.utcnow()
        self._since = self._newest
        self._calls_since = self._newest
        self._held: deque[_Step] = deque(maxlen=_REMEMBERED)
        self._holding = False
        self._owing = False
        self._lock = asyncio.Lock()
        self._timers: list[CALLBACK_TYPE] = []

    async def async_load(self) -> None:
        """Read what was told before the restart; what comes now waits for `async_begin`."""
        stored = await self._store.async_load()
        since = dt_util.parse_datetime(str(stored.get("since"))) if stored else None
        if stored is None or since is None:
            # A new entry: what happened before it is no news.
            self._save()
            return
        self._newest = self._since = since
        self._told = dict.fromkeys(stored.get("told", ()))
        if stored.get("calls"):
            # Else what an older version told is not known, and would be told again.
            self._calls_since = since - _SLACK
        self._holding = self._owing = True

    @callback
    def async_hold(self) -> None:
        """Let what is heard from now on wait for `async_begin`: something may be missed before it.

        An event entity whose node is not known to be there would show nothing of a step.
        """
        self._holding = self._owing = True
        self.async_stop()

    @callback
    def async_begin(self) -> None:
        """Ask for what was missed, soon; what is heard meanwhile waits, to keep the order."""
        if not self._owing:
            return
        self.async_stop()
        for number, delay in enumerate(PASSES, 1):
            last = number == len(PASSES)
            self._timers.append(async_call_later(self._hass, delay, partial(self._pass, last=last)))

    @callback
    def async_api_answers(self) -> None:
        """Ask now what could not be asked before."""
        if self._owing and not self._holding and not self._timers:
            self._timers.append(async_call_later(self._hass, 0, partial(self._pass, last=True)))

    @callback
    def async_stop(self) -> None:
        """Plan no more passes."""
        while self._timers:
            self._timers.pop()()

    @callback
    def async_hear(self, camera: str, event: Heard) -> None:
        """Take what the node says now."""
        if self._holding:
            self._held.append((camera, event))
        else:
            self._let_through(camera, event)

    async def _pass(self, _now: datetime, *, last: bool) -> None:
        missed: list[_Step] = []
        async with self._lock:
            try:
                async with asyncio.timeout(_TIMEOUT):
                    missed = [*await self._missed_calls(), *await self._missed_steps()]
            except (ApiError, PayloadError, TimeoutError) as error:
                # The monitor tells that the API is away; when it is back, this is done again.
                LOGGER.debug("What was missed of %s is not known yet: %s", self._entry.title, error)
                answered = False
            else:
                answered = True
        while missed or self._held:
            steps, missed = [*missed, *self._held], []
            self._held.clear()
            for camera, event in sorted(steps, key=lambda step: _moment(step[1])):
                self._let_through(camera, event)
                await asyncio.sleep(APART)
        self._holding = False
        if last:
            self._timers.clear()
            self._owing = not answered
            self._save()

    async def _missed_calls(self) -> list[_Step]:
        """Give the calls for help on record that were not told, in any order.

        Without an id nobody could say whether one was told.
        """
        found = await self._api.calls(max(self._begin(), self._calls_since))
        calls = [(str(row.get("camera")), replace(parse_help(row)[0], late=True)) for row in found]
        return [heard for heard in calls if heard[1].event and heard[1].event not in self._told]

    async def _missed_steps(self) -> list[_Step]:
        """Give the steps on record that were not told, in any order."""
        begin = self._begin()
        # An event may have begun long before its newest step.
        wanted = {"from": (begin - _LONGEST).isoformat(), "limit": str(_PAGE)}
        found = (await self._api.search(wanted)).get("events", [])
        missed: list[_Step] = []
        for event in found:
            if (_read_time(event.get("time")) or begin) < begin:
                continue
            whole = await self._api.event(str(event.get("event")))
            # What is on record may be a question of the household's own, even one asked no more.
            own = (str(whole.get("class")),)
            for row in whole.get("steps", []):
                step = replace(parse_event({**whole, **row}, own)[0], late=True)
                if _moment(step) >= begin and _key(step) not in self._told:
                    missed.append((str(whole.get("camera")), step))
        return missed

    def _begin(self) -> datetime:
        """Give the time since when something may have been missed."""
        return max(self._since - _SLACK, dt_util.utcnow() - _LONGEST)

    @callback
    def _let_through(self, camera: str, event: Heard) -> None:
        key = _key(event)
        if key in self._told:
            return
        if key is not None:
            self._told[key] = None
        if len(self._told) > _REMEMBERED:
            del self._told[next(iter(self._told))]
        self._newest = max(self._newest, _moment(event))
        self._save()
        self._tell(camera, event)

    @callback
    def _save(self) -> None:
        if not self._owing:
            self._since = self._newest
        self._store.async_delay_save(self._state, _SAVE_DELAY)

    @callback
    def _state(self) -> Mapping[str, Any]:
        return {"since": self._since.isoformat(), "told": list(self._told), "calls": True}


async def async_forget_steps(hass: HomeAssistant, entry: OmnicamConfigEntry) -> None:
    """Delete what is remembered for an entry that goes."""
    await _store(hass, entry).async_remove()


def _store(hass: HomeAssistant, entry: OmnicamConfigEntry) -> Store[Mapping[str, Any]]:
    return Store(hass, _VERSION, f"{DOMAIN}.{entry.entry_id}")


def _key(event: Heard) -> str | None:
    """Name a step, since an event takes each step once, or a call; None for a call without id."""
    if isinstance(event, AnomalyEvent):
        return f"{event.event}/{event.step}"
    return event.event


def _moment(event: Heard) -> datetime:
    return _read_time(event.time) or dt_util.utcnow()


def _read_time(text: object) -> datetime | None:
    time = dt_util.parse_datetime(text) if isinstance(text, str) else None
    return dt_util.as_utc(time) if time is not None else None
