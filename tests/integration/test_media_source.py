"""The media browser, with Home Assistant's own media source and web server."""

from http import HTTPStatus
from typing import Any

import pytest
from homeassistant.components import media_source
from homeassistant.components.media_player import BrowseError
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import (
    ClientSessionGenerator,
    WebSocketGenerator,
)

from .node import Node
from .records import CLIP, PICTURE, event

ROOT = "media-source://omnicam"


@pytest.fixture
async def browser(hass: HomeAssistant, loaded: MockConfigEntry, node: Node) -> None:
    """The media source, and events of two days."""
    await hass.config.async_set_time_zone("UTC")
    assert await async_setup_component(hass, "media_source", {})
    node.records.events = [event(number) for number in range(120)]
    node.records.events += [event(1, "2026-11-20", snapshot=None, **{"class": "smoke"})]
    node.records.events += [event(2, "2026-11-20", clip=None), event(3, "2026-11-20")]
    node.records.events[-1] |= {"clip": None, "snapshot": None}


async def titles(hass: HomeAssistant, *path: str) -> list[str]:
    """Give what a folder shows."""
    folder = await media_source.async_browse_media(hass, "/".join((ROOT, *path)))
    return [child.title for child in folder.children or []]


async def test_folders(hass: HomeAssistant, browser: None, loaded: MockConfigEntry) -> None:
    """Camera, day, class, and pages of clips."""
    entry = loaded.entry_id
    assert await titles(hass) == ["Bedroom"]
    assert await titles(hass, entry, "bedroom") == ["2026-11-22", "2026-11-20"]
    assert await titles(hass, entry, "bedroom", "2026-11-20") == ["All", "Fall", "Smoke"]
    # What the retention has emptied is left out.
    assert await titles(hass, entry, "bedroom", "2026-11-20", "all") == [
        "10:02:00 Fall",
        "10:01:00 Smoke",
    ]
    page = await titles(hass, entry, "bedroom", "2026-11-22", "fall")
    assert (page[0], page[-1], len(page)) == ("11:59:00 Fall", "Earlier", 101)
    rest = await titles(hass, entry, "bedroom", "2026-11-22", "fall", "100")
    assert (rest[-1], len(rest)) == ("10:00:00 Fall", 20)
    for path in (("none",), (entry, "attic"), (entry, "bedroom", "yesterday"), ("a",) * 7):
        with pytest.raises(BrowseError):
            await titles(hass, *path)


async def test_a_clip_plays_with_a_signed_path(
    hass: HomeAssistant,
    browser: None,
    hass_ws_client: WebSocketGenerator,
    hass_client_no_auth: ClientSessionGenerator,
    loaded: MockConfigEntry,
    node: Node,
) -> None:
    """A browser seeks in it without a login, and learns nothing of the node."""
    folder = await media_source.async_browse_media(
        hass, f"{ROOT}/{loaded.entry_id}/bedroom/2026-11-22/fall"
    )
    clip = (folder.children or [])[0]
    client = await hass_ws_client(hass)
    await client.send_json_auto_id(
        {"type": "media_source/resolve_media", "media_content_id": clip.media_content_id}
    )
    resolved = (await client.receive_json())["result"]
    assert resolved["mime_type"] == "video/mp4"
    assert node.token not in resolved["url"]
    assert node.url not in resolved["url"]
    browser_client = await hass_client_no_auth()
    whole = await browser_client.get(resolved["url"])
    assert (whole.status, whole.content_type, await whole.read()) == (200, "video/mp4", CLIP)
    part = await browser_client.get(resolved["url"], headers={"Range": "bytes=100-199"})
    assert (part.status, await part.read()) == (206, CLIP[100:200])
    assert part.headers["Content-Range"] == f"bytes 100-199/{len(CLIP)}"
    unsigned = await browser_client.get(resolved["url"].partition("?")[0])
    assert unsigned.status == HTTPStatus.UNAUTHORIZED


async def test_pictures_and_what_is_not_there(
    hass: HomeAssistant,
    browser: None,
    hass_client: ClientSessionGenerator,
    loaded: MockConfigEntry,
    node: Node,
) -> None:
    """Thumbnails come with a login; a missing file is a 404, a node that is away a 502."""
    client = await hass_client()
    base = f"/api/omnicam/{loaded.entry_id}"
    name = node.records.events[0]["event"]
    picture = await client.get(f"{base}/{name}/snapshot")
    assert (picture.content_type, await picture.read()) == ("image/jpeg", PICTURE)

    async def status(path: str) -> Any:
        return (await client.get(path)).status

    for path in (f"{base}/none/clip", f"{base}/{name}/token", f"/api/omnicam/x/{name}/clip"):
        assert await status(path) == HTTPStatus.NOT_FOUND
    hass.config_entries.async_update_entry(loaded, options={"hidden_media": ["bedroom"]})
    assert await status(f"{base}/{name}/snapshot") == HTTPStatus.NOT_FOUND
    assert await titles(hass) == []
    hass.config_entries.async_update_entry(loaded, options={})
    await node.stop()
    assert await status(f"{base}/{name}/snapshot") == HTTPStatus.BAD_GATEWAY
