"""Home Assistant's MQTT device discovery, for homes without the OmniCam integration.

One retained message a camera, and one for the node, describes a device with all its entities. An
empty message takes it away again, which is how the entities are handed over to the integration.
Source of the format: Home Assistant, "MQTT discovery", device discovery payload.
"""

from __future__ import annotations

from typing import Any

from omnicam import __version__
from omnicam.config.model import CameraSettings, NodeSettings
from omnicam.publish import components


def topic(settings: NodeSettings, camera: CameraSettings) -> str:
    """Name the discovery topic of one camera."""
    prefix = settings.mqtt.discovery_prefix if settings.mqtt else "homeassistant"
    return f"{prefix}/device/omnicam_{settings.node}_{camera.id}/config"


def payload(settings: NodeSettings, camera: CameraSettings) -> dict[str, Any]:
    """Describe one camera as a device with all its entities."""
    return {
        "dev": {
            "ids": [f"omnicam_{settings.node}_{camera.id}"],
            "name": camera.name,
            "mf": "OmniCam",
            "mdl": "Camera guardian",
            "sw": __version__,
        },
        "o": {"name": "OmniCam", "sw": __version__},
        "cmps": components.of_camera(settings, camera),
        "availability": components.availability(settings.node, camera.id),
        "availability_mode": "all",
        "qos": 1,
    }


def node_topic(settings: NodeSettings) -> str:
    """Name the discovery topic of what belongs to the node and to no camera."""
    prefix = settings.mqtt.discovery_prefix if settings.mqtt else "homeassistant"
    # A hyphen, which no id may have: no camera's topic can be the same.
    return f"{prefix}/device/omnicam-{settings.node}/config"


def node_payload(settings: NodeSettings) -> dict[str, Any]:
    """Describe the node as a device: its language, and where it has a model, how that fares."""
    return {
        "dev": {
            "ids": [f"omnicam-{settings.node}"],
            "name": settings.name,
            "mf": "OmniCam",
            "mdl": "Node",
            "sw": __version__,
        },
        "o": {"name": "OmniCam", "sw": __version__},
        "cmps": components.of_node(settings),
        "availability": components.of_the_node(settings.node),
        "qos": 1,
    }
