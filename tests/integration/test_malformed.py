"""Malformed messages: named once with topic and field, and nothing else suffers."""

from typing import Any

import pytest
from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant

from .node import Node, camera, verdict

pytestmark = pytest.mark.usefixtures("loaded")

FALL = "binary_sensor.bedroom_fall"


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Give the integration's warnings about messages."""
    return [
        record.getMessage()
        for record in caplog.records
        if record.name.startswith("custom_components.omnicam")
        and record.getMessage().startswith("Malformed")
    ]


@pytest.mark.parametrize(
    ("payload", "field"),
    [
        ("not json", "(payload)"),
        ("[1]", "(payload)"),
        pytest.param("[" * 100_000, "(payload)", id="deep"),
        (b"\x80\x81", "(payload)"),
        ({"level": "high"}, "state"),
        ({"state": "on"}, "state"),
        ({"state": True}, "state"),
        ({"state": ["ON"]}, "state"),
    ],
)
async def test_unreadable_state(
    hass: HomeAssistant, node: Node, caplog: pytest.LogCaptureFixture, payload: Any, field: str
) -> None:
    """A state that cannot be read is unknown, not what it was; other sensors go on."""
    await node.publish(hass, "bedroom/fall", verdict("OFF"))
    await node.publish(hass, "bedroom/fall", payload)
    await node.publish(hass, "bedroom/fall", payload)
    await node.publish(hass, "bedroom/smoke", verdict("ON"))
    assert hass.states.get(FALL).state == STATE_UNKNOWN
    assert hass.states.get("binary_sensor.bedroom_smoke").state == STATE_ON
    [warning] = warnings(caplog)
    assert warning.startswith(f"Malformed message on omnicam/home/bedroom/fall: field {field} is")
    assert "send" in warning

    await node.publish(hass, "bedroom/fall", verdict("OFF"))
    assert hass.states.get(FALL).state == STATE_OFF


@pytest.mark.parametrize(
    ("field", "value", "attribute"),
    [
        ("level", "extreme", "level"),
        ("confidence", "0.9", "confidence"),
        ("confidence", 1.5, "confidence"),
        ("confidence", True, "confidence"),
        ("event", 7, "event_id"),
        ("since", 7, "since"),
        ("reason", {}, "reason"),
        ("label", [], "label"),
    ],
)
async def test_flawed_detail(
    hass: HomeAssistant,
    node: Node,
    caplog: pytest.LogCaptureFixture,
    field: str,
    value: Any,
    attribute: str,
) -> None:
    """An alarm is not lost to a bad detail."""
    await node.publish(hass, "bedroom/fall", verdict("ON", **{field: value}))
    await node.publish(hass, "bedroom/fall", verdict("ON", **{field: value}))
    state = hass.states.get(FALL)
    assert state.state == STATE_ON
    assert state.attributes[attribute] is None
    [warning] = warnings(caplog)
    assert f"on omnicam/home/bedroom/fall: field {field} is" in warning


async def test_long_reason_is_cut(hass: HomeAssistant, node: Node) -> None:
    """An attribute cannot bear a novel."""
    await node.publish(hass, "bedroom/fall", verdict("ON", reason="x" * 50_000))
    assert len(hass.states.get(FALL).attributes["reason"]) == 1000


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"contract": 2}, "contract"),
        ({"contract": "1"}, "contract"),
        ({"node": "barn"}, "node"),
        ({"node": None}, "node"),
        ({"cameras": {}}, "cameras"),
    ],
)
async def test_unreadable_info(
    hass: HomeAssistant,
    node: Node,
    caplog: pytest.LogCaptureFixture,
    changes: dict[str, Any],
    field: str,
) -> None:
    """An info that cannot be read changes nothing."""
    await node.publish(hass, "bedroom/fall", verdict("OFF"))
    await node.publish(hass, "info", node.info | changes)
    assert hass.states.get(FALL).state == STATE_OFF
    assert any(f"on omnicam/home/info: field {field} is" in text for text in warnings(caplog))


@pytest.mark.parametrize(
    ("item", "field"),
    [
        ("kitchen", "cameras[1]"),
        ({"name": "Kitchen"}, "cameras[1].id"),
        (camera("a/b", "Kitchen"), "cameras[1].id"),
        (camera("+", "Kitchen"), "cameras[1].id"),
        (camera("", "Kitchen"), "cameras[1].id"),
    ],
)
async def test_unreadable_camera(
    hass: HomeAssistant, node: Node, caplog: pytest.LogCaptureFixture, item: Any, field: str
) -> None:
    """One senseless camera does not keep the others from being added."""
    cameras = [camera("bedroom", "Bedroom"), item, camera("hall", "Hall")]
    await node.publish(hass, "info", node.info | {"cameras": cameras})
    assert hass.states.get("binary_sensor.hall_fall") is not None
    assert hass.states.get(FALL) is not None
    assert len(hass.states.async_entity_ids("camera")) == 2
    assert any(f"field {field} is" in text for text in warnings(caplog))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": 5}, "name"),
        ({"version": []}, "version"),
        ({"unknown": "fall"}, "unknown"),
        ({"cameras": [camera("bedroom", "Bedroom") | {"width": -1}]}, "cameras[0].width"),
        ({"cameras": [camera("bedroom", "Bedroom") | {"audio": "yes"}]}, "cameras[0].audio"),
    ],
)
async def test_flawed_info(
    hass: HomeAssistant,
    node: Node,
    caplog: pytest.LogCaptureFixture,
    changes: dict[str, Any],
    field: str,
) -> None:
    """A bad detail of the info is named; the rest is taken."""
    await node.publish(hass, "info", node.info | changes)
    assert hass.states.get(FALL).state == STATE_UNKNOWN
    assert any(f"field {field} is" in text for text in warnings(caplog))


async def test_withdrawn_info(hass: HomeAssistant, node: Node) -> None:
    """A cleared info removes no camera, for that would lose what the user has set."""
    await node.publish(hass, "info", "")
    assert hass.states.get(FALL).state == STATE_UNKNOWN


async def test_unreadable_status(
    hass: HomeAssistant, node: Node, caplog: pytest.LogCaptureFixture
) -> None:
    """A status that is none means that nobody is known to be there."""
    await node.publish(hass, "bedroom/status", b"\xff")
    assert hass.states.get(FALL).state == STATE_UNAVAILABLE
    await node.publish(hass, "bedroom/status", "online")
    await node.publish(hass, "status", "perhaps")
    assert hass.states.get(FALL).state == STATE_UNAVAILABLE
    texts = warnings(caplog)
    assert len(texts) == 2
    assert "omnicam/home/bedroom/status" in texts[0]
    assert "omnicam/home/status" in texts[1]
