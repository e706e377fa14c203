"""The node's API stands in for the broker while that is away.

Home Assistant's MQTT client looks for a lost broker every ten seconds, and the broker may be away
for longer. Somebody who falls meanwhile must not wait for it.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later

from .api import ApiError, NodeApi
from .data import OmnicamConfigEntry

EVERY: Final = 3.0
"""Seconds between two questions."""

_TIMEOUT: Final = 5.0


class StandIn:
    """Asks for the state of every camera from the loss of the broker until the node is heard."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: OmnicamConfigEntry,
        api: NodeApi,
        take: Callable[[Sequence[dict[str, Any]] | None], None],
    ) -> None:
        """Take the API and what shows its answers; None for none."""
        self._hass = hass
        self._entry = entry
        self._api = api
        self._take = take
        self._asking: asyncio.Task[None] | None = None
        self._cancel: CALLBACK_TYPE | None = None

    @callback
    def async_start(self) -> None:
        """Begin to ask."""
        if self._asking is None:
            self._ask_now()

    @callback
    def async_stop(self) -> bool:
        """Ask no more; whether it did."""
        asking, self._asking = self._asking, None
        if self._cancel is not None:
            self._cancel()
            self._cancel = None
        if asking is None:
            return False
        asking.cancel()
        return True

    @callback
    def _ask_now(self, _now: datetime | None = None) -> None:
        self._cancel = None
        self._asking = self._entry.async_create_background_task(
            self._hass, self._async_ask(), "omnicam stand-in", eager_start=False
        )

    async def _async_ask(self) -> None:
        cameras = None
        try:
            async with asyncio.timeout(_TIMEOUT):
                cameras = await self._api.cameras()
        except ApiError, TimeoutError:
            pass  # the monitor tells that the API is away
        self._take(cameras)
        self._cancel = async_call_later(self._hass, EVERY, self._ask_now)
