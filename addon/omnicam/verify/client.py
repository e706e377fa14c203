"""One OpenAI-compatible chat endpoint: windows and questions out, log-odds and sentences in.

Any server will do that takes pictures (and, for cameras with sound, audio) and gives
`top_logprobs`. OmniCam's own takes a window with all its questions at once, and says so in the
header `HEADER` of whatever it answers: until a server has said so, each question is a chat
completion of its own, and nothing is tried in vain. A redirect is not followed: the token and the
pictures go where the settings say.
"""

from __future__ import annotations

import asyncio
import base64
import json
import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from http import HTTPStatus
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from omnicam.config.model import ModelSettings
from omnicam.taxonomy import ClassName
from omnicam.verify import questions, reading
from omnicam.verify.outcomes import AskError, Outcome
from omnicam.verify.window import Window

MOST_BYTES = 256 * 1024
"""Of an answer; one with 20 log-probabilities is about 3 kB."""

MOST_TOKENS = 64
"""Of a sentence; Chinese takes about one a character."""

MOST_REPLY_TOKENS = 128
"""Of an answer to a person's question."""

TEMPERATURE, TOP_P = 0.6, 0.95

SESSION = "X-Session-ID"
"""Header with the node and the camera. What spreads requests over several servers keeps a session
on one of them: the questions about a window share what was worked out of its pictures and sound."""

TOP_LOGPROBS = 20

HEADER = "omnicam-verdict"
"""In the answers of a server that has `ROUTE`."""

ROUTE = "/verdict"

_NO_ROUTE = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED})

_STATUSES: Mapping[int, Outcome] = MappingProxyType(
    {
        HTTPStatus.UNAUTHORIZED: Outcome.REFUSED,
        HTTPStatus.FORBIDDEN: Outcome.REFUSED,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE: Outcome.TOO_LARGE,
        HTTPStatus.TOO_MANY_REQUESTS: Outcome.BUSY,
        HTTPStatus.SERVICE_UNAVAILABLE: Outcome.BUSY,
        HTTPStatus.GATEWAY_TIMEOUT: Outcome.SLOW,
    }
)

type Json = dict[str, Any]


class ModelClient:
    """Asks the endpoint; every way to fail is an `AskError` with its outcome."""

    def __init__(self, settings: ModelSettings, session: aiohttp.ClientSession) -> None:
        self._settings = settings
        self._session = session
        self._url = settings.url.rstrip("/")
        self._ssl = _tls(settings)
        token = settings.token
        self._has_route = False
        self._headers = {"Authorization": f"Bearer {token.reveal()}"} if token else {}

    async def look(
        self, window: Window, scene: str, classes: Sequence[ClassName], session: str
    ) -> dict[ClassName, float]:
        """Ask one question for each class and give z of each, within `deadline_s` in all.

        Raises:
            AskError: one of them was not answered.
        """
        shown = await asyncio.to_thread(_messages, window, scene)
        own = self._settings.questions
        asked = {str(anomaly): questions.question(anomaly, own) for anomaly in classes}
        async with _deadline(self._settings.deadline_s):
            found = await self._at_once(shown, asked, session) if self._has_route else None
            if found is None:
                found = await self._one_by_one(shown, asked, session)
        return {anomaly: found[str(anomaly)] for anomaly in classes}

    async def _at_once(
        self, shown: list[Json], asked: Mapping[str, str], session: str
    ) -> Mapping[str, float] | None:
        """Ask all in one request; None where the server no longer takes it."""
        whole = {"model": self._settings.name, "messages": shown, "questions": asked}
        data = await asyncio.to_thread(_coded, whole)
        try:
            raw = await self._exchange("POST", ROUTE, data, session)
        except AskError:
            if self._has_route:
                raise
            return None  # another server is there now
        return reading.verdict(_json(raw), asked)

    async def _one_by_one(
        self, shown: list[Json], asked: Mapping[str, str], session: str
    ) -> Mapping[str, float]:
        """Ask each by itself; the first goes alone: it lets the server work out the media once."""

        async def ask(question: str) -> float:
            wanted = {"max_tokens": 1, "temperature": 0.0, "seed": 0}
            wanted |= {"logprobs": True, "top_logprobs": TOP_LOGPROBS}
            return reading.log_odds(await self._complete(shown, question, wanted, session))

        (first, question), *rest = asked.items()
        answers = {first: await ask(question)}
        try:
            async with asyncio.TaskGroup() as group:
                tasks = {name: group.create_task(ask(question)) for name, question in rest}
        except ExceptionGroup as group_error:
            raise _first(group_error) from None
        return answers | {name: task.result() for name, task in tasks.items()}

    async def describe(self, window: Window, scene: str, wish: str, seed: int, session: str) -> str:
        """Ask for one sentence about what is seen, within `sentence_s`; `wish` is the last line.

        Raises:
            AskError: there is none.
        """
        shown = await asyncio.to_thread(_messages, window, scene)
        wanted = {"max_tokens": MOST_TOKENS, "temperature": TEMPERATURE, "top_p": TOP_P}
        async with _deadline(self._settings.sentence_s):
            wanted |= {"seed": seed}
            return reading.sentence(await self._complete(shown, wish, wanted, session))

    async def reply(self, window: Window, scene: str, question: str, session: str) -> str:
        """Ask a person's own question about what is seen, within `sentence_s`.

        Raises:
            AskError: there is no answer.
        """
        shown = await asyncio.to_thread(_messages, window, scene)
        # The surest words, not one of many: two who ask the same at once should hear the same.
        wanted = {"max_tokens": MOST_REPLY_TOKENS, "temperature": 0.0, "seed": 0}
        async with _deadline(self._settings.sentence_s):
            last = questions.asked(question)
            return reading.sentence(await self._complete(shown, last, wanted, session))

    async def greet(self) -> None:
        """See whether the endpoint is there and lets us in, without asking anything of the model.

        Raises:
            AskError: it is not, or does not.
        """
        async with _deadline(self._settings.deadline_s):
            try:
                await self._exchange("GET", "/models")
            except AskError as error:
                # Not every endpoint lists its models; one that says so is there all the same.
                if error.outcome not in {Outcome.REJECTED, Outcome.NONSENSE, Outcome.OVERSIZE}:
                    raise

    async def _complete(self, messages: list[Json], last: str, wanted: Json, session: str) -> Any:
        body = {"model": self._settings.name} | wanted
        data = await asyncio.to_thread(_body, body, messages, last)
        return _json(await self._exchange("POST", "/chat/completions", data, session))

    async def _exchange(
        self, method: str, path: str, data: bytes | None = None, session: str | None = None
    ) -> bytes:
        headers = self._headers | ({"Content-Type": "application/json"} if data else {})
        headers |= {SESSION: session} if session else {}
        try:
            async with self._session.request(
                method,
                self._url + path,
                data=data,
                headers=headers,
                ssl=self._ssl,
                allow_redirects=False,
            ) as response:
                # What the route itself answers tells of it only where it is gone.
                if path != ROUTE or response.status in _NO_ROUTE:
                    self._has_route = response.headers.get(HEADER) == "1"
                if response.status != HTTPStatus.OK:
                    raise AskError(_meaning(response.status), f"HTTP status {response.status}")
                return await _read(response)
        except (aiohttp.ClientSSLError, aiohttp.ServerFingerprintMismatch, ssl.SSLError):
            raise AskError(Outcome.UNTRUSTED, "TLS failed") from None
        except aiohttp.ClientResponseError:
            raise AskError(Outcome.NONSENSE, "the answer is no HTTP") from None
        except TimeoutError:
            raise  # the deadline's: it names itself
        except (aiohttp.ClientError, OSError) as error:
            raise AskError(Outcome.AWAY, type(error).__name__) from None


def session() -> aiohttp.ClientSession:
    """Make the session of a client: no proxy, no cookies, and the deadlines are our own."""
    return aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(total=None), cookie_jar=aiohttp.DummyCookieJar()
    )


def shown_address(settings: ModelSettings) -> str:
    """Give where the endpoint is, as it may be shown."""
    parts = urlsplit(settings.url)
    return f"{parts.scheme}://{parts.hostname}{f':{parts.port}' if parts.port else ''}"


@asynccontextmanager
async def _deadline(seconds: float) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        raise AskError(Outcome.SLOW, f"no answer within {seconds:g} s") from None


def _meaning(status: int) -> Outcome:
    known = _STATUSES.get(status)
    if known is not None:
        return known
    return Outcome.FAILED if status >= HTTPStatus.INTERNAL_SERVER_ERROR else Outcome.REJECTED


async def _read(response: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for piece in response.content.iter_any():
        body += piece
        if len(body) > MOST_BYTES:
            raise AskError(Outcome.OVERSIZE, f"the answer is longer than {MOST_BYTES} bytes")
    return bytes(body)


def _tls(settings: ModelSettings) -> ssl.SSLContext | aiohttp.Fingerprint | bool:
    """Give how the server's certificate is checked: pinned, by an authority, or by the system's."""
    if settings.fingerprint is not None:
        return aiohttp.Fingerprint(bytes.fromhex(settings.fingerprint))
    if settings.ca_file is not None:
        return ssl.create_default_context(cafile=str(settings.ca_file))
    return True


def _first(group: ExceptionGroup) -> Exception:
    """Give what stands for the group: a defect of ours before what the model did."""
    defects = [error for error in group.exceptions if not isinstance(error, AskError)]
    return (*defects, *group.exceptions)[0]


def _messages(window: Window, scene: str) -> list[Json]:
    """Make what all questions about a window have in common, the constant part first."""
    pictures = [
        {"type": "image_url", "image_url": {"url": f"data:image/jpeg;base64,{_text(picture)}"}}
        for picture in (window.whole, *window.pictures)
    ]
    sound = [
        {"type": "input_audio", "input_audio": {"data": _text(piece), "format": "wav"}}
        for piece in (window.sound,)
        if piece
    ]
    content = [*pictures, *sound, {"type": "text", "text": scene}]
    return [
        {"role": "system", "content": questions.SYSTEM},
        {"role": "user", "content": content},
    ]


def _body(body: Json, messages: list[Json], last: str) -> bytes:
    system, user = messages
    content = [*user["content"], {"type": "text", "text": last}]
    return _coded(body | {"messages": [system, user | {"content": content}]})


def _coded(whole: Json) -> bytes:
    return json.dumps(whole, ensure_ascii=False).encode()


def _json(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        raise AskError(Outcome.NONSENSE, "the answer is no JSON") from None


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
