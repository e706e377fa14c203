"""The node's page: its files, what a browser may load, its texts, and whom ingress lets at what."""

from __future__ import annotations

import fnmatch
import json
import re
import tomllib
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any, cast

import pytest
from aiohttp.test_utils import TestClient, TestServer

import omnicam
from omnicam.config.added import NotThereError
from omnicam.config.model import Secret
from omnicam.serve import ingress
from omnicam.serve.page.files import PATHS
from omnicam.serve.server import application
from omnicam.serve.view import Json, NodeView

ROOT = Path(__file__).resolve().parents[3]
FOLDER = Path(omnicam.__file__).parent / "serve" / "page"
FILES = sorted(
    file for file in FOLDER.iterdir() if file.suffix not in (".py", "") and file.is_file()
)
TOKEN = "a-token"
GATEWAY = {"X-Ingress-Path": "/api/hassio_ingress/abc"}
HERE = "127.0.0.1"
"""Where the tests' own requests come from."""


class OneCamera:
    """A node with one camera, that takes any change."""

    def __init__(self) -> None:
        self.changed: list[Json] = []

    def cameras(self) -> list[Json]:
        return [{"id": "hall", "name": "Hall", "status": "online"}]

    def info(self) -> Json:
        return {"node": "home"}

    def health(self) -> Json:
        return {"status": "ok", "version": "1"}

    def stream_url(self, _: str) -> str:
        return "rtsp://me:s3cret@192.0.2.7/"

    async def snapshot(self, _: str) -> bytes:
        return b"\xff\xd8 a picture"

    def settings(self, camera: str) -> Json:
        if camera != "hall":
            raise NotThereError(camera)
        return {"origin": "api", "settings": {"name": "Hall"}}

    async def add(self, camera: str, fields: Mapping[str, Any]) -> None:
        raise AssertionError

    async def change(self, _: str, fields: Mapping[str, Any]) -> None:
        self.changed.append(dict(fields))

    async def remove(self, camera: str) -> None:
        raise AssertionError


@pytest.fixture
def node() -> OneCamera:
    return OneCamera()


async def browsing(node: OneCamera, gateway: str | None) -> AsyncIterator[TestClient[Any, Any]]:
    app = application(cast("NodeView", node), node, Secret(TOKEN), gateway)
    async with TestClient(TestServer(app, host=HERE)) as client:
        yield client


@pytest.fixture
async def direct(node: OneCamera) -> AsyncIterator[TestClient[Any, Any]]:
    """A node to which no ingress leads."""
    async for client in browsing(node, None):
        yield client


@pytest.fixture
async def behind(node: OneCamera) -> AsyncIterator[TestClient[Any, Any]]:
    """A node whose gateway is where the requests come from."""
    async for client in browsing(node, HERE):
        yield client


async def test_the_page_needs_no_token_and_loads_nothing_from_elsewhere(
    direct: TestClient[Any, Any],
) -> None:
    kinds = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}
    for path, file in PATHS.items():
        async with direct.get(path) as response:
            assert (response.status, await response.read()) == (200, file.read_bytes())
            assert response.content_type == kinds.get(file.suffix, response.content_type)
            policy = response.headers["Content-Security-Policy"]
            assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert policy.startswith("default-src 'none'; ")
        assert "unsafe" not in policy
        assert not re.search(r"https?:|\*", policy)
    for path in ("/page/files.py", "/page/", "/page/../token.py", "/page/%2e%2e/token.py"):
        async with direct.get(path) as response:
            assert response.status == 401, path


def test_every_file_is_served_and_packaged() -> None:
    assert sorted(PATHS.values()) == FILES
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    patterns = project["tool"]["setuptools"]["package-data"]["*"]
    assert (FOLDER / "__init__.py").is_file()  # only a package's own folder is packaged
    for file in FILES:
        assert any(fnmatch.fnmatch(file.name, pattern) for pattern in patterns), file


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_addresses_are_relative_and_nothing_is_inline(file: Path) -> None:
    text = file.read_text("utf-8").replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"https?:|innerHTML|insertAdjacentHTML|\beval\b|localStorage", text)
    assert not re.search(r"""(href|src|from|fetch\(|url\()\s*=?\s*["'`]/""", text)
    if file.suffix == ".html":
        assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", text)


def test_both_languages_say_the_same() -> None:
    texts = json.loads((FOLDER / "texts.json").read_text("utf-8"))
    english, chinese = texts["en"], texts["zh"]
    assert list(english) == list(chinese) == sorted(english)
    for key, text in english.items():
        assert text.strip()
        assert chinese[key].strip()
        assert set(re.findall(r"{\w+}", text)) == set(re.findall(r"{\w+}", chinese[key])), key
    code = "".join(file.read_text("utf-8") for file in FILES if file.suffix == ".js")
    said = set(re.findall(r"""say\("(\w+)\"""", code))
    assert said <= english.keys()
    made = ("about_", "direction_", "draw_", "kind_", "status_")  # of a value, such as a kind
    unused = {key for key in english if f'"{key}"' not in code and not key.startswith(made)}
    assert unused == set()


async def test_without_ingress_only_the_token_counts(direct: TestClient[Any, Any]) -> None:
    async with direct.get("/api/cameras", headers=GATEWAY) as response:
        assert response.status == 401
    async with direct.get("/api/cameras", headers={"Authorization": f"Bearer {TOKEN}"}) as response:
        assert response.status == 200


async def test_ingress_lets_at_what_the_page_needs(
    behind: TestClient[Any, Any], node: OneCamera
) -> None:
    change = {"zones": None, "lines": None}
    for method, path, body, status in (
        ("GET", "cameras", None, 200),
        ("GET", "cameras/hall/settings", None, 200),
        ("GET", "cameras/attic/settings", None, 404),
        ("GET", "cameras/hall/snapshot", None, 200),
        ("PATCH", "cameras/hall", change, 200),
        ("PATCH", "cameras/hall", change | {"url": "rtsp://192.0.2.9/"}, 400),
        ("GET", "cameras/hall/stream", None, 401),
        ("DELETE", "cameras/hall", None, 401),
        ("POST", "cameras", {"id": "attic", "url": "rtsp://192.0.2.9/"}, 401),
        ("GET", "info", None, 401),
        ("GET", "events", None, 401),
        ("GET", "nothing", None, 401),
    ):
        async with behind.request(method, f"/api/{path}", headers=GATEWAY, json=body) as response:
            assert response.status == status, (method, path, await response.text())
    assert node.changed == [change]
    # With the token everything is allowed, whichever way it comes.
    headers = GATEWAY | {"Authorization": f"Bearer {TOKEN}"}
    async with behind.patch("/api/cameras/hall", headers=headers, json={"name": "x"}) as response:
        assert response.status == 200


async def test_what_does_not_come_from_the_gateway_is_not_believed(node: OneCamera) -> None:
    async for elsewhere in browsing(node, ingress.GATEWAY):
        for headers in (
            GATEWAY,
            GATEWAY | {"X-Forwarded-For": ingress.GATEWAY, "Forwarded": f"for={ingress.GATEWAY}"},
        ):
            async with elsewhere.get("/api/cameras", headers=headers) as response:
                assert response.status == 401


async def test_the_gateways_own_requests_are_no_users(behind: TestClient[Any, Any]) -> None:
    """The Supervisor's watchdog comes from the same address, without a user behind it."""
    async with behind.get("/api/cameras") as response:
        assert response.status == 401
    async with behind.get("/api/health", headers=GATEWAY) as response:
        assert await response.json() == {"status": "ok"}
