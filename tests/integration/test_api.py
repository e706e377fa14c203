"""The client of the node's API: addresses, and faults kept apart."""

import pytest
from aiohttp import web
from homeassistant.core import HomeAssistant
from homeassistant.helpers.aiohttp_client import async_get_clientsession

from custom_components.omnicam.api import (
    ApiAuthError,
    ApiConnectionError,
    ApiContractError,
    ApiError,
    ApiVersionError,
    ApiWrongNodeError,
    NodeApi,
    normalise_url,
)

from .node import TOKEN, Node


@pytest.fixture
async def api(hass: HomeAssistant, node: Node) -> NodeApi:
    """A client with the right token."""
    return NodeApi(async_get_clientsession(hass), node.url, TOKEN)


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("192.168.1.20", "http://192.168.1.20:8130"),
        ("omnicam.local:9000", "http://omnicam.local:9000"),
        (" http://omnicam.local/ ", "http://omnicam.local:8130"),
        ("https://omnicam.example", "https://omnicam.example"),
        ("https://home.example/omnicam/", "https://home.example/omnicam"),
        ("http://[fd00::1]", "http://[fd00::1]:8130"),
        ("http://host:80", "http://host:80"),
    ],
)
def test_address(text: str, url: str) -> None:
    """One spelling for each address, and the same again for that one."""
    assert normalise_url(text) == url
    assert normalise_url(url) == url


@pytest.mark.parametrize(
    "text",
    ["", "http://", "ftp://host", "http://user@host", "http://:word@host", "http://host?a=b",
     "http://host#a", "http://host:99999", "rtsp://host"],
)  # fmt: skip
def test_no_address(text: str) -> None:
    """What is no address of an API is refused."""
    with pytest.raises(ValueError, match=r"."):
        normalise_url(text)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, ApiAuthError),
        (403, ApiAuthError),
        (302, ApiContractError),
        (404, ApiContractError),
        (429, ApiContractError),
        (500, ApiConnectionError),
        (503, ApiConnectionError),
    ],
)
async def test_statuses(node: Node, api: NodeApi, status: int, kind: type[ApiError]) -> None:
    """Each answer is the fault that it tells of."""
    headers = {"Location": node.url + "/elsewhere"} if status == 302 else None
    node.answers["/api/info"] = web.Response(status=status, headers=headers)
    with pytest.raises(kind) as caught:
        await api.info()
    assert type(caught.value) is kind
    assert node.requests == ["/api/info"]  # a redirect would carry the token elsewhere


@pytest.mark.parametrize(
    "body",
    ["", "[]", "null", "{", pytest.param("[" * 100_000, id="deep"), '{"contract": 1}'],
)
async def test_bodies(node: Node, api: NodeApi, body: str) -> None:
    """A body that is no info breaks the contract."""
    node.answers["/api/info"] = web.Response(text=body)
    with pytest.raises(ApiContractError):
        await api.info()


async def test_endless_body(node: Node, api: NodeApi) -> None:
    """Nobody's memory is filled."""
    node.answers["/api/info"] = web.Response(body=b" " * (3 << 20))
    with pytest.raises(ApiContractError, match="more than"):
        await api.info()


async def test_version_and_node(node: Node, api: NodeApi) -> None:
    """Another version and another node are told apart from nonsense."""
    with pytest.raises(ApiWrongNodeError, match="home answers instead of barn"):
        await api.info("barn")
    node.info["contract"] = 7
    with pytest.raises(ApiVersionError, match="contract 7"):
        await api.info()


async def test_error_tells_no_secret(node: Node, api: NodeApi) -> None:
    """Neither token nor address get into the log with an error."""
    await node.stop()
    with pytest.raises(ApiConnectionError) as caught:
        await api.info()
    assert TOKEN not in str(caught.value)
    assert "127.0.0.1" not in str(caught.value)
