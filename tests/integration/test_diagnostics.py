"""The diagnostics tell the state and no secret."""

import json

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)

from custom_components.omnicam.diagnostics import async_get_config_entry_diagnostics

from .node import TOKEN, Node, verdict


async def test_diagnostics(hass: HomeAssistant, node: Node, loaded: MockConfigEntry) -> None:
    """Everything is there that a bug report needs."""
    await node.publish(hass, "bedroom/fall", verdict("ON", level="high", reason="by the bed"))
    found = await async_get_config_entry_diagnostics(hass, loaded)
    assert found["node"]["online"] is True
    assert found["node"]["unknown"] == ["dangerous_tool"]
    assert found["issues"] == []
    assert found["api_available"] is True
    assert found["cameras"]["bedroom"]["stream"] is True
    assert found["cameras"]["bedroom"]["verdicts"]["fall"]["on"] is True
    text = json.dumps(found)
    for secret in (TOKEN, node.url, "rtsp", "by the bed", "Bedroom"):
        assert secret not in text


async def test_diagnostics_of_an_outage(
    hass: HomeAssistant, node: Node, loaded: MockConfigEntry
) -> None:
    """Why the API cannot be used is told, without its address."""
    await node.stop()
    await loaded.runtime_data.monitor.async_check()
    found = await async_get_config_entry_diagnostics(hass, loaded)
    assert found["api_available"] is False
    assert found["api_error"].startswith("/api/info was not reached: ")
    assert node.url not in json.dumps(found)


async def test_diagnostics_name_what_people_were_told(
    hass: HomeAssistant, node: Node, loaded: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    """The repair issues of this node, and what contract it speaks."""
    await node.publish(hass, "info", node.info | {"contract": 2})
    freezer.tick(61)
    async_fire_time_changed(hass)
    await hass.async_block_till_done(wait_background_tasks=True)
    found = await async_get_config_entry_diagnostics(hass, loaded)
    assert found["issues"] == ["unsupported_contract"]
    assert found["node"]["foreign_contract"] == "2"
