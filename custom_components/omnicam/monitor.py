"""Whether the node's HTTP API can be used, and the stream addresses that it gave.

The sensors and events come over MQTT alone and never wait for the API. Only the live picture
needs it, so it is asked at set-up and after a reconnection, and polled only while it is down.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import datetime

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later

from .api import ApiAuthError, ApiCertificateError, ApiError, NodeApi
from .const import LOGGER
from .data import OmnicamConfigEntry
from .models import NodeInfo

_FIRST_RETRY = 15.0
_LAST_RETRY = 300.0
_JITTER = 0.2
_AT_ONCE = 4
"""Stream addresses that are asked for at the same time: a node may be a small machine."""


class ApiMonitor:
    """Follows one node's API; `error` tells why it cannot be used, None while it can."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: OmnicamConfigEntry,
        api: NodeApi,
        node: str,
        on_info: Callable[[NodeInfo], Awaitable[None]],
        on_change: Callable[[], None],
    ) -> None:
        """Take the API to follow and what to do with the info and with a change."""
        self._hass = hass
        self._entry = entry
        self._node = node
        self._on_info = on_info
        self._on_change = on_change
        self._lock = asyncio.Lock()
        self._cancel_retry: CALLBACK_TYPE | None = None
        self._failures = 0
        self._stopped = False
        self._refreshing = False
        self.api = api
        self.error: ApiError | None = None
        self.available = False
        self.streams: dict[str, str | None] = {}

    async def async_check(self) -> None:
        """Ask the API for the node's info and streams, and plan the next try if it fails."""
        async with self._lock:
            self._refreshing = False
            self._stop_retry()
            try:
                info = await self.api.info(self._node)
                await self._fetch_streams(info)
            except ApiError as error:
                self._fail(error)
            else:
                self._succeed()
                await self._on_info(info)
            self._on_change()

    @callback
    def async_recheck(self) -> None:
        """Check soon, because a call has failed; calls during a check or a wait add nothing."""
        if self._lock.locked() or self._cancel_retry is not None or not self.available:
            return
        self._entry.async_create_background_task(
            self._hass, self.async_check(), "omnicam API check"
        )

    @callback
    def async_refresh(self) -> None:
        """Check now, because the node or the broker has come back.

        A check that is under way may have asked just before that, so another one follows it.
        """
        if self._stopped or self._refreshing or isinstance(self.error, ApiAuthError):
            return
        self._refreshing = True
        self._entry.async_create_background_task(
            self._hass, self.async_check(), "omnicam API refresh"
        )

    @callback
    def async_stop(self) -> None:
        """Plan no more tries."""
        self._stopped = True
        self._stop_retry()

    async def _fetch_streams(self, info: NodeInfo) -> None:
        few = asyncio.Semaphore(_AT_ONCE)

        async def fetch(camera: str) -> str | None:
            try:
                async with few:
                    return await self.api.stream(camera)
            except ApiAuthError:
                raise
            except ApiError as error:
                # One camera's fault, not the API's: the others have their streams.
                LOGGER.debug("No stream address for camera %s: %s", camera, error)
                return self.streams.get(camera)

        found = await asyncio.gather(*(fetch(camera) for camera in info.cameras))
        self.streams = dict(zip(info.cameras, found, strict=True))

    def _succeed(self) -> None:
        if not self.available and self._failures:
            LOGGER.info("The API of node %s is back", self._node)
        self._failures = 0
        self.available = True
        self.error = None

    def _fail(self, error: ApiError) -> None:
        if not self._failures:
            LOGGER.warning(
                "The API of node %s cannot be used, live pictures are missing until it can: %s",
                self._node,
                error,
            )
        self._failures += 1
        self.available = False
        self.error = error
        if isinstance(error, ApiAuthError):
            # Trying the same token again cannot help; the new one reloads the entry.
            self._entry.async_start_reauth(self._hass)
            return
        if self._stopped:
            return
        if isinstance(error, ApiCertificateError):
            # A person decides; meanwhile the node may show the right one again.
            self._entry.async_start_reauth(self._hass)
        delay = min(_LAST_RETRY, _FIRST_RETRY * 2 ** min(self._failures - 1, 10))
        self._cancel_retry = async_call_later(
            self._hass,
            delay * random.uniform(1 - _JITTER, 1 + _JITTER),
            self._retry,
        )

    async def _retry(self, _now: datetime) -> None:
        self._cancel_retry = None
        await self.async_check()

    def _stop_retry(self) -> None:
        if self._cancel_retry is not None:
            self._cancel_retry()
            self._cancel_retry = None
