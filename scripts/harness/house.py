"""A whole house: broker, node and, where wanted, Home Assistant with the integration set up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiomqtt

from harness.broker import Broker
from harness.home_assistant import HomeAssistant
from harness.node import ROOT, Node

NODE = "home"
HASS = ROOT / ".venv-ha" / "bin" / "hass"
INTEGRATION = ROOT / "custom_components" / "omnicam"
DISCOVERY_S = 30.0
ENTITIES_S = 30.0

type Json = dict[str, Any]


@dataclass(frozen=True)
class House:
    """What runs; `home_assistant` is None where it was not wanted."""

    broker: Broker
    node: Node
    home_assistant: HomeAssistant | None

    async def switch(self, camera: str, *, on: bool) -> None:
        """Switch a camera on or off, as a household would over MQTT."""
        async with mqtt_client(self.broker) as client:
            topic = f"omnicam/{NODE}/{camera}/enabled/set"
            await client.publish(topic, "ON" if on else "OFF", qos=1)


@asynccontextmanager
async def mqtt_client(broker: Broker) -> AsyncIterator[aiomqtt.Client]:
    """Connect to the house's broker as somebody who listens."""
    async with aiomqtt.Client(
        "127.0.0.1",
        broker.port,
        username=broker.username,
        password=broker.password,
        protocol=aiomqtt.ProtocolVersion.V5,
    ) as client:
        yield client


@asynccontextmanager
async def open_house(
    folder: Path,
    cameras: Json,
    *,
    settings: Json | None = None,
    home_assistant: bool = True,
    integration: bool = True,
    set_up: bool = True,
    persistent: bool = False,
    port: int | None = None,
    more: str = "",
) -> AsyncIterator[House]:
    """Bring everything up, in the order in which a household would; end it afterwards.

    Args:
        folder: for all files; a fresh one gives a fresh house.
        cameras: of the node's configuration.
        settings: further settings of the node.
        home_assistant: whether a real Home Assistant runs, with MQTT set up.
        integration: whether it has OmniCam's integration.
        set_up: whether the integration is set up, through its discovery; else it waits for that.
        persistent: whether the broker keeps sessions and messages over a restart.
        port: of Home Assistant; None for a free one.
        more: lines for Home Assistant's configuration.
    """
    async with AsyncExitStack() as stack:
        broker = Broker(
            folder / "broker",
            username="house",
            password="kept-in-the-house",  # noqa: S106
            persistent=persistent,
        )
        await stack.enter_async_context(broker)
        configuration = {
            "node": NODE,
            "mqtt": {
                "host": "127.0.0.1",
                "port": broker.port,
                "username": broker.username,
                "password": broker.password,
            },
            "cameras": cameras,
        } | (settings or {})
        hass: HomeAssistant | None = None
        if home_assistant:
            hass = HomeAssistant(
                folder / "home-assistant",
                HASS,
                INTEGRATION if integration else None,
                port=port,
                more=more,
            )
            await stack.enter_async_context(hass)
            await hass.add_mqtt(broker.port, broker.username, broker.password)
        node = Node(folder / "node", configuration)
        await stack.enter_async_context(node)
        if hass is not None:
            if integration and set_up:
                await add_integration(hass, node)
            await wait_for_entities(hass, cameras)
        yield House(broker=broker, node=node, home_assistant=hass)


async def add_integration(hass: HomeAssistant, node: Node) -> str:
    """Set the integration up through its discovery by MQTT, and give the entry's id."""
    flow = await hass.discovered_flow("omnicam", DISCOVERY_S)
    entry = await hass.finish_flow(flow, {"url": node.url, "token": node.token})
    return str(entry["entry_id"])


async def wait_for_entities(hass: HomeAssistant, cameras: Json) -> None:
    """Wait until every camera's sensors are there."""
    wanted = {f"binary_sensor.{camera}_fall" for camera in cameras}
    try:
        async with asyncio.timeout(ENTITIES_S):
            while not wanted <= set(await hass.states()):
                await asyncio.sleep(0.2)
    except TimeoutError:
        present = sorted(name for name in await hass.states() if "binary_sensor" in name)
        message = f"sensors {sorted(wanted)} did not come; there are {present}\n{hass.log()}"
        raise RuntimeError(message) from None
