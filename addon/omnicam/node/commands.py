"""What can be asked of the node and its cameras through MQTT: topics and texts in, deeds out."""

from __future__ import annotations

import json
import logging
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

from omnicam.config.model import Language
from omnicam.decide.events import FeedbackKind
from omnicam.decide.sensitivity import LEAST, MOST
from omnicam.node import drill
from omnicam.publish.publisher import Command
from omnicam.record.errors import RecordError
from omnicam.serve.view import UnavailableError, UnknownCameraError
from omnicam.taxonomy import AnomalyClass

_LOGGER = logging.getLogger(__name__)

_LONGEST = 60
_REMEMBERED = 100

PRESS = "PRESS"
"""What a button says that has no more to say."""


class CommandError(ValueError):
    """A command cannot be followed; the message names the value and the remedy."""


class Node(Protocol):
    """Who can do it; the guardian. `UnknownCameraError` where there is no such camera."""

    async def turn(self, camera: str, *, on: bool) -> None:
        """Watch a camera, or leave it alone."""

    async def detect(self, camera: str, *, on: bool) -> None:
        """Judge what a camera sees and hears, or do not."""

    async def tune(self, camera: str, sensitivity: int) -> None:
        """Set a camera's sensitivity."""

    async def test(self, camera: str, anomaly: AnomalyClass) -> None:
        """Raise a test alarm; `UnavailableError` where it would not arrive."""

    async def speak(self, language: Language) -> None:
        """Use another language."""

    async def feedback(self, event: str, kind: FeedbackKind) -> bool:
        """Take a person's word about an event; False if there is no such event."""

    async def forget_home(self, camera: str) -> None:
        """Let a camera forget its home; `UnavailableError`."""


@dataclass(frozen=True, slots=True)
class Watch:
    """Watch a camera or do not."""

    camera: str
    on: bool

    async def do(self, node: Node) -> None:
        """Let the node do it."""
        await node.turn(self.camera, on=self.on)


@dataclass(frozen=True, slots=True)
class Detect:
    """Judge what a camera sees and hears or do not."""

    camera: str
    on: bool

    async def do(self, node: Node) -> None:
        """Let the node do it."""
        await node.detect(self.camera, on=self.on)


@dataclass(frozen=True, slots=True)
class Tune:
    """Set a camera's sensitivity, 0 to 100."""

    camera: str
    sensitivity: int

    async def do(self, node: Node) -> None:
        """Let the node do it."""
        await node.tune(self.camera, self.sensitivity)


@dataclass(frozen=True, slots=True)
class Try:
    """Raise a test alarm of a class."""

    camera: str
    anomaly: AnomalyClass

    async def do(self, node: Node) -> None:
        """Let the node do it."""
        await node.test(self.camera, self.anomaly)


@dataclass(frozen=True, slots=True)
class Speak:
    """Use another language."""

    language: Language

    async def do(self, node: Node) -> None:
        """Let the node do it."""
        await node.speak(self.language)


@dataclass(frozen=True, slots=True)
class Answer:
    """A person's word about an event."""

    event: str
    kind: FeedbackKind

    async def do(self, node: Node) -> None:
        """Let the node do it; `CommandError` where there is no such event."""
        if not await node.feedback(self.event, self.kind):
            msg = f"there is no event {self.event[:_LONGEST]!r}"
            raise CommandError(msg)


@dataclass(frozen=True, slots=True)
class Unlearn:
    """Forget what a camera has learned of its home."""

    camera: str

    async def do(self, node: Node) -> None:
        """Let the node do it."""
        await node.forget_home(self.camera)


type Asked = Watch | Detect | Tune | Try | Speak | Answer | Unlearn


def _watch(command: Command) -> Watch:
    return Watch(command.camera, _on(command))


def _detect(command: Command) -> Detect:
    return Detect(command.camera, _on(command))


def _tune(command: Command) -> Tune:
    wanted = f"must be a whole number from {LEAST} to {MOST}"
    try:
        number = float(command.value)
    except ValueError:
        raise _wrong(command, wanted) from None
    if not (LEAST <= number <= MOST and number.is_integer()):
        raise _wrong(command, wanted)
    return Tune(command.camera, int(number))


def _try(command: Command) -> Try:
    _once(command)
    if command.value == PRESS:
        return Try(command.camera, drill.USUAL)
    try:
        return Try(command.camera, AnomalyClass(command.value))
    except ValueError:
        wanted = f"must be {PRESS} or one of {', '.join(AnomalyClass)}"
        raise _wrong(command, wanted) from None


def _speak(command: Command) -> Speak:
    try:
        return Speak(Language(command.value))
    except ValueError:
        raise _wrong(command, f"must be one of {', '.join(Language)}") from None


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
    _once(command)
    return Unlearn(command.camera)


_OF_A_CAMERA: Mapping[str, Callable[[Command], Asked]] = MappingProxyType(
    {
        "enabled": _watch,
        "detection": _detect,
        "sensitivity": _tune,
        "test": _try,
        "feedback": _answer,
        "learning": _unlearn,
    }
)
_OF_THE_NODE: Mapping[str, Callable[[Command], Asked]] = MappingProxyType({"language": _speak})


def read(command: Command) -> Asked:
    """Read a command.

    Raises:
        CommandError: there is no such setting, or the value is none of its values.
    """
    known = _OF_A_CAMERA if command.camera else _OF_THE_NODE
    reader = known.get(command.setting)
    if reader is None:
        topics = [f"<camera>/{name}/set" for name in _OF_A_CAMERA]
        topics += [f"{name}/set" for name in _OF_THE_NODE]
        msg = f"there is no such setting; known: {', '.join(topics)}"
        raise CommandError(msg)
    return reader(command)


class Desk:
    """Takes commands; what cannot be done is told in the log, since nobody waits here.

    The same mistake is told once: an automation may repeat it every minute.
    """

    def __init__(self, node: Node) -> None:
        """Take who can do it."""
        self._node = node
        self._told: deque[str] = deque(maxlen=_REMEMBERED)

    async def obey(self, command: Command) -> None:
        """Do what was asked for."""
        try:
            await read(command).do(self._node)
        except UnknownCameraError:
            self._complain(command, f"there is no camera {command.camera!r}")
        except CommandError as error:
            self._complain(command, str(error))
        except (UnavailableError, RecordError) as error:
            # Another time it may be possible: each refusal is news.
            _LOGGER.warning("%s: %s", command.topic, error)

    def _complain(self, command: Command, what: str) -> None:
        line = f"{command.topic}: {what}"
        if line not in self._told:
            self._told.append(line)
            _LOGGER.warning("%s", line)


def _on(command: Command) -> bool:
    states = {"ON": True, "OFF": False}
    if command.value not in states:
        raise _wrong(command, "must be ON or OFF")
    return states[command.value]


def _once(command: Command) -> None:
    """Refuse what the broker would say again after every connect."""
    if command.retained:
        raise _wrong(command, "is retained and would come again after every connect: clear it")


def _wrong(command: Command, wanted: str) -> CommandError:
    return CommandError(f"{command.value[:_LONGEST]!r} {wanted}")
