"""How the broker is reached: options of the client, and what a refusal means in plain words."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from types import MappingProxyType

import aiomqtt

from omnicam.config.model import MqttSettings
from omnicam.publish import topics

KEEPALIVE_S = 15
"""A dead node is shown offline after one and a half of these (last will)."""

TIMEOUT_S = 10.0
"""Longest wait for the broker's answer to one request."""

_UNSUPPORTED_PROTOCOL = frozenset({1, 132})  # MQTT 3.1.1 return code, MQTT 5 reason code

_REMEDIES: Mapping[int, str] = MappingProxyType(
    {
        4: "user name or password is wrong: correct mqtt.username and mqtt.password",
        5: "not authorised: give this user access, or set mqtt.username and mqtt.password",
        134: "user name or password is wrong: correct mqtt.username and mqtt.password",
        135: "not authorised: give this user access, or set mqtt.username and mqtt.password",
    }
)


def client(settings: MqttSettings, node: str, protocol: aiomqtt.ProtocolVersion) -> aiomqtt.Client:
    """Make an unconnected client whose last will says that the node is offline."""
    context = None
    if settings.tls:
        context = ssl.create_default_context(
            cafile=str(settings.ca_file) if settings.ca_file else None
        )
    return aiomqtt.Client(
        hostname=settings.host,
        port=settings.port,
        username=settings.username,
        password=settings.password.reveal() if settings.password else None,
        identifier=f"omnicam-{node}",
        protocol=protocol,
        will=aiomqtt.Will(topics.node_status(node), topics.OFFLINE, qos=1, retain=True),
        tls_context=context,
        keepalive=KEEPALIVE_S,
        timeout=TIMEOUT_S,
        max_queued_incoming_messages=1000,
        max_queued_outgoing_messages=1000,
    )


def wants_older_protocol(error: BaseException) -> bool:
    """Whether the broker refused because it does not speak MQTT 5."""
    return _code(error) in _UNSUPPORTED_PROTOCOL


def explain(error: BaseException, settings: MqttSettings) -> str:
    """Say in plain words why the broker is not reached and what to do; holds no secret."""
    place = f"MQTT broker {settings.host}:{settings.port}"
    remedy = _REMEDIES.get(_code(error))
    if remedy:
        return f"{place}: {remedy}"
    return f"{place} is not reached ({error}): check mqtt.host, mqtt.port and that it runs"


def _code(error: BaseException) -> int:
    """Find the broker's reason code in an error of aiomqtt; -1 where there is none."""
    code = getattr(error, "rc", None)
    value = getattr(code, "value", code)
    return value if isinstance(value, int) else -1
