"""Fixtures: a node that serves its API, and Home Assistant with its entry loaded."""

import asyncio
from collections.abc import AsyncGenerator, Generator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.syrupy import HomeAssistantSnapshotExtension
from pytest_homeassistant_custom_component.typing import MqttMockHAClient
from syrupy.assertion import SnapshotAssertion

# First of all: else the test plugin's own `custom_components` takes the name.
import custom_components.omnicam  # noqa: F401
from custom_components.omnicam.const import DOMAIN

from .certificate import Certificate
from .node import Node


@pytest.fixture(autouse=True)
def _custom_integrations(enable_custom_integrations: None) -> None:
    """Let Home Assistant load what stands in `custom_components`."""


@pytest.fixture(autouse=True)
def _storage(hass_storage: dict[str, Any]) -> None:
    """Keep what is stored in memory: it must not reach the next test."""


@pytest.fixture
def expected_lingering_timers() -> bool:
    """MQTT leaves its debouncers' timers behind."""
    return True


@pytest.fixture
def snapshot(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    """Compare without what differs from run to run: ids and times."""
    return snapshot.use_extension(HomeAssistantSnapshotExtension)


@pytest.fixture(autouse=True)
def _short_wait() -> AsyncGenerator[None]:
    """Nobody wants to wait the real seconds for an info that does not come."""
    with (
        patch("custom_components.omnicam.hub.INFO_TIMEOUT", 0.2),
        patch("custom_components.omnicam.topics.COMMAND_TIMEOUT", 0.3),
        patch("custom_components.omnicam.catch_up.APART", 0),  # a frozen clock never gets there
    ):
        yield


@pytest.fixture
async def node(socket_enabled: None) -> AsyncGenerator[Node]:
    """A node with one camera, its API running."""
    node = Node()
    await node.start()
    yield node
    await node.stop()


@pytest.fixture
async def tls_node(
    hass: HomeAssistant, socket_enabled: None, tmp_path: Path
) -> AsyncGenerator[Node]:
    """A node whose API has a certificate of its own."""
    handler = hass.loop.get_exception_handler()

    def without_refusals(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        # The server's half of a handshake that Home Assistant ends, since both share its loop here.
        if handler and "incoming connection" not in context["message"]:
            handler(loop, context)

    hass.loop.set_exception_handler(without_refusals)
    node = Node(Certificate(tmp_path / "node"))
    await node.start()
    yield node
    await node.stop()


@pytest.fixture
def entry(hass: HomeAssistant, node: Node) -> MockConfigEntry:
    """The node's entry, not yet loaded."""
    entry = MockConfigEntry(
        domain=DOMAIN,
        title="Home",
        unique_id="home",
        entry_id="01JTESTENTRYOFOMNICAM00000",
        data={
            "node": "home",
            "url": node.url,
            "token": node.token,
            "announced_url": node.url,
        },
    )
    entry.add_to_hass(hass)
    return entry


@pytest.fixture
async def loaded(
    hass: HomeAssistant, mqtt_mock: MqttMockHAClient, node: Node, entry: MockConfigEntry
) -> MockConfigEntry:
    """The entry, loaded, with the node and its camera online."""
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    await node.come_online(hass)
    return entry


@pytest.fixture
async def obedient(
    hass: HomeAssistant, mqtt_mock: MqttMockHAClient, node: Node, loaded: MockConfigEntry
) -> Node:
    """The node, loaded, having said everything, and doing what it is asked for."""
    await node.say_everything(hass)
    node.obey(hass, mqtt_mock)
    return node


@pytest.fixture
def entity_registry_enabled_by_default() -> Generator[None]:
    """Enable also what is disabled at first."""
    with patch("homeassistant.helpers.entity.Entity.entity_registry_enabled_default", new=True):
        yield
