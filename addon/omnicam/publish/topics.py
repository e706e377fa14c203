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


def camera_status(node: str, camera: str) -> str:
    """`online`, `offline` or `disabled`; retained."""
    return f"{PREFIX}/{node}/{camera}/status"


def state(node: str, camera: str, anomaly: str) -> str:
    """The state of one class on one camera; retained."""
    return f"{PREFIX}/{node}/{camera}/{anomaly}"


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
    """Commands."""
    return f"{PREFIX}/{node}/{camera}/{name}/set"


def retained(node: str, camera: str) -> tuple[str, ...]:
    """Everything of a camera that the broker keeps: cleared when the camera is removed."""
    states = (state(node, camera, anomaly) for anomaly in AnomalyClass)
    return (camera_status(node, camera), *states, snapshot(node, camera))


def parse_setting(node: str, topic: str) -> tuple[str, str] | None:
    """Give camera and setting of a command topic, None for any other topic."""
    parts = topic.split("/")
    if len(parts) == 5 and parts[:2] == [PREFIX, node] and parts[4] == "set":
        return parts[2], parts[3]
    return None
