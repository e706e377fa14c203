"""Long work in the event loop, in slices."""

import asyncio
from typing import Final

SLICE: Final = 0.01
"""Seconds of work after which everything else has its turn."""


class Pace:
    """Lets Home Assistant breathe during work on the entities of many cameras.

    It adds, writes and removes entities without a pause: those of a hundred cameras at once would
    hold up everything else for seconds. A pause after each of them would be as slow for the
    household, whose sensors come last.
    """

    def __init__(self) -> None:
        """Begin with a slice that is over."""
        self._ends = 0.0
        self._lock = asyncio.Lock()

    async def __aenter__(self) -> None:
        """Wait until no other work goes on: two in one turn of the loop would add up."""
        await self._lock.acquire()

    async def __aexit__(self, *_: object) -> None:
        """Let the next work begin."""
        self._lock.release()

    async def async_pause(self) -> None:
        """Give everything else its turn, if the slice is over."""
        loop = asyncio.get_running_loop()
        if loop.time() >= self._ends:
            await asyncio.sleep(0)
            self._ends = loop.time() + SLICE
