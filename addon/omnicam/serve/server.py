"""The HTTP server: one middleware for the token and one for errors, around the routes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus

from aiohttp import web

from omnicam.config.model import ApiSettings, Secret
from omnicam.serve import ingress, openapi
from omnicam.serve.certificate import Certificate, spelled
from omnicam.serve.editing import EDITOR, CameraEditor
from omnicam.serve.page.files import PATHS, page_file
from omnicam.serve.problem import ProblemError
from omnicam.serve.routes import ROUTES, VIEW
from omnicam.serve.token import FILE_NAME, accepts
from omnicam.serve.view import NodeView

_LOGGER = logging.getLogger(__name__)

MOST_BODY_BYTES = 64 * 1024
REQUEST_S = 30.0
"""Longest wait for an answer; sending a file may take longer."""

type Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class PortError(RuntimeError):
    """The API cannot listen; the message names the setting and the remedy."""


def application(
    view: NodeView, editor: CameraEditor, token: Secret, gateway: str | None = None
) -> web.Application:
    """Make the web application; `gateway` is the address of Home Assistant's ingress, if any."""

    async def health(request: web.Request) -> web.Response:
        known = accepts(token, request.headers.get("Authorization"))
        health = view.health()
        # A watchdog has no token and looks at the HTTP status alone.
        good = health["status"] == "ok"
        status = HTTPStatus.OK if good else HTTPStatus.SERVICE_UNAVAILABLE
        shown = health if known else {"status": health["status"]}
        return web.json_response(shown, status=status)

    async def describe(_: web.Request) -> web.Response:
        return web.json_response(openapi.document())

    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        open_to_all = request.path == "/api/health" or request.path in PATHS
        known = open_to_all or accepts(token, request.headers.get("Authorization"))
        if not known and not ingress.lets_through(request, gateway):
            remedy = (
                f"send 'Authorization: Bearer <token>'; the token is in the file {FILE_NAME} in "
                "the node's data folder"
            )
            return ProblemError(HTTPStatus.UNAUTHORIZED, "token is wrong", remedy).response()
        try:
            async with asyncio.timeout(REQUEST_S):
                return await handler(request)
        except ProblemError as problem:
            return problem.response()
        except TimeoutError:
            error, remedy = "no answer in time", "try again; GET /api/health shows the load"
            return ProblemError(HTTPStatus.GATEWAY_TIMEOUT, error, remedy).response()
        except web.HTTPException as error:
            status = HTTPStatus(error.status)
            remedy = "GET /api/openapi.json lists what can be asked"
            return ProblemError(status, status.phrase, remedy).response()

    app = web.Application(middlewares=[guard], client_max_size=MOST_BODY_BYTES)
    app[VIEW] = view
    app[EDITOR] = editor
    app.router.add_get("/api/health", health)
    app.router.add_get("/api/openapi.json", describe)
    for route in ROUTES:
        app.router.add_route(route.method, route.path, route.handler)
    for path in PATHS:
        app.router.add_get(path, page_file)
    return app


@asynccontextmanager
async def serving(
    view: NodeView,
    editor: CameraEditor,
    token: Secret,
    settings: ApiSettings,
    certificate: Certificate | None = None,
) -> AsyncIterator[int]:
    """Serve while the context is open; gives the port, which the system chose if it was 0.

    With a certificate it speaks HTTPS and nothing else.

    Raises:
        PortError: the address or port cannot be used.
    """
    app = application(view, editor, token, ingress.GATEWAY if settings.ingress else None)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=2.0)
    await runner.setup()
    try:
        try:
            context = certificate.context if certificate else None
            await web.TCPSite(runner, settings.host, settings.port, ssl_context=context).start()
        except OSError as error:
            msg = (
                f"api.host, api.port = {settings.host}:{settings.port} cannot be used "
                f"({error.strerror}): choose another api.port, or end what listens there"
            )
            raise PortError(msg) from error
        port: int = runner.addresses[0][1]
        _LOGGER.info("API listens on %s:%d", settings.host, port)
        if certificate is not None:
            _LOGGER.info("API certificate: SHA-256 %s", spelled(certificate.fingerprint))
        yield port
    finally:
        await runner.cleanup()
