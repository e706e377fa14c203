"""Home Assistant's MQTT device discovery, for homes without the OmniCam integration.

One retained message a camera describes a device with all its entities. An empty message takes it
away again, which is how the entities are handed over to the integration.
Source of the format: Home Assistant, "MQTT discovery", device discovery payload.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from omnicam import __version__
from omnicam.config.model import CameraSettings, ClassSettings, Language, NodeSettings
from omnicam.decide.events import Step
from omnicam.publish import topics
from omnicam.taxonomy import ANOMALIES, AnomalyClass, ClassName
from omnicam.verify.outcomes import STATES

type Component = dict[str, Any]

_TEXTS: Mapping[Language, Mapping[str, str]] = {
    Language.ENGLISH: {
        "help": "Help called",
        "event": "Anomaly",
        "snapshot": "Last event",
        "enabled": "Detection",
        "model": "Model",
    },
    Language.CHINESE: {
        "help": "呼救",
        "event": "异常事件",
        "snapshot": "最近事件",
        "enabled": "检测",
        "model": "模型",
    },
}

OWN_ICON = "mdi:help-box-outline"

# An event entity takes its type from `event_type`.
_EVENT_TEMPLATE = "{{ dict(value_json, event_type=value_json.step) | tojson }}"
_HELP_TEMPLATE = "{{ dict(value_json, event_type='help') | tojson }}"


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
        "cmps": _components(settings, camera),
        "availability": [
            {"topic": topics.node_status(settings.node)},
            {
                "topic": topics.camera_status(settings.node, camera.id),
                # A camera that is switched off says `disabled`: that is no state to show either.
                "value_template": "{{ 'online' if value == 'online' else 'offline' }}",
            },
        ],
        "availability_mode": "all",
        "qos": 1,
    }


def node_topic(settings: NodeSettings) -> str:
    """Name the discovery topic of what belongs to the node and to no camera."""
    prefix = settings.mqtt.discovery_prefix if settings.mqtt else "homeassistant"
    # A hyphen, which no id may have: no camera's topic can be the same.
    return f"{prefix}/device/omnicam-{settings.node}/config"


def node_payload(settings: NodeSettings) -> dict[str, Any] | None:
    """Describe the node as a device with the state of its model; None where it has none."""
    if settings.model is None:
        return None
    state_topic = topics.model(settings.node)
    return {
        "dev": {
            "ids": [f"omnicam-{settings.node}"],
            "name": settings.name,
            "mf": "OmniCam",
            "mdl": "Node",
            "sw": __version__,
        },
        "o": {"name": "OmniCam", "sw": __version__},
        "cmps": {
            "model": {
                "p": "sensor",
                "unique_id": f"omnicam-{settings.node}-model",
                "default_entity_id": f"sensor.{settings.node}_model",
                "name": _TEXTS[settings.language]["model"],
                "state_topic": state_topic,
                "value_template": "{{ value_json.state }}",
                "device_class": "enum",
                "options": ["unknown", *STATES],
                "json_attributes_topic": state_topic,
                "entity_category": "diagnostic",
                "icon": "mdi:brain",
            }
        },
        "availability": [{"topic": topics.node_status(settings.node)}],
        "qos": 1,
    }


def _components(settings: NodeSettings, camera: CameraSettings) -> dict[str, Component]:
    node, text = settings.node, _TEXTS[settings.language]
    components = {
        str(anomaly): _sensor(settings, camera, anomaly, each)
        for anomaly, each in camera.classes.items()
    }
    components["help"] = _component(camera, settings, "event", "help_called", text["help"]) | {
        "state_topic": topics.help_word(node, camera.id),
        "event_types": ["help"],
        "value_template": _HELP_TEMPLATE,
        "icon": "mdi:account-voice",
    }
    components["event"] = _component(camera, settings, "event", "anomaly", text["event"]) | {
        "state_topic": topics.event(node, camera.id),
        "event_types": list(Step),
        "value_template": _EVENT_TEMPLATE,
        "icon": "mdi:alert",
    }
    components["snapshot"] = _component(
        camera, settings, "image", "last_event", text["snapshot"]
    ) | {
        "image_topic": topics.snapshot(node, camera.id),
        "content_type": "image/jpeg",
    }
    components["enabled"] = _component(camera, settings, "switch", "detection", text["enabled"]) | {
        "command_topic": topics.setting(node, camera.id, "enabled"),
        "state_topic": topics.camera_status(node, camera.id),
        "value_template": "{{ 'OFF' if value == 'disabled' else 'ON' }}",
        "entity_category": "config",
        "icon": "mdi:cctv",
        # A disabled camera must stay switchable, so only the node's own status counts here.
        "availability": [{"topic": topics.node_status(node)}],
    }
    return components


def _sensor(
    settings: NodeSettings, camera: CameraSettings, anomaly: ClassName, how: ClassSettings
) -> Component:
    name, shown = _shown(settings.language, anomaly, how)
    state_topic = topics.state(settings.node, camera.id, anomaly)
    # A cut cable is tampering: that alarm must not vanish with the signal that it is about.
    lasting = anomaly is AnomalyClass.CAMERA_TAMPERING
    alone = {"availability": [{"topic": topics.node_status(settings.node)}]} if lasting else {}
    return (
        _component(camera, settings, "binary_sensor", str(anomaly), name)
        | alone
        | shown
        | {
            "state_topic": state_topic,
            # `null` renders as None, which the entity shows as unknown.
            "value_template": "{{ value_json.state }}",
            "json_attributes_topic": state_topic,
            "json_attributes_template": (
                "{{ dict(value_json.items() | rejectattr(0, 'eq', 'state')) | tojson }}"
            ),
        }
    )


def _shown(language: Language, anomaly: ClassName, how: ClassSettings) -> tuple[str, Component]:
    """Give a class's name, and what its sensor looks like."""
    chinese = language is Language.CHINESE
    if isinstance(anomaly, AnomalyClass):
        row = ANOMALIES[anomaly]
        shown = {"device_class": row.device_class, "icon": row.icon}
        return row.chinese if chinese else row.english, shown
    if how.question is None:
        return anomaly, {"icon": OWN_ICON}
    return how.question.chinese if chinese else how.question.english, {"icon": OWN_ICON}


def _component(
    camera: CameraSettings, settings: NodeSettings, platform: str, key: str, name: str
) -> Component:
    return {
        "p": platform,
        "unique_id": f"omnicam_{settings.node}_{camera.id}_{key}",
        "default_entity_id": f"{platform}.{camera.id}_{key}",
        "name": name,
    }
