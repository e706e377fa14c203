"""Entities told what is known now: camera after camera, in slices."""

from homeassistant.core import HomeAssistant, callback

from .data import OmnicamConfigEntry
from .feed import CameraFeed
from .pace import Pace


class Telling:
    """What entities still have to show, told in the order in which it became known.

    An outage changes all entities of all cameras at once; what changes twice meanwhile is shown
    once, as it is then.
    """

    def __init__(self, hass: HomeAssistant, entry: OmnicamConfigEntry, pace: Pace) -> None:
        """Begin with nothing to tell."""
        self._hass = hass
        self._entry = entry
        self._pace = pace
        self._untold: dict[tuple[CameraFeed, str | None], None] = {}  # a set that keeps its order
        self._telling = False
        self._stopped = False

    @callback
    def async_add(self, feed: CameraFeed, topic: str | None = None) -> None:
        """Let a camera's entities show what is known, those of one topic or all."""
        self._untold[feed, topic] = None
        if not self._telling and not self._stopped:
            self._telling = True
            self._entry.async_create_task(self._hass, self._async_tell(), "omnicam tell entities")

    @callback
    def async_stop(self) -> None:
        """Tell nothing more."""
        self._stopped = True
        self._untold.clear()

    async def _async_tell(self) -> None:
        try:
            while self._untold:
                feed, topic = next(iter(self._untold))
                del self._untold[feed, topic]
                feed.async_notify(topic)
                await self._pace.async_pause()
        finally:
            self._telling = False
