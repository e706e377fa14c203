"""What stands in front of vLLM's HTTP server: nothing is answered without the token.

ASGI middleware that vLLM loads by its `--middleware` option, as the outermost. vLLM's own
`--api-key` guards only some paths and shows the key in the list of processes; this guards every
path, `/health` and `/metrics` included, and knows only the token's SHA-256. It also bounds what a
client can make the server hold: bytes of a request, requests at a time, seconds to send one. And it
answers `GET /ready`: 200 once the server has answered a window, 503 before.

It runs inside vLLM's process and needs the standard library only.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import os
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import asdict, dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

VARIABLE = "OMNICAM_GUARD"
"""Environment variable with the settings as JSON."""

READY = "/ready"

_DRAIN_S = 10.0
_DRAIN_TIMES = 4
"""What a refused client still sends is read and thrown away, for so many seconds and so many times
the limit: it would otherwise see a broken connection instead of the reason."""

_UNBODIED = frozenset({"GET", "HEAD", "OPTIONS"})

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]


@dataclass(frozen=True)
class Settings:
    """What the guard lets through.

    Attributes:
        token_sha256: of the token's bytes, in hexadecimal.
        body_bytes: of the largest request.
        requests: that are worked on at a time, those without a body not counted.
        body_s: seconds that a client may take to send one.
        ready_file: exists while the server is ready.
    """

    token_sha256: str
    body_bytes: int
    requests: int
    body_s: float
    ready_file: str

    def variable(self) -> str:
        """Give them as the value of `VARIABLE`."""
        return json.dumps(asdict(self))


def digest(token: str) -> str:
    """Give the SHA-256 of a token, by which the guard knows it."""
    return hashlib.sha256(token.encode()).hexdigest()


class Guard:
    """The middleware; settings come from the environment where none are given."""

    def __init__(self, app: App, settings: Settings | None = None) -> None:
        self._app = app
        self._settings = settings or _settings(os.environ)
        self._working = 0

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one ASGI scope."""
        kind = scope["type"]
        if kind == "lifespan":
            await self._app(scope, receive, send)
        elif kind == "http":
            await self._http(scope, receive, send)
        elif not self._knows(scope):
            # An answer of 403 to the opening handshake.
            await send({"type": "websocket.close", "code": 1008, "reason": "no valid token"})
        else:
            await self._app(scope, receive, send)

    async def _http(self, scope: Message, receive: Receive, send: Send) -> None:
        settings = self._settings
        if not self._knows(scope):
            await self._refuse(receive, send, HTTPStatus.UNAUTHORIZED, _NO_TOKEN)
        elif scope["path"] == READY:
            await self._ready(send)
        elif scope["method"] in _UNBODIED:
            await self._app(scope, receive, send)
        elif _length(scope) > settings.body_bytes:
            await self._too_large(receive, send)
        elif self._working >= settings.requests:
            said = f"{settings.requests} requests are worked on already; try again in a second"
            await self._refuse(receive, send, HTTPStatus.TOO_MANY_REQUESTS, said)
        else:
            self._working += 1
            try:
                await self._pass(scope, receive, send)
            finally:
                self._working -= 1

    async def _pass(self, scope: Message, receive: Receive, send: Send) -> None:
        """Read the request whole, within the limits, then hand it on."""
        limit = self._settings.body_bytes
        body = bytearray()
        try:
            async with asyncio.timeout(self._settings.body_s):
                more = True
                while more:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        return
                    body += message.get("body", b"")
                    more = message.get("more_body", False)
                    if len(body) > limit:
                        break
        except TimeoutError:
            said = f"the request was not sent within {self._settings.body_s:g} s"
            await _answer(send, HTTPStatus.REQUEST_TIMEOUT, _error(said, 408))
            return
        if len(body) > limit:
            body.clear()
            await self._too_large(receive, send)
            return
        await self._app(scope, _replay(bytes(body), receive), send)

    async def _ready(self, send: Send) -> None:
        if Path(self._settings.ready_file).exists():  # noqa: ASYNC240 - one stat in memory
            await _answer(send, HTTPStatus.OK, {"ready": True})
            return
        said = "the server is starting and has not answered a window yet"
        status = HTTPStatus.SERVICE_UNAVAILABLE
        await _answer(send, status, {"ready": False} | _error(said, status))

    async def _too_large(self, receive: Receive, send: Send) -> None:
        limit = self._settings.body_bytes
        said = (
            f"the request is larger than {limit} bytes ({limit / 2**20:g} MiB): send fewer or "
            "smaller pictures, or raise --body-mib of inference_server serve"
        )
        status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        await self._refuse(receive, send, status, said, limit_bytes=limit)

    async def _refuse(
        self, receive: Receive, send: Send, status: HTTPStatus, said: str, **more: Any
    ) -> None:
        await _drain(receive, _DRAIN_TIMES * self._settings.body_bytes)
        await _answer(send, status, _error(said, status, **more))

    def _knows(self, scope: Message) -> bool:
        """Compare in constant time; of several headers none is taken."""
        shown = [value for name, value in scope["headers"] if name == b"authorization"]
        if len(shown) != 1:
            return False
        scheme, _, token = bytes(shown[0]).partition(b" ")
        known = hashlib.sha256(token.strip()).hexdigest()
        return hmac.compare_digest(known, self._settings.token_sha256) and (
            scheme.lower() == b"bearer"
        )


_NO_TOKEN = "a valid token is needed, in the header Authorization: Bearer TOKEN"  # noqa: S105
_HEADERS: Mapping[int, tuple[bytes, bytes]] = {
    HTTPStatus.UNAUTHORIZED: (b"www-authenticate", b"Bearer"),
    HTTPStatus.TOO_MANY_REQUESTS: (b"retry-after", b"1"),
    HTTPStatus.SERVICE_UNAVAILABLE: (b"retry-after", b"5"),
}


def _settings(environment: Mapping[str, str]) -> Settings:
    """Read them; a server without them must not start unguarded.

    Raises:
        RuntimeError: they are not there.
    """
    text = environment.get(VARIABLE)
    if text is None:
        raise RuntimeError(f"{VARIABLE} is not set: start vLLM with `inference_server serve`")
    return Settings(**json.loads(text))


def _length(scope: Message) -> int:
    """Give the length that the client names, 0 where it names none; HTTP itself was checked."""
    lengths = [value for name, value in scope["headers"] if name == b"content-length"]
    return int(lengths[0]) if lengths and lengths[0].isdigit() else 0


def _replay(body: bytes, receive: Receive) -> Receive:
    """Give the whole body once, then what the connection says."""
    waiting = [body]

    async def again() -> Message:
        if waiting:
            return {"type": "http.request", "body": waiting.pop(), "more_body": False}
        return await receive()

    return again


async def _drain(receive: Receive, most: int) -> None:
    """Read what the client still sends and throw it away, within bounds."""
    try:
        async with asyncio.timeout(_DRAIN_S):
            while most > 0:
                message = await receive()
                most -= len(message.get("body", b""))
                if message["type"] == "http.disconnect" or not message.get("more_body", False):
                    return
    except TimeoutError:
        return


def _error(said: str, status: int, **more: Any) -> dict[str, Any]:
    """Give an error in the shape of OpenAI's API, which vLLM's own errors have too."""
    kind = HTTPStatus(status).phrase
    return {"error": {"message": said, "type": kind, "param": None, "code": int(status), **more}}


async def _answer(send: Send, status: HTTPStatus, content: Mapping[str, Any]) -> None:
    body = json.dumps(content).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
    ]
    if status in _HEADERS:
        headers.append(_HEADERS[status])
    await send({"type": "http.response.start", "status": int(status), "headers": headers})
    await send({"type": "http.response.body", "body": body})
