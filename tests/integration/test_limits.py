"""What the actions, the media view and voice do at their limits, and where something is missing."""

from http import HTTPStatus
from pathlib import Path
from unittest.mock import patch

import aiohttp
import pytest
from homeassistant.core import Context, HomeAssistant
from homeassistant.helpers import intent, llm
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.omnicam.llm import async_get_tools

from .node import Node, camera
from .records import event
from .test_actions import FALL, act, refused
from .test_voice import assist, say

__all__ = ["assist"]

KITCHEN = "binary_sensor.kitchen_fall"


@pytest.fixture
async def two(hass: HomeAssistant, loaded: MockConfigEntry, node: Node) -> None:
    """A second camera."""
    node.info["cameras"].append(camera("kitchen", "Kitchen"))
    await node.announce(hass)
    await node.come_online(hass, "bedroom", "kitchen")


async def test_what_is_for_one_camera_is_refused_for_two(
    hass: HomeAssistant, two: None, node: Node
) -> None:
    """A check-in and a cursor belong to one; a search may take both."""
    both = [FALL, KITCHEN]
    assert await refused(hass, "start_check_in", entity_id=both) == "one_camera"
    assert await refused(hass, "search_events", entity_id=both, cursor="4") == "cursor_of_many"
    node.records.events = [event(1), event(2, camera="kitchen")]
    found = await act(hass, "search_events", entity_id=both)
    assert {each["camera"] for each in found["events"]} == {"bedroom", "kitchen"}


async def test_an_empty_answer_is_none(
    hass: HomeAssistant, loaded: MockConfigEntry, node: Node
) -> None:
    """A node that answers without words has not answered."""
    node.records.answer = ""
    assert await refused(hass, "describe", question="Who?", entity_id=FALL) == "api_failed"


async def test_a_clip_that_is_too_large_leaves_nothing(
    hass: HomeAssistant, loaded: MockConfigEntry, node: Node, tmp_path: Path
) -> None:
    """Nor does one that breaks off, nor one for which there is no folder."""
    hass.config.media_dirs = {"local": str(tmp_path)}
    hass.config.allowlist_external_dirs = {str(tmp_path)}
    node.records.events = [event(1)]
    name = node.records.events[0]["event"]
    with patch("custom_components.omnicam.clips._MOST_BYTES", 100):
        assert await refused(hass, "export_clip", event_id=name) == "clip_too_large"
    node.records.breaks_off = True
    assert await refused(hass, "export_clip", event_id=name) == "api_failed"
    assert [each for each in tmp_path.rglob("*") if each.is_file()] == []
    hass.config.media_dirs = {}
    assert await refused(hass, "export_clip", event_id=name) == "no_media_folder"


async def test_a_browser_notices_that_a_clip_broke_off(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    node: Node,
    hass_client: ClientSessionGenerator,
) -> None:
    """Half a clip must not pass for a whole one."""
    node.records.events = [event(1)]
    node.records.breaks_off = True
    client = await hass_client()
    name = node.records.events[0]["event"]
    answer = await client.get(f"/api/omnicam/{loaded.entry_id}/{name}/clip")
    assert answer.status == HTTPStatus.OK
    with pytest.raises(aiohttp.ClientPayloadError):
        await answer.read()


async def test_voice_without_a_node(
    hass: HomeAssistant, assist: None, loaded: MockConfigEntry, node: Node
) -> None:
    """Whoever calls for help is told that nobody hears it; what is not known is not said."""
    await node.stop()
    assert await say(hass, "is mum all right") == "I cannot tell: the node does not answer."
    assert await hass.config_entries.async_unload(loaded.entry_id)
    nothing = "No camera of OmniCam is set up, so I cannot do that."
    assert await say(hass, "help") == nothing
    assert await say(hass, "is mum all right") == nothing


async def test_an_intent_for_a_room_that_is_not_there(
    hass: HomeAssistant, assist: None, node: Node
) -> None:
    """A language model may name any room, and ask a node that cannot answer."""

    async def look(room: str) -> str:
        slots = {"room": {"value": room}, "question": {"value": "Who?"}}
        answer = await intent.async_handle(hass, "omnicam", "OmnicamLook", slots)
        return str(answer.speech["plain"]["speech"])

    assert await look("cellar") == "I know no camera or room called cellar."
    node.records.answer = None
    assert (await look("bedroom")).startswith("The camera gave no answer: no model looks at it")


async def test_only_assist_gets_the_tools(
    hass: HomeAssistant, assist: None, loaded: MockConfigEntry
) -> None:
    """Another API of language models has its own."""
    assert await async_setup_component(hass, "llm", {})
    context = llm.LLMContext("test", Context(), "en", "conversation", None)
    assert async_get_tools(hass, context, "another") is None
    assert async_get_tools(hass, context, llm.LLM_API_ASSIST) is not None
