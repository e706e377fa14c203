"""Home Assistant restarts while somebody falls or calls, also without a broker: nothing is lost."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from harness import truth
from harness.footage import Footage, lengthened
from harness.house import House, open_house
from harness.rtsp import RtspServer
from harness.watching import until

pytestmark = pytest.mark.timeout(240)

RIGHT_S = 10.0
RECONNECT_S = 20.0
"""Home Assistant's MQTT tries every ten seconds, the node every five at least."""


async def test_a_fall_during_restarts_is_told_once(tmp_path: Path, fall: Footage):
    shown = await lengthened(fall, 60)
    server = RtspServer({"bedroom": shown.file}, {"bedroom": [shown.onset_s - 4]})
    async with server:
        cameras = {"bedroom": {"url": server.url("bedroom"), "enabled": False}}
        async with open_house(tmp_path, cameras) as house:
            begin = datetime.now(UTC)
            hass = house.home_assistant
            await house.switch("bedroom", on=True)
            await server.mark("bedroom", shown.onset_s - 4, 60)
            await hass.stop()
            await until(lambda: _escalated(house), 30, "the event in the record")
            await hass.start()
            await until(lambda: _right(house), 30 + RIGHT_S, "right states after the start")
            assert (await hass.states())["binary_sensor.bedroom_fall"]["state"] == "on"
            await until(lambda: _caught_up(house, begin), RIGHT_S, "the missed steps")

            before = truth.lines(house)
            await hass.stop()
            await house.broker.stop()
            await hass.start()
            await until(lambda: _said(house, before, "integration down"), 30, "a line down")
            await until(lambda: _right(house), RIGHT_S, "right states without a broker")
            await house.broker.start()
            await until(lambda: _said(house, before, *truth.LINES), RECONNECT_S, "a line up")
            await until(lambda: _right(house), RIGHT_S, "right states again")
            assert truth.lines_since(house, before) == dict.fromkeys(truth.LINES, 1)

            await house.switch("bedroom", on=False)
            await until(lambda: _over(house), 20, "the end of the event")
            await until(lambda: _caught_up(house, begin), 25, "the end of the event, told")
            steps = await truth.steps(house, ["bedroom"], begin)
            assert {step for _, step in steps.recorded} >= {"suspected", "escalated", "resolved"}
            assert steps.late > 0
            assert steps.doubled == ()


async def test_a_call_for_help_during_a_restart_rings_afterwards(tmp_path: Path, call: Footage):
    shown = await lengthened(call, 60)
    server = RtspServer({"kitchen": shown.file}, {"kitchen": [shown.onset_s - 4]})
    async with server:
        cameras = {"kitchen": {"url": server.url("kitchen"), "enabled": False}}
        async with open_house(tmp_path, cameras) as house:
            begin = datetime.now(UTC)
            hass = house.home_assistant
            await house.switch("kitchen", on=True)
            await server.mark("kitchen", shown.onset_s - 4, 60)
            await hass.stop()
            called = await until(lambda: _called(house), 30, "the call in the record")
            await hass.start()
            await until(lambda: _right(house), 30 + RIGHT_S, "right states after the start")
            await until(lambda: _caught_up(house, begin, "kitchen"), RIGHT_S, "what was missed")
            steps = await truth.steps(house, ["kitchen"], begin)
            assert (called, truth.HELP) in steps.recorded
            assert steps.doubled == ()


async def _called(house: House) -> str | None:
    """Give the id of the first call for help, once it is in the record."""
    calls = (await house.node.get("/api/calls"))["calls"]
    return calls[-1]["event"] if calls else None


async def _right(house: House) -> bool:
    return not await truth.differences(house)


async def _said(house: House, before: dict[str, int], *kinds: str) -> bool:
    now = truth.lines_since(house, before)
    return all(now[kind] > 0 for kind in kinds)


async def _escalated(house: House) -> bool:
    page = await house.node.get("/api/events?camera=bedroom&class=fall&level=high")
    return bool(page["events"])


async def _caught_up(house: House, begin: datetime, camera: str = "bedroom") -> bool:
    steps = await truth.steps(house, [camera], begin)
    return bool(steps.recorded) and not steps.lost


async def _over(house: House) -> bool:
    return not (await house.node.get("/api/events?open=true"))["events"]
