"""Client of a node's HTTP API. It keeps no state, so that one session serves every entry."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

import aiohttp
from yarl import URL

from .const import DEFAULT_API_PORT
from .health import NodeHealth, parse_health
from .models import NodeInfo, parse_info
from .payload import PayloadError, UnsupportedContractError, shown

_TIMEOUT = aiohttp.ClientTimeout(total=10, connect=5)
_ANSWER_TIMEOUT = aiohttp.ClientTimeout(total=35, connect=5)
"""The node itself gives up an answer after 30 s."""
_MEDIA_TIMEOUT = aiohttp.ClientTimeout(total=None, connect=5, sock_read=30)
"""A clip may take long to be sent, but not to go on."""
_SAID_LIMIT = 300
_MOST_FIELDS = 10
"""More refused fields than that are no help to anybody."""
_PIECE = 1 << 17
_JSON_LIMIT = 1 << 20
_IMAGE_LIMIT = 8 << 20
_JPEG_MAGIC = b"\xff\xd8"
_UNREACHED = (TimeoutError, aiohttp.ClientError, OSError)


class ApiError(Exception):
    """The API could not be used. The text carries no token and no camera address."""


class ApiConnectionError(ApiError):
    """The node was not reached, or said that it cannot answer now."""


class ApiCertificateError(ApiConnectionError):
    """The server's certificate is not to be trusted; nothing was sent to it.

    `found` is the SHA-256 of what it shows instead of the pinned one; None where none is pinned and
    no authority that Home Assistant knows has signed it.
    """

    def __init__(self, text: str, found: str | None = None) -> None:
        """Keep what was found."""
        self.found = found
        super().__init__(text)


class ApiAuthError(ApiError):
    """The node refused the token."""


class ApiContractError(ApiError):
    """The answer is not what the contract promises."""


class ApiRefusedError(ApiError):
    """The node cannot do what was asked of it; the text is its own, with what to do."""


class ApiUnknownError(ApiRefusedError):
    """The node has no such camera, event or file."""


class ApiConflictError(ApiRefusedError):
    """The camera is there already, or stands in the node's own file."""


class ApiFieldsError(ApiRefusedError):
    """The node refused fields of a camera; `fields` tells what is wrong with each."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        """Keep the fields, named from the camera down."""
        self.fields = fields
        super().__init__("; ".join(f"{field}: {why}" for field, why in fields.items()))


class ApiVersionError(ApiContractError):
    """The node speaks another version of the contract; `found` is the version, as text."""

    def __init__(self, found: str) -> None:
        """Keep the version that was found."""
        self.found = found
        super().__init__(f"the node speaks contract {found}")


class ApiWrongNodeError(ApiContractError):
    """Another node answers at this address."""


def normalise_url(text: str) -> str:
    """Give an API address in one spelling: `http://host:8130` without a slash at its end.

    A bare host gets the scheme http, and http without a port the node's default one. Raises
    ValueError for other schemes, credentials, queries, or no host.
    """
    text = text.strip()
    url = URL(text if "://" in text else f"http://{text}")
    if url.scheme not in ("http", "https") or not url.host:
        raise ValueError("the address needs http:// or https:// and a host")
    if url.user or url.password or url.query_string or url.fragment:
        raise ValueError("the address must carry no user, password, query or fragment")
    port = url.explicit_port or (DEFAULT_API_PORT if url.scheme == "http" else None)
    # Put together by hand: yarl drops port 80 from its text, which would become ours next time.
    where = url.host_subcomponent if port is None else f"{url.host_subcomponent}:{port}"
    return f"{url.scheme}://{where}{url.raw_path}".rstrip("/")


@dataclass(frozen=True, slots=True)
class Media:
    """A file that the node sends; a break in `pieces` raises `ApiConnectionError`."""

    status: int
    headers: Mapping[str, str]
    pieces: AsyncIterator[bytes]


class NodeApi:
    """The calls of one node's API that Home Assistant needs; each raises `ApiError`."""

    def __init__(
        self, session: aiohttp.ClientSession, url: str, token: str, fingerprint: str | None = None
    ) -> None:
        """Take Home Assistant's session, a normalised address and the bearer token.

        With a fingerprint, the SHA-256 of a certificate, that one alone is trusted, whoever has
        signed it; without, the authorities that Home Assistant knows vouch for an https address.
        """
        self._session = session
        self._url = URL(url)
        self._headers = {"Authorization": f"Bearer {token}"}
        # The very same object for every request: it is part of what connections are kept by.
        self._ssl = aiohttp.Fingerprint(bytes.fromhex(fingerprint)) if fingerprint else True

    async def info(self, expected_node: str | None = None) -> NodeInfo:
        """Give the node and its cameras, and make sure that it is the expected one."""
        try:
            info, _ = parse_info(await self._json("info"))
        except UnsupportedContractError as error:
            raise ApiVersionError(error.found) from error
        except PayloadError as error:
            raise ApiContractError(str(error)) from error
        if expected_node is not None and info.node != expected_node:
            raise ApiWrongNodeError(f"node {info.node} answers instead of {expected_node}")
        return info

    async def health(self) -> NodeHealth:
        """Give what the node says of its record and its model."""
        health, _ = parse_health(await self._json("health"))
        return health

    async def snapshot(self, camera: str) -> bytes:
        """Give the camera's present picture as JPEG."""
        image = await self._get(_IMAGE_LIMIT, "cameras", camera, "snapshot")
        if not image.startswith(_JPEG_MAGIC):
            raise ApiContractError(f"the picture of {camera} is not a JPEG")
        return image

    async def stream(self, camera: str) -> str | None:
        """Give the address of the camera's stream, or None when it has none to offer."""
        url = (await self._json("cameras", camera, "stream")).get("url", ...)
        if url is None or isinstance(url, str):
            return url or None
        raise ApiContractError(f"the stream of {camera} has no field url with a text or null")

    async def cameras(self) -> list[dict[str, Any]]:
        """Give every camera with its id, its status and the states of its classes."""
        cameras = (await self._json("cameras")).get("cameras")
        if isinstance(cameras, list) and all(isinstance(each, dict) for each in cameras):
            return cameras
        raise ApiContractError(f"the cameras are {shown(cameras)}, not a list of objects")

    async def camera_settings(self, camera: str) -> dict[str, Any]:
        """Give a camera's fields, without user and password."""
        settings = (await self._ask("GET", "cameras", camera, "settings")).get("settings")
        if isinstance(settings, dict):
            return settings
        raise ApiContractError(f"the settings of {camera} are {shown(settings)}, not an object")

    async def add_camera(self, camera: str, fields: Mapping[str, Any]) -> None:
        """Let the node check and watch a new camera; `ApiFieldsError`, `ApiConflictError`."""
        await self._ask("POST", "cameras", body={"id": camera} | dict(fields))

    async def change_camera(self, camera: str, fields: Mapping[str, Any]) -> None:
        """Let the node check and take over fields of a camera; None takes one away."""
        await self._ask("PATCH", "cameras", camera, body=fields)

    async def remove_camera(self, camera: str) -> None:
        """Let the node watch a camera no longer; one that is gone already is no error."""
        try:
            await self._ask("DELETE", "cameras", camera)
        except ApiUnknownError:
            return

    async def search(self, wanted: Mapping[str, str]) -> dict[str, Any]:
        """Give a page of events and the cursor of the next, by the node's search parameters."""
        return await self._ask("GET", "events", params=wanted)

    async def event(self, event: str) -> dict[str, Any]:
        """Give one event; raises `ApiUnknownError` when there is none of that id."""
        return await self._ask("GET", "events", event)

    async def calls(self, since: datetime) -> list[dict[str, Any]]:
        """Give spoken calls for help since a time, the newest 200 at the most.

        None from an older node, which keeps them to itself.
        """
        wanted = {"from": since.isoformat(), "limit": "200"}
        try:
            calls = (await self._ask("GET", "calls", params=wanted)).get("calls")
        except ApiUnknownError:
            return []
        if isinstance(calls, list) and all(isinstance(each, dict) for each in calls):
            return calls
        raise ApiContractError(f"the calls are {shown(calls)}, not a list of objects")

    async def feedback(self, event: str, kind: str) -> None:
        """Tell the node what a person says of an event."""
        await self._ask("POST", "events", event, "feedback", body={"kind": kind})

    async def describe(self, camera: str, question: str) -> str:
        """Have the node's model answer a question about what the camera sees now."""
        said = await self._ask("POST", "cameras", camera, "describe", body={"question": question})
        answer = said.get("answer")
        if isinstance(answer, str) and answer:
            return answer
        raise ApiContractError(f"the answer about {camera} holds no text")

    @asynccontextmanager
    async def media(
        self, event: str, kind: str, byte_range: str | None = None
    ) -> AsyncIterator[Media]:
        """Open an event's `clip` or `snapshot`, or the range of it that a browser asks for.

        The answer's status is 200, 206 or 416; raises `ApiUnknownError` when there is no file.
        """
        headers = self._headers | ({"Range": byte_range} if byte_range else {})
        where = f"/api/events/{event}/{kind}"
        try:
            response = await self._session.get(
                self._url.joinpath("api", "events", event, kind),
                headers=headers,
                timeout=_MEDIA_TIMEOUT,
                allow_redirects=False,
                ssl=self._ssl,
            )
        except _UNREACHED as error:
            raise _unreached(error, where) from error
        try:
            if response.status not in (200, 206, 416):
                raise await _refusal(response, where)
            yield Media(response.status, response.headers, _pieces(response, where))
        finally:
            response.close()

    async def _ask(
        self,
        method: str,
        *path: str,
        params: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Ask for what the node may refuse in its own words, which people should read."""
        where = f"/api/{'/'.join(path)}"
        try:
            async with self._session.request(
                method,
                self._url.joinpath("api", *path),
                headers=self._headers,
                params=params,
                json=body,
                timeout=_ANSWER_TIMEOUT,
                allow_redirects=False,
                ssl=self._ssl,
            ) as response:
                if response.status not in (200, 201):
                    raise await _refusal(response, where)
                value = _object(await _read(response, where, _JSON_LIMIT), where)
        except _UNREACHED as error:
            raise _unreached(error, where) from error
        return value

    async def _json(self, *path: str) -> dict[str, Any]:
        return _object(await self._get(_JSON_LIMIT, *path), f"/api/{'/'.join(path)}")

    async def _get(self, limit: int, *path: str) -> bytes:
        """Fetch a body of at most `limit` bytes; redirects would leak the token, so none."""
        where = f"/api/{'/'.join(path)}"
        try:
            async with self._session.get(
                self._url.joinpath("api", *path),
                headers=self._headers,
                timeout=_TIMEOUT,
                allow_redirects=False,
                ssl=self._ssl,
            ) as response:
                if response.status in (401, 403):
                    raise ApiAuthError(f"{where} refused the token with {response.status}")
                if response.status >= 500:
                    raise ApiConnectionError(f"{where} answered {response.status}")
                if response.status != 200:
                    raise ApiContractError(f"{where} answered {response.status}")
                return await _read(response, where, limit)
        except _UNREACHED as error:
            raise _unreached(error, where) from error


async def shown_certificate(session: aiohttp.ClientSession, url: str) -> str:
    """Give the SHA-256 of the certificate that a server shows; no request is sent to it.

    Raises `ApiConnectionError` where nobody speaks TLS.
    """
    try:
        # No certificate has this one, so that the connection ends before the request.
        async with session.head(url, ssl=aiohttp.Fingerprint(bytes(32)), timeout=_TIMEOUT):
            raise ApiConnectionError("the server showed no certificate")
    except aiohttp.ServerFingerprintMismatch as error:
        return error.got.hex()
    except _UNREACHED as error:
        raise _unreached(error, "the certificate") from error


def _unreached(error: Exception, where: str) -> ApiConnectionError:
    if isinstance(error, aiohttp.ServerFingerprintMismatch):
        found = error.got.hex()
        return ApiCertificateError(f"the server of {where} has another certificate, {found}", found)
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return ApiCertificateError(f"nobody vouches for the certificate of the server of {where}")
    return ApiConnectionError(f"{where} was not reached: {type(error).__name__}")


async def _pieces(response: aiohttp.ClientResponse, where: str) -> AsyncIterator[bytes]:
    try:
        async for piece in response.content.iter_chunked(_PIECE):
            yield piece
    except _UNREACHED as error:
        raise ApiConnectionError(f"{where} broke off: {type(error).__name__}") from error


async def _read(response: aiohttp.ClientResponse, where: str, limit: int) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_chunked(1 << 16):
        body += chunk
        if len(body) > limit:
            raise ApiContractError(f"{where} gave more than {limit} bytes")
    return bytes(body)


def _object(body: bytes, where: str) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ApiContractError(f"{where} gave no JSON") from error
    if not isinstance(value, dict):
        raise ApiContractError(f"{where} gave {shown(value)}, not an object")
    return value


async def _refusal(response: aiohttp.ClientResponse, where: str) -> ApiError:
    """Make the error for a status that is not the wanted one, in the node's words if it has any."""
    if response.status in (401, 403):
        return ApiAuthError(f"{where} refused the token with {response.status}")
    try:
        problem = _object(await _read(response, where, _JSON_LIMIT), where)
        said = f"{problem['error']}: {problem['remedy']}"[:_SAID_LIMIT]
    except ApiContractError, KeyError:
        kind = ApiConnectionError if response.status >= 500 else ApiContractError
        return kind(f"{where} answered {response.status}")
    if isinstance(fields := problem.get("fields"), dict):
        told = {str(field): str(why)[:_SAID_LIMIT] for field, why in fields.items()}
        return ApiFieldsError(dict(islice(told.items(), _MOST_FIELDS)))
    return _REFUSALS.get(response.status, ApiRefusedError)(said)


_REFUSALS: Mapping[int, type[ApiRefusedError]] = {404: ApiUnknownError, 409: ApiConflictError}
