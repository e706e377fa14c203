"""The contents of the contract's messages: the node's own values in, JSON-ready mappings out.

MQTT and the HTTP API say the same in the same words, so both take them from here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from omnicam import __version__
from omnicam.config.model import CameraSettings, NodeSettings
from omnicam.decide.events import Event
from omnicam.decide.fusion import Contribution
from omnicam.decide.learner import Home
from omnicam.decide.states import ClassState
from omnicam.decide.words import HelpCall
from omnicam.taxonomy import AnomalyClass, judged_without_model

CONTRACT = 1
"""Version of the messages; it changes when a reader of the old ones would be misled."""

type Payload = dict[str, Any]


def iso(time: float) -> str:
    """Write stream time as ISO 8601 in UTC, to the millisecond."""
    return datetime.fromtimestamp(time, UTC).isoformat(timespec="milliseconds")


def state(value: ClassState) -> Payload:
    """Make the payload of a class's topic; `state` null means that nothing can judge it."""
    return {
        "state": value.state,
        "level": value.level,
        "confidence": value.confidence,
        "event": value.event,
        "since": None if value.since is None else iso(value.since),
        "reason": value.reason,
        "label": value.label,
        "test": value.test,
    }


def level(states: Iterable[ClassState]) -> str:
    """Give the highest level of a camera's open events, `none` without one."""
    levels = [state.level for state in states if state.level is not None]
    return max(levels, key=lambda each: each.rank) if levels else "none"


def event(value: Event, *, snapshot: str | None, clip: str | None) -> Payload:
    """Make the payload of one step of an event; paths are relative to the node's data folder."""
    return {
        "step": value.step,
        "event": value.id,
        "camera": value.camera,
        "class": value.anomaly,
        "label": value.label,
        "level": value.level,
        "confidence": round(value.confidence, 4),
        "time": iso(value.updated),
        "onset": iso(value.onset),
        "reason": value.reason,
        "description": value.description,
        "snapshot": snapshot,
        "clip": clip,
        "review": value.review,
        "test": value.test,
    }


def help_call(value: HelpCall) -> Payload:
    """Make the payload of the spoken trigger."""
    return {
        "event": value.id,
        "camera": value.camera,
        "word": value.word,
        "confidence": round(value.confidence, 4),
        "time": iso(value.time),
        "onset": iso(value.onset),
    }


def contribution(value: Contribution) -> Payload:
    """Make what one scorer, or one correction, weighed in an event, in log-odds."""
    return {"scorer": value.scorer, "label": value.label, "log_odds": value.log_odds}


def home(camera: str, learner: Home | None) -> Payload:
    """Make the description of what a camera has learned of its home; None where it does not."""
    if learner is None:
        return {"camera": camera, "learning": False, "since": None, "days": 0, "learned": []}
    memory = learner.memory
    return {
        "camera": camera,
        "learning": True,
        "since": None if memory.since is None else iso(memory.since),
        "days": learner.days_watched,
        "learned": [
            {
                "class": key.partition("/")[0],
                "label": key.partition("/")[2] or None,
                "days": known.days,
                "alarm_days": known.alarm_days,
                "false_alarms": known.false_alarms,
                "confirmed": known.confirmed,
                "shift": round(-known.shift.most, 2) or 0.0,
                "reach": round(max(known.shift.reach, known.shift.told_reach), 2),
            }
            for key, known in learner.learned.items()
        ],
    }


def origin(camera: CameraSettings) -> str:
    """Tell where a camera is set: `api`, or `file`, which the API does not write."""
    return "api" if camera.added else "file"


def info(
    settings: NodeSettings,
    cameras: Mapping[str, tuple[int, int, bool]],
    api: str,
    fingerprint: str | None = None,
) -> Payload:
    """Make the payload of `info`.

    Args:
        settings: of the node.
        cameras: width, height and whether there is sound, of those cameras that were opened.
        api: address of the HTTP API.
        fingerprint: SHA-256 of its own certificate, None without TLS.
    """
    questions = settings.model.questions if settings.model is not None else {}
    return {
        "contract": CONTRACT,
        "node": settings.node,
        "name": settings.name,
        "version": __version__,
        "api": api,
        "fingerprint": fingerprint,
        "engine": "embedded",
        "model": settings.model.name if settings.model is not None else None,
        "language": settings.language,
        "cameras": [
            {
                "id": camera.id,
                "name": camera.name,
                "origin": origin(camera),
                **dict(
                    zip(
                        ("width", "height", "audio"),
                        cameras.get(camera.id, (None, None, camera.audio)),
                        strict=True,
                    )
                ),
            }
            for camera in settings.cameras
        ],
        "classes": [*AnomalyClass, *questions],
        "questions": [
            {
                "id": name,
                "english": asked.english,
                "chinese": asked.chinese,
                "cameras": [camera.id for camera in settings.cameras if name in camera.classes],
            }
            for name, asked in questions.items()
        ],
        # With a model it depends on the camera, and is told by the state of each class.
        "unknown": [
            anomaly
            for anomaly in AnomalyClass
            if settings.model is None and not judged_without_model(anomaly)
        ],
    }
