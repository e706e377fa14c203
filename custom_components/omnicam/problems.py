"""What is wrong that a person must act on: found from a plain description, without any I/O."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from homeassistant.helpers.issue_registry import IssueSeverity

from .const import CONTRACT
from .health import NodeHealth


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of problem; its key is its translation's too.

    Attributes:
        key: name in the translations.
        severity: how bad it is for the household.
        minutes: how long it must last before people are told; a restart is no problem.
        fixable: whether a few clicks in Home Assistant end it.
    """

    key: str
    severity: IssueSeverity = IssueSeverity.ERROR
    minutes: int = 0
    fixable: bool = False


UNSUPPORTED_CONTRACT: Final = Kind(key="unsupported_contract")
BROKER_LOST: Final = Kind(key="broker_lost", minutes=10)
NODE_AWAY: Final = Kind(key="node_away", minutes=10)
CAMERA_AWAY: Final = Kind(
    key="camera_away", severity=IssueSeverity.WARNING, minutes=30, fixable=True
)
RECORD_PROBLEM: Final = Kind(key="record_problem")
MODEL_REFUSED: Final = Kind(key="model_refused", severity=IssueSeverity.WARNING)

_REFUSALS: Final = ("refused", "untrusted")
"""What a model's server says to a wrong token, and what the node says to a wrong certificate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something that is wrong now.

    Attributes:
        kind: what.
        camera: id of the camera that it is about; None for the node.
        placeholders: what the texts name.
    """

    kind: Kind
    camera: str | None = None
    placeholders: Mapping[str, str] = field(default_factory=dict)

    def issue_id(self, entry_id: str) -> str:
        """Give the id of the repair issue for it."""
        return "_".join(filter(None, (self.kind.key, entry_id, self.camera)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """All that problems are found from.

    Attributes:
        name: of the node, for people.
        broker: whether Home Assistant is connected to its MQTT broker.
        online: whether the node is; None while nobody knows.
        foreign_contract: the contract that the node speaks, if it is not ours.
        health: what the node says of itself, None while it cannot be asked.
        cameras_away: names of the cameras without a signal, by id.
    """

    name: str
    broker: bool
    online: bool | None
    foreign_contract: str | None = None
    health: NodeHealth | None = None
    cameras_away: Mapping[str, str] = field(default_factory=dict)


def find_problems(now: Situation) -> Iterator[Problem]:
    """Give what is wrong; of a chain of causes only the first, which is the one to mend."""
    name = {"name": now.name}
    if now.foreign_contract is not None:
        spoken = {"found": now.foreign_contract, "spoken": str(CONTRACT)}
        yield Problem(kind=UNSUPPORTED_CONTRACT, placeholders=name | spoken)
    if not now.broker:
        yield Problem(kind=BROKER_LOST, placeholders=name)
        return
    if not now.online:
        yield Problem(kind=NODE_AWAY, placeholders=name)
        return
    for camera, camera_name in now.cameras_away.items():
        yield Problem(kind=CAMERA_AWAY, camera=camera, placeholders=name | {"camera": camera_name})
    if now.health is None:
        return
    if now.health.record_problems:
        told = {"problems": "; ".join(now.health.record_problems)}
        yield Problem(kind=RECORD_PROBLEM, placeholders=name | told)
    if now.health.model_state in _REFUSALS:
        told = {"reason": now.health.model_reason or str(now.health.model_state)}
        yield Problem(kind=MODEL_REFUSED, placeholders=name | told)
