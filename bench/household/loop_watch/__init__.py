"""A custom integration for the bench: how long Home Assistant's loop stands still, and why.

A heartbeat runs in the loop; a thread sees when it is late and looks at what the loop's thread is
doing. What stands still while OmniCam's code is on the stack is OmniCam's.
"""

from __future__ import annotations

import asyncio
import gc
import json
import resource
import sys
import threading
import time
from pathlib import Path
from typing import Any

from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.helpers import config_validation as cv

DOMAIN = "loop_watch"
CONFIG_SCHEMA = cv.empty_config_schema(DOMAIN)
BEAT_S = 0.002
LATE_S = 0.020
SETTLE_S = 0.2
MARK = "custom_components/omnicam/"


class Watch:
    """Heartbeats of one loop, since the last reset."""

    def __init__(self) -> None:
        self.thread = threading.get_ident()
        self.last = time.perf_counter()
        self.reset()

    def reset(self) -> None:
        """Begin anew."""
        self.worst = 0.0
        self.ours = 0.0
        self.stacks: dict[str, float] = {}

    def told(self) -> dict[str, Any]:
        """Give the worst stalls, and what was on the stack in them."""
        stacks = sorted(((late * 1e3, who) for who, late in self.stacks.items()), reverse=True)
        return {
            "worst_ms": self.worst * 1e3,
            "omnicam_ms": self.ours * 1e3,
            "held_by": stacks[:8],
        }

    async def beat(self) -> None:
        """Beat for ever."""
        while True:
            await asyncio.sleep(BEAT_S)
            now = time.perf_counter()
            self.worst = max(self.worst, now - self.last - BEAT_S)
            self.last = now

    def look(self) -> None:
        """See from another thread what holds the loop while a beat is late."""
        while True:
            time.sleep(BEAT_S)
            late = time.perf_counter() - self.last
            if late < LATE_S:
                continue
            frame: Any = sys._current_frames().get(self.thread)  # noqa: SLF001 - it is public enough
            names = []
            while frame is not None:
                names.append(f"{frame.f_code.co_filename}:{frame.f_code.co_name}")
                frame = frame.f_back
            if any(MARK in name for name in names):
                self.ours = max(self.ours, late)
            top = " < ".join(name.split("site-packages/")[-1] for name in names[:4])
            self.stacks[top] = max(self.stacks.get(top, 0.0), late)


async def async_setup(hass: HomeAssistant, _: dict[str, Any]) -> bool:
    """Begin to watch; the service `loop_watch.report` writes a file and begins anew."""
    watch = Watch()
    hass.async_create_background_task(watch.beat(), "loop_watch")
    threading.Thread(target=watch.look, daemon=True).start()

    async def report(call: ServiceCall) -> None:
        told = watch.told()
        await hass.async_add_executor_job(_write, told, Path(call.data["file"]))
        await asyncio.sleep(SETTLE_S)  # counting objects held the loop up: that is the bench's own
        watch.last = time.perf_counter()
        watch.reset()

    hass.services.async_register(DOMAIN, "report", report)
    return True


def _write(told: dict[str, Any], file: Path) -> None:
    """Write what was seen, and what memory is held."""
    gc.collect()
    pages = Path("/proc/self/statm").read_text("ascii").split()[1]
    held = {"resident": int(pages) * resource.getpagesize(), "objects": len(gc.get_objects())}
    file.write_text(json.dumps(told | held), "utf-8")
