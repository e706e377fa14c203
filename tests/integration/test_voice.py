"""Voice, through Home Assistant's own conversation agent, and the tools of language models."""

from datetime import datetime
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.components import conversation
from homeassistant.core import Context, HomeAssistant
from homeassistant.helpers import llm
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry

from .node import Node, verdict
from .records import event

NOW = datetime.fromisoformat("2026-11-22T20:00:00+00:00")


@pytest.fixture
async def assist(hass: HomeAssistant, freezer: FrozenDateTimeFactory, loaded: Any) -> None:
    """Home Assistant with its own agent, on the evening of the events."""
    await hass.config.async_set_time_zone("UTC")
    freezer.move_to(NOW)
    assert await async_setup_component(hass, "homeassistant", {})
    assert await async_setup_component(hass, "conversation", {})
    await hass.async_block_till_done()


async def say(hass: HomeAssistant, text: str, language: str = "en") -> str:
    """Say something to Assist and give what it answers."""
    result = await conversation.async_converse(hass, text, None, Context(), language=language)
    return str(result.response.speech["plain"]["speech"])


@pytest.mark.parametrize("text", ["help", "Help me!", "I need help", "救命", "帮助", "我摔倒了"])
async def test_help_is_called(hass: HomeAssistant, assist: None, text: str) -> None:
    """The camera's own event entity rings, so that automations need nothing new."""
    language = "en" if text.isascii() else "zh-Hans"
    said = await say(hass, text, language)
    assert said == ("I am calling for help." if text.isascii() else "我正在为您呼叫帮助。")
    state = hass.states.get("event.bedroom_help_called")
    assert state is not None
    assert state.attributes["word"] == text


async def test_what_happened(hass: HomeAssistant, assist: None, node: Node) -> None:
    """Today's events of a room are told, in the language of the question."""
    assert await say(hass, "what happened in the bedroom today") == (
        "Nothing was noticed today: bedroom."
    )
    node.records.events = [event(number) for number in range(5)]
    node.records.events += [event(9, step="dismissed"), event(1, "2026-11-21")]
    said = await say(hass, "What happened in the bedroom today?")
    assert said.startswith("Today, bedroom: fall at 10:04 (Bedroom), ")
    assert said.endswith("and 2 more.")
    chinese = await say(hass, "今天发生了什么", "zh-Hans")
    assert "10:04 跌倒" in chinese
    assert await say(hass, "what happened in the cellar today") == (
        "I know no camera or room called cellar."
    )
    await node.stop()
    assert await say(hass, "what happened today") == "I cannot tell: the node does not answer."


async def test_is_mum_all_right(hass: HomeAssistant, assist: None, node: Node) -> None:
    """An alarm is told, a camera that is away makes it unknown, calm is no promise."""
    assert "No camera raises an alarm now" in await say(hass, "is mum all right")
    await node.publish(hass, "bedroom/fall", verdict("ON", level="high"))
    assert await say(hass, "is mum all right") == (
        "There is an alarm now: fall (Bedroom). Please look."
    )
    assert "现在有警报" in await say(hass, "妈妈还好吗", "zh-Hans")
    await node.publish(hass, "bedroom/fall", verdict("OFF"))
    await node.publish(hass, "bedroom/status", "offline")
    assert await say(hass, "is mum okay") == "I cannot tell: Bedroom cannot be reached now."


async def test_language_models_get_tools(
    hass: HomeAssistant, assist: None, node: Node, loaded: MockConfigEntry
) -> None:
    """Home Assistant's Assist API has them, and one answers through the node's model."""
    assert await async_setup_component(hass, "llm", {})
    context = llm.LLMContext("test", Context(), "en", "conversation", None)
    api = await llm.async_get_api(hass, "assist", context)
    ours = {tool.name for tool in api.tools if tool.integration == "omnicam"}
    assert ours == {
        f"omnicam__{name}" for name in ("call_for_help", "what_happened", "all_right", "look")
    }
    asked = llm.ToolInput("omnicam__look", {"room": "bedroom", "question": "Who is there?"})
    result = await api.async_call_tool(asked)
    assert "Nobody is there." in str(result.data)
    assert node.records.questions == [("bedroom", "Who is there?")]
