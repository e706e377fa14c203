"""The bus events, and the words that the logbook has for them."""

from typing import Any

import pytest
from homeassistant.components.logbook.const import LOGBOOK_ENTRY_MESSAGE, LOGBOOK_ENTRY_NAME
from homeassistant.core import Event, HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.translation import async_load_integrations
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events

from custom_components.omnicam.activity import EVENT_ANOMALY, EVENT_HELP
from custom_components.omnicam.const import DOMAIN
from custom_components.omnicam.logbook import async_describe_events
from custom_components.omnicam.models import HelpCall

from .node import Node, camera
from .test_event import CALL, STEP


def described(hass: HomeAssistant, event: Event[Any]) -> tuple[str, str]:
    """Give name and message of an event as the logbook has them."""
    describers: dict[str, Any] = {}

    def describe(domain: str, event_type: str, describer: Any) -> None:
        assert domain == DOMAIN
        describers[event_type] = describer

    async_describe_events(hass, describe)
    entry = describers[event.event_type](event)
    return entry[LOGBOOK_ENTRY_NAME], entry[LOGBOOK_ENTRY_MESSAGE]


async def test_bus(
    hass: HomeAssistant,
    node: Node,
    loaded: MockConfigEntry,
    device_registry: dr.DeviceRegistry,
) -> None:
    """One event on the bus for each step and each call, with the camera's device."""
    anomalies = async_capture_events(hass, EVENT_ANOMALY)
    calls = async_capture_events(hass, EVENT_HELP)
    await node.publish(hass, "bedroom/event", STEP)
    await node.publish(hass, "bedroom/event", STEP)
    await node.publish(hass, "bedroom/help", CALL)
    device = device_registry.async_get_device_by_identifier(
        (DOMAIN, "home_bedroom"), loaded.entry_id
    )
    assert device is not None
    where = {
        "device_id": device.id,
        "node": "home",
        "camera": "bedroom",
        "camera_name": "Bedroom",
    }
    assert [event.data for event in anomalies] == [
        where
        | {
            "step": "suspected",
            "event_id": "e1",
            "anomaly": "fall",
            "label": None,
            "level": "high",
            "confidence": 0.97,
            "reason": "trunk fell to 80 degrees",
            "description": None,
            "review": False,
            "time": "2026-11-22T10:00:03+00:00",
            "late": False,
        }
    ]
    assert [event.data for event in calls] == [
        where
        | {
            "event_id": "h1",
            "word": "help",
            "confidence": 0.93,
            "time": CALL["time"],
            "late": False,
        }
    ]

    # A camera that comes later is followed too; an unloaded node is not.
    device_registry.async_update_device(device.id, name_by_user="Mum's room")
    node.info["cameras"].append(camera("kitchen", "Kitchen"))
    await node.announce(hass)
    await node.publish(hass, "kitchen/help", CALL | {"event": "k1"})
    await node.publish(hass, "bedroom/help", CALL | {"event": "h2"})
    assert [event.data["camera_name"] for event in calls[1:]] == ["Kitchen", "Mum's room"]
    assert await hass.config_entries.async_unload(loaded.entry_id)
    await node.publish(hass, "bedroom/help", CALL | {"event": "h3"})
    assert len(calls) == 3


@pytest.mark.parametrize(
    ("language", "changes", "message"),
    [
        ("en", {}, "Fall is suspected (97 % sure): trunk fell to 80 degrees"),
        ("en", {"step": "resolved", "reason": None}, "Fall is over (97 % sure)"),
        (
            "en",
            {"class": "abnormal_sound", "label": "scream", "confidence": None, "reason": None},
            "Scream is suspected",
        ),
        ("zh-Hans", {"step": "escalated", "reason": None}, "跌倒：已发出警报（把握 97%）"),
        (
            "zh-Hans",
            {"step": "dismissed", "confidence": None},
            "跌倒是误报：原因是trunk fell to 80 degrees",
        ),
    ],
)
async def test_words(
    hass: HomeAssistant,
    node: Node,
    loaded: MockConfigEntry,
    language: str,
    changes: dict[str, Any],
    message: str,
) -> None:
    """A sentence in the household's language."""
    hass.config.language = language
    await async_load_integrations(hass, {DOMAIN})
    events = async_capture_events(hass, EVENT_ANOMALY)
    await node.publish(hass, "bedroom/event", STEP | changes)
    assert described(hass, events[0]) == ("Bedroom", message)


@pytest.mark.parametrize(
    ("language", "word", "message"),
    [
        ("en", "help", "Somebody called for help: help"),
        ("en", None, "Somebody called for help"),
        ("zh-Hans", "救命", "有人呼救：救命"),
    ],
)
async def test_help_in_words(
    hass: HomeAssistant,
    node: Node,
    loaded: MockConfigEntry,
    language: str,
    word: str | None,
    message: str,
) -> None:
    """So is a call for help."""
    hass.config.language = language
    await async_load_integrations(hass, {DOMAIN})
    events = async_capture_events(hass, EVENT_HELP)
    await node.publish(hass, "bedroom/help", CALL | {"word": word})
    assert described(hass, events[0]) == ("Bedroom", message)


async def test_a_late_call_in_words(
    hass: HomeAssistant, node: Node, loaded: MockConfigEntry
) -> None:
    """What was told afterwards says when it was."""
    await hass.config.async_set_time_zone("Asia/Shanghai")
    await async_load_integrations(hass, {DOMAIN})
    call = HelpCall(
        event="h1", word="help", confidence=0.9, time="2026-11-22T10:01:10+00:00", late=True
    )
    events = async_capture_events(hass, EVENT_HELP)
    loaded.runtime_data.cameras["bedroom"].async_call_help(call)
    assert described(hass, events[0])[1] == (
        "Somebody called for help: help (at 2026-11-22 18:01:10, told late)"
    )
