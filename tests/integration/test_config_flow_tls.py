"""Certificates and multicast DNS in the config flow, on a node that really speaks TLS."""

from ipaddress import ip_address
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from homeassistant.config_entries import SOURCE_USER, SOURCE_ZEROCONF, ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers.service_info.zeroconf import ZeroconfServiceInfo
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.omnicam.api import shown_certificate
from custom_components.omnicam.const import DOMAIN

from .certificate import Certificate
from .node import TOKEN, Node
from .test_config_flow import announce_app, discover, submit, suggested_url

pytestmark = pytest.mark.usefixtures("mqtt_mock")


@pytest.fixture
def node(tls_node: Node) -> Node:
    """A node whose API has a certificate of its own."""
    return tls_node


@pytest.fixture
def other(tmp_path: Path) -> Certificate:
    """Another certificate: a new one of the node, or somebody else's."""
    return Certificate(tmp_path / "other")


@pytest.fixture
def entry(hass: HomeAssistant, node: Node) -> MockConfigEntry:
    """The node's entry with its certificate pinned, not yet loaded."""
    entry = MockConfigEntry(domain=DOMAIN, title="Home", unique_id="home", data=data(node))
    entry.add_to_hass(hass)
    return entry


def data(node: Node) -> dict[str, Any]:
    """Give the data of an entry that has nothing else than what the node said."""
    return {
        "node": "home",
        "url": node.url,
        "token": TOKEN,
        "announced_url": node.url,
        "fingerprint": node.info["fingerprint"],
        "announced_fingerprint": node.info["fingerprint"],
    }


def spelled(fingerprint: str) -> str:
    """Give it as openssl shows it."""
    pairs = zip(fingerprint[::2], fingerprint[1::2], strict=True)
    return ":".join(f"{high}{low}" for high, low in pairs).upper()


async def show_another(node: Node, certificate: Certificate) -> None:
    """Restart the server with another certificate, at the same address."""
    await node.stop()
    node.certificate = certificate
    await node.start()


async def hear(hass: HomeAssistant, node: Node, /, **changes: str | None) -> ConfigFlowResult:
    """Start the flow as the zeroconf integration does; None leaves something out."""
    told = {
        "contract": "1",
        "node": "home",
        "name": "Home",
        "url": node.url,
        "tls": "1" if node.certificate else "0",
        "fingerprint": node.certificate and node.certificate.fingerprint,
    }
    service = "home._omnicam._tcp.local."
    return await hass.config_entries.flow.async_init(
        DOMAIN,
        context={"source": SOURCE_ZEROCONF},
        data=ZeroconfServiceInfo(
            ip_address=ip_address("127.0.0.1"),
            ip_addresses=[ip_address("127.0.0.1")],
            port=8130,
            hostname="home.local.",
            type="_omnicam._tcp.local.",
            name=service,
            properties={key: text for key, text in (told | changes).items() if text is not None},
        ),
    )


async def open_user(hass: HomeAssistant) -> ConfigFlowResult:
    """Begin to add a node by hand."""
    return await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})


async def test_typed_by_hand(hass: HomeAssistant, node: Node) -> None:
    """The certificate is shown before the token is sent, and pinned once it is trusted."""
    result = await submit(hass, await open_user(hass), url=node.url, token=TOKEN)
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "certificate"
    placeholders = result["description_placeholders"]
    assert placeholders is not None
    assert placeholders["found"] == spelled(node.info["fingerprint"])
    assert node.requests == []
    # A page that is loaded anew shows it again.
    again = await hass.config_entries.flow.async_configure(result["flow_id"])
    assert again["step_id"] == "certificate"

    result = await submit(hass, result)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"] == data(node)
    assert result["result"].unique_id == "home"


async def test_typed_token_is_wrong(hass: HomeAssistant, node: Node) -> None:
    """After the certificate the first form comes again, and does not ask for trust twice."""
    result = await submit(hass, await open_user(hass), url=node.url, token="wrong")
    result = await submit(hass, result)
    assert result["step_id"] == "user"
    assert result["errors"] == {"token": "invalid_auth"}
    assert suggested_url(result) == node.url
    result = await submit(hass, result, url=node.url, token=TOKEN)
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_no_tls_at_the_address(hass: HomeAssistant, node: Node) -> None:
    """An https address of a server without TLS is no certificate to look at."""
    node.certificate = None
    await node.stop()
    await node.start()
    flow = await open_user(hass)
    result = await submit(hass, flow, url=node.url.replace("http:", "https:"), token=TOKEN)
    assert result["errors"] == {"url": "cannot_connect"}


async def test_certificate_gone_before_it_was_shown(hass: HomeAssistant, node: Node) -> None:
    """A server that stops before its certificate is read is not reached."""

    async def stop_first(*arguments: Any) -> str:
        await node.stop()
        return await shown_certificate(*arguments)

    flow = await open_user(hass)
    with patch("custom_components.omnicam.ask_node.shown_certificate", stop_first):
        result = await submit(hass, flow, url=node.url, token=TOKEN)
    assert result["errors"] == {"url": "cannot_connect"}


async def test_broker_brings_the_certificate(hass: HomeAssistant, node: Node) -> None:
    """What the node said through the broker is pinned without a question."""
    flow = await discover(hass, node.info)
    assert suggested_url(flow) == node.url
    result = await submit(hass, flow, url=node.url, token=TOKEN)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"] == data(node)


async def test_another_than_the_broker_brought(
    hass: HomeAssistant, node: Node, other: Certificate
) -> None:
    """A server that is not what the node announced is shown as such, and sent no token."""
    await show_another(node, other)
    flow = await discover(hass, node.info)
    result = await submit(hass, flow, url=node.url, token=TOKEN)
    assert result["step_id"] == "certificate_changed"
    assert result["description_placeholders"] == {
        "expected": spelled(node.info["fingerprint"]),
        "found": spelled(other.fingerprint),
    }
    assert node.requests == []
    result = await submit(hass, result)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"]["fingerprint"] == other.fingerprint


@pytest.mark.parametrize("fingerprint", [None, "", "ab", 5])
async def test_senseless_fingerprint(hass: HomeAssistant, node: Node, fingerprint: Any) -> None:
    """Where the node says nothing of use, the user is asked."""
    flow = await discover(hass, node.info | {"fingerprint": fingerprint})
    result = await submit(hass, flow, url=node.url, token=TOKEN)
    assert result["step_id"] == "certificate"


async def test_heard_in_the_network(hass: HomeAssistant, node: Node) -> None:
    """Only the token is asked for, and tried before it is kept."""
    flow = await hear(hass, node)
    assert flow["step_id"] == "zeroconf_confirm"
    schema = flow["data_schema"]
    assert schema is not None
    assert [str(key) for key in schema.schema] == ["token"]
    assert flow["description_placeholders"] == {"name": "Home", "url": node.url}
    result = await submit(hass, flow, token="wrong")
    assert result["errors"] == {"token": "invalid_auth"}
    with patch(
        "custom_components.omnicam.config_flow.mqtt.async_wait_for_mqtt_client", return_value=False
    ):
        result = await submit(hass, result, token=TOKEN)
    assert result["errors"] == {"base": "mqtt_unavailable"}
    await node.stop()
    result = await submit(hass, result, token=TOKEN)
    assert result["errors"] == {"base": "cannot_connect"}
    await node.start()
    result = await submit(hass, result, token=TOKEN)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"] == data(node)
    assert result["result"].unique_id == "home"


async def test_heard_with_another_certificate(
    hass: HomeAssistant, node: Node, other: Certificate
) -> None:
    """The token is not sent to a server that shows another certificate than was announced."""
    flow = await hear(hass, node, fingerprint=other.fingerprint)
    result = await submit(hass, flow, token=TOKEN)
    assert result["step_id"] == "certificate_changed"
    assert node.requests == []
    result = await submit(hass, result)
    assert result["data"]["fingerprint"] == node.info["fingerprint"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"contract": "2"}, "unsupported_contract"),
        ({"contract": None}, "unsupported_contract"),
        ({"node": None}, "invalid_discovery_info"),
        ({"node": "a/b"}, "invalid_discovery_info"),
        ({"url": None}, "invalid_discovery_info"),
        ({"url": "ftp://host"}, "invalid_discovery_info"),
    ],
)
async def test_heard_malformed(
    hass: HomeAssistant, node: Node, changes: dict[str, Any], reason: str
) -> None:
    """What is no node of this contract is not offered."""
    result = await hear(hass, node, **changes)
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == reason


async def test_one_card(hass: HomeAssistant, node: Node) -> None:
    """The same node found in several ways is one card: of the way that is the most trusted."""
    heard = await hear(hass, node)
    assert (await hear(hass, node))["reason"] == "already_in_progress"
    told = await discover(hass, node.info)
    flows = hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    assert heard["flow_id"] not in [flow["flow_id"] for flow in flows]
    assert [flow["flow_id"] for flow in flows] == [told["flow_id"]]
    assert (await hear(hass, node))["reason"] == "already_in_progress"
    assert (await discover(hass, node.info))["reason"] == "already_in_progress"
    node.certificate = None
    app = await announce_app(hass, node)
    flows = hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    assert [flow["flow_id"] for flow in flows] == [app["flow_id"]]


async def test_heard_known(hass: HomeAssistant, node: Node, entry: MockConfigEntry) -> None:
    """A known node is not offered again."""
    assert (await hear(hass, node))["reason"] == "node_known"
    assert entry.data == data(node)


async def test_heard_moved(hass: HomeAssistant, node: Node, entry: MockConfigEntry) -> None:
    """A node that moved is followed, since its certificate proves that it is the same."""
    old = "https://192.0.2.7:8130"
    hass.config_entries.async_update_entry(
        entry, data=entry.data | {"url": old, "announced_url": old}
    )
    assert (await hear(hass, node))["reason"] == "node_known"
    assert entry.data == data(node)


@pytest.mark.parametrize("pinned", [True, False])
async def test_heard_from_anybody(
    hass: HomeAssistant, node: Node, entry: MockConfigEntry, other: Certificate, *, pinned: bool
) -> None:
    """What leads away from the pinned certificate, or has none to prove it, moves nothing."""
    if not pinned:
        old = "http://192.0.2.7:8130"
        plain = {"url": old, "announced_url": old, "fingerprint": None}
        hass.config_entries.async_update_entry(
            entry, data=entry.data | plain | {"announced_fingerprint": None}
        )
    before = dict(entry.data)
    for changes in (
        {"url": "https://192.0.2.9:8130", "fingerprint": other.fingerprint},
        {"url": "http://192.0.2.9:8130"},
        {"url": "http://192.0.2.9:8130", "fingerprint": None},
        {"url": "https://192.0.2.9:8130", "fingerprint": None},
    ):
        assert (await hear(hass, node, **changes))["reason"] == "node_known"
        assert entry.data == before


async def test_broker_brings_a_new_certificate(
    hass: HomeAssistant, node: Node, entry: MockConfigEntry, other: Certificate
) -> None:
    """A certificate that the node announces through the broker is followed, and works."""
    assert await hass.config_entries.async_setup(entry.entry_id)
    await show_another(node, other)
    node.info["fingerprint"] = other.fingerprint
    result = await discover(hass, node.info)
    await hass.async_block_till_done()
    assert result["reason"] == "node_known"
    assert entry.data == data(node)
    assert entry.runtime_data.monitor.available


async def test_broker_brings_tls(hass: HomeAssistant, node: Node, entry: MockConfigEntry) -> None:
    """A node that has begun to use TLS is followed, and so is one that ended it."""
    secure, certificate = data(node), node.info["fingerprint"]
    plain = node.url.replace("https:", "http:")
    await discover(hass, node.info | {"api": plain, "fingerprint": None})
    assert entry.data["url"] == plain
    assert entry.data["fingerprint"] is None
    await discover(hass, node.info | {"fingerprint": certificate})
    assert entry.data == secure


async def test_confirmed_certificate_is_kept(
    hass: HomeAssistant, node: Node, entry: MockConfigEntry, other: Certificate
) -> None:
    """The certificate of a proxy that the user has confirmed is not the node's to change."""
    proxy = entry.data | {"url": "https://proxy.example", "fingerprint": other.fingerprint}
    hass.config_entries.async_update_entry(entry, data=proxy)
    await discover(hass, node.info | {"fingerprint": "ab" * 32})
    assert entry.data == proxy


async def test_certificate_changed(
    hass: HomeAssistant, node: Node, entry: MockConfigEntry, other: Certificate
) -> None:
    """Nothing is sent to a server that shows another one; its owner is asked, and then it works."""
    await show_another(node, other)
    assert await hass.config_entries.async_setup(entry.entry_id) is False
    await hass.async_block_till_done()
    assert node.requests == []
    flow = asked_again(hass, entry)
    assert flow["step_id"] == "certificate_changed"

    result = await submit(hass, flow)
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "reauth_successful"
    assert entry.data["fingerprint"] == other.fingerprint
    assert entry.data["token"] == TOKEN
    assert entry.runtime_data.monitor.available


async def test_certificate_changed_and_announced(
    hass: HomeAssistant, node: Node, entry: MockConfigEntry, other: Certificate
) -> None:
    """The question goes away when the node answers it through the broker."""
    await show_another(node, other)
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    assert asked_again(hass, entry)
    node.info["fingerprint"] = other.fingerprint
    await discover(hass, node.info)
    await hass.async_block_till_done()
    assert hass.config_entries.flow.async_progress_by_handler(DOMAIN) == []
    assert entry.runtime_data.monitor.available


async def test_certificate_and_token_changed(
    hass: HomeAssistant, node: Node, entry: MockConfigEntry, other: Certificate
) -> None:
    """A node that was installed anew has another of both: one is asked for after the other."""
    node.token = "new"
    await show_another(node, other)
    flow = await entry.start_reauth_flow(hass)
    assert flow["step_id"] == "certificate_changed"
    result = await submit(hass, flow)
    assert result["step_id"] == "reauth_confirm"
    assert result["errors"] == {"token": "invalid_auth"}
    third = Certificate(Path(hass.config.config_dir) / "third")
    await show_another(node, third)
    result = await submit(hass, result, token="new")
    assert result["step_id"] == "certificate_changed"
    result = await submit(hass, result)
    assert result["reason"] == "reauth_successful"
    assert entry.data["token"] == "new"
    assert entry.data["fingerprint"] == third.fingerprint


async def test_reconfigure(
    hass: HomeAssistant, node: Node, entry: MockConfigEntry, other: Certificate
) -> None:
    """The same certificate is no question; another one is shown beside the one that was pinned."""
    flow = await entry.start_reconfigure_flow(hass)
    result = await submit(hass, flow, url=node.url, token=TOKEN)
    assert result["reason"] == "reconfigure_successful"

    await show_another(node, other)
    flow = await entry.start_reconfigure_flow(hass)
    result = await submit(hass, flow, url=node.url, token=TOKEN)
    assert result["step_id"] == "certificate_changed"
    assert result["description_placeholders"] == {
        "expected": spelled(node.info["fingerprint"]),
        "found": spelled(other.fingerprint),
    }
    result = await submit(hass, result)
    assert result["reason"] == "reconfigure_successful"
    assert entry.data["fingerprint"] == other.fingerprint


def asked_again(hass: HomeAssistant, entry: MockConfigEntry) -> ConfigFlowResult:
    """Give the flow that asks about a known node."""
    (flow,) = entry.async_get_active_flows(hass, {"reauth"})
    return flow
