"""What a household chose on a node, and how the node fares: retained payloads, as typed values."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .payload import Fields, Flaw


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraChoice:
    """What was chosen for a camera; None for what the node did not say.

    Attributes:
        enabled: whether it is watched at all; no is privacy.
        detection: whether what it sees and hears is judged.
        sensitivity: 0 to 100.
    """

    enabled: bool | None
    detection: bool | None
    sensitivity: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraFigures:
    """How a camera's stream fares; seconds, pictures a second, pictures."""

    frame_rate: float | None = None
    latency: float | None = None
    dropped_frames: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeChoice:
    """What was chosen for the node."""

    language: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeFigures:
    """How the node's model fares: windows, windows since the node's start, seconds."""

    queue: float | None = None
    dropped_windows: float | None = None
    answer_time: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelState:
    """How the model fares that verifies."""

    state: str
    name: str | None
    since: str | None
    reason: str | None


def parse_camera_choice(payload: Mapping[str, Any]) -> tuple[CameraChoice, list[Flaw]]:
    """Read what was chosen for a camera."""
    fields = Fields(payload)
    choice = CameraChoice(
        enabled=fields.flag("enabled"),
        detection=fields.flag("detection"),
        sensitivity=fields.number("sensitivity", most=100),
    )
    return choice, fields.flaws


def parse_camera_figures(payload: Mapping[str, Any]) -> tuple[CameraFigures, list[Flaw]]:
    """Read how a camera's stream fares."""
    fields = Fields(payload)
    figures = CameraFigures(
        frame_rate=fields.number("frame_rate"),
        latency=fields.number("latency"),
        dropped_frames=fields.number("dropped_frames"),
    )
    return figures, fields.flaws


def parse_node_choice(payload: Mapping[str, Any]) -> tuple[NodeChoice, list[Flaw]]:
    """Read what was chosen for the node."""
    fields = Fields(payload)
    return NodeChoice(language=fields.text("language")), fields.flaws


def parse_node_figures(payload: Mapping[str, Any]) -> tuple[NodeFigures, list[Flaw]]:
    """Read how the node's model fares, in numbers."""
    fields = Fields(payload)
    figures = NodeFigures(
        queue=fields.number("queue"),
        dropped_windows=fields.number("dropped_windows"),
        answer_time=fields.number("answer_time"),
    )
    return figures, fields.flaws


def parse_model(payload: Mapping[str, Any]) -> tuple[ModelState, list[Flaw]]:
    """Read how the model fares; raises `PayloadError` without a state."""
    fields = Fields(payload)
    model = ModelState(
        state=fields.required_text("state"),
        name=fields.text("name"),
        since=fields.text("since"),
        reason=fields.text("reason"),
    )
    return model, fields.flaws
