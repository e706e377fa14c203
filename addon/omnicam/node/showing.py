"""What the broker is shown of one camera: its retained topics."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Protocol

from omnicam import payloads
from omnicam.decide.events import Event
from omnicam.decide.states import ClassState, changed
from omnicam.node.household import CameraChoice
from omnicam.publish import topics
from omnicam.taxonomy import ClassName


class Outlet(Protocol):
    """Where retained states go and who is woken for new messages; the publisher is one."""

    def retain(self, topic: str, payload: bytes) -> None:
        """Set the newest value of a retained topic."""

    def wake(self) -> None:
        """Say that the outbox holds something new."""


class Showing:
    """One camera's retained topics."""

    def __init__(self, node: str, camera: str, outlet: Outlet) -> None:
        """Begin with nothing said."""
        self._node = node
        self._camera = camera
        self._outlet = outlet
        self.status = topics.OFFLINE
        self.states: Mapping[ClassName, ClassState] = {}

    def set_states(self, states: Mapping[ClassName, ClassState]) -> None:
        """Show what every class's sensor shows, and the highest level among them."""
        for state in changed(self.states, states):
            self._retain(
                topics.state(self._node, self._camera, state.anomaly), payloads.state(state)
            )
        self.states = states
        level = payloads.level(states.values()).encode()
        self._outlet.retain(topics.level(self._node, self._camera), level)

    def set_status(self, status: str) -> None:
        """Show whether the camera is there."""
        self.status = status
        self._outlet.retain(topics.camera_status(self._node, self._camera), status.encode())

    def set_picture(self, jpeg: bytes) -> None:
        """Show the picture of the last event; empty takes away the one that is shown."""
        self._outlet.retain(topics.snapshot(self._node, self._camera), jpeg)

    def set_last_event(self, event: Event, snapshot: str | None, clip: str | None = None) -> None:
        """Show the newest step of the last event."""
        shown = payloads.event(event, snapshot=snapshot, clip=clip)
        self._retain(topics.last_event(self._node, self._camera), shown)

    def set_choice(self, choice: CameraChoice, *, enabled: bool) -> None:
        """Show what the household chose."""
        shown = {
            "enabled": enabled,
            "detection": choice.detection,
            "sensitivity": choice.sensitivity,
        }
        self._retain(topics.settings(self._node, self._camera), shown)

    def set_figures(self, figures: payloads.Payload) -> None:
        """Show how the stream fares."""
        self._retain(topics.figures(self._node, self._camera), figures)

    def _retain(self, topic: str, payload: payloads.Payload) -> None:
        self._outlet.retain(topic, json.dumps(payload, ensure_ascii=False).encode())
