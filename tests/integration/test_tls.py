"""A node with a certificate of its own while it runs: every request is pinned to it."""

from datetime import timedelta
from pathlib import Path

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)
from pytest_homeassistant_custom_component.typing import MqttMockHAClient

from custom_components.omnicam.api import (
    ApiCertificateError,
    ApiConnectionError,
    NodeApi,
    shown_certificate,
)
from custom_components.omnicam.const import DOMAIN

from .certificate import Certificate
from .node import JPEG, TOKEN, Node
from .records import CLIP, event


@pytest.fixture
def node(tls_node: Node) -> Node:
    """A node whose API has a certificate of its own."""
    return tls_node


def client(hass: HomeAssistant, node: Node, fingerprint: str | None) -> NodeApi:
    """Give a client with the right token, pinned to a certificate."""
    return NodeApi(async_get_clientsession(hass), node.url, TOKEN, fingerprint)


async def test_every_call_is_pinned(hass: HomeAssistant, node: Node) -> None:
    """The right certificate lets all kinds of calls through, files of any length among them."""
    api = client(hass, node, node.info["fingerprint"])
    assert (await api.info("home")).fingerprint == node.info["fingerprint"]
    assert await api.snapshot("bedroom") == JPEG
    await api.add_camera("hall", {"name": "Hall"})
    node.records.events = [event(1)]
    async with api.media(node.records.events[0]["event"], "clip") as media:
        assert b"".join([piece async for piece in media.pieces]) == CLIP


@pytest.mark.parametrize("fingerprint", ["ab" * 32, None])
async def test_nothing_is_sent_without_trust(
    hass: HomeAssistant, node: Node, fingerprint: str | None
) -> None:
    """Another certificate than the pinned one, and one that nobody vouches for, end every call."""
    api = client(hass, node, fingerprint)
    found = node.info["fingerprint"] if fingerprint else None
    for call in (api.info(), api.snapshot("bedroom"), api.event("e1"), clip(api)):
        with pytest.raises(ApiCertificateError) as caught:
            await call
        assert caught.value.found == found
        assert TOKEN not in str(caught.value)
    assert node.requests == []


async def clip(api: NodeApi) -> None:
    """Open a clip."""
    async with api.media("e1", "clip"):
        pass


async def test_shown_certificate(hass: HomeAssistant, node: Node) -> None:
    """It is read without a request; a server without TLS has none to show."""
    session = async_get_clientsession(hass)
    assert await shown_certificate(session, node.url) == node.info["fingerprint"]
    assert node.requests == []
    node.certificate = None
    await node.stop()
    await node.start()
    with pytest.raises(ApiConnectionError):
        await shown_certificate(session, node.url)


async def test_certificate_changes_while_it_runs(
    hass: HomeAssistant, mqtt_mock: MqttMockHAClient, node: Node, tmp_path: Path
) -> None:
    """Its owner is asked; the sensors go on, and so does all when the right one comes back."""
    right = node.certificate
    fingerprint = node.info["fingerprint"]
    pins = {"fingerprint": fingerprint, "announced_fingerprint": fingerprint}
    data = {"node": "home", "url": node.url, "token": TOKEN, "announced_url": node.url} | pins
    entry = MockConfigEntry(domain=DOMAIN, title="Home", unique_id="home", data=data)
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await node.come_online(hass)
    monitor = entry.runtime_data.monitor
    assert monitor.available

    await node.stop()
    node.certificate = Certificate(tmp_path / "other")
    await node.start()
    node.requests.clear()
    monitor.async_recheck()
    await hass.async_block_till_done(wait_background_tasks=True)
    assert isinstance(monitor.error, ApiCertificateError)
    (flow,) = entry.async_get_active_flows(hass, {"reauth"})
    assert flow["step_id"] == "certificate_changed"
    assert node.requests == []
    await node.publish(hass, "bedroom/fall", {"state": "ON"})
    assert hass.states.get("binary_sensor.bedroom_fall").state == "on"

    await node.stop()
    node.certificate = right
    await node.start()
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(minutes=1))
    await hass.async_block_till_done(wait_background_tasks=True)
    assert monitor.available
