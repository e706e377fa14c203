"""Whether the node is as new as the integration."""

from unittest.mock import patch

import pytest
from awesomeversion import AwesomeVersion
from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.loader import Integration, async_get_integration
from pytest_homeassistant_custom_component.common import MockConfigEntry

from .node import Node

UPDATE = "update.home_software"


@pytest.mark.parametrize(
    ("node_version", "integration_version", "state", "latest"),
    [
        ("0.1.0", "0.1.0", STATE_OFF, "0.1.0"),
        ("0.1.0", "0.2.0", STATE_ON, "0.2.0"),
        ("0.3.0", "0.2.0", STATE_OFF, "0.3.0"),
        ("home-made", "0.2.0", STATE_OFF, "home-made"),
        (None, "0.2.0", STATE_UNKNOWN, None),
        ("0.1.0", None, STATE_OFF, "0.1.0"),
    ],
)
async def test_versions(
    hass: HomeAssistant,
    node: Node,
    loaded: MockConfigEntry,
    node_version: str | None,
    integration_version: str | None,
    state: str,
    latest: str | None,
) -> None:
    """An older node can be updated; a newer one is nothing to worry about."""
    node.info["version"] = node_version
    integration = await async_get_integration(hass, "omnicam")
    version = integration_version and AwesomeVersion(integration_version)
    with patch.object(Integration, "version", version):
        assert integration.version == version
        await hass.config_entries.async_reload(loaded.entry_id)
        await node.come_online(hass)
    found = hass.states.get(UPDATE)
    assert found is not None
    assert found.state == state
    assert found.attributes["latest_version"] == latest
