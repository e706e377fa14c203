"""Events as JSON and back, and as the flat line that people and other programs read."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from omnicam.decide.events import Event, Step
from omnicam.decide.fusion import Contribution
from omnicam.decide.words import HelpCall
from omnicam.evidence import Region
from omnicam.taxonomy import Level, class_named


def iso(time: float) -> str:
    """Give Unix seconds as ISO 8601 in UTC with milliseconds."""
    return datetime.fromtimestamp(time, UTC).isoformat(timespec="milliseconds")


def dump_event(event: Event) -> str:
    """Give an event as JSON text that `load_event` reads back unchanged."""
    return json.dumps(asdict(event), ensure_ascii=False, separators=(",", ":"))


def load_event(text: str) -> Event:
    """Read an event that `dump_event` wrote."""
    raw: dict[str, Any] = json.loads(text)
    region = raw.pop("region")
    contributions = raw.pop("contributions")
    return Event(
        anomaly=class_named(raw.pop("anomaly")),
        step=Step(raw.pop("step")),
        taken=tuple(map(Step, raw.pop("taken"))),
        level=Level(raw.pop("level")),
        region=Region(**region) if region is not None else None,
        contributions=tuple(Contribution(**part) for part in contributions),
        **raw,
    )


def dump_call(call: HelpCall) -> str:
    """Give a call for help as JSON text that `load_call` reads back unchanged."""
    return json.dumps(asdict(call), ensure_ascii=False, separators=(",", ":"))


def load_call(text: str) -> HelpCall:
    """Read a call for help that `dump_call` wrote."""
    return HelpCall(**json.loads(text))


def line(
    event: Event, *, snapshot: str | None, clip: str | None, feedback: str | None = None
) -> dict[str, Any]:
    """Give the flat form of an event for the journal; times are ISO 8601 in UTC."""
    return {
        "event": event.id,
        "camera": event.camera,
        "class": str(event.anomaly),
        "label": event.label,
        "step": str(event.step),
        "level": str(event.level),
        "confidence": round(event.confidence, 4),
        "time": iso(event.suspected),
        "onset": iso(event.onset),
        "ended": iso(event.ended) if event.ended is not None else None,
        "steps": [str(step) for step in event.taken],
        "reason": event.reason,
        "description": event.description,
        "review": event.review,
        "feedback": feedback,
        "snapshot": snapshot,
        "clip": clip,
        "test": event.test,
    }
