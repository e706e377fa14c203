"""A custom integration for the bench: how long Home Assistant's loop stands still, and whose fault.

Each turn of the loop is timed without its wait for input. `sys.monitoring` tells when OmniCam's
code is entered from outside and left again, with all that it calls in between; what it held the
loop for in one turn is the sum of those spans. The garbage collector's pauses, which strike
whoever happens to allocate, are told apart.
"""

from __future__ import annotations

import asyncio
import gc
import json
import resource
import sys
import threading
import time
from collections import defaultdict
from pathlib import Path
from types import CodeType
from typing import Any

from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.helpers import config_validation as cv

DOMAIN = "loop_watch"
CONFIG_SCHEMA = cv.empty_config_schema(DOMAIN)
MARK = "custom_components/omnicam/"
PACKAGE = "custom_components.omnicam"
SETTLE_S = 0.2
TOOL = 4
"""A number for `sys.monitoring` that no debugger or coverage tool has."""


class Turn:
    """What happened in one turn of the loop; seconds."""

    def __init__(self) -> None:
        self.waited = 0.0
        self.collected = 0.0
        self.ours = 0.0
        self.parts: dict[str, float] = defaultdict(float)


class Watch:
    """The turns of one loop, since the last reset."""

    def __init__(self, loop: Any) -> None:
        self.thread = threading.get_ident()
        self.turn = Turn()
        self.depth = 0
        self.entered = 0.0
        self.collected_before = 0.0
        self.collecting_since = 0.0
        self.reset()
        self._follow_turns(loop)
        self._follow_code()
        gc.callbacks.append(self._on_collection)

    def reset(self) -> None:
        """Begin anew."""
        self.longest = self.longest_collected = self.longest_with_ours = 0.0
        self.worst = Turn()

    def told(self) -> dict[str, Any]:
        """Give the worst turns in milliseconds, and which of our functions made ours."""
        parts = sorted(
            ((each * 1e3, name) for name, each in self.worst.parts.items()), reverse=True
        )
        return {
            "longest_ms": self.longest * 1e3,
            "longest_with_ours_ms": self.longest_with_ours * 1e3,
            "ours_ms": self.worst.ours * 1e3,
            "ours_by": [f"{each:.1f} ms {name}" for each, name in parts[:6]],
            "collector_ms": self.longest_collected * 1e3,
        }

    def _follow_turns(self, loop: Any) -> None:
        run_once, select = loop._run_once, loop._selector.select  # noqa: SLF001 - the bench's hook

        def timed_select(timeout: float | None = None) -> Any:
            began = time.perf_counter()
            try:
                return select(timeout)
            finally:
                self.turn.waited += time.perf_counter() - began

        def timed_turn() -> None:
            began = time.perf_counter()
            run_once()
            turn, self.turn = self.turn, Turn()
            self._note(turn, time.perf_counter() - began - turn.waited)

        loop._selector.select = timed_select  # noqa: SLF001
        loop._run_once = timed_turn  # noqa: SLF001

    def _note(self, turn: Turn, busy: float) -> None:
        self.longest_collected = max(self.longest_collected, turn.collected)
        busy -= turn.collected
        self.longest = max(self.longest, busy)
        if turn.parts:
            self.longest_with_ours = max(self.longest_with_ours, busy)
        if turn.ours > self.worst.ours:
            self.worst = turn

    def _follow_code(self) -> None:
        monitoring = sys.monitoring
        events = monitoring.events
        monitoring.use_tool_id(TOOL, DOMAIN)

        def enter(code: CodeType, *_: object) -> object:
            if MARK not in code.co_filename:
                return monitoring.DISABLE
            self._enter()
            return None

        def leave(code: CodeType, *_: object) -> object:
            if MARK not in code.co_filename:
                return monitoring.DISABLE
            self._leave(code)
            return None

        # Exceptions pass everywhere: these two cannot be switched off where they do not matter.
        def thrown(code: CodeType, *_: object) -> None:
            if MARK in code.co_filename:
                self._enter()

        def unwound(code: CodeType, *_: object) -> None:
            if MARK in code.co_filename:
                self._leave(code)

        handlers = {
            events.PY_START: enter,
            events.PY_RESUME: enter,
            events.PY_THROW: thrown,
            events.PY_RETURN: leave,
            events.PY_YIELD: leave,
            events.PY_UNWIND: unwound,
        }
        for event, handler in handlers.items():
            monitoring.register_callback(TOOL, event, handler)
        monitoring.set_events(TOOL, sum(handlers))

    def _enter(self) -> None:
        if threading.get_ident() != self.thread:
            return
        self.depth += 1
        if self.depth == 1:
            self.collected_before = self.turn.collected
            self.entered = time.perf_counter()

    def _leave(self, code: CodeType) -> None:
        # What was entered before the watch began is left without having been entered.
        if threading.get_ident() != self.thread or self.depth == 0:
            return
        self.depth -= 1
        if self.depth == 0:
            now = time.perf_counter()
            held = now - self.entered - (self.turn.collected - self.collected_before)
            if self.collecting_since:  # by another thread, which has not come to tell of its end
                held -= now - max(self.collecting_since, self.entered)
            self.turn.ours += held
            name = f"{code.co_filename.rsplit('/', 1)[-1]}:{code.co_qualname}"
            self.turn.parts[name] += held

    def _on_collection(self, phase: str, _info: dict[str, int]) -> None:
        # In whatever thread: it lets no other one run.
        if phase == "start":
            self.collecting_since = time.perf_counter()
        else:
            self.turn.collected += time.perf_counter() - self.collecting_since
            self.collecting_since = 0.0


async def async_setup(hass: HomeAssistant, _: dict[str, Any]) -> bool:
    """Offer `begin`, as watching costs time, and `report`, which writes a file and begins anew."""
    watches: list[Watch] = []

    async def begin(_: ServiceCall) -> None:
        watches.append(Watch(asyncio.get_running_loop()))

    async def report(call: ServiceCall) -> None:
        told = watches[0].told()
        await hass.async_add_executor_job(_write, told, Path(call.data["file"]))
        await asyncio.sleep(SETTLE_S)  # counting objects held the loop up: that is the bench's own
        watches[0].reset()

    hass.services.async_register(DOMAIN, "begin", begin)
    hass.services.async_register(DOMAIN, "report", report)
    return True


def _write(told: dict[str, Any], file: Path) -> None:
    """Write what was seen, and what memory is held."""
    gc.collect()
    pages = Path("/proc/self/statm").read_text("ascii").split()[1]
    objects = gc.get_objects()
    held = {
        "resident": int(pages) * resource.getpagesize(),
        "objects": len(objects),
        "ours": sum(str(type(each).__module__).startswith(PACKAGE) for each in objects),
    }
    file.write_text(json.dumps(told | held), "utf-8")
