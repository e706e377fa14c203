"""The integration's actions; they are there from the start, so that automations can be checked."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Final

import probatio
from homeassistant.const import ATTR_ENTITY_ID
from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
    callback,
)
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.util import dt as dt_util

from .api import ApiError, ApiRefusedError, ApiUnknownError
from .check_in import CHECK_INS, SATELLITE
from .clips import async_export
from .const import DOMAIN, AnomalyClass, Level
from .data import OmnicamConfigEntry
from .targets import (
    ATTR_CONFIG_ENTRY,
    async_entries_of,
    async_some_targeted,
    async_targeted,
)

MOST_QUESTION: Final = 500
MOST_EVENTS: Final = 200
FEEDBACKS: Final = (
    "false_alarm",
    "confirmed",
    "acknowledged",
    "dismissed",
    "needs_help",
    "unanswered",
)
EVENT_ID: Final = probatio.All(cv.string, probatio.Match(r"^[A-Za-z0-9_-]{1,200}$"))
_QUESTION: Final = probatio.All(cv.string, probatio.Length(min=1, max=MOST_QUESTION))

_TARGET: Final = dict(cv.ENTITY_SERVICE_FIELDS)
_EVENT: Final = {
    probatio.Required("event_id"): EVENT_ID,
    probatio.Optional(ATTR_CONFIG_ENTRY): cv.string,
}

type Handler = Callable[[HomeAssistant, ServiceCall], Awaitable[ServiceResponse]]


async def describe(hass: HomeAssistant, call: ServiceCall) -> ServiceResponse:
    """Have the node's model answer a question about what cameras see now."""
    answers: dict[str, Any] = {}
    for camera in async_some_targeted(hass, call.data):
        with_errors = _Errors(camera.entry)
        with with_errors:
            answers[camera.id] = {
                "camera": camera.name,
                "answer": await camera.hub.monitor.api.describe(camera.id, call.data["question"]),
            }
    return {"answers": answers}


async def search_events(hass: HomeAssistant, call: ServiceCall) -> ServiceResponse:
    """Give a page of events, the latest first."""
    wanted = {key: _text(value) for key, value in call.data.items() if key in _SEARCHED}
    limit = call.data["limit"]
    cameras = async_targeted(hass, call.data)
    if not cameras and any(key in call.data for key in cv.ENTITY_SERVICE_FIELDS):
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="no_camera")
    asked = [(camera.entry, {"camera": camera.id}) for camera in cameras]
    asked = asked or [(entry, {}) for entry in async_entries_of(hass, call.data)]
    if "cursor" in call.data and len(asked) > 1:
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="cursor_of_many")
    found: list[Any] = []
    cursor = None
    for entry, where in asked:
        with _Errors(entry):
            page = await entry.runtime_data.monitor.api.search(wanted | where)
        found += [event | {ATTR_CONFIG_ENTRY: entry.entry_id} for event in page["events"]]
        cursor = page.get("cursor")
    found.sort(key=lambda event: str(event.get("suspected")), reverse=True)
    return {"events": found[:limit], "cursor": cursor if len(asked) == 1 else None}


def _feedback(kind: str) -> Handler:
    async def tell(hass: HomeAssistant, call: ServiceCall) -> ServiceResponse:
        async def say(entry: OmnicamConfigEntry) -> None:
            await entry.runtime_data.monitor.api.feedback(call.data["event_id"], kind)

        await _at_its_node(hass, call, say)
        return {"event_id": call.data["event_id"], "feedback": kind}

    return tell


async def export_clip(hass: HomeAssistant, call: ServiceCall) -> ServiceResponse:
    """Write an event's clip to a folder that Home Assistant may write to."""

    async def export(entry: OmnicamConfigEntry) -> str:
        api = entry.runtime_data.monitor.api
        return await async_export(hass, api, call.data["event_id"], call.data.get("path"))

    return {"event_id": call.data["event_id"], "path": await _at_its_node(hass, call, export)}


async def announce(hass: HomeAssistant, call: ServiceCall) -> ServiceResponse:
    """Speak on satellites, and on players through a voice of Home Assistant."""
    message = call.data["message"]
    for entity_id in call.data[ATTR_ENTITY_ID]:
        if entity_id.startswith(f"{SATELLITE}."):
            domain, service = SATELLITE, "announce"
            data = {ATTR_ENTITY_ID: entity_id, "message": message}
        else:
            domain, service = "tts", "speak"
            data = {
                ATTR_ENTITY_ID: call.data.get("tts_entity_id") or _voice(hass),
                "media_player_entity_id": entity_id,
                "message": message,
            }
        if not hass.services.has_service(domain, service):
            raise ServiceValidationError(translation_domain=DOMAIN, translation_key="no_voice")
        await hass.services.async_call(domain, service, data, blocking=True, context=call.context)
    return None


async def start_check_in(hass: HomeAssistant, call: ServiceCall) -> ServiceResponse:
    """Ask aloud whether all is well, and give what was answered."""
    cameras = async_some_targeted(hass, call.data)
    if len(cameras) > 1:
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="one_camera")
    result = await hass.data[CHECK_INS].run(
        cameras[0], call.data.get("event_id"), call.data.get("satellites")
    )
    return dict(result.as_dict())


_SEARCHED: Final = {
    "class": probatio.In([each.value for each in AnomalyClass]),
    "level": probatio.In([each.value for each in Level]),
    "text": probatio.All(cv.string, probatio.Length(min=1, max=200)),
    "from": cv.datetime,
    "to": cv.datetime,
    "review": cv.boolean,
    "open": cv.boolean,
    "feedback": probatio.In(FEEDBACKS),
    "limit": probatio.All(probatio.Coerce(int), probatio.Range(min=1, max=MOST_EVENTS)),
    "cursor": cv.string,
}

_ACTIONS: Final[tuple[tuple[str, Handler, dict[Any, Any], SupportsResponse], ...]] = (
    (
        "describe",
        describe,
        _TARGET
        | {
            probatio.Required("question"): probatio.All(
                cv.string, probatio.Length(min=1, max=MOST_QUESTION)
            )
        },
        SupportsResponse.ONLY,
    ),
    (
        "search_events",
        search_events,
        _TARGET
        | {probatio.Optional(ATTR_CONFIG_ENTRY): cv.string}
        | {probatio.Optional(key): check for key, check in _SEARCHED.items() if key != "limit"}
        | {probatio.Optional("limit", default=20): _SEARCHED["limit"]},
        SupportsResponse.ONLY,
    ),
    ("acknowledge_event", _feedback("acknowledged"), _EVENT, SupportsResponse.OPTIONAL),
    ("dismiss_event", _feedback("dismissed"), _EVENT, SupportsResponse.OPTIONAL),
    ("confirm_event", _feedback("confirmed"), _EVENT, SupportsResponse.OPTIONAL),
    ("mark_false_alarm", _feedback("false_alarm"), _EVENT, SupportsResponse.OPTIONAL),
    ("escalate_event", _feedback("needs_help"), _EVENT, SupportsResponse.OPTIONAL),
    (
        "export_clip",
        export_clip,
        _EVENT | {probatio.Optional("path"): cv.string},
        SupportsResponse.OPTIONAL,
    ),
    (
        "announce",
        announce,
        {
            probatio.Required(ATTR_ENTITY_ID): cv.entities_domain([SATELLITE, "media_player"]),
            probatio.Required("message"): probatio.All(cv.string, probatio.Length(min=1, max=1000)),
            probatio.Optional("tts_entity_id"): cv.entity_domain("tts"),
        },
        SupportsResponse.NONE,
    ),
    (
        "start_check_in",
        start_check_in,
        _TARGET
        | {
            probatio.Optional("event_id"): EVENT_ID,
            probatio.Optional("satellites"): cv.entities_domain(SATELLITE),
        },
        SupportsResponse.OPTIONAL,
    ),
)


@callback
def async_register_actions(hass: HomeAssistant) -> None:
    """Register all actions."""
    for name, handler, fields, response in _ACTIONS:

        async def handle(call: ServiceCall, handler: Handler = handler) -> ServiceResponse:
            return await handler(hass, call)

        hass.services.async_register(
            DOMAIN, name, handle, schema=probatio.Schema(fields), supports_response=response
        )


class _Errors:
    """Turns what the API could not do into what Home Assistant shows."""

    def __init__(self, entry: OmnicamConfigEntry) -> None:
        self._entry = entry

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if not isinstance(error, ApiError):
            return
        refused = isinstance(error, ApiRefusedError)
        failure = ServiceValidationError if refused else HomeAssistantError
        raise failure(
            translation_domain=DOMAIN,
            translation_key="refused" if refused else "api_failed",
            translation_placeholders={"name": self._entry.title, "error": str(error)},
        ) from error


async def _at_its_node[T](
    hass: HomeAssistant,
    call: ServiceCall,
    work: Callable[[OmnicamConfigEntry], Awaitable[T]],
) -> T:
    """Do something with an event at the node that has it."""
    entries = async_entries_of(hass, call.data)
    for entry in entries:
        with _Errors(entry):
            try:
                return await work(entry)
            except ApiUnknownError:
                if len(entries) == 1:
                    raise
    raise ServiceValidationError(
        translation_domain=DOMAIN,
        translation_key="no_event",
        translation_placeholders={"event": call.data["event_id"]},
    )


def _voice(hass: HomeAssistant) -> str:
    voices = sorted(hass.states.async_entity_ids("tts"))
    if not voices:
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="no_voice")
    return voices[0]


def _text(value: object) -> str:
    if isinstance(value, datetime):
        return dt_util.as_utc(value).isoformat()
    return str(value).lower() if isinstance(value, bool) else str(value)
