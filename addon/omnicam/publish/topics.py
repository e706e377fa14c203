"""The names of all topics under `omnicam/<node>/`, in one place."""

from __future__ import annotations

from typing import Final

from omnicam.taxonomy import AnomalyClass

PREFIX: Final = "omnicam"
ONLINE: Final = "online"
OFFLINE: Final = "offline"
DISABLED: Final = "disabled"
INTEGRATION: Final = "integration"


def node_status(node: str) -> str:
    """`online` or `offline` (last will); retained."""
    return f"{PREFIX}/{node}/status"


def info(node: str) -> str:
    """What the node is and has; retained."""
    return f"{PREFIX}/{node}/info"


def owner(node: str) -> str:
    """Who owns the entities in Home Assistant: `integration` or empty; retained."""
    return f"{PREFIX}/{node}/owner"


def model(node: str) -> str:
    """How the model fares that verifies; retained, and only there where one is set."""
    return f"{PREFIX}/{node}/model"


def node_settings(node: str) -> str:
    """What the household chose for the node; retained."""
    return f"{PREFIX}/{node}/settings"


def node_figures(node: str) -> str:
    """How the node fares, in numbers; retained."""
    return f"{PREFIX}/{node}/figures"


def camera_status(node: str, camera: str) -> str:
    """`online`, `offline` or `disabled`; retained."""
    return f"{PREFIX}/{node}/{camera}/status"


def state(node: str, camera: str, anomaly: str) -> str:
    """The state of one class on one camera; retained."""
    return f"{PREFIX}/{node}/{camera}/{anomaly}"


def level(node: str, camera: str) -> str:
    """The highest level of the camera's open events, or `none`; retained."""
    return f"{PREFIX}/{node}/{camera}/level"


def last_event(node: str, camera: str) -> str:
    """The newest step of the camera's last event; retained."""
    return f"{PREFIX}/{node}/{camera}/last_event"


def settings(node: str, camera: str) -> str:
    """What the household chose for the camera; retained."""
    return f"{PREFIX}/{node}/{camera}/settings"


def figures(node: str, camera: str) -> str:
    """How the camera's stream fares, in numbers; retained."""
    return f"{PREFIX}/{node}/{camera}/figures"


def snapshot(node: str, camera: str) -> str:
    """JPEG of the camera's last event; retained."""
    return f"{PREFIX}/{node}/{camera}/snapshot"


def event(node: str, camera: str) -> str:
    """One message for each step of an event's life; QoS 1."""
    return f"{PREFIX}/{node}/{camera}/event"


def help_word(node: str, camera: str) -> str:
    """The spoken trigger; QoS 1."""
    return f"{PREFIX}/{node}/{camera}/help"


def setting(node: str, camera: str, name: str) -> str:
    """Commands to a camera."""
    return f"{PREFIX}/{node}/{camera}/{name}/set"


def node_setting(node: str, name: str) -> str:
    """Commands to the node itself."""
    return f"{PREFIX}/{node}/{name}/set"


def retained(node: str, camera: str) -> tuple[str, ...]:
    """Everything of a camera that the broker keeps: cleared when the camera is removed."""
    states = (state(node, camera, anomaly) for anomaly in AnomalyClass)
    others = (camera_status, level, last_event, settings, figures, snapshot)
    return (*states, *(topic(node, camera) for topic in others))


def parse_setting(node: str, topic: str) -> tuple[str, str] | None:
    """Give camera ("" for the node itself) and setting of a command topic, else None."""
    parts = topic.split("/")
    if len(parts) == 4 and parts[:2] == [PREFIX, node] and parts[3] == "set":
        return "", parts[2]
    if len(parts) == 5 and parts[:2] == [PREFIX, node] and parts[4] == "set":
        return parts[2], parts[3]
    return None
