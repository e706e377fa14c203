"""Every platform as Home Assistant registers and shows it, with everything enabled."""

from collections.abc import Generator
from unittest.mock import patch

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry, snapshot_platform
from pytest_homeassistant_custom_component.typing import MqttMockHAClient
from syrupy.assertion import SnapshotAssertion

from custom_components.omnicam.const import PLATFORMS

from .node import Node, step


@pytest.fixture(autouse=True)
def _known_tokens() -> Generator[None]:
    """Give pictures the same access token each time."""
    with patch("random.SystemRandom.getrandbits", return_value=123123123123):
        yield


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.usefixtures("entity_registry_enabled_by_default")
async def test_platform(
    hass: HomeAssistant,
    mqtt_mock: MqttMockHAClient,
    node: Node,
    entry: MockConfigEntry,
    entity_registry: er.EntityRegistry,
    snapshot: SnapshotAssertion,
    freezer: FrozenDateTimeFactory,
    platform: Platform,
) -> None:
    """Entries and states of one platform."""
    freezer.move_to("2026-11-22T10:00:05+00:00")
    node.info["model"] = "omni"
    with patch("custom_components.omnicam.PLATFORMS", (platform,)):
        assert await hass.config_entries.async_setup(entry.entry_id)
        await hass.async_block_till_done()
        await node.come_online(hass)
        await node.say_everything(hass)
        call = {"event": "h1", "word": "help", "confidence": 0.93, "time": "2026-11-22T10:00:00Z"}
        await node.publish(hass, "bedroom/help", call)
        await node.publish(hass, "bedroom/event", step("escalated"))
        await snapshot_platform(hass, entity_registry, snapshot, entry.entry_id)
        await hass.config_entries.async_unload(entry.entry_id)
