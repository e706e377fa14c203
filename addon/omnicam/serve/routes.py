"""The API's routes: one table from which the server and its OpenAPI document are made."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from aiohttp import web

from omnicam import payloads
from omnicam.decide.events import FeedbackKind
from omnicam.record.errors import QueryError
from omnicam.record.query import StoredEvent
from omnicam.serve.editing import (
    ADD_BODY,
    CAMERA_REMEDY,
    CHANGE_BODY,
    add_camera,
    camera_settings,
    change_camera,
    remove_camera,
)
from omnicam.serve.problem import ProblemError, not_found
from omnicam.serve.query import CALL_PARAMETERS, PARAMETERS, Parameter, call_query, event_query
from omnicam.serve.view import (
    Json,
    NodeView,
    UnansweredError,
    UnavailableError,
    UnknownCameraError,
)

VIEW: web.AppKey[NodeView] = web.AppKey("view", NodeView)

MOST_QUESTION = 500
"""Characters of a question to a camera."""

_EVENT_REMEDY = "GET /api/events lists the events; old ones are deleted after retention.days"


async def info(request: web.Request) -> web.StreamResponse:
    """What this node is and has: the same as the `info` topic."""
    return web.json_response(request.app[VIEW].info())


async def cameras(request: web.Request) -> web.StreamResponse:
    """Every camera with its status, the states of its classes and its figures."""
    return web.json_response({"cameras": request.app[VIEW].cameras()})


async def snapshot(request: web.Request) -> web.StreamResponse:
    """The newest picture of a camera."""
    camera = request.match_info["camera"]
    try:
        jpeg = await request.app[VIEW].snapshot(camera)
    except UnknownCameraError:
        raise not_found("camera", camera, CAMERA_REMEDY) from None
    except UnavailableError as error:
        remedy = "try again when GET /api/cameras shows it online"
        raise ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, str(error), remedy) from None
    return web.Response(body=jpeg, content_type="image/jpeg", headers={"Cache-Control": "no-store"})


async def stream(request: web.Request) -> web.StreamResponse:
    """The address of a camera's main stream, with its credentials; null for files and devices."""
    camera = request.match_info["camera"]
    try:
        url = request.app[VIEW].stream_url(camera)
    except UnknownCameraError:
        raise not_found("camera", camera, CAMERA_REMEDY) from None
    return web.json_response({"url": url}, headers={"Cache-Control": "no-store"})


async def describe(request: web.Request) -> web.StreamResponse:
    """Have the model answer a question about what a camera sees now: `{"question": "…"}`."""
    camera = request.match_info["camera"]
    remedy = f'send JSON {{"question": …}} with a text of 1 to {MOST_QUESTION} characters'
    question = (await _body(request, remedy)).get("question")
    if not isinstance(question, str) or not 0 < len(question.strip()) <= MOST_QUESTION:
        error = f"question = {str(question)[:60]!r} cannot be used"
        raise ProblemError(HTTPStatus.BAD_REQUEST, error, remedy)
    try:
        answer = await request.app[VIEW].reply(camera, question.strip())
    except UnknownCameraError:
        raise not_found("camera", camera, CAMERA_REMEDY) from None
    except UnansweredError as error:
        raise ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, str(error), error.remedy) from None
    return web.json_response({"camera": camera, "question": question.strip(), "answer": answer})


async def home(request: web.Request) -> web.StreamResponse:
    """What a camera has learned of its home: what is ordinary here and how much that takes off."""
    camera = request.match_info["camera"]
    try:
        return web.json_response(request.app[VIEW].home(camera))
    except UnknownCameraError:
        raise not_found("camera", camera, CAMERA_REMEDY) from None


async def forget_home(request: web.Request) -> web.StreamResponse:
    """Let a camera forget what it has learned, and begin anew."""
    camera = request.match_info["camera"]
    try:
        await request.app[VIEW].forget_home(camera)
    except UnknownCameraError:
        raise not_found("camera", camera, CAMERA_REMEDY) from None
    except UnavailableError as error:
        remedy = "GET /api/health shows what is wrong with the record"
        raise ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, str(error), remedy) from None
    return web.json_response(request.app[VIEW].home(camera))


async def events(request: web.Request) -> web.StreamResponse:
    """A page of events, the latest suspicion first; `cursor` leads to the next page."""
    try:
        view = request.app[VIEW]
        page = await view.search(event_query(request.query, view.info()["classes"]))
    except QueryError as error:
        raise _wrong_query(error) from None
    return web.json_response(
        {"events": [_event(stored) for stored in page.events], "cursor": page.cursor}
    )


async def calls(request: web.Request) -> web.StreamResponse:
    """Spoken calls for help, the newest first."""
    try:
        found = await request.app[VIEW].calls(call_query(request.query))
    except QueryError as error:
        raise _wrong_query(error) from None
    return web.json_response({"calls": [payloads.help_call(call) for call in found]})


async def event(request: web.Request) -> web.StreamResponse:
    """One event with the history of its steps and the weights behind its confidence."""
    stored = await _find(request)
    steps = [
        {
            "step": row.step,
            "level": row.level,
            "confidence": round(row.confidence, 4),
            "time": payloads.iso(row.time),
            "reason": row.reason,
        }
        for row in stored.steps
    ]
    weights = [payloads.contribution(part) for part in stored.event.contributions]
    return web.json_response(_event(stored) | {"steps": steps, "contributions": weights})


async def event_snapshot(request: web.Request) -> web.StreamResponse:
    """The picture of an event."""
    return _file(request, (await _find(request)).snapshot, "snapshot")


async def event_clip(request: web.Request) -> web.StreamResponse:
    """The clip of an event, from 5 s before to 10 s after; there once that time has passed."""
    return _file(request, (await _find(request)).clip, "clip")


async def feedback(request: web.Request) -> web.StreamResponse:
    """Take a person's word about an event: `{"kind": "false_alarm"}`."""
    kind = await _kind(request)
    name = request.match_info["event"]
    if not await request.app[VIEW].feedback(name, kind):
        raise not_found("event", name, _EVENT_REMEDY)
    return web.json_response({"event": name, "kind": kind})


@dataclass(frozen=True, slots=True)
class Route:
    """One route of the API.

    Attributes:
        method: HTTP method.
        path: with aiohttp's placeholders.
        handler: answers; its docstring is the summary in the OpenAPI document.
        content: media type of a good answer.
        parameters: of its query, by name.
        body: OpenAPI schema of the request's JSON body, if it has one.
        unavailable: when the answer is 503, if it can be.
        conflict: when the answer is 409, if it can be.
        status: of a good answer.
        page: whether the node's page asks it, and so may whom Home Assistant's ingress lets at.
    """

    method: str
    path: str
    handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    content: str = "application/json"
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    body: dict[str, Any] | None = None
    unavailable: str = ""
    conflict: str = ""
    status: int = 200
    page: bool = False


_FEEDBACK_BODY = {
    "type": "object",
    "required": ["kind"],
    "properties": {"kind": {"type": "string", "enum": list(FeedbackKind)}},
}

_QUESTION_BODY = {
    "type": "object",
    "required": ["question"],
    "properties": {"question": {"type": "string", "minLength": 1, "maxLength": MOST_QUESTION}},
}

_UNWRITTEN = "It could not be written down; nothing has changed"
_READ_ONLY = "The camera is set in the node's configuration file"

ROUTES = (
    Route("GET", "/api/info", info),
    Route("GET", "/api/cameras", cameras, page=True),
    Route(
        "POST",
        "/api/cameras",
        add_camera,
        body=ADD_BODY,
        unavailable=_UNWRITTEN,
        conflict="There is a camera of this id",
        status=201,
    ),
    Route("GET", "/api/cameras/{camera}/settings", camera_settings, page=True),
    Route(
        "PATCH",
        "/api/cameras/{camera}",
        change_camera,
        body=CHANGE_BODY,
        unavailable=_UNWRITTEN,
        conflict=_READ_ONLY,
        page=True,
    ),
    Route(
        "DELETE",
        "/api/cameras/{camera}",
        remove_camera,
        unavailable=_UNWRITTEN,
        conflict=_READ_ONLY,
    ),
    Route(
        "GET",
        "/api/cameras/{camera}/snapshot",
        snapshot,
        "image/jpeg",
        unavailable="No picture now",
        page=True,
    ),
    Route("GET", "/api/cameras/{camera}/stream", stream),
    Route(
        "POST",
        "/api/cameras/{camera}/describe",
        describe,
        body=_QUESTION_BODY,
        unavailable="No model, no picture or no answer",
    ),
    Route("GET", "/api/cameras/{camera}/home", home),
    Route("DELETE", "/api/cameras/{camera}/home", forget_home, unavailable="Not recorded"),
    Route("GET", "/api/calls", calls, parameters=CALL_PARAMETERS),
    Route("GET", "/api/events", events, parameters=PARAMETERS),
    Route("GET", "/api/events/{event}", event),
    Route("GET", "/api/events/{event}/snapshot", event_snapshot, "image/jpeg"),
    Route("GET", "/api/events/{event}/clip", event_clip, "video/mp4"),
    Route("POST", "/api/events/{event}/feedback", feedback, body=_FEEDBACK_BODY),
)


def _wrong_query(error: QueryError) -> ProblemError:
    remedy = "correct the parameter; GET /api/openapi.json describes them"
    return ProblemError(HTTPStatus.BAD_REQUEST, str(error), remedy)


async def _kind(request: web.Request) -> FeedbackKind:
    remedy = f'send JSON {{"kind": …}} with one of {", ".join(FeedbackKind)}'
    body = await _body(request, remedy)
    if "kind" not in body:
        raise ProblemError(HTTPStatus.BAD_REQUEST, "kind is missing", remedy)
    try:
        return FeedbackKind(body["kind"])
    except ValueError:
        error = f"kind = {str(body['kind'])[:60]!r} cannot be used"
        raise ProblemError(HTTPStatus.BAD_REQUEST, error, remedy) from None


async def _body(request: web.Request, remedy: str) -> Json:
    try:
        body = await request.json()
    except (json.JSONDecodeError, UnicodeDecodeError):
        raise ProblemError(HTTPStatus.BAD_REQUEST, "the body is no JSON", remedy) from None
    return body if isinstance(body, dict) else {}


async def _find(request: web.Request) -> StoredEvent:
    name = request.match_info["event"]
    stored = await request.app[VIEW].event(name)
    if stored is None:
        raise not_found("event", name, _EVENT_REMEDY)
    return stored


def _file(request: web.Request, name: str | None, what: str) -> web.FileResponse:
    if name is not None:
        path = request.app[VIEW].media_path(name)
        if path.is_file():
            return web.FileResponse(path, headers={"Cache-Control": "private, max-age=60"})
    remedy = "a clip is there some seconds after the event; files go after retention.days"
    raise not_found(f"{what} of", request.match_info["event"], remedy)


def _event(stored: StoredEvent) -> Json:
    shown = payloads.event(stored.event, snapshot=stored.snapshot, clip=stored.clip)
    return shown | {
        "suspected": payloads.iso(stored.event.suspected),
        "ended": None if stored.event.ended is None else payloads.iso(stored.event.ended),
        "feedback": stored.feedback,
    }
