"""What a node tells of itself by broker, Supervisor or multicast DNS, and what an entry follows.

All of it is pure: the config flow asks people and the node's API.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from homeassistant.const import CONF_HOST, CONF_NAME, CONF_PORT, CONF_TOKEN, CONF_URL
from homeassistant.helpers.service_info.mqtt import MqttServiceInfo
from homeassistant.helpers.service_info.zeroconf import ZeroconfServiceInfo

from .api import normalise_url
from .const import (
    CONF_ANNOUNCED_FINGERPRINT,
    CONF_ANNOUNCED_URL,
    CONF_FINGERPRINT,
    CONF_NODE,
    CONTRACT,
    DISCOVERY_TOPIC,
    TOPIC_ROOT,
)
from .models import NodeInfo, parse_info
from .payload import Fields, PayloadError, UnsupportedContractError, read_object


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundNode:
    """A node that announced itself.

    Attributes:
        node: its id.
        name: what people call it.
        url: of its API, normalised; None where it gave none of use.
        fingerprint: SHA-256 of its certificate; None where the address has no TLS.
        cameras: how many it has, where it tells.
    """

    node: str
    name: str
    url: str | None
    fingerprint: str | None
    cameras: int = 0


def announced(info: NodeInfo) -> FoundNode:
    """Give what a node's info tells of its API."""
    return _found(info.node, info.name, info.api, info.fingerprint, len(info.cameras))


def _found(
    node: str, name: str, api: str | None, fingerprint: str | None, cameras: int = 0
) -> FoundNode:
    try:
        url = normalise_url(api) if api else None
    except ValueError:
        url = None
    tls = url is not None and url.startswith("https:")
    return FoundNode(
        node=node, name=name, url=url, fingerprint=fingerprint if tls else None, cameras=cameras
    )


def read_mqtt(found: MqttServiceInfo) -> FoundNode | None:
    """Read the info that was found; None for an empty one and for one under another's topic.

    Raises `PayloadError`, and `UnsupportedContractError` for another version of the contract.
    """
    if not found.payload or found.subscribed_topic != DISCOVERY_TOPIC:
        return None
    info, _ = parse_info(read_object(found.payload))
    return announced(info) if found.topic == f"{TOPIC_ROOT}/{info.node}/info" else None


def read_zeroconf(found: ZeroconfServiceInfo) -> FoundNode:
    """Read what multicast DNS brought; anybody in the network can have said it.

    Raises `PayloadError`, and `UnsupportedContractError` for another version of the contract.
    """
    fields = Fields(found.properties)
    contract = found.properties.get("contract")
    if contract != str(CONTRACT):
        raise UnsupportedContractError(contract)
    node = fields.identifier("node")
    # The node's own word for its address, as on the broker: it may have many in the network.
    url = fields.required_text("url")
    told = _found(node, fields.text("name") or node, url, fields.fingerprint("fingerprint"))
    if told.url is None:
        raise PayloadError("url", url, "send the address of the API")
    return told


def read_app(config: Mapping[str, Any]) -> dict[str, Any] | None:
    """Read what the app told; None where something is missing or no text."""
    texts = {key: config.get(key) for key in (CONF_HOST, CONF_TOKEN, CONF_NODE)}
    port = config.get(CONF_PORT)
    if not all(isinstance(text, str) and text for text in texts.values()) or type(port) is not int:
        return None
    try:
        url = normalise_url(f"http://{texts[CONF_HOST]}:{port}")
    except ValueError:
        return None
    return {
        CONF_URL: url,
        CONF_TOKEN: texts[CONF_TOKEN],
        CONF_NODE: texts[CONF_NODE],
        CONF_NAME: str(config.get(CONF_NAME) or texts[CONF_NODE]),
    }


def followed(entry: Mapping[str, Any], told: FoundNode) -> dict[str, Any]:
    """Give what an entry's data take over from a known node: its new address and certificate.

    What the user has entered or confirmed instead of what the node announced is left alone.
    """
    known = entry.get(CONF_ANNOUNCED_URL)
    changes: dict[str, Any] = {}
    if told.url and known and known != told.url and entry[CONF_URL] == known:
        changes = {CONF_URL: told.url, CONF_ANNOUNCED_URL: told.url}
    pinned = entry.get(CONF_ANNOUNCED_FINGERPRINT)
    if known and pinned != told.fingerprint and entry.get(CONF_FINGERPRINT) == pinned:
        changes |= dict.fromkeys((CONF_FINGERPRINT, CONF_ANNOUNCED_FINGERPRINT), told.fingerprint)
    return changes


def proven(entry: Mapping[str, Any], told: FoundNode) -> bool:
    """Tell whether what anybody could have said leads to the pinned certificate all the same."""
    return told.fingerprint is not None and told.fingerprint == entry.get(CONF_FINGERPRINT)


def spelled(fingerprint: str) -> str:
    """Give a fingerprint as openssl and browsers show it, to be compared by eye."""
    return bytes.fromhex(fingerprint).hex(":").upper()
