"""The options: check-ins, and which cameras the media browser shows."""

from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.omnicam.shown import is_shown


async def offered(hass: HomeAssistant, entry: MockConfigEntry) -> tuple[str, dict[str, str]]:
    """Open the form; give its flow and the cameras that it offers, by id."""
    form = await hass.config_entries.options.async_init(entry.entry_id)
    assert (form["type"], form["step_id"]) == (FlowResultType.FORM, "init")
    selector = form["data_schema"].schema["hidden_media"]
    cameras = {each["value"]: each["label"] for each in selector.config["options"]}
    return form["flow_id"], cameras


async def test_a_camera_is_kept_out_of_media(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """What is chosen counts at once."""
    flow, cameras = await offered(hass, loaded)
    assert cameras["bedroom"] == "Bedroom"
    assert is_shown(loaded, "bedroom")
    chosen = {"check_in": False, "hidden_media": ["bedroom"]}
    done = await hass.config_entries.options.async_configure(flow, chosen)
    assert done["type"] is FlowResultType.CREATE_ENTRY
    assert loaded.options == chosen
    assert not is_shown(loaded, "bedroom")


async def test_a_hidden_camera_can_be_shown_while_the_node_is_away(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    """It is still offered, and stays hidden unless it is taken out."""
    hass.config_entries.async_update_entry(loaded, options={"hidden_media": ["bedroom"]})
    assert await hass.config_entries.async_unload(loaded.entry_id)
    flow, cameras = await offered(hass, loaded)
    assert cameras == {"bedroom": "bedroom"}
    await hass.config_entries.options.async_configure(flow, {"hidden_media": []})
    assert loaded.options == {"check_in": True, "hidden_media": []}
