"""Clips and pictures of events for browsers, fetched from the node with its token.

A browser gets a path of Home Assistant, which is signed for a while and says nothing of the node's
address or token. Ranges are passed on, so that a player can seek.
"""

import re
from http import HTTPStatus
from typing import Final

from aiohttp import web
from homeassistant.helpers.http import KEY_HASS, HomeAssistantView

from .api import ApiError, ApiUnknownError, Media
from .const import DOMAIN, LOGGER
from .shown import is_shown
from .targets import async_loaded

_TYPES: Final = {"clip": "video/mp4", "snapshot": "image/jpeg"}
_EVENT: Final = re.compile(r"[A-Za-z0-9_-]{1,200}")
_PASSED_ON: Final = ("Content-Length", "Content-Range", "Accept-Ranges", "Last-Modified", "ETag")


def media_path(entry_id: str, event: str, kind: str) -> str:
    """Give the path of an event's `clip` or `snapshot`; it needs a login or a signature."""
    return f"/api/{DOMAIN}/{entry_id}/{event}/{kind}"


class EventMediaView(HomeAssistantView):
    """Hands on a file of an event, in pieces: none is held in memory whole."""

    url = f"/api/{DOMAIN}/{{entry_id}}/{{event}}/{{kind}}"
    name = f"api:{DOMAIN}:media"

    async def get(
        self, request: web.Request, entry_id: str, event: str, kind: str
    ) -> web.StreamResponse:
        """Answer a browser."""
        hass = request.app[KEY_HASS]
        entry = next((each for each in async_loaded(hass) if each.entry_id == entry_id), None)
        if entry is None or kind not in _TYPES or not _EVENT.fullmatch(event):
            return web.Response(status=HTTPStatus.NOT_FOUND)
        api = entry.runtime_data.monitor.api
        try:
            known = await api.event(event)
            if not is_shown(entry, str(known.get("camera"))):
                return web.Response(status=HTTPStatus.NOT_FOUND)
            async with api.media(event, kind, request.headers.get("Range")) as media:
                return await _hand_on(request, media, _TYPES[kind])
        except ApiUnknownError:
            return web.Response(status=HTTPStatus.NOT_FOUND)
        except ApiError as error:
            LOGGER.debug("No %s of event %s: %s", kind, event, error)
            return web.Response(status=HTTPStatus.BAD_GATEWAY)


async def _hand_on(request: web.Request, media: Media, content_type: str) -> web.StreamResponse:
    headers = {name: media.headers[name] for name in _PASSED_ON if name in media.headers}
    headers |= {"Content-Type": content_type, "Cache-Control": "private, max-age=60"}
    response = web.StreamResponse(status=media.status, headers=headers)
    await response.prepare(request)
    try:
        async for piece in media.pieces:
            await response.write(piece)
        await response.write_eof()
    except ApiError as error:
        # The status has gone out: a broken connection is how the browser learns of it.
        LOGGER.debug("A file of %s broke off: %s", request.path, error)
        if request.transport is not None:
            request.transport.abort()
    return response
