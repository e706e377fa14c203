"""The client against real HTTP servers, good and bad: each way to fail is an outcome of its own."""

from __future__ import annotations

import asyncio
import base64
import json
import math
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from harness.ports import free_port
from omnicam.config.model import Language, Secret
from omnicam.verify.client import ModelClient, session, shown_address
from omnicam.verify.outcomes import AskError, Outcome
from omnicam.verify.questions import SYSTEM, wish
from tests.edge.verify import model_server
from tests.edge.verify.model_server import ModelServer, said, serving
from tests.edge.verify.verify_scenes import FALL, JPEG, TOOL, completion, model, window

CLASSES = [FALL, TOOL]


@asynccontextmanager
async def client(url: str, **changes: Any) -> AsyncIterator[ModelClient]:
    async with session() as http:
        yield ModelClient(model(url, **{"deadline_s": 5.0, "sentence_s": 5.0, **changes}), http)


async def outcome(url: str, **changes: Any) -> Outcome:
    async with client(url, **changes) as asking:
        with pytest.raises(AskError) as caught:
            await asking.look(window(), "Camera: Hall.", CLASSES, "home/hall")
        assert len(str(caught.value)) < 300
        assert "secret" not in str(caught.value)
        return caught.value.outcome


def probability(_: str, question: str) -> float:
    return 0.9 if "fallen" in question else 0.2


async def test_one_window_gives_log_odds_of_every_class() -> None:
    async with (
        serving(model_server.answering(probability)) as server,
        client(server.url, token=Secret("a-secret")) as asking,
    ):
        z = await asking.look(window(), "Camera: Hall.", CLASSES, "home/hall")
    assert list(z) == CLASSES
    assert z[FALL] == pytest.approx(math.log(9.0))
    assert z[TOOL] == pytest.approx(math.log(0.25))
    assert [header["Authorization"] for header in server.headers] == ["Bearer a-secret"] * 2
    for body in server.bodies:
        asked = {key: body[key] for key in ("model", "max_tokens", "logprobs", "top_logprobs")}
        assert asked == {"model": "omni", "max_tokens": 1, "logprobs": True, "top_logprobs": 20}


async def test_questions_share_everything_up_to_the_last_line_and_constant_text_comes_first() -> (
    None
):
    async with (
        serving(model_server.answering(probability)) as server,
        client(server.url) as asking,
    ):
        await asking.look(window(), "Camera: Hall.", CLASSES, "home/hall")
        await asking.describe(window(), "Camera: Hall.", "Say what is seen.", 7, "home/hall")
    system, user = server.bodies[0]["messages"]
    assert (system["role"], system["content"]) == ("system", SYSTEM)
    kinds = [part["type"] for part in user["content"]]
    assert kinds == ["image_url"] * 3 + ["input_audio", "text", "text"]
    picture = user["content"][0]["image_url"]["url"].removeprefix("data:image/jpeg;base64,")
    assert base64.b64decode(picture) == JPEG
    sound = user["content"][3]["input_audio"]
    assert (sound["format"], base64.b64decode(sound["data"])) == ("wav", window().sound)
    for body in server.bodies[1:]:
        assert body["messages"][0] == system
        assert body["messages"][1]["content"][:-1] == user["content"][:-1]
    assert len({said(body)[-1] for body in server.bodies}) == 3
    # A router in front of several servers keeps them together by this.
    assert [header["X-Session-ID"] for header in server.headers] == ["home/hall"] * 3


async def test_a_window_without_sound_sends_none() -> None:
    async with (
        serving(model_server.answering(probability)) as server,
        client(server.url) as asking,
    ):
        await asking.look(window(sound=b""), "", [FALL], "home/hall")
    assert "input_audio" not in json.dumps(server.bodies)


@pytest.mark.parametrize(("language", "word"), [("en", "English"), ("zh-Hans", "中文")])
async def test_a_sentence_is_seeded_warm_bounded_and_in_the_language(
    language: str, word: str
) -> None:
    async with (
        serving(model_server.answering(probability)) as server,
        client(server.url, language=Language(language)) as asking,
    ):
        words = wish([FALL], Language(language), {})
        sentence = await asking.describe(window(), "Camera: Hall.", words, 7, "home/hall")
    assert sentence == model_server.SENTENCE
    (body,) = server.bodies
    asked = {key: body[key] for key in ("temperature", "top_p", "seed", "max_tokens")}
    assert asked == {"temperature": 0.6, "top_p": 0.95, "seed": 7, "max_tokens": 64}
    assert word in said(body)[-1]


@pytest.mark.parametrize(
    ("behaviour", "expected"),
    [
        (model_server.hangs, Outcome.SLOW),
        (model_server.drips, Outcome.SLOW),
        (model_server.closes, Outcome.AWAY),
        (model_server.breaks_off, Outcome.AWAY),
        (model_server.floods, Outcome.OVERSIZE),
        (model_server.status(401), Outcome.REFUSED),
        (model_server.status(403), Outcome.REFUSED),
        (model_server.status(404), Outcome.REJECTED),
        (model_server.status(413), Outcome.TOO_LARGE),
        (model_server.status(307), Outcome.REJECTED),
        (model_server.status(429), Outcome.BUSY),
        (model_server.status(500), Outcome.FAILED),
        (model_server.status(503), Outcome.BUSY),
        (model_server.text("<html>"), Outcome.NONSENSE),
        (model_server.text(""), Outcome.NONSENSE),
        (model_server.text("[" * 100_000), Outcome.NONSENSE),
        (model_server.text("{}"), Outcome.NONSENSE),
        (model_server.text(json.dumps(completion({"Maybe": -0.1}))), Outcome.NONSENSE),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
async def test_every_way_to_fail_is_an_outcome(behaviour, expected: Outcome) -> None:
    async with serving(behaviour) as server:
        deadline = 0.5 if expected is Outcome.SLOW else 5.0
        assert await outcome(server.url, deadline_s=deadline) is expected


async def test_a_failure_in_one_of_many_questions_is_told_as_what_it_is() -> None:
    async def fails_later(request, body):
        good = model_server.answering(probability)
        bad = model_server.status(500)
        return await (good if "fallen" in said(body)[-1] else bad)(request, body)

    async with serving(fails_later) as server:
        assert await outcome(server.url) is Outcome.FAILED


async def test_a_server_that_offers_it_gets_all_questions_at_once_from_its_first_answer_on() -> (
    None
):
    async with (
        serving(model_server.answering(probability)) as server,
        client(server.url, token=Secret("a-secret")) as asking,
    ):
        server.route = model_server.judging(probability)
        first = await asking.look(window(), "Camera: Hall.", CLASSES, "home/hall")
        assert (len(server.bodies), len(server.verdicts)) == (2, 0)
        second = await asking.look(window(), "Camera: Hall.", CLASSES, "home/hall")
        assert (len(server.bodies), len(server.verdicts)) == (2, 1)
    assert second == pytest.approx(first)
    assert list(second) == CLASSES
    (body,) = server.verdicts
    assert server.headers[-1]["Authorization"] == "Bearer a-secret"
    assert set(body) == {"model", "messages", "questions"}
    assert list(body["questions"]) == CLASSES
    chat = server.bodies[0]["messages"]
    assert body["messages"][0] == chat[0]
    assert body["messages"][1]["content"] == chat[1]["content"][:-1]
    assert body["questions"][FALL] == said(server.bodies[0])[-1]


async def test_a_greeting_is_enough_to_learn_of_it() -> None:
    async with (
        serving(model_server.answering(probability)) as server,
        client(server.url) as asking,
    ):
        server.route = model_server.judging(probability)
        await asking.greet()
        await asking.look(window(), "", [FALL], "home/hall")
    assert (len(server.bodies), len(server.verdicts)) == (0, 1)


async def test_where_it_is_gone_the_same_window_is_asked_about_as_anywhere() -> None:
    async with (
        serving(model_server.answering(probability)) as server,
        client(server.url) as asking,
    ):
        server.route = model_server.judging(probability)
        await asking.greet()
        server.route = None
        z = await asking.look(window(), "", CLASSES, "home/hall")
        assert z[FALL] == pytest.approx(math.log(9.0))
        assert len(server.bodies) == 2


@pytest.mark.parametrize(
    ("route", "expected"),
    [
        (model_server.hangs, Outcome.SLOW),
        (model_server.closes, Outcome.AWAY),
        (model_server.floods, Outcome.OVERSIZE),
        (model_server.status(400), Outcome.REJECTED),
        (model_server.status(401), Outcome.REFUSED),
        (model_server.status(429), Outcome.BUSY),
        (model_server.status(503), Outcome.BUSY),
        (model_server.text("<html>"), Outcome.NONSENSE),
        (model_server.text('{"log_odds": {}, "share": {}}'), Outcome.NONSENSE),
        (model_server.judging(probability, share=1e-6), Outcome.NONSENSE),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
async def test_a_failure_of_the_route_is_an_outcome_and_nothing_is_asked_twice(
    route, expected: Outcome
) -> None:
    async with (
        serving(model_server.answering(probability)) as server,
        client(server.url, deadline_s=0.5 if expected is Outcome.SLOW else 5.0) as asking,
    ):
        server.route = route
        await asking.greet()
        with pytest.raises(AskError) as caught:
            await asking.look(window(), "", [FALL], "home/hall")
        assert caught.value.outcome is expected
    assert server.bodies == []


async def test_nobody_there_or_something_that_is_no_http() -> None:
    assert await outcome(f"http://127.0.0.1:{free_port()}/v1") is Outcome.AWAY
    assert await outcome("http://model.invalid/v1") is Outcome.AWAY

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(b"220 mail.example ESMTP\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    assert await outcome(f"http://127.0.0.1:{port}/v1") is Outcome.NONSENSE
    server.close()


async def test_a_redirect_takes_neither_token_nor_pictures_elsewhere() -> None:
    async with serving(model_server.answering(probability)) as other:

        async def leads_away(request, body):
            from aiohttp import web

            raise web.HTTPTemporaryRedirect(f"{other.url}/chat/completions")

        async with serving(leads_away) as server:
            assert await outcome(server.url, token=Secret("a-secret")) is Outcome.REJECTED
    assert other.bodies == []


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("tls")
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    command += ["-keyout", str(key), "-out", str(certificate), "-subj", "/CN=model"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run(command, check=True, capture_output=True)
    return certificate, key


@asynccontextmanager
async def secured(certificate: tuple[Path, Path]) -> AsyncIterator[ModelServer]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate)
    async with serving(model_server.answering(probability), tls=context) as server:
        yield server


async def test_tls_by_authority_or_pinned_and_never_without_trust(
    certificate: tuple[Path, Path],
) -> None:
    pem = certificate[0].read_text()
    print_of_it = sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest()
    async with secured(certificate) as server:
        for trust in ({"ca_file": certificate[0]}, {"fingerprint": print_of_it}):
            async with client(server.url, **trust) as asking:
                assert FALL in await asking.look(window(), "", [FALL], "home/hall")
        asked = len(server.bodies)
        assert await outcome(server.url) is Outcome.UNTRUSTED
        assert await outcome(server.url, fingerprint="0" * 64) is Outcome.UNTRUSTED
        assert len(server.bodies) == asked
    async with serving(model_server.answering(probability)) as plain:
        assert await outcome(plain.url.replace("http:", "https:")) is Outcome.UNTRUSTED


async def test_a_greeting_asks_nothing_and_tells_who_is_there() -> None:
    async with serving(model_server.answering(probability)) as server, client(server.url) as asking:
        await asking.greet()
        assert (server.greetings, server.bodies) == (1, [])
        await server.kill()
        with pytest.raises(AskError) as caught:
            await asking.greet()
        assert caught.value.outcome is Outcome.AWAY


def test_the_address_is_shown_without_its_path() -> None:
    assert shown_address(model("https://h.example:1/a/v1")) == "https://h.example:1"
