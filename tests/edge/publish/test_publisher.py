"""The publisher against a real Mosquitto: retained states, outbox, owner, last will, restarts."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import aiomqtt
import pytest

from harness.broker import Broker
from omnicam.config.load import parse
from omnicam.config.model import Language, MqttSettings, NodeSettings, Secret
from omnicam.publish.publisher import Command, OutboxMessage, Publisher

DISCOVERY = "homeassistant/device/omnicam_home_bedroom/config"


@dataclass
class MemoryOutbox:
    """An outbox in memory; the recorder's is tested with the recorder."""

    messages: dict[int, OutboxMessage] = field(default_factory=dict)

    def add(self, key: int, text: str) -> None:
        self.messages[key] = OutboxMessage(key=key, topic="bedroom/event", payload=text.encode())

    async def undelivered(self, limit: int) -> Iterable[OutboxMessage]:
        return [self.messages[key] for key in sorted(self.messages)][:limit]

    async def mark_delivered(self, key: int) -> None:
        del self.messages[key]


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[Broker]:
    async with Broker(tmp_path / "broker", username="node", password="right") as running:
        yield running


def node_settings(**changes: object) -> NodeSettings:
    raw = {"node": "home", "cameras": {"bedroom": {"url": "rtsp://x/y"}}}
    return parse(raw | changes, base=Path("/"))


def mqtt(broker: Broker, password: str = "right") -> MqttSettings:
    return MqttSettings(
        host="127.0.0.1", port=broker.port, username="node", password=Secret(password)
    )


@asynccontextmanager
async def running(
    broker: Broker, outbox: MemoryOutbox, settings: NodeSettings | None = None
) -> AsyncIterator[Publisher]:
    publisher = Publisher(settings or node_settings(), mqtt(broker), outbox)
    publisher.announce(settings or node_settings(), {"contract": 1, "node": "home"})
    task = asyncio.create_task(publisher.run())
    try:
        yield publisher
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def listener(broker: Broker, *topics: str) -> AsyncIterator[aiomqtt.Client]:
    async with aiomqtt.Client(
        "127.0.0.1", broker.port, username="node", password="right",
        protocol=aiomqtt.ProtocolVersion.V5,
    ) as client:  # fmt: skip
        for topic in topics:
            await client.subscribe(topic, qos=1)
        yield client


async def until(client: aiomqtt.Client, topic: str, payload: bytes | None = None) -> bytes:
    """Wait for a message on the topic, with this payload where one is given."""
    async with asyncio.timeout(15):
        async for message in client.messages:
            assert isinstance(message.payload, bytes)
            if message.topic.value == topic and payload in (None, message.payload):
                return message.payload
    raise AssertionError(topic)


async def test_states_are_retained_and_sent_again_after_the_broker_lost_them(
    broker: Broker,
) -> None:
    async with running(broker, MemoryOutbox()) as publisher:
        publisher.retain("omnicam/home/bedroom/fall", b"old")
        publisher.retain("omnicam/home/bedroom/fall", b"new")
        async with listener(broker, "omnicam/#") as client:
            await until(client, "omnicam/home/bedroom/fall", b"new")
        await broker.stop()
        await asyncio.sleep(0.3)
        await broker.start()
        async with listener(broker, "omnicam/#") as client:
            await until(client, "omnicam/home/status", b"online")
            await until(client, "omnicam/home/bedroom/fall", b"new")


async def test_no_event_is_lost_or_doubled_by_a_broker_restart(broker: Broker) -> None:
    outbox = MemoryOutbox()
    async with running(broker, outbox) as publisher:
        async with listener(broker, "omnicam/home/bedroom/event") as client:
            outbox.add(1, "one")
            publisher.wake()
            assert await until(client, "omnicam/home/bedroom/event") == b"one"
        await broker.stop()
        for key, text in ((2, "two"), (3, "three")):
            outbox.add(key, text)
            publisher.wake()
        await asyncio.sleep(0.3)
        assert set(outbox.messages) == {2, 3}
        await broker.start()
        async with asyncio.timeout(15):
            while outbox.messages:
                await asyncio.sleep(0.05)


async def test_entities_are_offered_until_the_integration_owns_them_and_again_after(
    broker: Broker,
) -> None:
    async with (
        running(broker, MemoryOutbox()),
        listener(broker, DISCOVERY, "omnicam/home/info") as client,
    ):
        offer = json.loads(await until(client, DISCOVERY))
        assert len([c for c in offer["cmps"].values() if c["p"] == "binary_sensor"]) == 9
        assert json.loads(await until(client, "omnicam/home/info"))["entities"] == "mqtt"
        await client.publish("omnicam/home/owner", "integration", qos=1, retain=True)
        assert await until(client, DISCOVERY) == b""
        assert json.loads(await until(client, "omnicam/home/info"))["entities"] == "integration"
        await client.publish("omnicam/home/owner", b"", qos=1, retain=True)
        assert json.loads(await until(client, DISCOVERY)) == offer


async def test_the_models_sensor_is_offered_handed_over_and_leaves_no_orphan(
    broker: Broker,
) -> None:
    topic = "homeassistant/device/omnicam-home/config"
    verified = node_settings(model={"url": "http://x/v1", "name": "omni"})
    async with listener(broker, topic) as client:
        async with running(broker, MemoryOutbox(), verified):
            offer = json.loads(await until(client, topic))
            assert "unique_id" in offer["cmps"]["model"]
            await client.publish("omnicam/home/owner", "integration", qos=1, retain=True)
            assert await until(client, topic) == b""
            await client.publish("omnicam/home/owner", b"", qos=1, retain=True)
            assert json.loads(await until(client, topic)) == offer
        async with running(broker, MemoryOutbox()):  # a node whose model was taken out
            assert json.loads(await until(client, topic))["cmps"]["model"] == {"p": "sensor"}


async def test_a_node_that_starts_under_an_owner_offers_nothing(broker: Broker) -> None:
    async with listener(broker, DISCOVERY, "omnicam/home/info") as client:
        await client.publish("omnicam/home/owner", "integration", qos=1, retain=True)
        async with running(broker, MemoryOutbox()):
            seen = []
            async with asyncio.timeout(15):
                async for message in client.messages:
                    seen.append((message.topic.value, message.payload))
                    if message.topic.value == "omnicam/home/info":
                        break
        assert not [payload for topic, payload in seen if topic == DISCOVERY and payload]


async def test_commands_reach_the_node(broker: Broker) -> None:
    async with (
        running(broker, MemoryOutbox()) as publisher,
        listener(broker, "omnicam/#") as client,
    ):
        await until(client, "omnicam/home/status", b"online")
        await client.publish("omnicam/home/bedroom/enabled/set", "OFF", qos=1)
        await client.publish("omnicam/home/language/set", "zh-Hans", qos=1)
        async with asyncio.timeout(10):
            first = await anext(publisher.commands())
            second = await anext(publisher.commands())
    assert first == Command(camera="bedroom", setting="enabled", value="OFF")
    assert second == Command(camera="", setting="language", value="zh-Hans")


async def test_another_language_renames_what_is_offered(broker: Broker) -> None:
    async with (
        running(broker, MemoryOutbox()) as publisher,
        listener(broker, DISCOVERY) as client,
    ):
        assert json.loads(await until(client, DISCOVERY))["cmps"]["fall"]["name"] == "Fall"
        chinese = replace(node_settings(), language=Language.CHINESE)
        publisher.announce(chinese, {"contract": 1, "node": "home"})
        assert json.loads(await until(client, DISCOVERY))["cmps"]["fall"]["name"] == "跌倒"


async def test_the_node_is_shown_offline_when_it_stops(broker: Broker) -> None:
    async with listener(broker, "omnicam/home/status") as client:
        async with running(broker, MemoryOutbox()):
            assert await until(client, "omnicam/home/status") == b"online"
        assert await until(client, "omnicam/home/status") == b"offline"


async def test_a_wrong_password_is_said_once_with_the_remedy_and_without_the_password(
    broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    publisher = Publisher(node_settings(), mqtt(broker, "wr0ng"), MemoryOutbox())
    task = asyncio.create_task(publisher.run())

    def warnings() -> list[str]:
        return [item.getMessage() for item in caplog.records if item.levelname == "WARNING"]

    async with asyncio.timeout(15):
        while not warnings():
            await asyncio.sleep(0.05)
    # It tries again after about a second, and after that.
    await asyncio.sleep(2.5)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert len(warnings()) == 1
    assert "mqtt.password" in warnings()[0]
    assert "wr0ng" not in caplog.text
