"""What a node tells, as typed values: the payloads of the contract, read without any I/O.

A payload without its core (what the sensor's state hangs on) raises `PayloadError`. A flaw in
anything else is reported beside the value, because an alarm must not be lost to a bad confidence.
"""

from collections.abc import Collection, Container, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from .const import CONTRACT, AnomalyClass, Level, Step
from .payload import Fields, Flaw, PayloadError, UnsupportedContractError


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraInfo:
    """One camera of a node.

    Attributes:
        id: name in topics.
        name: name shown to people.
        width: pixels of the analysed picture, if known.
        height: pixels of the analysed picture, if known.
        audio: whether the camera brings sound.
        added: whether it was added through the API; others are set at the node alone.
    """

    id: str
    name: str
    width: int | None = None
    height: int | None = None
    audio: bool | None = None
    added: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnQuestion:
    """A class that the household described in its own words.

    Attributes:
        id: name of the class in topics.
        english: name shown to English readers.
        chinese: name shown to readers of Chinese.
        cameras: ids of the cameras that are asked about.
    """

    id: str
    english: str
    chinese: str
    cameras: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeInfo:
    """A node and its cameras, as in `omnicam/<node>/info` and `GET /api/info`.

    `fingerprint` is the SHA-256 of its API's own certificate, None where it serves without TLS.
    """

    node: str
    name: str
    version: str | None
    api: str | None
    engine: str | None
    language: str | None
    cameras: Mapping[str, CameraInfo]
    model: str | None = None
    fingerprint: str | None = None
    unknown: frozenset[AnomalyClass] = field(default_factory=frozenset)
    questions: Mapping[str, OwnQuestion] = field(default_factory=dict)

    def without(self, cameras: Container[str]) -> NodeInfo:
        """Give the same with some cameras left out."""
        kept = {name: camera for name, camera in self.cameras.items() if name not in cameras}
        return replace(self, cameras=kept)

    def questions_of(self, camera: str) -> tuple[OwnQuestion, ...]:
        """Give the household's own questions about a camera."""
        return tuple(asked for asked in self.questions.values() if camera in asked.cameras)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a node thinks of one class on one camera; `on` is None while it cannot tell."""

    on: bool | None
    level: Level | None = None
    confidence: float | None = None
    event: str | None = None
    since: str | None = None
    reason: str | None = None
    label: str | None = None
    test: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnomalyEvent:
    """One step of an event's life; `late` where it was missed and told afterwards."""

    step: Step
    event: str
    anomaly: str
    label: str | None
    level: Level | None
    confidence: float | None
    time: str | None
    onset: str | None
    reason: str | None
    review: bool | None
    description: str | None = None
    test: bool | None = None
    late: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HelpCall:
    """Somebody spoke the trigger word."""

    event: str | None
    word: str | None
    confidence: float | None
    time: str | None
    late: bool = False


type Heard = AnomalyEvent | HelpCall
"""What a node says once and does not repeat."""

_STATES: Mapping[object, bool | None] = {"ON": True, "OFF": False, None: None}


def parse_info(payload: Mapping[str, Any]) -> tuple[NodeInfo, list[Flaw]]:
    """Read a node's info; a camera that cannot be read is left out and reported.

    Raises `UnsupportedContractError` for another version of the contract and `PayloadError` when
    the node's id or the list of cameras cannot be read.
    """
    fields = Fields(payload)
    contract = payload.get("contract")
    if contract != CONTRACT:
        raise UnsupportedContractError(contract)
    node = fields.identifier("node")
    listed = payload.get("cameras")
    if not isinstance(listed, list):
        raise PayloadError("cameras", listed, "send a list of cameras")
    cameras: dict[str, CameraInfo] = {}
    for index, item in enumerate(listed):
        try:
            camera, flaws = _parse_camera(item, f"cameras[{index}]")
        except PayloadError as error:
            fields.flaws.append(error.flaw)
            continue
        fields.flaws.extend(flaws)
        cameras[camera.id] = camera
    unknown = payload.get("unknown", [])
    if not isinstance(unknown, list):
        fields.complain("unknown", unknown, "send a list of class names")
        unknown = []
    info = NodeInfo(
        node=node,
        name=fields.text("name") or node,
        version=fields.text("version"),
        api=fields.text("api"),
        engine=fields.text("engine"),
        language=fields.text("language"),
        cameras=cameras,
        model=fields.text("model"),
        fingerprint=fields.fingerprint("fingerprint"),
        # A class that this integration does not know is none of its entities' business.
        unknown=frozenset(name for name in AnomalyClass if name.value in unknown),
        questions=_parse_questions(fields),
    )
    return info, fields.flaws


def _parse_questions(fields: Fields) -> dict[str, OwnQuestion]:
    """Read the household's own questions; one that cannot be read is left out and reported."""
    listed = fields.payload.get("questions", [])
    if not isinstance(listed, list):
        fields.complain("questions", listed, "send a list of questions")
        return {}
    questions: dict[str, OwnQuestion] = {}
    for index, item in enumerate(listed):
        path = f"questions[{index}]"
        if not isinstance(item, Mapping) or not isinstance(item.get("cameras"), list):
            fields.complain(path, item, "send an object with id, english, chinese and cameras")
            continue
        own = Fields(item, prefix=f"{path}.")
        try:
            name = own.identifier("id")
        except PayloadError as error:
            fields.flaws.append(error.flaw)
            continue
        english = own.text("english") or name
        questions[name] = OwnQuestion(
            id=name,
            english=english,
            chinese=own.text("chinese") or english,
            cameras=frozenset(camera for camera in item["cameras"] if isinstance(camera, str)),
        )
        fields.flaws.extend(own.flaws)
    return questions


def _parse_camera(item: object, path: str) -> tuple[CameraInfo, list[Flaw]]:
    if not isinstance(item, Mapping):
        raise PayloadError(path, item, "send an object with id and name")
    fields = Fields(item, prefix=f"{path}.")
    camera_id = fields.identifier("id")
    camera = CameraInfo(
        id=camera_id,
        name=fields.text("name") or camera_id,
        width=fields.count("width"),
        height=fields.count("height"),
        audio=fields.flag("audio"),
        added=item.get("origin") == "api",
    )
    return camera, fields.flaws


def parse_verdict(payload: Mapping[str, Any]) -> tuple[Verdict, list[Flaw]]:
    """Read the state of a class; raises `PayloadError` when the state itself cannot be read."""
    fields = Fields(payload)
    state = payload.get("state", ...)
    if not (state is None or isinstance(state, str)) or state not in _STATES:
        raise PayloadError(
            "state", "(absent)" if state is ... else state, 'send "ON", "OFF" or null'
        )
    verdict = Verdict(
        on=_STATES[state],
        level=fields.choice("level", Level),
        confidence=fields.fraction("confidence"),
        event=fields.text("event"),
        since=fields.text("since"),
        reason=fields.text("reason"),
        label=fields.text("label"),
        test=fields.flag("test"),
    )
    return verdict, fields.flaws


def parse_event(
    payload: Mapping[str, Any], own: Collection[str] = ()
) -> tuple[AnomalyEvent, list[Flaw]]:
    """Read a step of an event; raises `PayloadError` without a known step, class and event id.

    The class may be one of the household's own, whose names are `own`.
    """
    fields = Fields(payload)
    event = AnomalyEvent(
        step=_required(fields, "step", Step),
        event=fields.required_text("event"),
        anomaly=_class(fields, own),
        label=fields.text("label"),
        level=fields.choice("level", Level),
        confidence=fields.fraction("confidence"),
        time=fields.text("time"),
        onset=fields.text("onset"),
        reason=fields.text("reason"),
        review=fields.flag("review"),
        description=fields.text("description"),
        test=fields.flag("test"),
    )
    return event, fields.flaws


def parse_help(payload: Mapping[str, Any]) -> tuple[HelpCall, list[Flaw]]:
    """Read a call for help; nothing in it is required, a call is a call."""
    fields = Fields(payload)
    call = HelpCall(
        event=fields.text("event"),
        word=fields.text("word"),
        confidence=fields.fraction("confidence"),
        time=fields.text("time"),
    )
    return call, fields.flaws


def _class(fields: Fields, own: Collection[str]) -> str:
    name = fields.payload.get("class")
    if isinstance(name, str) and name in own:
        return name
    return _required(fields, "class", AnomalyClass).value


def _required[ChoiceT: StrEnum](fields: Fields, key: str, choices: type[ChoiceT]) -> ChoiceT:
    value = fields.choice(key, choices)
    if value is None:
        raise PayloadError(
            f"{fields.prefix}{key}", fields.payload.get(key), f"send one of {', '.join(choices)}"
        )
    return value
