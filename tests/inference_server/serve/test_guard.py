"""The guard in front of vLLM's server, with an application behind it that counts its calls."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from inference_server.serve import guard
from inference_server.serve.guard import Guard, Settings

TOKEN = "a-token-of-the-test"
LIMIT = 1000


class Behind:
    """What the guard protects: echoes the body's length, or waits until it is let go."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.let_go = asyncio.Event()
        self.let_go.set()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.calls.append(scope["type"])
        if scope["type"] != "http":
            return
        message = await receive()
        await self.let_go.wait()
        assert not message["more_body"]
        said = str(len(message["body"])).encode()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": said})


@pytest.fixture
def behind() -> Behind:
    return Behind()


@pytest.fixture
def ready(tmp_path: Path) -> Path:
    return tmp_path / "ready"


@pytest.fixture
def guarded(behind: Behind, ready: Path) -> Guard:
    settings = Settings(
        token_sha256=guard.digest(TOKEN),
        body_bytes=LIMIT,
        requests=2,
        body_s=0.2,
        ready_file=str(ready),
    )
    return Guard(behind, settings)


async def ask(
    guarded: Guard,
    path: str = "/v1/models",
    *,
    method: str = "GET",
    headers: list[tuple[bytes, bytes]] | None = None,
    pieces: tuple[bytes, ...] = (b"",),
    hangs: bool = False,
) -> tuple[int, dict[bytes, bytes], Any]:
    """Send one request in pieces; give status, headers and the body, parsed where it is JSON."""
    shown = [(b"authorization", b"Bearer " + TOKEN.encode())] if headers is None else headers
    waiting = list(pieces)
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        if not waiting:
            await asyncio.sleep(0 if not hangs else 60)
            return {"type": "http.disconnect"}
        piece = waiting.pop(0)
        return {"type": "http.request", "body": piece, "more_body": bool(waiting) or hangs}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {"type": "http", "method": method, "path": path, "headers": shown}
    await guarded(scope, receive, send)
    if not sent:
        return 0, {}, None
    body = b"".join(message.get("body", b"") for message in sent[1:])
    kept = dict(sent[0]["headers"])
    return sent[0]["status"], kept, json.loads(body)


@pytest.mark.parametrize("path", ["/v1/models", "/health", "/metrics", "/ready", "/", "/nowhere"])
@pytest.mark.parametrize("method", ["GET", "OPTIONS", "POST"])
@pytest.mark.parametrize(
    "headers",
    [
        [],
        [(b"authorization", b"Bearer another-token-of-that")],
        [(b"authorization", b"Bearer ")],
        [(b"authorization", b"Basic " + TOKEN.encode())],
        [(b"authorization", TOKEN.encode())],
        [(b"authorization", b"Bearer " + TOKEN.encode())] * 2,
        [(b"x-api-key", TOKEN.encode())],
        [(b"authorization", b"Bearer \xff\xfe")],
    ],
)
async def test_nothing_is_answered_without_the_token(
    guarded: Guard, behind: Behind, path: str, method: str, headers: list[tuple[bytes, bytes]]
) -> None:
    status, sent, body = await ask(guarded, path, method=method, headers=headers)
    assert status == 401
    assert sent[b"www-authenticate"] == b"Bearer"
    assert "token" in body["error"]["message"]
    assert TOKEN not in json.dumps(body)
    assert behind.calls == []


async def test_with_the_token_a_request_goes_through_whole(guarded: Guard) -> None:
    assert (await ask(guarded))[0] == 200
    status, _, body = await ask(guarded, method="POST", pieces=(b"a" * 400, b"b" * 600))
    assert (status, body) == (200, 1000)


async def test_the_scheme_is_read_in_any_case(guarded: Guard) -> None:
    headers = [(b"authorization", b"bearer  " + TOKEN.encode())]
    assert (await ask(guarded, headers=headers))[0] == 200


@pytest.mark.parametrize("named", [True, False])
async def test_what_is_too_large_is_refused_with_the_limit(
    guarded: Guard, behind: Behind, *, named: bool
) -> None:
    headers = [(b"authorization", b"Bearer " + TOKEN.encode())]
    if named:
        headers.append((b"content-length", b"1001"))
    pieces = (b"a" * 500, b"b" * 500, b"c")
    status, _, body = await ask(guarded, method="POST", headers=headers, pieces=pieces)
    assert status == 413
    assert body["error"]["limit_bytes"] == LIMIT
    assert "1000 bytes" in body["error"]["message"]
    assert behind.calls == []


async def test_a_client_that_does_not_go_on_sending_is_not_waited_for(
    guarded: Guard, behind: Behind
) -> None:
    status, _, body = await ask(guarded, method="POST", pieces=(b"a",), hangs=True)
    assert status == 408
    assert "0.2 s" in body["error"]["message"]
    assert behind.calls == []


async def test_a_client_that_leaves_gets_no_answer(guarded: Guard, behind: Behind) -> None:
    assert (await ask(guarded, method="POST", pieces=()))[0] == 0
    assert behind.calls == []


async def test_more_at_a_time_than_the_server_takes_are_told_to_come_again(
    guarded: Guard, behind: Behind
) -> None:
    behind.let_go.clear()
    working = [asyncio.create_task(ask(guarded, method="POST")) for _ in range(2)]
    await asyncio.sleep(0)
    while len(behind.calls) < 2:
        await asyncio.sleep(0.01)
    status, headers, _ = await ask(guarded, method="POST")
    assert status == 429
    assert int(headers[b"retry-after"]) >= 1
    behind.let_go.set()
    assert [(await each)[0] for each in working] == [200, 200]
    # Health and metrics are answered however much there is to do, and places come free again.
    assert (await ask(guarded, "/health"))[0] == 200
    assert (await ask(guarded, method="POST"))[0] == 200


async def test_readiness_is_what_the_file_says(guarded: Guard, ready: Path) -> None:
    status, headers, body = await ask(guarded, "/ready")
    assert (status, body["ready"]) == (503, False)
    assert b"retry-after" in headers
    ready.touch()
    status, _, body = await ask(guarded, "/ready")
    assert (status, body) == (200, {"ready": True})


async def test_a_web_socket_needs_the_token_too(guarded: Guard, behind: Behind) -> None:
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    scope: dict[str, Any] = {"type": "websocket", "path": "/v1/realtime", "headers": []}
    await guarded(scope, receive, send)
    assert [message["type"] for message in sent] == ["websocket.close"]
    assert behind.calls == []
    scope["headers"] = [(b"authorization", b"Bearer " + TOKEN.encode())]
    await guarded(scope, receive, send)
    await guarded({"type": "lifespan"}, receive, send)
    assert behind.calls == ["websocket", "lifespan"]


def test_settings_come_from_the_environment_and_are_never_left_out(
    behind: Behind, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(guard.VARIABLE, raising=False)
    with pytest.raises(RuntimeError, match="inference_server serve"):
        Guard(behind)
    made = Settings("00", 1, 2, 3.0, "ready")
    monkeypatch.setenv(guard.VARIABLE, made.variable())
    assert Guard(behind)._settings == made
    assert TOKEN not in Settings(guard.digest(TOKEN), 1, 2, 3.0, "ready").variable()
