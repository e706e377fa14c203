"""The camera entity: pictures and stream from the node's API."""

from datetime import timedelta
from unittest.mock import AsyncMock

import pytest
from homeassistant.components import mqtt
from homeassistant.components.camera import async_get_image, async_get_stream_source
from homeassistant.components.camera.const import CameraEntityFeature
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)

from .node import JPEG, TOKEN, Node, camera

pytestmark = pytest.mark.usefixtures("loaded")

CAMERA = "camera.bedroom"


def features(hass: HomeAssistant, entity_id: str = CAMERA) -> int:
    """Give the features of a camera."""
    state = hass.states.get(entity_id)
    assert state is not None
    return int(state.attributes["supported_features"])


async def later(hass: HomeAssistant, seconds: float) -> None:
    """Let Home Assistant's clock run."""
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=seconds))
    await hass.async_block_till_done(wait_background_tasks=True)


async def test_picture(hass: HomeAssistant) -> None:
    """The picture is the node's."""
    image = await async_get_image(hass, CAMERA)
    assert image.content == JPEG
    assert image.content_type == "image/jpeg"


async def test_stream(hass: HomeAssistant, node: Node) -> None:
    """The stream's address is asked each time, and the last one serves when that fails."""
    assert features(hass) == CameraEntityFeature.ON_OFF | CameraEntityFeature.STREAM
    assert await async_get_stream_source(hass, CAMERA) == "rtsp://user:secret@camera/main"
    node.streams["bedroom"] = "rtsp://user:changed@camera/main"
    assert await async_get_stream_source(hass, CAMERA) == "rtsp://user:changed@camera/main"


async def test_stream_during_an_outage(hass: HomeAssistant, node: Node) -> None:
    """The camera may well be there although the API is not."""
    await node.stop()
    assert await async_get_stream_source(hass, CAMERA) == "rtsp://user:secret@camera/main"
    await hass.async_block_till_done(wait_background_tasks=True)
    assert hass.states.get(CAMERA).state == STATE_UNAVAILABLE


@pytest.mark.parametrize("stream", [None, "", 5])
async def test_no_stream(
    hass: HomeAssistant, node: Node, loaded: MockConfigEntry, stream: str | int | None
) -> None:
    """A camera without a stream of its own shows stills."""
    node.streams["bedroom"] = stream
    await hass.config_entries.async_reload(loaded.entry_id)
    await node.come_online(hass)
    assert features(hass) == CameraEntityFeature.ON_OFF
    assert (await async_get_image(hass, CAMERA)).content == JPEG


async def test_stream_of_a_new_camera(hass: HomeAssistant, node: Node) -> None:
    """A camera that comes later has its stream, too."""
    node.info["cameras"].append(camera("kitchen", "Kitchen"))
    node.streams["kitchen"] = "rtsp://camera/kitchen"
    await node.announce(hass)
    await hass.async_block_till_done(wait_background_tasks=True)
    await node.come_online(hass, "kitchen")
    both = CameraEntityFeature.ON_OFF | CameraEntityFeature.STREAM
    assert features(hass, "camera.kitchen") == both


@pytest.mark.parametrize(
    "snapshot", [404, 503, b"GIF89a", pytest.param(b"\xff\xd8" + bytes(9 << 20), id="huge")]
)
async def test_no_picture(hass: HomeAssistant, node: Node, snapshot: bytes | int) -> None:
    """One camera's missing picture is no outage of the API."""
    node.snapshot = snapshot
    with pytest.raises(HomeAssistantError):
        await async_get_image(hass, CAMERA)
    await hass.async_block_till_done(wait_background_tasks=True)
    state = hass.states.get(CAMERA)
    assert state is not None
    assert state.state != STATE_UNAVAILABLE


async def test_outage_and_return(
    hass: HomeAssistant, node: Node, caplog: pytest.LogCaptureFixture
) -> None:
    """An API that goes away is noticed at the next picture, told once, and tried again."""
    await node.stop()
    with pytest.raises(HomeAssistantError):
        await async_get_image(hass, CAMERA)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert hass.states.get(CAMERA).state == STATE_UNAVAILABLE
    assert hass.states.get("binary_sensor.bedroom_fall").state != STATE_UNAVAILABLE

    await later(hass, 20)
    await later(hass, 60)
    assert hass.states.get(CAMERA).state == STATE_UNAVAILABLE
    assert caplog.text.count("The API of node home cannot be used") == 1
    assert TOKEN not in caplog.text
    assert "secret" not in caplog.text

    await node.start()
    await later(hass, 200)
    assert hass.states.get(CAMERA).state != STATE_UNAVAILABLE
    assert caplog.text.count("The API of node home is back") == 1


async def test_node_back_online_brings_the_api(hass: HomeAssistant, node: Node) -> None:
    """A restarted node is asked at once, without waiting for the next try."""
    await node.publish(hass, "status", "offline")
    await node.stop()
    with pytest.raises(HomeAssistantError):
        await async_get_image(hass, CAMERA)
    await node.start()
    await node.publish(hass, "status", "online")
    await hass.async_block_till_done(wait_background_tasks=True)
    assert hass.states.get(CAMERA).state != STATE_UNAVAILABLE


async def test_token_refused_later(
    hass: HomeAssistant, node: Node, loaded: MockConfigEntry
) -> None:
    """A token that is no longer good asks for a new one, once, and tries no further."""
    node.token = "other"
    with pytest.raises(HomeAssistantError):
        await async_get_image(hass, CAMERA)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert len(list(loaded.async_get_active_flows(hass, {"reauth"}))) == 1
    node.requests.clear()
    await later(hass, 600)
    assert node.requests == []
    assert hass.states.get("binary_sensor.bedroom_fall").state != STATE_UNAVAILABLE


async def test_privacy(hass: HomeAssistant, obedient: Node) -> None:
    """Off, nobody gets a picture or an address; on again, both are back."""
    await act(hass, "turn_off")
    assert obedient.asked == [("bedroom/enabled", "OFF")]
    state = hass.states.get(CAMERA)
    assert state is not None
    assert state.state != STATE_UNAVAILABLE
    assert features(hass) == CameraEntityFeature.ON_OFF
    obedient.requests.clear()
    with pytest.raises(HomeAssistantError):
        await async_get_image(hass, CAMERA)
    with pytest.raises(HomeAssistantError):
        await async_get_stream_source(hass, CAMERA)
    assert obedient.requests == []
    await act(hass, "turn_on")
    await hass.async_block_till_done(wait_background_tasks=True)
    assert "/api/cameras/bedroom/stream" in obedient.requests  # the address may be another now
    assert features(hass) == CameraEntityFeature.ON_OFF | CameraEntityFeature.STREAM
    assert (await async_get_image(hass, CAMERA)).content == JPEG


async def test_a_lost_broker_opens_no_camera(hass: HomeAssistant, obedient: Node) -> None:
    """What was closed stays closed while nobody can say how things are."""
    await obedient.publish(hass, "bedroom/status", "disabled")
    mqtt.client.async_dispatcher_send(hass, mqtt.MQTT_CONNECTION_STATE, False)
    await hass.async_block_till_done()
    assert hass.states.get(CAMERA).state == STATE_UNAVAILABLE
    assert features(hass) == CameraEntityFeature.ON_OFF
    with pytest.raises(HomeAssistantError):
        await async_get_stream_source(hass, CAMERA)


async def test_detection_is_motion_detection(hass: HomeAssistant, obedient: Node) -> None:
    """Home Assistant's own word for whether a camera is judged."""
    assert hass.states.get(CAMERA).attributes["motion_detection"] is True
    await act(hass, "disable_motion_detection")
    assert "motion_detection" not in hass.states.get(CAMERA).attributes
    await act(hass, "enable_motion_detection")
    assert obedient.asked == [("bedroom/detection", "OFF"), ("bedroom/detection", "ON")]


async def test_an_open_stream_ends_with_privacy(hass: HomeAssistant, obedient: Node) -> None:
    """Whoever closes the camera, the stream that Home Assistant had opened ends."""
    entity = hass.data["camera"].get_entity(CAMERA)
    stream = AsyncMock(available=True)
    entity.stream = stream
    await obedient.publish(hass, "bedroom/status", "disabled")
    stream.stop.assert_awaited_once_with()
    assert entity.stream is None


async def act(hass: HomeAssistant, action: str) -> None:
    """Call one of the camera's actions."""
    await hass.services.async_call("camera", action, {"entity_id": CAMERA}, blocking=True)
    await hass.async_block_till_done()
