"""What can be asked of a camera through MQTT: topics and texts in, deeds out."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

from omnicam.decide.events import FeedbackKind
from omnicam.publish.publisher import Command
from omnicam.record.errors import RecordError
from omnicam.serve.view import UnavailableError, UnknownCameraError

_LOGGER = logging.getLogger(__name__)

_LONGEST = 60


class CommandError(ValueError):
    """A command cannot be followed; the message names the value and the remedy."""


@dataclass(frozen=True, slots=True)
class Switch:
    """Watch a camera or do not."""

    camera: str
    on: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """A person's word about an event."""

    event: str
    kind: FeedbackKind


@dataclass(frozen=True, slots=True)
class Unlearn:
    """Forget what a camera has learned of its home."""

    camera: str


class Node(Protocol):
    """Who can do it; the guardian."""

    async def turn(self, camera: str, *, on: bool) -> None:
        """Switch a camera; `UnknownCameraError` where there is none."""

    async def feedback(self, event: str, kind: FeedbackKind) -> bool:
        """Take a person's word about an event; False if there is no such event."""

    async def forget_home(self, camera: str) -> None:
        """Let a camera forget its home; `UnknownCameraError`, `UnavailableError`."""


type Asked = Switch | Answer | Unlearn


def _switch(command: Command) -> Switch:
    states = {"ON": True, "OFF": False}
    if command.value not in states:
        raise _wrong(command, "must be ON or OFF")
    return Switch(command.camera, states[command.value])


def _answer(command: Command) -> Answer:
    wanted = f'must be JSON {{"event": ID, "kind": {" or ".join(FeedbackKind)}}}'
    try:
        body = json.loads(command.value)
        event, kind = body["event"], FeedbackKind(body["kind"])
    except (ValueError, KeyError, TypeError):
        raise _wrong(command, wanted) from None
    if not isinstance(event, str):
        raise _wrong(command, wanted)
    return Answer(event, kind)


def _unlearn(command: Command) -> Unlearn:
    if command.value != "RESET":
        raise _wrong(command, "must be RESET")
    if command.retained:
        raise _wrong(command, "is retained and would come again after every connect: clear it")
    return Unlearn(command.camera)


_SETTINGS: Mapping[str, Callable[[Command], Asked]] = MappingProxyType(
    {"enabled": _switch, "feedback": _answer, "learning": _unlearn}
)


def read(command: Command) -> Asked:
    """Read a command.

    Raises:
        CommandError: there is no such setting, or the value is none of its values.
    """
    reader = _SETTINGS.get(command.setting)
    if reader is None:
        known = ", ".join(f"<camera>/{name}/set" for name in _SETTINGS)
        msg = f"there is no such setting; known: {known}"
        raise CommandError(msg)
    return reader(command)


async def obey(command: Command, node: Node) -> None:
    """Do what was asked for; what cannot be done is told in the log, since nobody waits here."""
    try:
        match read(command):
            case Switch(camera, on):
                await node.turn(camera, on=on)
            case Answer(event, kind):
                if not await node.feedback(event, kind):
                    _LOGGER.warning("%s: there is no event %r", _topic(command), event[:_LONGEST])
            case Unlearn(camera):
                await node.forget_home(camera)
    except UnknownCameraError:
        _LOGGER.warning("%s: there is no camera %r", _topic(command), command.camera)
    except (CommandError, UnavailableError, RecordError) as error:
        _LOGGER.warning("%s: %s", _topic(command), error)


def _topic(command: Command) -> str:
    return f"{command.camera}/{command.setting}/set"


def _wrong(command: Command, wanted: str) -> CommandError:
    return CommandError(f"{command.value[:_LONGEST]!r} {wanted}")
