"""The actions, through Home Assistant's own service calls, on a node's real HTTP API."""

from pathlib import Path
from typing import Any

import probatio
import pytest
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_mock_service

from custom_components.omnicam.actions import _ACTIONS

from .node import Node
from .records import CLIP, event

FALL = "binary_sensor.bedroom_fall"


async def act(hass: HomeAssistant, action: str, **data: Any) -> Any:
    """Call an action and give its response."""
    return await hass.services.async_call(
        "omnicam", action, data, blocking=True, return_response=True
    )


async def refused(hass: HomeAssistant, action: str, **data: Any) -> str:
    """Give the key of the error that an action ends with."""
    with pytest.raises(HomeAssistantError) as error:
        await act(hass, action, **data)
    assert error.value.translation_domain == "omnicam"
    return str(error.value.translation_key)


async def test_actions_are_there_without_a_node(hass: HomeAssistant, loaded: Any) -> None:
    """They stay registered when the entry is unloaded, and say so clearly."""
    assert await hass.config_entries.async_unload(loaded.entry_id)
    names = {row[0] for row in _ACTIONS}
    assert hass.services.async_services_for_domain("omnicam").keys() == names
    assert await refused(hass, "search_events") == "node_not_loaded"
    assert await refused(hass, "acknowledge_event", event_id="x") == "node_not_loaded"
    assert await refused(hass, "describe", entity_id=FALL, question="?") == "no_camera"


async def test_describe(hass: HomeAssistant, loaded: MockConfigEntry, node: Node) -> None:
    """A camera is asked by an entity or a device; the node's own words explain a refusal."""
    registry = er.async_get(hass)
    device = registry.async_get(FALL).device_id
    for target in ({"entity_id": FALL}, {"device_id": device}):
        said = await act(hass, "describe", question="Who?", **target)
        assert said == {"answers": {"bedroom": {"camera": "Bedroom", "answer": "Nobody is there."}}}
    assert node.records.questions == [("bedroom", "Who?")] * 2
    node.records.answer = None
    with pytest.raises(ServiceValidationError, match="set model"):
        await act(hass, "describe", question="Who?", entity_id=FALL)
    with pytest.raises(probatio.Invalid):
        await act(hass, "describe", question="", entity_id=FALL)
    await node.stop()
    assert await refused(hass, "describe", question="Who?", entity_id=FALL) == "api_failed"


async def test_search(hass: HomeAssistant, loaded: MockConfigEntry, node: Node) -> None:
    """Events are found by field and time, in pages."""
    node.records.events = [event(number) for number in range(5)]
    node.records.events.append(event(7, level="low", **{"class": "smoke"}))
    page = await act(hass, "search_events", limit=4)
    assert [each["event"][-4:] for each in page["events"]] == ["0007", "0004", "0003", "0002"]
    assert page["events"][0]["config_entry_id"] == loaded.entry_id
    rest = await act(hass, "search_events", limit=4, cursor=page["cursor"])
    assert (len(rest["events"]), rest["cursor"]) == (2, None)
    smoke = await act(
        hass,
        "search_events",
        entity_id=FALL,
        **{"class": "smoke", "from": "2026-11-22T10:06:00Z", "review": False},
    )
    assert [each["class"] for each in smoke["events"]] == ["smoke"]
    assert node.records.searches[-1] == {
        "camera": "bedroom",
        "class": "smoke",
        "from": "2026-11-22T10:06:00+00:00",
        "review": "false",
        "limit": "20",
    }
    assert await refused(hass, "search_events", entity_id="light.none") == "no_camera"
    with pytest.raises(probatio.Invalid):
        await act(hass, "search_events", level="severe")


@pytest.mark.parametrize(
    ("action", "kind"),
    [
        ("acknowledge_event", "acknowledged"),
        ("dismiss_event", "dismissed"),
        ("confirm_event", "confirmed"),
        ("mark_false_alarm", "false_alarm"),
        ("escalate_event", "needs_help"),
    ],
)
async def test_a_word_reaches_the_node(
    hass: HomeAssistant, loaded: MockConfigEntry, node: Node, action: str, kind: str
) -> None:
    """Each action is one word to the node."""
    node.records.events = [event(1)]
    name = node.records.events[0]["event"]
    said = await act(hass, action, event_id=name)
    assert said == {"event_id": name, "feedback": kind}
    assert node.records.feedback == [(name, kind)]
    assert await refused(hass, action, event_id="unknown") == "refused"
    with pytest.raises(probatio.Invalid):
        await act(hass, action, event_id="../info")


async def test_export(
    hass: HomeAssistant, loaded: MockConfigEntry, node: Node, tmp_path: Path
) -> None:
    """A clip lands whole where it may, and leaves nothing where it fails."""
    hass.config.media_dirs = {"local": str(tmp_path)}
    hass.config.allowlist_external_dirs = {str(tmp_path)}
    node.records.events = [event(1), event(2, clip=None)]
    first, second = (each["event"] for each in node.records.events)
    said = await act(hass, "export_clip", event_id=first)
    file = tmp_path / "omnicam" / f"{first}.mp4"
    assert said["path"] == str(file)
    assert file.read_bytes() == CLIP
    chosen = tmp_path / "mine.mp4"
    await act(hass, "export_clip", event_id=first, path=str(chosen))
    assert chosen.read_bytes() == CLIP
    assert await refused(hass, "export_clip", event_id=second) == "refused"
    for path in ("/elsewhere/x.mp4", "x.mp4", f"{tmp_path}/../x.mp4"):
        assert await refused(hass, "export_clip", event_id=first, path=path) == "path_not_allowed"
    blocked = str(chosen / "below.mp4")
    assert await refused(hass, "export_clip", event_id=first, path=blocked) == "clip_not_written"
    assert sorted(each.name for each in tmp_path.rglob("*.mp4*")) == [file.name, "mine.mp4"]


async def test_announce(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """Satellites announce, players speak through a voice; without one it is said."""
    said = async_mock_service(hass, "assist_satellite", "announce")
    await hass.services.async_call(
        "omnicam",
        "announce",
        {"entity_id": "assist_satellite.hall", "message": "Dinner"},
        blocking=True,
    )
    assert said[0].data == {"entity_id": "assist_satellite.hall", "message": "Dinner"}
    player = {"entity_id": "media_player.hall", "message": "Dinner"}
    with pytest.raises(ServiceValidationError):
        await hass.services.async_call("omnicam", "announce", player, blocking=True)
    hass.states.async_set("tts.voice", "unknown")
    spoken = async_mock_service(hass, "tts", "speak")
    await hass.services.async_call("omnicam", "announce", player, blocking=True)
    assert spoken[0].data == {
        "entity_id": "tts.voice",
        "media_player_entity_id": "media_player.hall",
        "message": "Dinner",
    }
