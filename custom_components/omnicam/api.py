"""Client of a node's HTTP API. It keeps no state, so that one session serves every entry."""

import json
from collections.abc import Mapping
from typing import Any

import aiohttp
from yarl import URL

from .const import DEFAULT_API_PORT
from .models import NodeInfo, parse_info
from .payload import PayloadError, UnsupportedContractError, shown

_TIMEOUT = aiohttp.ClientTimeout(total=10, connect=5)
_JSON_LIMIT = 1 << 20
_IMAGE_LIMIT = 8 << 20
_JPEG_MAGIC = b"\xff\xd8"


class ApiError(Exception):
    """The API could not be used. The text carries no token and no camera address."""


class ApiConnectionError(ApiError):
    """The node was not reached, or said that it cannot answer now."""


class ApiAuthError(ApiError):
    """The node refused the token."""


class ApiContractError(ApiError):
    """The answer is not what the contract promises."""


class ApiVersionError(ApiContractError):
    """The node speaks another version of the contract."""


class ApiFieldsError(ApiError):
    """The node refused fields of a camera; `fields` tells what is wrong with each."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        """Keep the fields, named from the camera down."""
        self.fields = fields
        super().__init__(", ".join(fields))


class ApiConflictError(ApiError):
    """The camera is there already, or stands in the node's own file."""


class ApiNotFoundError(ApiContractError):
    """The node has no such camera, or is too old to be asked."""


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


class NodeApi:
    """The calls of one node's API that Home Assistant needs; each raises `ApiError`."""

    def __init__(self, session: aiohttp.ClientSession, url: str, token: str) -> None:
        """Take Home Assistant's session, a normalised address and the bearer token."""
        self._session = session
        self._url = URL(url)
        self._headers = {"Authorization": f"Bearer {token}"}

    async def info(self, expected_node: str | None = None) -> NodeInfo:
        """Give the node and its cameras, and make sure that it is the expected one."""
        try:
            info, _ = parse_info(await self._json("info"))
        except UnsupportedContractError as error:
            raise ApiVersionError(f"the node speaks contract {error.found}") from error
        except PayloadError as error:
            raise ApiContractError(str(error)) from error
        if expected_node is not None and info.node != expected_node:
            raise ApiWrongNodeError(f"node {info.node} answers instead of {expected_node}")
        return info

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

    async def camera_settings(self, camera: str) -> dict[str, Any]:
        """Give a camera's fields, without user and password."""
        settings = (await self._json("cameras", camera, "settings")).get("settings")
        if not isinstance(settings, dict):
            raise ApiContractError(f"the settings of {camera} are {shown(settings)}, no object")
        return settings

    async def add_camera(self, camera: str, fields: Mapping[str, Any]) -> None:
        """Let the node check and watch a new camera."""
        await self._request("POST", {"id": camera} | dict(fields), _JSON_LIMIT, "cameras")

    async def change_camera(self, camera: str, fields: Mapping[str, Any]) -> None:
        """Let the node check and take over fields of a camera; None takes one away."""
        await self._request("PATCH", fields, _JSON_LIMIT, "cameras", camera)

    async def remove_camera(self, camera: str) -> None:
        """Let the node watch a camera no longer; one that is gone already is no error."""
        try:
            await self._request("DELETE", None, _JSON_LIMIT, "cameras", camera)
        except ApiNotFoundError:
            return

    async def _json(self, *path: str) -> dict[str, Any]:
        body = await self._get(_JSON_LIMIT, *path)
        try:
            value = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise ApiContractError(f"/api/{'/'.join(path)} gave no JSON") from error
        if not isinstance(value, dict):
            raise ApiContractError(f"/api/{'/'.join(path)} gave {shown(value)}, not an object")
        return value

    async def _get(self, limit: int, *path: str) -> bytes:
        """Fetch a body of at most `limit` bytes."""
        return await self._request("GET", None, limit, *path)

    async def _request(
        self, method: str, sent: Mapping[str, Any] | None, limit: int, *path: str
    ) -> bytes:
        """Ask, and read at most `limit` bytes; redirects would leak the token, so none."""
        where = f"/api/{'/'.join(path)}"
        body = bytearray()
        try:
            async with self._session.request(
                method,
                self._url.joinpath("api", *path),
                headers=self._headers,
                timeout=_TIMEOUT,
                allow_redirects=False,
                json=sent,
            ) as response:
                if response.status in (401, 403):
                    raise ApiAuthError(f"{where} refused the token with {response.status}")
                if response.status >= 500:
                    raise ApiConnectionError(f"{where} answered {response.status}")
                if method != "GET" and response.status in (400, 409):
                    raise _refusal(where, response.status, await response.content.read(limit))
                if response.status == 404:
                    raise ApiNotFoundError(f"{where} answered 404")
                if response.status not in (200, 201):
                    raise ApiContractError(f"{where} answered {response.status}")
                async for chunk in response.content.iter_chunked(1 << 16):
                    body += chunk
                    if len(body) > limit:
                        raise ApiContractError(f"{where} gave more than {limit} bytes")
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise ApiConnectionError(f"{where} was not reached: {type(error).__name__}") from error
        return bytes(body)


def _refusal(where: str, status: int, body: bytes) -> ApiError:
    """Read why the node refused a change."""
    if status == 409:
        return ApiConflictError(f"{where} answered {status}")
    try:
        fields = json.loads(body)["fields"]
        return ApiFieldsError({str(field): str(problem) for field, problem in fields.items()})
    except ValueError, TypeError, KeyError, AttributeError, RecursionError:
        return ApiContractError(f"{where} answered {status}")
