"""Cameras as subentries: their flow, and how they follow the node."""

from typing import Any
from unittest.mock import patch

import pytest
from aiohttp import web
from homeassistant.config_entries import SOURCE_RECONFIGURE, SOURCE_USER, SubentryFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry

from .node import Node, camera

URL = "rtsp://192.0.2.7/stream"
SOURCE = "custom_components.omnicam.flow_camera.async_get_stream_source"


async def begin(hass: HomeAssistant, entry: MockConfigEntry, step: str) -> SubentryFlowResult:
    """Open the form of one way to add a camera."""
    flow = hass.config_entries.subentries
    menu = await flow.async_init((entry.entry_id, "camera"), context={"source": SOURCE_USER})
    assert menu["type"] is FlowResultType.MENU
    return await flow.async_configure(menu["flow_id"], {"next_step_id": step})


async def submit(hass: HomeAssistant, form: SubentryFlowResult, **data: Any) -> SubentryFlowResult:
    """Fill in the form."""
    result = await hass.config_entries.subentries.async_configure(form["flow_id"], data)
    await hass.async_block_till_done(wait_background_tasks=True)
    return result


def titles(entry: MockConfigEntry) -> dict[str | None, str]:
    """Give the subentries by camera."""
    return {each.unique_id: each.title for each in entry.subentries.values()}


def owners(hass: HomeAssistant, camera: str) -> set[str | None]:
    """Give the subentries to which a camera's device and its entities belong."""
    (device,) = dr.async_get(hass).async_get_devices(identifiers={("omnicam", camera)})
    entities = er.async_entries_for_device(er.async_get(hass), device.id, True)
    assert len(entities) > 10
    return {device.config_subentry_id, *(each.config_subentry_id for each in entities)}


async def reconfigure(hass: HomeAssistant, entry: MockConfigEntry) -> SubentryFlowResult:
    """Open the form of the only subentry."""
    (subentry,) = entry.subentries.values()
    return await hass.config_entries.subentries.async_init(
        (entry.entry_id, "camera"),
        context={"source": SOURCE_RECONFIGURE, "subentry_id": subentry.subentry_id},
    )


async def show_hall(hass: HomeAssistant, node: Node) -> None:
    """Let the node tell of a camera that was added to it."""
    node.info["cameras"] = [
        camera("bedroom", "Bedroom"),
        camera("hall", "Hall") | {"origin": "api"},
    ]
    node.fields["hall"] = {
        "name": "Hall",
        "url": URL,
        "night": "21:00-05:30",
        "classes": {"smoke": {"enabled": False, "low": 0.6, "alarm_level": "low"}},
    }
    await node.announce(hass)
    await hass.async_block_till_done(wait_background_tasks=True)


def refusal(status: int, fields: Any = None) -> web.Response:
    """Give the answer of a node that refuses."""
    return web.json_response({"error": "x", "remedy": "y", "fields": fields}, status=status)


async def test_by_address(hass: HomeAssistant, node: Node, loaded: MockConfigEntry) -> None:
    """The node gets the fields, and its device appears without a reload."""
    form = await begin(hass, loaded, "address")
    result = await submit(
        hass,
        form,
        name="Hall way",
        url=URL,
        password="s3cret",
        classes=["fall"],
        alarm_level="medium",
        night_start="21:00:00",
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY
    ((method, name, sent),) = node.changes
    assert (method, name, sent["url"], sent["password"]) == ("POST", "hall_way", URL, "s3cret")
    assert sent["night"] == "21:00-06:00"
    assert sent["classes"]["fall"] == {"enabled": True, "alarm_level": "medium"}
    assert sent["classes"]["smoke"] == {"enabled": False, "alarm_level": "medium"}
    assert titles(loaded) == {"hall_way": "Hall way"}
    (subentry,) = loaded.subentries.values()
    assert dict(subentry.data) == {}  # no secret in Home Assistant
    assert hass.states.get("binary_sensor.hall_way_fall")
    assert owners(hass, "home_hall_way") == {subentry.subentry_id}
    assert owners(hass, "home_bedroom") == {None}  # of the node's own file


async def test_from_an_entity(hass: HomeAssistant, node: Node, loaded: MockConfigEntry) -> None:
    """The node gets the stream of the camera; one without a stream is refused and corrected."""
    form = await begin(hass, loaded, "entity")
    for answer in ({"return_value": None}, {"side_effect": HomeAssistantError("none")}):
        with patch(SOURCE, **answer):
            form = await submit(hass, form, name="Hall", entity="camera.hall")
        assert form["errors"] == {"entity": "no_stream"}
    with patch(SOURCE, return_value=URL):
        result = await submit(hass, form, name="Hall", entity="camera.hall")
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert node.changes[0][2]["url"] == URL


@pytest.mark.parametrize(
    ("answer", "errors", "problem"),
    [
        ((503, None), {"base": "refused"}, "x: y"),
        ((409, None), {"name": "camera_exists"}, "x: y"),
        ((404, None), {"base": "node_too_old"}, "x: y"),
        ((400, None), {"base": "refused"}, "x: y"),
        ((400, {"zones.bed.kind": "wrong"}), {"zones": "refused"}, "zones.bed.kind: wrong"),
        ((400, {"night": "wrong"}), {"night_start": "refused"}, "night: wrong"),
        ((400, {"audio": "wrong"}), {"base": "refused"}, "audio: wrong"),
    ],
)
async def test_what_the_node_refuses_comes_back_to_the_form(
    hass: HomeAssistant,
    node: Node,
    loaded: MockConfigEntry,
    answer: tuple[int, Any],
    errors: dict[str, str],
    problem: str,
) -> None:
    """Every error is shown where it belongs, and can be corrected."""
    form = await begin(hass, loaded, "address")
    node.answers["/api/cameras"] = refusal(*answer)
    form = await submit(hass, form, name="Hall", url=URL, password="s3cret")
    assert form["errors"] == errors
    assert form["description_placeholders"] == {"problem": problem}
    del node.answers["/api/cameras"]
    result = await submit(hass, form, name="Hall", url=URL)
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_reconfigure(hass: HomeAssistant, node: Node, loaded: MockConfigEntry) -> None:
    """What is not given stays; the title follows the name."""
    await show_hall(hass, node)
    form = await reconfigure(hass, loaded)
    page = f"{node.url}/#camera=hall"
    assert form["description_placeholders"] == {"problem": "", "page": page}
    node.answers["/api/cameras/hall"] = refusal(400, {"zones": "wrong"})
    form = await submit(hass, form, name="Corridor", zones={"x": 1})
    assert form["errors"] == {"zones": "refused"}
    del node.answers["/api/cameras/hall"]
    result = await submit(hass, form, name="Corridor", classes=["smoke"])
    assert result["reason"] == "reconfigure_successful"
    ((method, name, sent),) = node.changes
    assert (method, name) == ("PATCH", "hall")
    assert "url" not in sent
    assert "zones" not in sent
    assert sent["night"] is None
    assert sent["classes"]["smoke"] == {"enabled": True, "low": 0.6, "alarm_level": "low"}
    assert titles(loaded) == {"hall": "Corridor"}


async def test_zones_drawn_on_the_page_meanwhile_stay(
    hass: HomeAssistant, node: Node, loaded: MockConfigEntry
) -> None:
    """The form sends zones only if they were changed in it."""
    await show_hall(hass, node)
    zones = {"bed": {"kind": "resting", "points": [[0, 0], [1, 0], [1, 1]]}}
    node.fields["hall"]["zones"] = zones
    sent: list[Any] = []
    for given in (zones, {"sofa": zones["bed"]}, None):
        form = await reconfigure(hass, loaded)
        await submit(hass, form, name="Hall", **({} if given is None else {"zones": given}))
        sent.append(node.changes[-1][2].get("zones", "left alone"))
    assert sent == ["left alone", {"sofa": zones["bed"]}, None]


async def test_without_the_node(hass: HomeAssistant, node: Node, loaded: MockConfigEntry) -> None:
    """Without the present settings there is nothing to change."""
    await show_hall(hass, node)
    node.answers["/api/cameras/hall/settings"] = refusal(503)
    result = await reconfigure(hass, loaded)
    assert result["reason"] == "refused"
    assert result["description_placeholders"] == {"problem": "x: y"}
    await hass.config_entries.async_unload(loaded.entry_id)
    assert (await reconfigure(hass, loaded))["reason"] == "entry_not_loaded"
    result = await hass.config_entries.subentries.async_init(
        (loaded.entry_id, "camera"), context={"source": SOURCE_USER}
    )
    assert result["reason"] == "entry_not_loaded"


async def test_subentries_follow_the_node(
    hass: HomeAssistant, node: Node, loaded: MockConfigEntry
) -> None:
    """A camera added, renamed and removed at the node shows here; the file's cameras do not."""
    await show_hall(hass, node)
    assert titles(loaded) == {"hall": "Hall"}
    assert owners(hass, "home_hall") == {each.subentry_id for each in loaded.subentries.values()}
    node.info["cameras"][1]["name"] = "Corridor"
    await node.announce(hass)
    assert titles(loaded) == {"hall": "Corridor"}
    node.info["cameras"] = [camera("bedroom", "Bedroom")]
    await node.announce(hass)
    assert titles(loaded) == {}
    assert node.changes == []  # what the node removed is not removed again


async def test_a_removed_subentry_removes_the_camera(
    hass: HomeAssistant, node: Node, loaded: MockConfigEntry
) -> None:
    """And when the node cannot be asked, the subentry comes back: the node goes on watching."""
    await show_hall(hass, node)
    node.answers["/api/cameras/hall"] = refusal(503)
    (subentry,) = loaded.subentries.values()
    hass.config_entries.async_remove_subentry(loaded, subentry.subentry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert titles(loaded) == {"hall": "Hall"}
    assert hass.states.get("binary_sensor.hall_fall")
    del node.answers["/api/cameras/hall"]
    (subentry,) = loaded.subentries.values()
    hass.config_entries.async_remove_subentry(loaded, subentry.subentry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert [change[:2] for change in node.changes] == [("DELETE", "hall")]
    assert titles(loaded) == {}
    assert hass.states.get("binary_sensor.hall_fall") is None
