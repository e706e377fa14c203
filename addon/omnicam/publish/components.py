"""What each entity of the MQTT discovery listens to, says and is called: one row an entity.

The entities are those of the integration, under the same keys and names, so that automations
survive a hand-over.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from omnicam.config.model import CameraSettings, ClassSettings, Language, NodeSettings
from omnicam.decide.events import Step
from omnicam.decide.sensitivity import LEAST, MOST
from omnicam.publish import topics
from omnicam.publish.texts import TEXTS
from omnicam.taxonomy import ANOMALIES, AnomalyClass, ClassName, Level, judged_without_model
from omnicam.verify.outcomes import STATES

type Component = dict[str, Any]

OWN_ICON = "mdi:help-box-outline"
"""Of the sensor of a question of the household's own."""

# An event entity takes its type from `event_type`.
_EVENT_TEMPLATE = "{{ dict(value_json, event_type=value_json.step) | tojson }}"
_HELP_TEMPLATE = "{{ dict(value_json, event_type='help') | tojson }}"


def of_node(settings: NodeSettings) -> dict[str, Component]:
    """Give the node's own entities, by key."""
    node = settings.node
    components: dict[str, Component] = {
        "language": {
            "p": "select",
            "command_topic": topics.node_setting(node, "language"),
            "state_topic": topics.node_settings(node),
            "value_template": "{{ value_json.language }}",
            "options": list(Language),
            "entity_category": "config",
            "icon": "mdi:translate",
        }
    }
    if settings.model is not None:
        components["model"] = {
            "p": "sensor",
            "state_topic": topics.model(node),
            "value_template": "{{ value_json.state }}",
            "device_class": "enum",
            "options": ["unknown", *STATES],
            "json_attributes_topic": topics.model(node),
            "entity_category": "diagnostic",
            "icon": "mdi:brain",
        }
        components |= {
            key: {"p": "sensor"} | _figure(topics.node_figures(node), key) | about
            for key, about in _NODE_FIGURES.items()
        }
    # Only the platform: this takes away what a node with a model may have offered before.
    gone: dict[str, Component] = {
        key: {"p": "sensor"} for key in ("model", *_NODE_FIGURES) if key not in components
    }
    text = TEXTS[settings.language]
    return gone | {
        key: component
        | {
            "unique_id": f"omnicam-{node}-{key}",
            "default_entity_id": f"{component['p']}.{node}_{key}",
            "name": text[key],
        }
        for key, component in components.items()
    }


def of_camera(settings: NodeSettings, camera: CameraSettings) -> dict[str, Component]:
    """Give the entities of a camera, by key."""
    components = {
        str(anomaly): _sensor(settings, camera, anomaly, each)
        for anomaly, each in camera.classes.items()
    }
    rows = {
        "help": ("event", "help_called", _help(settings.node, camera.id)),
        "event": ("event", "anomaly", _anomaly(settings.node, camera.id)),
        "snapshot": ("image", "last_event", _last_picture(settings.node, camera.id)),
        "privacy": ("switch", "privacy", _privacy(settings.node, camera.id)),
        # As the switch was called when it was the only one: it is updated, not made twice.
        "enabled": ("switch", "detection", _detection(settings.node, camera.id)),
        "sensitivity": ("number", "sensitivity", _sensitivity(settings.node, camera.id)),
        "test_alarm": ("button", "test_alarm", _test_alarm(settings.node, camera.id)),
        "level": ("sensor", "level", _level(settings.node, camera.id)),
        "description": ("sensor", "description", _description(settings.node, camera.id)),
    } | {
        key: ("sensor", key, _figure(topics.figures(settings.node, camera.id), key) | about)
        for key, about in _CAMERA_FIGURES.items()
    }
    text = TEXTS[settings.language]
    for name, (platform, key, about) in rows.items():
        components[name] = _component(camera, settings, platform, key, text[key]) | about
    return components


_CAMERA_FIGURES: Mapping[str, Component] = {
    "frame_rate": {
        "unit_of_measurement": "fps",
        "state_class": "measurement",
        "icon": "mdi:filmstrip",
    },
    "latency": {
        "device_class": "duration",
        "unit_of_measurement": "s",
        "state_class": "measurement",
    },
    "dropped_frames": {"state_class": "total_increasing", "icon": "mdi:filmstrip-off"},
}

_NODE_FIGURES: Mapping[str, Component] = {
    "queue": {"state_class": "measurement", "icon": "mdi:tray-full"},
    "dropped_windows": {"state_class": "total_increasing", "icon": "mdi:tray-remove"},
    "answer_time": {
        "device_class": "duration",
        "unit_of_measurement": "s",
        "state_class": "measurement",
    },
}


def _figure(topic: str, key: str) -> Component:
    return {
        "state_topic": topic,
        "value_template": f"{{{{ value_json.{key} }}}}",
        "entity_category": "diagnostic",
        "enabled_by_default": False,
    }


def _help(node: str, camera: str) -> Component:
    return {
        "state_topic": topics.help_word(node, camera),
        "event_types": ["help"],
        "value_template": _HELP_TEMPLATE,
        "icon": "mdi:account-voice",
    }


def _anomaly(node: str, camera: str) -> Component:
    return {
        "state_topic": topics.event(node, camera),
        "event_types": list(Step),
        "value_template": _EVENT_TEMPLATE,
        "icon": "mdi:alert",
    }


def _last_picture(node: str, camera: str) -> Component:
    return {"image_topic": topics.snapshot(node, camera), "content_type": "image/jpeg"}


def _privacy(node: str, camera: str) -> Component:
    return {
        "command_topic": topics.setting(node, camera, "enabled"),
        "state_topic": topics.settings(node, camera),
        "value_template": "{{ 'OFF' if value_json.enabled else 'ON' }}",
        # Privacy is on where the camera is not watched.
        "payload_on": "OFF",
        "payload_off": "ON",
        "state_on": "ON",
        "state_off": "OFF",
        "icon": "mdi:eye-off",
        # A closed camera must open again, so only the node's own status counts here.
        "availability": of_the_node(node),
    }


def _detection(node: str, camera: str) -> Component:
    return {
        "command_topic": topics.setting(node, camera, "detection"),
        "state_topic": topics.settings(node, camera),
        "value_template": "{{ 'ON' if value_json.detection else 'OFF' }}",
        "entity_category": "config",
        "icon": "mdi:shield-search",
        "availability": of_the_node(node),
    }


def _sensitivity(node: str, camera: str) -> Component:
    return {
        "command_topic": topics.setting(node, camera, "sensitivity"),
        "state_topic": topics.settings(node, camera),
        "value_template": "{{ value_json.sensitivity }}",
        "min": LEAST,
        "max": MOST,
        "step": 5,
        "mode": "slider",
        "unit_of_measurement": "%",
        "entity_category": "config",
        "icon": "mdi:tune-variant",
        "availability": of_the_node(node),
    }


def _test_alarm(node: str, camera: str) -> Component:
    return {
        "command_topic": topics.setting(node, camera, "test"),
        "payload_press": "PRESS",
        "entity_category": "diagnostic",
        "icon": "mdi:bell-check",
    }


def _level(node: str, camera: str) -> Component:
    return {
        "state_topic": topics.level(node, camera),
        "device_class": "enum",
        "options": ["none", *Level],
        "icon": "mdi:signal-cellular-3",
    }


def _description(node: str, camera: str) -> Component:
    return {
        "state_topic": topics.last_event(node, camera),
        # A state holds 255 characters at most.
        "value_template": "{{ (value_json.description or value_json.reason)[:255] }}",
        "json_attributes_topic": topics.last_event(node, camera),
        "icon": "mdi:text",
        "availability": of_the_node(node),
    }


def availability(node: str, camera: str) -> list[dict[str, str]]:
    """Say when what a camera shows can be trusted."""
    return [
        *of_the_node(node),
        {
            "topic": topics.camera_status(node, camera),
            # A camera that is switched off says `disabled`: that is no state to show either.
            "value_template": "{{ 'online' if value == 'online' else 'offline' }}",
        },
    ]


def of_the_node(node: str) -> list[dict[str, str]]:
    """Say when the node is there."""
    return [{"topic": topics.node_status(node)}]


def _sensor(
    settings: NodeSettings, camera: CameraSettings, anomaly: ClassName, how: ClassSettings
) -> Component:
    name, shown = _shown(settings.language, anomaly, how)
    state_topic = topics.state(settings.node, camera.id, anomaly)
    return (
        _component(camera, settings, "binary_sensor", str(anomaly), name)
        | _own_availability(settings, camera, anomaly)
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


def _own_availability(
    settings: NodeSettings, camera: CameraSettings, anomaly: ClassName
) -> Component:
    """Give the availability of a class that differs from the camera's."""
    node = settings.node
    if anomaly is AnomalyClass.CAMERA_TAMPERING:
        # A cut cable is tampering: that alarm must not vanish with the signal it is about.
        return {"availability": of_the_node(node)}
    if settings.model is None and not judged_without_model(anomaly):
        told = {
            "topic": topics.state(node, camera.id, anomaly),
            "value_template": "{{ 'offline' if value_json.state is none else 'online' }}",
        }
        return {"availability": [*availability(node, camera.id), told]}
    return {}


def _component(
    camera: CameraSettings, settings: NodeSettings, platform: str, key: str, name: str
) -> Component:
    return {
        "p": platform,
        "unique_id": f"omnicam_{settings.node}_{camera.id}_{key}",
        "default_entity_id": f"{platform}.{camera.id}_{key}",
        "name": name,
    }
