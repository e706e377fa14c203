"""Serve the page's files. They say nothing of this node, so that they need no token."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from aiohttp import web

_FOLDER = Path(__file__).parent
_NAMES = (
    "api.js",
    "dom.js",
    "editor.js",
    "icon.svg",
    "page.css",
    "page.js",
    "panel.js",
    "picture.js",
    "shapes.js",
    "texts.js",
    "texts.json",
)
PATHS: Mapping[str, Path] = {"/": _FOLDER / "index.html"} | {
    f"/page/{name}": _FOLDER / name for name in _NAMES
}

# Nothing from elsewhere and nothing inline. Blobs are the stills, which need the token and so are
# fetched first. Home Assistant shows the page in a frame of its own origin; nobody else may.
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
    ),
    "Cache-Control": "no-cache",  # asked again each time, so that it fits the node after an update
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


async def page_file(request: web.Request) -> web.StreamResponse:
    """Give one of the page's files."""
    return web.FileResponse(PATHS[request.path], headers=_HEADERS)
