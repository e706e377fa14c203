"""The check-in. What a satellite hears is put in at Home Assistant's action `ask_question`."""

import asyncio
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import pytest
from homeassistant.core import HomeAssistant, ServiceCall, SupportsResponse
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import area_registry as ar
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers import floor_registry as fr
from pytest_homeassistant_custom_component.common import MockConfigEntry

from .node import Node
from .records import event

CHECK_IN = "event.bedroom_check_in"
FELL = {
    "step": "escalated",
    "class": "fall",
    "level": "high",
    "confidence": 0.97,
    "time": "2026-11-22T10:01:00Z",
}


class Household:
    """Satellites at the boundary of `assist_satellite.ask_question`, and who answers at them."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Begin with nobody."""
        self.answers: dict[str, list[str | Exception | None]] = {}
        self.asked: list[tuple[str, str]] = []
        self._hass = hass
        hass.services.async_register(
            "assist_satellite", "ask_question", self._ask, supports_response=SupportsResponse.ONLY
        )

    def add(self, name: str, area: str | None, *answers: str | Exception | None) -> None:
        """Put a satellite into a room; None is silence, an error that of the satellite."""
        entry = er.async_get(self._hass).async_get_or_create(
            "assist_satellite", "test", name, suggested_object_id=name
        )
        er.async_get(self._hass).async_update_entity(entry.entity_id, area_id=area)
        self._hass.states.async_set(entry.entity_id, "idle", {"supported_features": 3})
        self.answers[entry.entity_id] = list(answers)

    async def _ask(self, call: ServiceCall) -> dict[str, Any]:
        satellite = call.data["entity_id"]
        self.asked.append((satellite.removeprefix("assist_satellite."), call.data["question"]))
        answer = self.answers[satellite].pop(0)
        if answer is None:
            await asyncio.sleep(60)
        if isinstance(answer, Exception):
            raise answer
        return {"id": None, "sentence": answer, "slots": {}}


@pytest.fixture(autouse=True)
def _impatient() -> Iterator[None]:
    with patch("custom_components.omnicam.check_in.ANSWER_TIMEOUT", 0.1):
        yield


@pytest.fixture
def home(hass: HomeAssistant, loaded: MockConfigEntry, node: Node) -> Household:
    """A camera in the bedroom that has an event."""
    area = ar.async_get(hass).async_create("Bedroom")
    device = er.async_get(hass).async_get("binary_sensor.bedroom_fall").device_id
    dr.async_get(hass).async_update_device(device, area_id=area.id)
    node.records.events = [event(1)]
    return Household(hass)


async def fall(hass: HomeAssistant, node: Node) -> None:
    """Let the camera see a fall, and wait for what follows."""
    await node.publish(hass, "bedroom/event", FELL | {"event": node.records.events[0]["event"]})
    await hass.async_block_till_done(wait_background_tasks=True)


def outcome(hass: HomeAssistant) -> str:
    """Give the newest step of the check-in."""
    state = hass.states.get(CHECK_IN)
    assert state is not None
    return str(state.attributes["event_type"])


@pytest.mark.parametrize(
    ("answer", "told", "shown"),
    [
        ("Yes, I'm fine", "dismissed", "all_right"),
        ("No", "needs_help", "needs_help"),
        ("救命", "needs_help", "needs_help"),
        (None, "unanswered", "no_answer"),
    ],
)
async def test_an_answer_decides(
    hass: HomeAssistant, home: Household, node: Node, answer: str | None, told: str, shown: str
) -> None:
    """Yes ends the event; no, help and silence make the node raise the event."""
    home.add("bed", "bedroom", answer)
    await fall(hass, node)
    assert [name for name, _ in home.asked] == ["bed"]
    assert "Are you all right?" in home.asked[0][1]
    assert node.records.feedback == [(node.records.events[0]["event"], told)]
    assert outcome(hass) == shown


async def test_the_room_of_the_camera_is_asked_first(
    hass: HomeAssistant, home: Household, node: Node
) -> None:
    """Then others, in Chinese where the household speaks it; a doubt is asked about once more."""
    hass.config.language = "zh-Hans"
    home.add("attic", None, "电视", "我没事")
    home.add("bed", "bedroom", None)
    await fall(hass, node)
    assert [name for name, _ in home.asked] == ["bed", "attic", "attic"]
    assert "您没事吧" in home.asked[0][1]
    assert outcome(hass) == "all_right"


async def test_the_same_fall_is_asked_about_once(
    hass: HomeAssistant, home: Household, node: Node
) -> None:
    """An automation that starts a check-in too gets the same answer."""
    home.add("bed", "bedroom", "yes")
    await fall(hass, node)
    said = await hass.services.async_call(
        "omnicam",
        "start_check_in",
        {"entity_id": CHECK_IN, "event_id": node.records.events[0]["event"]},
        blocking=True,
        return_response=True,
    )
    assert said is not None
    assert (said["outcome"], said["answer"], said["told_node"]) == ("all_right", "yes", True)
    assert len(home.asked) == len(node.records.feedback) == 1


async def test_without_a_satellite_or_when_switched_off_nobody_is_asked(
    hass: HomeAssistant, home: Household, node: Node, loaded: MockConfigEntry
) -> None:
    """By itself nothing happens; an automation hears that nobody could be asked."""
    await fall(hass, node)
    assert node.records.feedback == []
    said = await hass.services.async_call(
        "omnicam", "start_check_in", {"entity_id": CHECK_IN}, blocking=True, return_response=True
    )
    assert said == {
        "outcome": "not_asked",
        "event_id": None,
        "satellite": None,
        "answer": None,
        "told_node": None,
    }
    home.add("bed", "bedroom", "yes")
    hass.config_entries.async_update_entry(loaded, options={"check_in": False})
    await fall(hass, node)
    assert home.asked == []


async def test_a_node_that_is_away_changes_no_outcome(
    hass: HomeAssistant, home: Household, node: Node
) -> None:
    """Automations hear of the cry for help all the same."""
    home.add("bed", "bedroom", "help")
    await node.stop()
    await fall(hass, node)
    state = hass.states.get(CHECK_IN)
    assert state is not None
    assert (state.attributes["event_type"], state.attributes["told_node"]) == ("needs_help", False)


async def test_the_nearest_satellite_that_works_is_asked(
    hass: HomeAssistant, home: Household, node: Node, caplog: pytest.LogCaptureFixture
) -> None:
    """The floor counts after the room; a device gives its own room; one that fails is passed."""
    floor = fr.async_get(hass).async_create("Upstairs")
    areas = ar.async_get(hass)
    areas.async_update("bedroom", floor_id=floor.floor_id)
    landing = areas.async_create("Landing", floor_id=floor.floor_id)
    home.add("cellar", None, "yes")
    home.add("landing", landing.id, "yes")
    home.add("away", "bedroom", "yes")
    hass.states.async_set("assist_satellite.away", "unavailable", {"supported_features": 3})
    hass.states.async_set("assist_satellite.unregistered", "idle", {"supported_features": 3})
    home.add("bed", None, HomeAssistantError("its microphone is off"))
    entry = MockConfigEntry()
    entry.add_to_hass(hass)
    device = dr.async_get(hass).async_get_or_create(
        config_entry_id=entry.entry_id, identifiers={("test", "bed")}
    )
    dr.async_get(hass).async_update_device(device.id, area_id="bedroom")
    er.async_get(hass).async_update_entity("assist_satellite.bed", device_id=device.id)
    await fall(hass, node)
    assert [name for name, _ in home.asked] == ["bed", "landing"]
    assert "its microphone is off" in caplog.text
    assert outcome(hass) == "all_right"


async def test_what_cannot_be_understood_twice_is_no_answer(
    hass: HomeAssistant, home: Household, node: Node
) -> None:
    """Silence and babble alike raise the event."""
    home.add("bed", "bedroom", "the weather", "tomorrow")
    await fall(hass, node)
    assert len(home.asked) == 2
    assert outcome(hass) == "no_answer"
    assert [kind for _, kind in node.records.feedback] == ["unanswered"]


async def test_old_answers_are_forgotten(hass: HomeAssistant, home: Household, node: Node) -> None:
    """Their number is bounded: the oldest event can be asked about anew."""
    home.add("bed", "bedroom", "yes", "yes", "no")
    node.records.events.append(event(2))
    first, second = (each["event"] for each in node.records.events)

    async def ask(name: str) -> str:
        said = await hass.services.async_call(
            "omnicam",
            "start_check_in",
            {"entity_id": CHECK_IN, "event_id": name},
            blocking=True,
            return_response=True,
        )
        return str((said or {})["outcome"])

    with patch("custom_components.omnicam.check_in._REMEMBERED", 1):
        assert [await ask(first), await ask(second)] == ["all_right", "all_right"]
        assert await ask(second) == "all_right"
        assert await ask(first) == "needs_help"
