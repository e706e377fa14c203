"""The broker is away while somebody falls: nothing is lost, doubled or out of order."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness import truth
from harness.footage import Footage, lengthened
from harness.home_assistant import HomeAssistant
from harness.house import House, open_house
from harness.rtsp import RtspServer
from harness.watching import Listener, until

pytestmark = pytest.mark.timeout(300)

BEDROOM = "omnicam/home/bedroom"
RECONNECT_S = 45.0
"""Both the node and Home Assistant wait a growing time between their tries."""


async def test_steps_of_events_survive_an_outage_of_the_broker(tmp_path: Path, fall: Footage):
    # It must last until Home Assistant is back, so that the sensor still has something to show.
    shown = await lengthened(fall, 60)
    server = RtspServer({"bedroom": shown.file}, {"bedroom": [shown.onset_s - 4, shown.onset_s]})
    async with server:
        cameras = {"bedroom": {"url": server.url("bedroom"), "enabled": False}}
        async with (
            open_house(tmp_path, cameras, persistent=True) as house,
            # Its session outlives the broker's restart: what the node sends at once when the
            # broker is back waits there, even if this listener comes later.
            Listener(house.broker, f"{BEDROOM}/#", identifier="listener") as heard,
        ):
            hass = house.home_assistant
            await house.switch("bedroom", on=True)
            await server.mark("bedroom", shown.onset_s - 4, 60)
            before = truth.lines(house)
            await house.broker.stop()
            await server.mark("bedroom", shown.onset_s, 15)
            event = await until(lambda: _escalated(house), 30, "the event in the record")
            assert heard.of(f"{BEDROOM}/event") == []
            await until(lambda: _shows(hass, "on"), 10, "the sensor on, without a broker")

            await house.broker.start()
            await heard.connect()
            await heard.log.find(
                lambda item: item.topic == f"{BEDROOM}/fall" and item.json["event"] == event,
                RECONNECT_S,
                "the alarm on the broker",
            )
            assert heard.newest(f"{BEDROOM}/fall").json["state"] == "ON"
            await heard.log.find(
                lambda item: (item.topic, item.text) == (f"{BEDROOM}/status", "online"),
                RECONNECT_S,
                "the camera's status",
            )
            assert await _shows(hass, "on")
            await until(lambda: _one_line_each(house, before), RECONNECT_S, "a line down and up")
            async with Listener(house.broker, f"{BEDROOM}/+") as late:
                retained = await _retained(house, late)
            assert retained["fall"] == "ON"
            assert retained["smoke"] == "OFF"
            assert retained["dangerous_tool"] is None
            states = await hass.states()
            assert states["binary_sensor.bedroom_smoke"]["state"] == "off"
            assert states["binary_sensor.bedroom_dangerous_tool"]["state"] == "unavailable"

            await house.switch("bedroom", on=False)
            await heard.log.find(
                lambda item: item.topic == f"{BEDROOM}/event" and item.json["step"] == "resolved",
                20,
                "the end of the event",
            )
            stored = await house.node.get(f"/api/events/{event}")
            steps = [message.json for message in heard.of(f"{BEDROOM}/event")]
            assert {step["event"] for step in steps} == {event}
            assert [step["step"] for step in steps] == [step["step"] for step in stored["steps"]]
            assert steps[0]["step"] == "suspected"
            assert not any(message.retained for message in heard.of(f"{BEDROOM}/event"))
            times = [step["time"] for step in steps]
            assert times == sorted(times)


async def _escalated(house: House) -> str | None:
    """Give the id of the fall once its alarm is in the record."""
    page = await house.node.get("/api/events?camera=bedroom&class=fall&level=high")
    return page["events"][0]["event"] if page["events"] else None


async def _shows(hass: HomeAssistant, state: str) -> bool:
    seen: str = (await hass.states())["binary_sensor.bedroom_fall"]["state"]
    return seen == state


async def _one_line_each(house: House, before: dict[str, int]) -> bool:
    return truth.lines_since(house, before) == dict.fromkeys(truth.LINES, 1)


async def _retained(house: House, late: Listener) -> dict[str, str | None]:
    """Give the state of every class, as somebody who comes late is told by the broker."""
    classes = (await house.node.get("/api/info"))["classes"]

    async def complete() -> bool:
        return all(late.newest(f"{BEDROOM}/{name}") for name in classes)

    await until(complete, 15, "all retained states")
    return {name: late.newest(f"{BEDROOM}/{name}").json["state"] for name in classes}
