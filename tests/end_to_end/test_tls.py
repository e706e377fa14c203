"""A node with a certificate of its own, and a real Home Assistant that pins it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

from harness.home_assistant import HomeAssistant
from harness.house import open_house
from harness.watching import Listener, until
from omnicam.serve.announce import SERVICE
from omnicam.serve.certificate import CERTIFICATE_FILE, KEY_FILE, spelled

pytestmark = pytest.mark.timeout(240)

PATIENCE_S = 60.0


async def test_home_assistant_pins_and_follows_the_certificate(tmp_path: Path, quiet: Path):
    """Set up by its card, and a new certificate that the node tells of: nothing is typed for it."""
    settings = {"api": {"tls": True, "zeroconf": True, "host": "127.0.0.1"}}
    async with open_house(tmp_path, {"bedroom": {"url": str(quiet)}}, settings=settings) as house:
        node, hass = house.node, house.home_assistant
        assert hass is not None
        async with Listener(house.broker, "omnicam/home/info") as heard:

            async def told() -> str | None:
                message = heard.newest("omnicam/home/info")
                return message and message.json["fingerprint"]

            first = await until(told, 10, "the certificate on the broker")
            assert (await node.get("/api/info"))["fingerprint"] == first
            assert spelled(first) in node.log(200)
            assert await announced() == {"url": heard.newest("omnicam/home/info").json["api"],
                                         "fingerprint": first, "tls": "1"}  # fmt: skip
            assert await until(picture(hass), PATIENCE_S, "a picture by HTTPS")
            assert await until(pinned(tmp_path, first), PATIENCE_S, "the certificate in the entry")

            await node.stop()
            assert not await announced()
            await node.start()
            assert (await node.get("/api/info"))["fingerprint"] == first

            await node.stop()
            for name in (CERTIFICATE_FILE, KEY_FILE):
                (node.data / name).unlink()
            await node.start()
            second = (await node.get("/api/info"))["fingerprint"]
            assert second != first
            assert await until(picture(hass), PATIENCE_S, "a picture after the change")
            assert await until(pinned(tmp_path, second), PATIENCE_S, "the new one in the entry")


def pinned(folder: Path, fingerprint: str) -> Callable[[], Awaitable[bool]]:
    """Give what tells whether Home Assistant has stored that it trusts this certificate."""

    async def stored() -> bool:
        file = folder / "home-assistant/.storage/core.config_entries"
        return f'"fingerprint":"{fingerprint}"' in file.read_text("utf-8").replace(" ", "")

    return stored


def picture(hass: HomeAssistant) -> Callable[[], Awaitable[bool]]:
    """Give what tells whether Home Assistant shows the camera's present picture."""

    async def shown() -> bool:
        try:
            _, picture = await hass.download("/api/camera_proxy/camera.bedroom")
        except (aiohttp.ClientError, RuntimeError):
            return False
        return picture.startswith(b"\xff\xd8")

    return shown


async def announced() -> dict[str, Any]:
    """Give what the network hears of the node, nothing where it hears none."""
    service = AsyncServiceInfo(SERVICE, f"home.{SERVICE}")
    async with AsyncZeroconf(interfaces=["127.0.0.1"]) as zeroconf:
        await service.async_request(zeroconf.zeroconf, 3000)
    told = service.decoded_properties
    return {key: told[key] for key in ("url", "fingerprint", "tls") if key in told}
