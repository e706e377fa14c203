"""The sensors: a camera's level and last sentence, its figures, and the node's model."""

import pytest
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.omnicam.sensor import MODEL_SENSORS

from .node import Node, step

LEVEL = "sensor.bedroom_level"
DESCRIPTION = "sensor.bedroom_description"
MODEL = "sensor.home_model"

pytestmark = pytest.mark.usefixtures("loaded")


def get(hass: HomeAssistant, entity_id: str) -> State:
    """Give an entity's state."""
    found = hass.states.get(entity_id)
    assert found is not None
    return found


async def test_level(hass: HomeAssistant, node: Node, caplog: pytest.LogCaptureFixture) -> None:
    """The level is one of four words."""
    assert get(hass, LEVEL).state == STATE_UNKNOWN
    for level in ("low", "high", "none"):
        await node.publish(hass, "bedroom/level", level)
        assert get(hass, LEVEL).state == level
    await node.publish(hass, "bedroom/level", "severe")
    assert get(hass, LEVEL).state == STATE_UNKNOWN
    assert "send one of none, low, medium, high" in caplog.text
    await node.publish(hass, "bedroom/level", "low")
    await node.publish(hass, "bedroom/status", "offline")
    assert get(hass, LEVEL).state == STATE_UNAVAILABLE


async def test_description(hass: HomeAssistant, node: Node) -> None:
    """The model's sentence, or else the reason; cut to what a state can hold."""
    await node.publish(hass, "bedroom/last_event", step("suspected"))
    assert get(hass, DESCRIPTION).state == "trunk fell to 80 degrees"
    said = step("verified", description="An old man lies beside his bed.")
    await node.publish(hass, "bedroom/last_event", said)
    found = get(hass, DESCRIPTION)
    assert found.state == "An old man lies beside his bed."
    assert (found.attributes["anomaly"], found.attributes["step"]) == ("fall", "verified")
    await node.publish(hass, "bedroom/status", "offline")
    assert get(hass, DESCRIPTION).state == "An old man lies beside his bed."
    await node.publish(hass, "bedroom/last_event", step("verified", description="帮" * 300))
    assert len(get(hass, DESCRIPTION).state) == 255
    await node.publish(hass, "bedroom/last_event", "")
    assert get(hass, DESCRIPTION).state == STATE_UNKNOWN


async def test_noisy_figures_are_off_at_first(
    hass: HomeAssistant, entity_registry: er.EntityRegistry, loaded: MockConfigEntry
) -> None:
    """Whoever wants a chart switches them on."""
    entries = er.async_entries_for_config_entry(entity_registry, loaded.entry_id)
    off = {entry.unique_id.rpartition("/")[2] for entry in entries if entry.disabled_by}
    assert off == {"frame_rate", "latency", "dropped_frames"}


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
async def test_a_model_comes_and_goes(
    hass: HomeAssistant, node: Node, loaded: MockConfigEntry, entity_registry: er.EntityRegistry
) -> None:
    """A node without a model has none of its sensors, not even dead ones."""
    keys = {f"home/{description.key}" for description in MODEL_SENSORS}

    def registered() -> set[str]:
        entries = er.async_entries_for_config_entry(entity_registry, loaded.entry_id)
        return {entry.unique_id for entry in entries} & keys

    assert registered() == set()
    node.info["model"] = "omni"
    await node.announce(hass)
    await node.announce(hass)
    assert registered() == keys
    await node.publish(hass, "model", {"state": "slow", "reason": "overloaded"})
    found = get(hass, MODEL)
    assert (found.state, found.attributes["reason"]) == ("slow", "overloaded")
    await node.publish(hass, "model", {"state": "bewitched"})
    assert get(hass, MODEL).state == STATE_UNKNOWN
    await node.publish(hass, "model", {"name": "no state"})
    assert get(hass, MODEL).state == STATE_UNKNOWN
    await node.publish(hass, "status", "offline")
    assert get(hass, MODEL).state == STATE_UNAVAILABLE
    node.info["model"] = None
    await node.announce(hass)
    assert registered() == set()
    node.info["model"] = "omni"
    await node.announce(hass)
    assert registered() == keys
    node.info["model"] = None  # taken out while Home Assistant was away
    await hass.config_entries.async_unload(loaded.entry_id)
    await hass.config_entries.async_setup(loaded.entry_id)
    await hass.async_block_till_done()
    assert registered() == set()
