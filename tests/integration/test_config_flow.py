"""Every path of the config flow."""

import json
from typing import Any
from unittest.mock import patch

import pytest
from aiohttp import web
from homeassistant.config_entries import (
    SOURCE_HASSIO,
    SOURCE_IGNORE,
    SOURCE_MQTT,
    SOURCE_USER,
    ConfigFlowResult,
)
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers.service_info.hassio import HassioServiceInfo
from homeassistant.helpers.service_info.mqtt import MqttServiceInfo
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import MqttMockHAClient

from custom_components.omnicam.const import DOMAIN

from .node import TOKEN, Node

pytestmark = pytest.mark.usefixtures("mqtt_mock")


async def discover(
    hass: HomeAssistant, payload: Any, topic: str = "omnicam/home/info"
) -> ConfigFlowResult:
    """Start the flow as the MQTT integration does."""
    return await hass.config_entries.flow.async_init(
        DOMAIN,
        context={"source": SOURCE_MQTT},
        data=MqttServiceInfo(
            topic=topic,
            payload=payload if isinstance(payload, str) else json.dumps(payload),
            qos=0,
            retain=True,
            subscribed_topic="omnicam/+/info",
            timestamp=0.0,
        ),
    )


async def submit(hass: HomeAssistant, flow: ConfigFlowResult, **data: str) -> ConfigFlowResult:
    """Fill in the form."""
    result = await hass.config_entries.flow.async_configure(flow["flow_id"], data)
    await hass.async_block_till_done()
    return result


def suggested_url(flow: ConfigFlowResult) -> str | None:
    """Give the address that the form shows."""
    schema = flow["data_schema"]
    assert schema is not None
    key = next(key for key in schema.schema if key == "url")
    return (key.description or {}).get("suggested_value")


def suggested_token(flow: ConfigFlowResult) -> str | None:
    """Give the token that the form shows: there must be none."""
    schema = flow["data_schema"]
    assert schema is not None
    key = next(key for key in schema.schema if key == "token")
    return (key.description or {}).get("suggested_value")


async def test_user(hass: HomeAssistant, node: Node) -> None:
    """Address and token suffice: the API tells which node it is."""
    flow = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})
    assert flow["type"] is FlowResultType.FORM
    assert flow["step_id"] == "user"

    result = await submit(hass, flow, url=f" {node.url}/ ", token=f" {TOKEN} ")

    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["title"] == "Home"
    assert result["result"].unique_id == "home"
    assert result["data"] == {
        "node": "home",
        "url": node.url,
        "token": TOKEN,
        "announced_url": node.url,
        "fingerprint": None,
        "announced_fingerprint": None,
    }


@pytest.mark.parametrize(
    ("changes", "url", "token", "errors"),
    [
        ({}, None, "wrong", {"token": "invalid_auth"}),
        ({}, "http://127.0.0.1:1", TOKEN, {"url": "cannot_connect"}),
        ({}, "ftp://127.0.0.1", TOKEN, {"url": "invalid_url"}),
        ({}, "http://user:word@127.0.0.1", TOKEN, {"url": "invalid_url"}),
        ({}, "http://", TOKEN, {"url": "invalid_url"}),
        ({"contract": 2}, None, TOKEN, {"base": "unsupported_contract"}),
        ({"cameras": None}, None, TOKEN, {"url": "bad_answer"}),
    ],
)
async def test_user_errors_and_recovery(
    hass: HomeAssistant,
    node: Node,
    changes: dict[str, Any],
    url: str | None,
    token: str,
    errors: dict[str, str],
) -> None:
    """Every error is shown where it belongs, keeps the address, and can be corrected."""
    right = dict(node.info)
    node.info = right | changes
    flow = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})

    result = await submit(hass, flow, url=url or node.url, token=token)

    assert result["type"] is FlowResultType.FORM
    assert result["errors"] == errors
    assert suggested_url(result) == (url or node.url)
    assert suggested_token(result) is None

    node.info = right
    result = await submit(hass, result, url=node.url, token=TOKEN)
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_user_wrong_server(hass: HomeAssistant, node: Node) -> None:
    """Something else that answers is told apart from nothing that answers."""
    node.answers["/api/info"] = web.Response(text="<html>router</html>")
    flow = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})
    result = await submit(hass, flow, url=node.url, token=TOKEN)
    assert result["errors"] == {"url": "bad_answer"}


async def test_user_already_configured(
    hass: HomeAssistant, node: Node, entry: MockConfigEntry
) -> None:
    """A node is added once."""
    flow = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})
    result = await submit(hass, flow, url=node.url, token=TOKEN)
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "already_configured"


async def test_discovery(hass: HomeAssistant, node: Node) -> None:
    """A node found on the broker needs its token and nothing else."""
    flow = await discover(hass, node.info)
    assert flow["type"] is FlowResultType.FORM
    assert flow["step_id"] == "confirm"
    assert flow["description_placeholders"] == {"name": "Home", "cameras": "1"}
    assert suggested_url(flow) == node.url

    result = await submit(hass, flow, url=node.url, token=TOKEN)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["title"] == "Home"
    assert result["result"].unique_id == "home"


async def test_discovery_through_the_broker(hass: HomeAssistant, node: Node) -> None:
    """The manifest's topic starts the flow."""
    await node.announce(hass)
    flows = hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    assert [flow["context"]["unique_id"] for flow in flows] == ["home"]
    assert flows[0]["context"]["title_placeholders"] == {"name": "Home"}


async def test_discovery_address_corrected(hass: HomeAssistant, node: Node) -> None:
    """The announced address may be one that only the node itself can reach."""
    flow = await discover(hass, node.info | {"api": "http://127.0.0.1:1"})
    assert suggested_url(flow) == "http://127.0.0.1:1"
    result = await submit(hass, flow, url="http://127.0.0.1:1", token=TOKEN)
    assert result["errors"] == {"url": "cannot_connect"}
    result = await submit(hass, result, url=node.url, token=TOKEN)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"]["url"] == node.url


@pytest.mark.parametrize("api", [None, "not an address ://", 5])
async def test_discovery_without_address(hass: HomeAssistant, node: Node, api: Any) -> None:
    """A node whose address is missing or senseless can still be added by hand."""
    flow = await discover(hass, node.info | {"api": api})
    assert suggested_url(flow) is None


async def test_discovery_other_node_at_address(hass: HomeAssistant, node: Node) -> None:
    """The token is not taken for a node that is not the one found."""
    flow = await discover(hass, node.info | {"node": "barn"}, "omnicam/barn/info")
    result = await submit(hass, flow, url=node.url, token=TOKEN)
    assert result["errors"] == {"url": "wrong_node"}


@pytest.mark.parametrize(
    ("payload", "topic", "reason"),
    [
        ("", "omnicam/home/info", "invalid_discovery_info"),
        ("{", "omnicam/home/info", "invalid_discovery_info"),
        ("[]", "omnicam/home/info", "invalid_discovery_info"),
        ({"node": "home/#"}, "omnicam/home/info", "invalid_discovery_info"),
        ({}, "omnicam/other/info", "invalid_discovery_info"),
        ({"contract": 2}, "omnicam/home/info", "unsupported_contract"),
    ],
)
async def test_discovery_malformed(
    hass: HomeAssistant, node: Node, payload: Any, topic: str, reason: str
) -> None:
    """What is no info of a node of this contract is not offered."""
    if isinstance(payload, dict):
        payload = node.info | payload
    result = await discover(hass, payload, topic)
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == reason


async def test_discovery_known(hass: HomeAssistant, node: Node, entry: MockConfigEntry) -> None:
    """A known node is not offered again, and for a reason that keeps the topic subscribed."""
    result = await discover(hass, node.info)
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "node_known"


async def test_discovery_ignored(hass: HomeAssistant, node: Node) -> None:
    """An ignored node has an entry without data."""
    MockConfigEntry(domain=DOMAIN, unique_id="home", source=SOURCE_IGNORE).add_to_hass(hass)
    result = await discover(hass, node.info)
    assert result["reason"] == "node_known"


async def test_discovery_moved(hass: HomeAssistant, node: Node, entry: MockConfigEntry) -> None:
    """A node with a new address is followed."""
    old = "http://192.0.2.7:8130"
    hass.config_entries.async_update_entry(
        entry, data=entry.data | {"url": old, "announced_url": old}
    )
    result = await discover(hass, node.info)
    await hass.async_block_till_done()
    assert result["reason"] == "node_known"
    assert entry.data["url"] == node.url
    assert entry.data["announced_url"] == node.url


async def test_discovery_moved_but_corrected(
    hass: HomeAssistant, node: Node, entry: MockConfigEntry
) -> None:
    """An address that the user has corrected is not overruled by what the node announces."""
    hass.config_entries.async_update_entry(
        entry, data=entry.data | {"announced_url": "http://172.17.0.2:8130"}
    )
    await discover(hass, node.info | {"api": "http://172.17.0.3:8130"})
    assert entry.data["url"] == node.url


async def test_reauth(hass: HomeAssistant, node: Node, entry: MockConfigEntry) -> None:
    """A new token is asked for, tried and kept."""
    node.token = "new"
    flow = await entry.start_reauth_flow(hass)
    assert flow["step_id"] == "reauth_confirm"
    assert flow["description_placeholders"]["name"] == "Home"

    result = await submit(hass, flow, token="wrong")
    assert result["errors"] == {"token": "invalid_auth"}

    await node.stop()
    result = await submit(hass, result, token="new")
    assert result["errors"] == {"base": "cannot_connect"}

    await node.start()
    result = await submit(hass, result, token="new")
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "reauth_successful"
    assert entry.data["token"] == "new"
    assert entry.data["url"] == node.url


async def test_reconfigure(hass: HomeAssistant, node: Node, entry: MockConfigEntry) -> None:
    """Address and token can be changed; the node cannot."""
    hass.config_entries.async_update_entry(
        entry, data=entry.data | {"url": "http://192.0.2.7:8130"}
    )
    node.token = "new"
    flow = await entry.start_reconfigure_flow(hass)
    assert flow["step_id"] == "reconfigure"
    assert suggested_url(flow) == "http://192.0.2.7:8130"
    assert suggested_token(flow) is None

    node.info["node"] = "barn"
    result = await submit(hass, flow, url=node.url, token="new")
    assert result["errors"] == {"url": "wrong_node"}

    node.info["node"] = "home"
    result = await submit(hass, result, url=node.url, token="new")
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "reconfigure_successful"
    assert entry.data["url"] == node.url
    assert entry.data["token"] == "new"


async def test_reconfigure_makes_the_entry_work(
    hass: HomeAssistant, node: Node, loaded: MockConfigEntry
) -> None:
    """The entry is loaded anew with what was entered."""
    node.requests.clear()
    flow = await loaded.start_reconfigure_flow(hass)
    await submit(hass, flow, url=node.url, token=TOKEN)
    assert node.requests.count("/api/info") == 2  # the flow's try, and the set-up's


async def test_two_nodes(
    hass: HomeAssistant, node: Node, entry: MockConfigEntry, mqtt_mock: MqttMockHAClient
) -> None:
    """A second node is found although the first is known."""
    await node.announce(hass)
    node.name = "barn"
    await node.publish(hass, "info", node.info | {"node": "barn", "name": "Barn"})
    flows = hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    assert [flow["context"]["unique_id"] for flow in flows] == ["barn"]


async def announce_app(hass: HomeAssistant, node: Node, **changes: Any) -> ConfigFlowResult:
    """Start the flow as the Supervisor does."""
    host, port = node.url.removeprefix("http://").split(":")
    config = {"host": host, "port": int(port), "token": TOKEN, "node": "home", "name": "Home"}
    info = HassioServiceInfo(config=config | changes, name="OmniCam", slug="omnicam", uuid="1")
    return await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_HASSIO}, data=info
    )


async def test_app(hass: HomeAssistant, node: Node) -> None:
    """The app brings address and token: nothing to type. It replaces the broker's card."""
    by_broker = await discover(hass, node.info)
    other = await discover(hass, node.info | {"node": "attic"}, "omnicam/attic/info")
    flow = await announce_app(hass, node)
    assert flow["step_id"] == "hassio_confirm"
    flows = [each["flow_id"] for each in hass.config_entries.flow.async_progress()]
    assert by_broker["flow_id"] not in flows
    assert other["flow_id"] in flows
    node.token = "another"
    result = await submit(hass, flow)
    assert result["errors"] == {"base": "invalid_auth"}
    node.token = TOKEN
    with patch(
        "custom_components.omnicam.config_flow.mqtt.async_wait_for_mqtt_client", return_value=False
    ):
        result = await submit(hass, result)
    assert result["errors"] == {"base": "mqtt_unavailable"}
    result = await submit(hass, result)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["result"].unique_id == "home"
    assert result["data"]["token"] == TOKEN
    assert result["data"]["app"] == "omnicam"


@pytest.mark.parametrize("changes", [{"host": None}, {"port": "x"}, {"token": ""}, {"host": "a@b"}])
async def test_app_malformed(hass: HomeAssistant, node: Node, changes: dict[str, Any]) -> None:
    """What misses something is no node."""
    result = await announce_app(hass, node, **changes)
    assert result["reason"] == "invalid_discovery_info"


async def test_app_known(hass: HomeAssistant, node: Node, entry: MockConfigEntry) -> None:
    """The same node is one entry; a new token of the app is taken over once it works."""
    assert (await announce_app(hass, node))["reason"] == "node_known"
    assert entry.data["app"] == "omnicam"  # so that its page is found through ingress
    asked = len(node.requests)
    assert (await announce_app(hass, node))["reason"] == "node_known"
    assert len(node.requests) == asked  # nothing is new
    node.token = "new-token"
    assert (await announce_app(hass, node, token="wrong"))["reason"] == "node_known"
    assert entry.data["token"] == TOKEN
    assert (await announce_app(hass, node, token="new-token"))["reason"] == "node_known"
    assert entry.data["token"] == "new-token"


async def test_app_leaves_a_corrected_address(
    hass: HomeAssistant, node: Node, entry: MockConfigEntry
) -> None:
    """An address that the user has corrected is kept as long as the token is the same."""
    hass.config_entries.async_update_entry(entry, data=dict(entry.data) | {"url": "http://proxy:1"})
    assert (await announce_app(hass, node))["reason"] == "node_known"
    assert entry.data["url"] == "http://proxy:1"
