"""The same for language models: tools beside those of Home Assistant's Assist.

Home Assistant from 2026.10 finds this file by its name; before that it offers registered intents to
language models by itself.
"""

from typing import Final

from homeassistant.components.llm import LLMTools
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import intent
from homeassistant.helpers.llm import (
    LLM_API_ASSIST,
    IntentTool,
    LLMContext,
    Tool,
    ToolAnnotations,
)

from .const import DOMAIN
from .voice import ALL_RIGHT, HELP, LOOK, PHRASES, WHAT_HAPPENED

_READING: Final = ToolAnnotations(
    read_only=True, destructive=False, idempotent=True, open_world=False
)
_CALLING: Final = ToolAnnotations(destructive=False, open_world=False)

_TOOLS: Final = {
    HELP: ("call_for_help", "Call for help", _CALLING),
    WHAT_HAPPENED: ("what_happened", "What cameras noticed today", _READING),
    ALL_RIGHT: ("all_right", "Whether all is well", _READING),
    LOOK: ("look", "Ask a camera", _READING),
}

_PROMPT: Final = (
    "OmniCam watches the home for falls, smoke, screams and intruders. When somebody needs help "
    "now, call the tool omnicam__call_for_help at once. Never say that somebody is safe on the "
    "strength of these tools alone."
)


@callback
def async_get_tools(hass: HomeAssistant, _llm_context: LLMContext, api_id: str) -> LLMTools | None:
    """Give the tools; Home Assistant calls it."""
    if api_id != LLM_API_ASSIST:
        return None
    handlers = {handler.intent_type: handler for handler in intent.async_get(hass)}
    tools: list[Tool] = []
    for phrase in PHRASES:
        if (handler := handlers.get(phrase.intent_type)) is None:
            continue
        name, title, annotations = _TOOLS[phrase.intent_type]
        tools.append(
            IntentTool(
                f"{DOMAIN}__{name}",
                handler,
                title=title,
                integration=DOMAIN,
                annotations=annotations,
            )
        )
    return LLMTools(tools=tools, prompt=_PROMPT)
