"""Cameras through the API: added, changed, removed, and their settings shown without secrets."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any, Protocol

from aiohttp import web

from omnicam.config.added import FIELDS, NotThereError, ReadOnlyError, TakenError
from omnicam.config.errors import ConfigError
from omnicam.serve.problem import FieldsError, ProblemError, not_found
from omnicam.serve.view import Json, UnavailableError

CAMERA_REMEDY = "GET /api/cameras lists the cameras"


class CameraEditor(Protocol):
    """Who changes the cameras; the roster."""

    def settings(self, camera: str) -> Json:
        """Give a camera's fields without secrets; `NotThereError`."""

    async def add(self, camera: str, fields: Mapping[str, Any]) -> None:
        """Add a camera and watch it; `TakenError`, `ConfigError`, `UnavailableError`."""

    async def change(self, camera: str, fields: Mapping[str, Any]) -> None:
        """Change fields; `NotThereError`, `ReadOnlyError`, `ConfigError`, `UnavailableError`."""

    async def remove(self, camera: str) -> None:
        """Remove a camera; `NotThereError`, `ReadOnlyError`, `UnavailableError`."""


EDITOR: web.AppKey[CameraEditor] = web.AppKey("editor", CameraEditor)

MAY_CHANGE: web.RequestKey[frozenset[str]] = web.RequestKey("may_change", frozenset[str])
"""The fields that a request may change, where these are not all."""

CHANGE_BODY = {
    "type": "object",
    "description": "Fields of a camera as in the configuration file; null takes one away",
    "properties": {name: {} for name in sorted(FIELDS)},
    "additionalProperties": False,
}
ADD_BODY = {
    "type": "object",
    "description": "A new camera: its id, and its fields as in the configuration file",
    "required": ["id", "url"],
    "properties": {"id": {"type": "string"}} | {name: {} for name in sorted(FIELDS)},
    "additionalProperties": False,
}


async def camera_settings(request: web.Request) -> web.StreamResponse:
    """A camera's settings, without passwords, and whether they are set by `file` or `api`."""
    camera = request.match_info["camera"]
    async with _problems(camera):
        return _answer(request, camera)


async def add_camera(request: web.Request) -> web.StreamResponse:
    """Add a camera, check its fields and watch it at once; gives its settings."""
    fields = await _fields(request)
    camera = fields.pop("id", None)
    if not isinstance(camera, str):
        remedy = 'send an id such as {"id": "living_room", "url": "rtsp://192.168.1.20/stream"}'
        raise FieldsError({"id": "must be 1-63 of a-z, 0-9 and _"}, remedy)
    async with _problems(camera):
        await request.app[EDITOR].add(camera, fields)
        return _answer(request, camera, HTTPStatus.CREATED)


async def change_camera(request: web.Request) -> web.StreamResponse:
    """Change fields of a camera that was added through the API; gives its settings."""
    camera, fields = request.match_info["camera"], await _fields(request)
    allowed = request.get(MAY_CHANGE)
    if allowed is not None and (foreign := fields.keys() - allowed):
        message = "cannot be changed on the node's page"
        remedy = "change it in Home Assistant, at the camera's entry of OmniCam"
        raise FieldsError(dict.fromkeys(sorted(foreign), message), remedy)
    async with _problems(camera):
        await request.app[EDITOR].change(camera, fields)
        return _answer(request, camera)


async def remove_camera(request: web.Request) -> web.StreamResponse:
    """Remove a camera that was added through the API; its events stay until they are old."""
    camera = request.match_info["camera"]
    async with _problems(camera):
        await request.app[EDITOR].remove(camera)
    return web.json_response({"id": camera})


def _answer(
    request: web.Request, camera: str, status: HTTPStatus = HTTPStatus.OK
) -> web.StreamResponse:
    body = {"id": camera} | request.app[EDITOR].settings(camera)
    return web.json_response(body, status=status, headers={"Cache-Control": "no-store"})


async def _fields(request: web.Request) -> Json:
    try:
        body = await request.json()
    except (json.JSONDecodeError, UnicodeDecodeError):
        body = None
    if not isinstance(body, dict):
        error, remedy = "the body is no JSON object", "send the fields of a camera as JSON"
        raise ProblemError(HTTPStatus.BAD_REQUEST, error, remedy)
    return body


@asynccontextmanager
async def _problems(camera: str) -> AsyncIterator[None]:
    """Tell what could not be done as the API tells it."""
    try:
        yield
    except NotThereError:
        raise not_found("camera", camera, CAMERA_REMEDY) from None
    except TakenError:
        error, remedy = f"there is a camera {camera!r} already", "choose another id"
        raise ProblemError(HTTPStatus.CONFLICT, error, remedy) from None
    except ReadOnlyError:
        error = f"camera {camera!r} is set in the node's configuration file"
        remedy = "change it there, or in the app's options, and restart the node"
        raise ProblemError(HTTPStatus.CONFLICT, error, remedy) from None
    except ConfigError as error:
        wrong = {problem.field: problem.message for problem in error.problems}
        raise FieldsError(wrong, "correct the fields and send it again") from None
    except UnavailableError as error:
        remedy = "GET /api/health shows what is wrong; nothing has changed"
        raise ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, str(error), remedy) from None
