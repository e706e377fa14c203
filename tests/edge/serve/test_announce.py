"""Multicast DNS on the loopback interface: a real browser hears the node come and go."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from zeroconf import ServiceStateChange
from zeroconf.asyncio import AsyncServiceBrowser, AsyncZeroconf

from omnicam.config.load import parse
from omnicam.serve.announce import LONGEST_URL, SERVICE, Announcement, announced

HOME = Announcement(
    node="home",
    name="Zuhause",
    url="https://127.0.0.1:8130",
    host="127.0.0.1",
    address="192.0.2.1",
    port=8130,
    fingerprint="ab" * 32,
)


class Ears:
    """What a browser in the network has heard."""

    def __init__(self, zeroconf: AsyncZeroconf) -> None:
        self.zeroconf = zeroconf
        self.heard: asyncio.Queue[tuple[str, ServiceStateChange]] = asyncio.Queue()
        AsyncServiceBrowser(zeroconf.zeroconf, SERVICE, handlers=[self._hear])

    def _hear(self, *, name: str, state_change: ServiceStateChange, **_: Any) -> None:
        self.heard.put_nowait((name, state_change))

    async def next(self) -> tuple[str, ServiceStateChange]:
        async with asyncio.timeout(10):
            return await self.heard.get()


@pytest.fixture
async def ears() -> AsyncIterator[Ears]:
    zeroconf = AsyncZeroconf(interfaces=["127.0.0.1"])
    yield Ears(zeroconf)
    await zeroconf.async_close()


async def test_a_browser_hears_the_node_come_and_go(ears: Ears) -> None:
    async with announced(HOME):
        assert await ears.next() == (f"home.{SERVICE}", ServiceStateChange.Added)
        service = await ears.zeroconf.async_get_service_info(SERVICE, f"home.{SERVICE}")
        assert service is not None
        assert service.decoded_properties == {
            "contract": "1",
            "node": "home",
            "name": "Zuhause",
            "url": "https://127.0.0.1:8130",
            "tls": "1",
            "fingerprint": "ab" * 32,
        }
        assert (service.parsed_addresses(), service.port) == (["127.0.0.1"], 8130)
    assert await ears.next() == (f"home.{SERVICE}", ServiceStateChange.Removed)


async def test_two_nodes_of_one_name_are_both_heard(ears: Ears) -> None:
    async with announced(HOME):
        first, _ = await ears.next()
        async with announced(replace(HOME, port=8131)):
            second, _ = await ears.next()
            assert first != second


async def test_none_is_silent(ears: Ears) -> None:
    async with announced(None):
        await asyncio.sleep(0.3)
    assert ears.heard.empty()


@pytest.mark.parametrize(
    "silent",
    [
        replace(HOME, host="203.0.113.254"),  # an address that this machine does not have
        replace(HOME, url="https://" + "a" * LONGEST_URL),
    ],
)
async def test_a_failure_is_one_warning(
    silent: Announcement, caplog: pytest.LogCaptureFixture
) -> None:
    async with announced(silent):
        async with asyncio.timeout(10):
            while not caplog.records:
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
    ours = [record for record in caplog.records if record.name.startswith("omnicam")]
    assert [record.levelno for record in ours] == [logging.WARNING]
    assert "api." in ours[0].getMessage()


async def test_a_node_that_ends_at_once_withdraws(ears: Ears) -> None:
    async with announced(HOME):
        pass
    async with announced(HOME):
        assert await ears.next() == (f"home.{SERVICE}", ServiceStateChange.Added)


def test_long_names_fit_and_nothing_more_is_told() -> None:
    told = replace(HOME, name="家" * 200, fingerprint=None).fields()
    assert "fingerprint" not in told
    assert told["tls"] == "0"
    for key, value in told.items():
        assert len(f"{key}={value}".encode()) <= 255


@pytest.mark.parametrize(
    ("api", "told"),
    [
        ({}, True),
        ({"host": "192.0.2.7"}, True),
        ({"host": "127.0.0.1"}, False),
        ({"host": "::1"}, False),
        ({"host": "localhost"}, False),
        ({"host": "127.0.0.1", "zeroconf": True}, True),
        ({"zeroconf": False}, False),
    ],
)
def test_by_itself_only_what_others_reach_is_told(
    api: dict[str, Any], told: bool, tmp_path: Path
) -> None:
    assert parse({"node": "home", "api": api}, base=tmp_path).api.zeroconf is told
