"""What is done to the house, and what is measured of each."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from itertools import permutations
from typing import Any

from harness import truth
from harness.house import NODE, House, mqtt_client
from harness.rtsp import RtspServer
from harness.watching import until

PARTS = ("home assistant", "broker", "node")
CUT_S = 60.0
PATIENCE_S = 60.0
SETTLE_S = 20.0
"""After all is right, so that the last catch-up and Home Assistant's recorder are done."""

type Json = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """Parts that are restarted one straight after the other; `away_s` is how long each is down."""

    parts: Sequence[str]
    away_s: float = 0.0

    @property
    def name(self) -> str:
        """As in the table."""
        if self.away_s:
            return f"{self.parts[0]} away for {self.away_s:g} s"
        return ", ".join(self.parts)


CASES = (
    *(Case((part,), CUT_S) for part in PARTS),
    *(Case(order) for order in permutations(PARTS)),
)


@dataclass
class Outcome:
    """What was measured of a case; seconds run from the moment the last part was up again."""

    case: str
    right_after_s: float | None = None
    wrong: list[str] = field(default_factory=list)
    events: int = 0
    steps: int = 0
    late: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    lines: dict[str, int] = field(default_factory=dict)

    def json(self) -> Json:
        """As it is kept."""
        return asdict(self)


async def run(case: Case, house: House, server: RtspServer, onset_s: float) -> Outcome:
    """Have an event before, one that begins as the outage does, and one after it; then look."""
    begin = datetime.now(UTC)
    outcome = Outcome(case.name)
    await _drill(house)
    plays = len(server.seen)
    for camera in ("bedroom", "kitchen"):
        await house.switch(camera, on=True)
    # A cut begins just before the falls, a row of restarts once there is an alarm.
    second = onset_s - 4 if case.away_s else onset_s

    async def played() -> bool:
        return any(mark.mark == second for mark in server.seen[plays:])

    await until(played, PATIENCE_S, "the fall on the film")
    if not case.away_s or case.parts == ("node",):
        await until(lambda: _open_fall(house), 30, "an open event of the fall")
    before = truth.lines(house)
    for part in case.parts:
        await _stop(house, part)
        await asyncio.sleep(case.away_s)
        await _start(house, part)
    await _measure_states(house, outcome)
    for camera in ("bedroom", "kitchen"):
        await house.switch(camera, on=False)
    await _drill(house)
    await asyncio.sleep(SETTLE_S)
    outcome.lines = truth.lines_since(house, before)
    steps = await truth.steps(house, ["bedroom", "kitchen", "hall"], begin)
    outcome.events = len({event for event, _ in steps.recorded})
    outcome.steps, outcome.late = len(steps.recorded), steps.late
    outcome.lost = [" ".join(step) for step in steps.lost]
    outcome.doubled = [" ".join(step) for step in steps.doubled]
    return outcome


async def _measure_states(house: House, outcome: Outcome) -> None:
    began = time.monotonic()
    while time.monotonic() - began < PATIENCE_S:
        outcome.wrong = await truth.differences(house)
        if not outcome.wrong:
            outcome.right_after_s = round(time.monotonic() - began, 1)
            return
        await asyncio.sleep(0.2)


async def _drill(house: House) -> None:
    """A test alarm in the hall: a whole event, on record and on the broker."""

    async def over() -> bool:
        page = await house.node.get("/api/events?camera=hall&limit=1")
        return bool(page["events"]) and page["events"][0]["ended"] is not None

    async def begun() -> bool:
        if (await house.node.get("/api/events?camera=hall&open=true"))["events"]:
            return True
        # Nobody keeps a command for a node that has not found back to the broker yet.
        async with mqtt_client(house.broker) as client:
            await client.publish(f"omnicam/{NODE}/hall/test/set", "fall", qos=1)
        await asyncio.sleep(2)
        return False

    await until(begun, 30, "a test alarm")
    await until(over, 30, "the end of a test alarm")


async def _open_fall(house: House) -> bool:
    page = await house.node.get("/api/events?camera=bedroom&class=fall&open=true&level=high")
    return bool(page["events"])


async def _stop(house: House, part: str) -> None:
    await _part(house, part).stop()


async def _start(house: House, part: str) -> None:
    await _part(house, part).start()
    if part == PARTS[0] and house.home_assistant is not None:
        hass = house.home_assistant

        async def running() -> bool:
            return (await hass.get("/api/config"))["state"] == "RUNNING"

        await until(running, PATIENCE_S, "Home Assistant to run")


def _part(house: House, part: str) -> Any:
    return dict(zip(PARTS, (house.home_assistant, house.broker, house.node), strict=True))[part]
