"""A real HTTP server that speaks the OpenAI protocol and answers as it is told."""

from __future__ import annotations

import asyncio
import json
import math
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.edge.verify.verify_scenes import completion, yes_or_no

type Json = dict[str, Any]
type Behaviour = Callable[[web.Request, Json], Awaitable[web.StreamResponse]]

SENTENCE = "A person lies on the floor."


def said(body: Json) -> list[str]:
    """Give the texts of the user's message: scene and question."""
    return [part["text"] for part in body["messages"][1]["content"] if part["type"] == "text"]


def answering(probability: Callable[[str, str], float], sentence: str = SENTENCE) -> Behaviour:
    """Say yes with a probability that depends on scene and question; write a sentence."""

    async def answer(_: web.Request, body: Json) -> web.StreamResponse:
        scene, question = said(body)
        if body["max_tokens"] > 1:
            return web.json_response(completion({"A": -0.1}, sentence))
        return web.json_response(yes_or_no(probability(scene, question)))

    return answer


def judging(probability: Callable[[str, str], float], share: float = 0.9) -> Behaviour:
    """Answer all questions of a window at once, as OmniCam's own server does."""

    async def answer(_: web.Request, body: Json) -> web.StreamResponse:
        scene, *_ = said(body)
        chances = {name: probability(scene, text) for name, text in body["questions"].items()}
        log_odds = {name: math.log(chance / (1 - chance)) for name, chance in chances.items()}
        return web.json_response({"log_odds": log_odds, "share": dict.fromkeys(chances, share)})

    return answer


@dataclass
class ModelServer:
    """What the server does, and what it was asked."""

    behaviour: Behaviour
    url: str = ""
    bodies: list[Json] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    greetings: int = 0
    verdicts: list[Json] = field(default_factory=list)
    route: Behaviour | None = None
    runner: web.AppRunner | None = None

    async def kill(self) -> None:
        """End it at once: connections break, and the port is closed."""
        if self.runner is not None:
            await self.runner.cleanup()
            self.runner = None


@asynccontextmanager
async def serving(
    behaviour: Behaviour, *, tls: ssl.SSLContext | None = None
) -> AsyncIterator[ModelServer]:
    server = ModelServer(behaviour)

    async def complete(request: web.Request) -> web.StreamResponse:
        body = json.loads(await request.read())
        server.bodies.append(body)
        server.headers.append(dict(request.headers))
        return await server.behaviour(request, body)

    async def models(_: web.Request) -> web.StreamResponse:
        server.greetings += 1
        return web.json_response({"object": "list", "data": [{"id": "omni"}]})

    async def judge(request: web.Request) -> web.StreamResponse:
        body = json.loads(await request.read())
        if server.route is None:
            return web.json_response({"error": "no such path"}, status=404)
        server.verdicts.append(body)
        server.headers.append(dict(request.headers))
        return await server.route(request, body)

    async def tell(_: web.Request, response: web.StreamResponse) -> None:
        if server.route is not None:
            response.headers["omnicam-verdict"] = "1"

    app = web.Application(client_max_size=32 * 2**20)
    app.on_response_prepare.append(tell)
    app.router.add_post("/v1/verdict", judge)
    app.router.add_post("/v1/chat/completions", complete)
    app.router.add_get("/v1/models", models)
    server.runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await server.runner.setup()
    site = web.TCPSite(server.runner, "127.0.0.1", 0, ssl_context=tls)
    await site.start()
    port = server.runner.addresses[0][1]
    server.url = f"{'https' if tls else 'http'}://127.0.0.1:{port}/v1"
    try:
        yield server
    finally:
        await server.kill()


async def hangs(_: web.Request, __: Json) -> web.StreamResponse:
    await asyncio.sleep(60)
    raise AssertionError("unreachable")


async def closes(request: web.Request, _: Json) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def breaks_off(request: web.Request, _: Json) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": "1000"})
    await response.prepare(request)
    await response.write(b'{"choices": [')
    assert request.transport is not None
    request.transport.abort()
    return response


async def drips(request: web.Request, _: Json) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b" ")
        await asyncio.sleep(0.05)


async def floods(request: web.Request, _: Json) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    for _number in range(1000):
        await response.write(b"x" * 65536)
    return response


def status(code: int) -> Behaviour:
    async def answer(_: web.Request, __: Json) -> web.StreamResponse:
        return web.json_response({"error": "no"}, status=code, headers={"Location": "/elsewhere"})

    return answer


def text(body: str) -> Behaviour:
    async def answer(_: web.Request, __: Json) -> web.StreamResponse:
        return web.Response(text=body)

    return answer
