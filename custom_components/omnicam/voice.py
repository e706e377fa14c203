"""Voice: what people say to Assist about the cameras, and what they hear.

The sentences are registered with the conversation agent as sentence triggers. That is the one way
for a custom integration that needs no file of the user, holds in every language of the pipeline,
and also comes before a language model, so that "help" never waits for one. The same intents are
there for custom sentences, and for language models as tools (`llm.py`).
"""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Final, override

import probatio
from homeassistant.components.conversation.agent_manager import get_agent_manager
from homeassistant.components.conversation.models import ConversationInput
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers import intent
from homeassistant.setup import async_when_setup

from .const import DOMAIN
from .reports import all_right, call_help, look, what_happened

HELP: Final = "OmnicamHelp"
WHAT_HAPPENED: Final = "OmnicamWhatHappened"
ALL_RIGHT: Final = "OmnicamAllRight"
LOOK: Final = "OmnicamLook"

_ROOM: Final = {probatio.Optional("room"): cv.string}


@dataclass(frozen=True, slots=True)
class Speech:
    """What was said, and where.

    Attributes:
        language: of the answer.
        text: as it was heard.
        slots: the parts that the sentence names.
        device_id: of the satellite, if it was said to one.
    """

    language: str
    text: str
    slots: dict[str, str]
    device_id: str | None


type Answer = Callable[[HomeAssistant, Speech], Coroutine[Any, Any, str]]


async def _help(hass: HomeAssistant, said: Speech) -> str:
    return call_help(hass, said.language, said.text or "help", said.device_id)


async def _what_happened(hass: HomeAssistant, said: Speech) -> str:
    return await what_happened(hass, said.language, _room(said))


async def _all_right(hass: HomeAssistant, said: Speech) -> str:
    return await all_right(hass, said.language)


async def _look(hass: HomeAssistant, said: Speech) -> str:
    return await look(hass, said.language, _room(said) or "", said.slots.get("question", ""))


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """One thing that can be said: an intent with its sentences in English and Chinese."""

    intent_type: str
    description: str
    answer: Answer
    sentences: tuple[str, ...] = ()
    slots: dict[Any, Any] | None = None


PHRASES: Final = (
    Phrase(
        intent_type=HELP,
        description="Call for help for somebody in the home who needs it now. Raises an alarm.",
        answer=_help,
        sentences=(
            "help",
            "help [me] [please]",
            "(please|somebody|someone) help [me]",
            "i need help",
            "call for help",
            "i (have fallen|fell) [down]",
            "(救命|帮助|救救我|帮帮我|来人啊|来人|快来人|我需要帮助|我摔倒了|我跌倒了)",
        ),
    ),
    Phrase(
        intent_type=WHAT_HAPPENED,
        description="What the cameras noticed today, such as falls, smoke or screams; of one room "
        "or of all.",
        answer=_what_happened,
        sentences=(
            "what (happened|has happened) today",
            "what (happened|has happened) in [the] {room}",
            "今天发生了什么[事]",
            "今天{room}发生了什么[事]",
            "{room}今天发生了什么[事]",
        ),
        slots=_ROOM,
    ),
    Phrase(
        intent_type=ALL_RIGHT,
        description="Whether anybody in the home may need help now, by the cameras' alarms.",
        answer=_all_right,
        sentences=(
            (
                "is [my] (mum|mom|mother|dad|father|grandma|grandpa|everybody|everyone|everything) "
                "(all right|alright|okay|ok|fine)"
            ),
            "is (he|she) (all right|alright|okay|ok|fine)",
            (
                "(妈妈|爸爸|奶奶|爷爷|外婆|外公|姥姥|姥爷|老人|家里|大家|她|他)"
                "[现在](还好吗|好吗|没事吧|怎么样|安全吗)"
            ),
        ),
    ),
    Phrase(
        intent_type=LOOK,
        description="Ask a camera a question about what it sees now; a vision model answers.",
        answer=_look,
        slots={probatio.Required("room"): cv.string, probatio.Required("question"): cv.string},
    ),
)


class OmnicamIntent(intent.IntentHandler):
    """One phrase as an intent, for custom sentences and language models."""

    def __init__(self, phrase: Phrase) -> None:
        """Take the phrase."""
        self.intent_type = phrase.intent_type
        self.description = phrase.description
        self._phrase = phrase

    @property
    @override
    def slot_schema(self) -> dict[Any, Any] | None:
        """Give the slots."""
        return self._phrase.slots

    @override
    async def async_handle(self, intent_obj: intent.Intent) -> intent.IntentResponse:
        """Answer."""
        said = Speech(
            language=intent_obj.language,
            text=intent_obj.text_input or "",
            slots={key: str(slot["value"]) for key, slot in intent_obj.slots.items()},
            device_id=intent_obj.device_id,
        )
        response = intent_obj.create_response()
        response.async_set_speech(await self._phrase.answer(intent_obj.hass, said))
        return response


@callback
def async_register_intents(hass: HomeAssistant) -> None:
    """Register the intents now, and the sentences as soon as there is somebody to hear them."""
    for phrase in PHRASES:
        intent.async_register(hass, OmnicamIntent(phrase))

    async def register_sentences(hass: HomeAssistant, _component: str) -> None:
        manager = get_agent_manager(hass)
        for phrase in PHRASES:
            if phrase.sentences:
                manager.register_trigger(list(phrase.sentences), _heard(hass, phrase))

    async_when_setup(hass, "conversation", register_sentences)


def _heard(hass: HomeAssistant, phrase: Phrase) -> Callable[..., Coroutine[Any, Any, str | None]]:
    async def answer(user_input: ConversationInput, result: Any) -> str | None:
        slots = {
            name: {"value": str(entity.value), "text": entity.text}
            for name, entity in result.entities.items()
        }
        response = await intent.async_handle(
            hass,
            DOMAIN,
            phrase.intent_type,
            slots,
            user_input.text,
            user_input.context,
            user_input.language,
            device_id=user_input.device_id,
            satellite_id=user_input.satellite_id,
        )
        said = response.speech.get("plain", {}).get("speech")
        return said if isinstance(said, str) else None

    return answer


def _room(said: Speech) -> str | None:
    """Give the room; wildcards take "today" along when it stands at the end."""
    room = said.slots.get("room", "").strip(" ?？。.")
    for today in ("today", "今天"):
        room = room.removesuffix(today).removeprefix(today).strip()
    return room or None
