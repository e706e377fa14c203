"""Steps that Home Assistant could not hear: told afterwards, once each, with their true time."""

from typing import Any

import pytest
from homeassistant.components.mqtt.const import MQTT_CONNECTION_STATE
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.helpers.event import async_track_state_change_event
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_capture_events,
    async_fire_time_changed,
)
from pytest_homeassistant_custom_component.typing import MqttMockHAClient

from custom_components.omnicam.activity import EVENT_ANOMALY, EVENT_HELP
from custom_components.omnicam.catch_up import PASSES

from .node import Node, step
from .records import event

BEGAN = "2026-11-22T10:01:00.000+00:00"
ENDED = "2026-11-22T10:01:30.000+00:00"
KEY = "omnicam.01JTESTENTRYOFOMNICAM00000"


def recorded(*steps: tuple[str, str]) -> dict[str, Any]:
    """Give an event as the node's API does, with its steps."""
    rows = [
        {"step": name, "level": "high", "confidence": 0.97, "time": time, "reason": "lies"}
        for name, time in steps
    ]
    whole = event(1) | {"event": "e1", "suspected": BEGAN, "onset": BEGAN, "steps": rows}
    return whole | {"step": rows[-1]["step"], "time": rows[-1]["time"]}


@pytest.fixture
def early(freezer: Any) -> None:
    """The entry is set up before it all happens."""
    freezer.move_to("2026-11-22T10:00:00+00:00")


def remembered(**changes: Any) -> dict[str, Any]:
    """Give the file of what was told before a restart."""
    data = {"since": BEGAN, "told": []} | changes
    return {"version": 1, "minor_version": 1, "key": KEY, "data": data}


async def reconnect(hass: HomeAssistant, node: Node) -> None:
    """Lose the broker and find it again."""
    for connected in (False, True):
        async_dispatcher_send(hass, MQTT_CONNECTION_STATE, connected)
        await hass.async_block_till_done()
    await node.come_online(hass)


async def passes(hass: HomeAssistant, freezer: Any) -> None:
    """Let the time of all passes go by."""
    for delay in PASSES:
        freezer.tick(delay)
        async_fire_time_changed(hass, dt_util.utcnow())
        await hass.async_block_till_done(wait_background_tasks=True)


@pytest.mark.usefixtures("early", "loaded")
async def test_missed_while_the_broker_was_away(
    hass: HomeAssistant, node: Node, freezer: Any
) -> None:
    """What is on record is told in order, also when the newest step is heard first."""
    freezer.move_to(BEGAN)
    told = async_capture_events(hass, EVENT_ANOMALY)
    await node.publish(hass, "bedroom/event", step("suspected", time=BEGAN))
    assert [each.data["step"] for each in told] == ["suspected"]

    freezer.move_to(ENDED)
    await reconnect(hass, node)
    await node.publish(hass, "bedroom/event", step("resolved", time=ENDED))
    assert len(told) == 1  # it waits for what came before
    between = "2026-11-22T10:01:05.000+00:00"
    node.records.events = [
        recorded(("suspected", BEGAN), ("escalated", between), ("resolved", ENDED))
    ]
    await passes(hass, freezer)
    assert [each.data["step"] for each in told] == ["suspected", "escalated", "resolved"]
    assert told[1].data["late"] is True
    assert told[1].data["time"] == between
    assert told[0].data["late"] is False
    await passes(hass, freezer)
    assert len(told) == 3


@pytest.mark.usefixtures("early", "loaded")
async def test_the_node_finds_the_broker_later(
    hass: HomeAssistant, node: Node, freezer: Any
) -> None:
    """Nothing is told while its entity is unavailable: that would show nothing of it."""
    freezer.move_to(BEGAN)
    node.records.events = [recorded(("suspected", BEGAN), ("resolved", ENDED))]
    shown: list[str] = []
    for connected in (False, True):
        async_dispatcher_send(hass, MQTT_CONNECTION_STATE, connected)
        await hass.async_block_till_done()
    freezer.move_to(ENDED)
    await passes(hass, freezer)
    assert hass.states.get("event.bedroom_anomaly").state == "unavailable"

    @callback
    def note(change: Event[EventStateChangedData]) -> None:
        new = change.data["new_state"]
        if new is not None and "event_type" in new.attributes:
            shown.append(new.attributes["event_type"])

    async_track_state_change_event(hass, "event.bedroom_anomaly", note)
    await node.come_online(hass)
    await passes(hass, freezer)
    assert shown[-2:] == ["suspected", "resolved"]


@pytest.mark.usefixtures("early", "loaded")
async def test_the_api_is_away(hass: HomeAssistant, node: Node, freezer: Any) -> None:
    """What is heard is told nevertheless; the rest comes once the API answers."""
    freezer.move_to(ENDED)
    told = async_capture_events(hass, EVENT_ANOMALY)
    await node.stop()
    await reconnect(hass, node)
    await node.publish(hass, "bedroom/event", step("resolved", time=ENDED))
    await passes(hass, freezer)
    assert [each.data["step"] for each in told] == ["resolved"]
    node.records.events = [recorded(("escalated", BEGAN), ("resolved", ENDED))]
    await node.start()
    freezer.tick(400)
    async_fire_time_changed(hass, dt_util.utcnow())
    await hass.async_block_till_done(wait_background_tasks=True)
    async_fire_time_changed(hass, dt_util.utcnow())
    await hass.async_block_till_done(wait_background_tasks=True)
    assert [each.data["step"] for each in told] == ["resolved", "escalated"]


async def test_missed_while_home_assistant_was_away(
    hass: HomeAssistant,
    mqtt_mock: MqttMockHAClient,
    hass_storage: dict[str, Any],
    node: Node,
    entry: MockConfigEntry,
    freezer: Any,
) -> None:
    """What was told before the restart is not told again."""
    freezer.move_to(ENDED)
    hass_storage[KEY] = remembered(told=["e1/suspected"])
    node.records.events = [recorded(("suspected", BEGAN), ("resolved", ENDED))]
    told = async_capture_events(hass, EVENT_ANOMALY)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    await node.come_online(hass)
    await passes(hass, freezer)
    assert [(each.data["event_id"], each.data["step"]) for each in told] == [("e1", "resolved")]
    state = hass.states.get("event.bedroom_anomaly")
    assert state is not None
    assert state.attributes["late"] is True


async def test_nothing_is_remembered_of_an_entry_that_goes(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    loaded: MockConfigEntry,
    node: Node,
    freezer: Any,
) -> None:
    """The file is written, and deleted with the entry."""
    freezer.tick(5)
    async_fire_time_changed(hass, dt_util.utcnow())
    await hass.async_block_till_done()
    assert hass_storage[KEY]["data"]["told"] == []
    await hass.config_entries.async_remove(loaded.entry_id)
    await hass.async_block_till_done()
    assert KEY not in hass_storage


def called(number: int, time: str) -> dict[str, Any]:
    """Give a spoken call for help as the node says it, over MQTT and by the API."""
    return {
        "event": f"call-{number}",
        "camera": "bedroom",
        "word": "help",
        "confidence": 0.9,
        "time": time,
        "onset": time,
    }


@pytest.mark.usefixtures("early", "loaded")
async def test_a_call_for_help_while_the_broker_was_away(
    hass: HomeAssistant, node: Node, freezer: Any
) -> None:
    """It rings once, whether it was heard before, meanwhile or after."""
    calls = [called(number, f"2026-11-22T10:01:{10 * number:02d}.000+00:00") for number in range(4)]
    freezer.move_to(BEGAN)
    told = async_capture_events(hass, EVENT_HELP)
    await node.publish(hass, "bedroom/help", calls[0])
    freezer.move_to(ENDED)
    await reconnect(hass, node)
    await node.publish(hass, "bedroom/help", calls[2])
    assert len(told) == 1  # it waits for what came before
    node.records.calls = [*calls[:3], calls[1] | {"event": None}]
    await passes(hass, freezer)
    await node.publish(hass, "bedroom/help", calls[3])
    assert [each.data["event_id"] for each in told] == [call["event"] for call in calls]
    assert [each.data["late"] for each in told] == [False, True, True, False]
    assert told[1].data["time"] == calls[1]["time"]
    node.records.calls = calls
    await reconnect(hass, node)
    await passes(hass, freezer)
    assert len(told) == 4


@pytest.mark.usefixtures("early", "loaded")
async def test_a_call_without_id_rings_every_time(hass: HomeAssistant, node: Node) -> None:
    """A call is a call."""
    told = async_capture_events(hass, EVENT_HELP)
    for word in ("help", "help me"):
        await node.publish(hass, "bedroom/help", {"word": word})
    assert [each.data["word"] for each in told] == ["help", "help me"]


@pytest.mark.parametrize(
    ("stored", "calls", "heard"),
    [
        ({"calls": True}, "two", ["call-1", "call-2"]),
        ({"calls": True, "told": ["call-1"]}, "two", ["call-2"]),
        ({}, "two", []),  # what an older version told is not known
        ({"calls": True}, None, []),  # an older node
        ({"calls": True}, "no list", []),
    ],
    ids=["both", "one is told", "older version", "older node", "wrong answer"],
)
async def test_a_call_for_help_while_home_assistant_was_away(
    hass: HomeAssistant,
    mqtt_mock: MqttMockHAClient,
    hass_storage: dict[str, Any],
    node: Node,
    entry: MockConfigEntry,
    freezer: Any,
    stored: dict[str, Any],
    calls: str | None,
    heard: list[str],
) -> None:
    """Its event entity shows it, with its true time."""
    freezer.move_to(ENDED)
    hass_storage[KEY] = remembered(**stored)
    rows = [called(number, f"2026-11-22T10:01:{10 * number:02d}.000+00:00") for number in (1, 2)]
    node.records.calls = rows if calls == "two" else calls
    told = async_capture_events(hass, EVENT_HELP)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    await node.come_online(hass)
    await passes(hass, freezer)
    assert [each.data["event_id"] for each in told] == heard
    if heard:
        state = hass.states.get("event.bedroom_help_called")
        assert state is not None
        assert state.attributes["late"] is True
        assert state.attributes["time"] == rows[1]["time"]
