"""`POST /v1/verdict`, inside `vllm serve`: ASGI middleware that vLLM loads by `--middleware`.

It answers the one path with the engine of the server that it stands in, and passes all else on. To
every answer it adds `HEADER`, by which a client knows that the path is there. Whoever may ask is
the guard's business, which stands before it.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Coroutine, MutableMapping
from contextlib import suppress
from http import HTTPStatus
from typing import Any

from inference_server.serve.verdict import request
from inference_server.serve.verdict.interface import Judge, Reply, WindowError

PATH = "/v1/verdict"
HEADER = "omnicam-verdict"
MOST_BYTES = 64 * 2**20

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

_LOGGER = logging.getLogger("vllm.omnicam")


class _UnknownModelError(Exception):
    """A request for another model."""


class Route:
    """The middleware; the judge is made of the server's engine where none is given."""

    def __init__(self, app: App, judge: Judge | None = None, model: str = "") -> None:
        self._app = app
        self._judge = judge
        self._names = [model] if model else []
        self._tried = judge is not None

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one ASGI scope."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        judge = self._ready(scope)
        if judge is None:
            await self._app(scope, receive, send)
        elif scope["path"].rstrip("/").endswith(PATH):
            await self._serve(judge, scope, receive, send)
        else:
            await self._app(scope, receive, _told(send))

    async def _serve(self, judge: Judge, scope: Message, receive: Receive, send: Send) -> None:
        if scope["method"] != "POST":
            await _refuse(send, HTTPStatus.METHOD_NOT_ALLOWED, "method", "only POST")
            return
        try:
            body = await _body(receive)
            if body is None:
                return
            reply = await _unless_gone(self._answer(judge, body), receive)
        except WindowError as error:
            status = HTTPStatus.BAD_REQUEST
            if error.field == "body.size":
                status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
            await _refuse(send, status, error.field, str(error))
        except _UnknownModelError as error:
            await _refuse(send, HTTPStatus.NOT_FOUND, "model", str(error))
        except RuntimeError as error:
            # vLLM's engine errors; its own words may hold paths of this machine.
            _LOGGER.error("a verdict failed: %s", error)
            status = HTTPStatus.SERVICE_UNAVAILABLE
            await _refuse(send, status, "", "the engine gave no answer; its log says why")
        else:
            if reply is not None:
                await _answer(send, HTTPStatus.OK, reply)

    async def _answer(self, judge: Judge, body: bytes) -> dict[str, Any]:
        asked = await asyncio.to_thread(request.read, body)
        if asked.model and asked.model not in self._names:
            raise _UnknownModelError(f"no model {asked.model[:60]!r} is served here")
        media = await asyncio.gather(*(asyncio.to_thread(sent.decoded) for sent in asked.media))
        reply: Reply = await judge.judge(asked.window(media), asked.questions)
        return {
            "object": "verdict",
            "model": self._names[0] if self._names else "",
            "log_odds": dict(reply.log_odds),
            "share": dict(reply.share),
            "usage": {
                "prompt_tokens": reply.prompt_tokens,
                "cached_tokens": reply.cached_tokens,
            },
        }

    def _ready(self, scope: Message) -> Judge | None:
        """Give the judge; None while there is no engine, or where its model cannot be asked so."""
        if self._tried:
            return self._judge
        engine = getattr(getattr(scope.get("app"), "state", None), "engine_client", None)
        if engine is None:
            return None
        from inference_server.serve.verdict.engine import EngineJudge

        self._tried = True
        try:
            self._judge = EngineJudge(engine)
        except ValueError as error:
            _LOGGER.warning("no %s for this model: %s", PATH, error)
            return None
        names = engine.vllm_config.model_config.served_model_name
        self._names = [names] if isinstance(names, str) else list(names)
        return self._judge


async def _unless_gone(
    work: Coroutine[Any, Any, dict[str, Any]], receive: Receive
) -> dict[str, Any] | None:
    """Give what is worked out; None where the client went away before, and the work is stopped."""
    working = asyncio.create_task(work)
    watching = asyncio.create_task(_gone(receive))
    try:
        await asyncio.wait({working, watching}, return_when=asyncio.FIRST_COMPLETED)
        return await working if working.done() else None
    finally:
        for task in (working, watching):
            task.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await task


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _body(receive: Receive) -> bytes | None:
    """Read the request whole; None where the client went away."""
    body = bytearray()
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > MOST_BYTES:
            raise WindowError("body.size", f"larger than {MOST_BYTES} bytes")
    return bytes(body)


def _told(send: Send) -> Send:
    """Add the header to what another part of the server answers."""

    async def told(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), (HEADER.encode(), b"1")]
        await send(message)

    return told


async def _refuse(send: Send, status: HTTPStatus, field: str, why: str) -> None:
    kind = "invalid_request_error" if status < HTTPStatus.INTERNAL_SERVER_ERROR else "server_error"
    error = {"message": why, "type": kind, "param": field or None, "code": status.value}
    await _answer(send, status, {"error": error})


async def _answer(send: Send, status: HTTPStatus, answer: dict[str, Any]) -> None:
    body = json.dumps(answer).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
    ]
    await _told(send)({"type": "http.response.start", "status": status.value, "headers": headers})
    await send({"type": "http.response.body", "body": body})
