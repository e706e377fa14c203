"""Who owns a node's entities: this integration, or the node by MQTT discovery. Never both.

The owner stands retained on `omnicam/<node>/owner`. Both ways name their entities alike, so that
automations survive the change; hence one side has to be gone before the other one comes, or
Home Assistant would name the newcomers `..._2`.
"""

import asyncio
from collections.abc import Callable, Iterable

from homeassistant.components import mqtt
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr

from .const import HANDOVER_TIMEOUT, LOGGER, OWNER_INTEGRATION, TOPIC_ROOT


async def async_claim(hass: HomeAssistant, node: str) -> None:
    """Become the owner; without a broker this waits for the next connection, which claims anew."""
    if mqtt.is_connected(hass):
        await _async_publish_owner(hass, node, OWNER_INTEGRATION)


async def async_release(hass: HomeAssistant, node: str) -> None:
    """Leave the entities to the node, which then announces them by MQTT discovery."""
    await _async_publish_owner(hass, node, "")


async def async_wait_until_withdrawn(
    hass: HomeAssistant, node: str, cameras: Iterable[str]
) -> None:
    """Wait, for a bounded time, until no device of the node's MQTT discovery is left."""
    announced = {("mqtt", f"omnicam_{node}_{camera}") for camera in cameras}
    announced.add(("mqtt", f"omnicam-{node}"))
    registry = dr.async_get(hass)

    def is_withdrawn() -> bool:
        return not any(
            registry.async_get_devices(identifiers={identifier}) for identifier in announced
        )

    if is_withdrawn():
        return
    try:
        async with asyncio.timeout(HANDOVER_TIMEOUT):
            await _until(hass, is_withdrawn)
    except TimeoutError:
        LOGGER.warning(
            "Node %s has not withdrawn its MQTT discovery within %s s: entities may appear twice. "
            "Delete its devices of the MQTT integration and reload OmniCam",
            node,
            HANDOVER_TIMEOUT,
        )


async def _until(hass: HomeAssistant, condition: Callable[[], bool]) -> None:
    changed = asyncio.Event()

    @callback
    def note(_event: Event[dr.EventDeviceRegistryUpdatedData]) -> None:
        changed.set()

    stop = hass.bus.async_listen(dr.EVENT_DEVICE_REGISTRY_UPDATED, note)
    try:
        while not condition():
            await changed.wait()
            changed.clear()
    finally:
        stop()


async def _async_publish_owner(hass: HomeAssistant, node: str, owner: str) -> None:
    topic = f"{TOPIC_ROOT}/{node}/owner"
    try:
        await mqtt.async_publish(hass, topic, owner, qos=1, retain=True)
    except HomeAssistantError as error:
        LOGGER.warning(
            "Could not publish %r on %s (%s); publish it there, retained, once the broker is back",
            owner,
            topic,
            error,
        )
