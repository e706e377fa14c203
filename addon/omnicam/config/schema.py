"""The form of the configuration file, as voluptuous schemas over the validators in `fields`."""

from __future__ import annotations

from typing import Any

import voluptuous as vol

from omnicam.config import fields
from omnicam.config.model import (
    Direction,
    Facing,
    Language,
    LineKind,
    Pace,
    Transport,
    When,
    ZoneKind,
)
from omnicam.taxonomy import AnomalyClass, Level

MOST_QUESTIONS = 16
"""Each costs a look of the model now and then, and a sensor on every camera."""

_CONFIDENCE = fields.number(0.5, 0.999)
_SECONDS = fields.number(0, 3600, unit="seconds")
_PORT = fields.number(1, 65535, whole=True)

CLASS = vol.Schema(
    {
        "enabled": fields.flag,
        "low": _CONFIDENCE,
        "medium": _CONFIDENCE,
        "high": _CONFIDENCE,
        "alarm_level": fields.choice(Level),
        "window_s": fields.number(0.5, 60, unit="seconds"),
        "refractory_s": _SECONDS,
        "release_s": _SECONDS,
        "zones": [fields.identifier],
        "verify": fields.flag,
    }
)

CLASSES = vol.Schema({fields.choice(AnomalyClass): CLASS})

ZONE = vol.Schema(
    {
        vol.Required("kind"): fields.choice(ZoneKind),
        vol.Required("points"): fields.points(3),
        "hours": fields.schedule,
    }
)

LINE = vol.Schema(
    {
        vol.Required("kind"): fields.choice(LineKind),
        vol.Required("points"): fields.points(2),
        "direction": fields.choice(Direction),
        "hours": fields.schedule,
    }
)

CAMERA = vol.Schema(
    {
        vol.Required("url"): fields.source,
        "name": fields.text,
        "analysis_url": fields.source,
        "username": fields.text,
        "password": fields.secret,
        "transport": fields.choice(Transport),
        "frame_rate": fields.number(1, 30, unit="frames a second"),
        "audio": fields.flag,
        "hardware": fields.identifier,
        "pace": fields.choice(Pace),
        "starts_at": fields.moment,
        "ring_s": fields.number(30, 300, unit="seconds"),
        "enabled": fields.flag,
        "zones": vol.Schema({fields.identifier: ZONE}),
        "lines": vol.Schema({fields.identifier: LINE}),
        "night": fields.hours,
        "loitering_s": fields.number(10, 7200, unit="seconds"),
        "classes": CLASSES,
        "verify": fields.flag,
        "faces": fields.choice(Facing),
    }
)

MQTT = vol.Schema(
    {
        vol.Required("host"): fields.text,
        "port": _PORT,
        "username": fields.text,
        "password": fields.secret,
        "password_file": fields.path,
        "tls": fields.flag,
        "ca_file": fields.path,
        "discovery_prefix": fields.text,
    }
)

API = vol.Schema(
    {
        "host": fields.text,
        "port": fields.number(0, 65535, whole=True),
        "public_url": fields.text,
        "ingress": fields.flag,
        "tls": fields.flag,
        "cert_file": fields.path,
        "key_file": fields.path,
        "zeroconf": fields.flag,
    }
)

SOUND = vol.Schema({"yamnet": fields.path})

RETENTION = vol.Schema(
    {
        "days": fields.number(0.01, 3650, unit="days"),
        "gigabytes": fields.number(0.01, 100_000, unit="gigabytes"),
    }
)

LEARNING = vol.Schema(
    {
        "enabled": fields.flag,
        "days": fields.number(3, 14, unit="days", whole=True),
    }
)

QUESTION = vol.Schema(
    {
        vol.Required("question"): fields.sentence,
        "english": fields.text,
        "chinese": fields.text,
        "cameras": [fields.identifier],
        "every_s": fields.number(10, 3600, unit="seconds"),
        "when": fields.choice(When),
        "low": _CONFIDENCE,
        "medium": _CONFIDENCE,
        "high": _CONFIDENCE,
        "alarm_level": fields.choice(Level),
        "window_s": fields.number(0.5, 60, unit="seconds"),
        "refractory_s": _SECONDS,
        "release_s": _SECONDS,
    }
)

MODEL = vol.Schema(
    {
        vol.Required("url"): fields.endpoint,
        vol.Required("name"): fields.text,
        "token": fields.secret,
        "token_file": fields.path,
        "language": fields.choice(Language),
        "ca_file": fields.path,
        "fingerprint": fields.fingerprint,
        "deadline_s": fields.number(0.5, 20, unit="seconds"),
        "sentence_s": fields.number(0.5, 20, unit="seconds"),
        "windows_per_minute": fields.number(1, 600, whole=True),
        "audits_per_hour": fields.number(0, 12),
        "pictures": fields.number(2, 8, whole=True),
        "parallel": fields.number(1, 32, whole=True),
        "questions": vol.All(
            vol.Schema({fields.own_class: QUESTION}),
            vol.Length(max=MOST_QUESTIONS, msg=f"must list at most {MOST_QUESTIONS} questions"),
        ),
    }
)

NODE: vol.Schema = vol.Schema(
    {
        vol.Required("node"): fields.identifier,
        # A node may begin without: cameras can be added through the API.
        vol.Optional("cameras", default=dict): vol.Schema({fields.identifier: CAMERA}),
        "name": fields.text,
        "data": fields.path,
        "language": fields.choice(Language),
        "time_zone": fields.time_zone,
        "words": vol.All(
            [fields.text],
            vol.Length(min=1, msg="must list at least one word, such as help"),
        ),
        "sound": SOUND,
        "pose_model": fields.path,
        "pose_processes": fields.number(1, 16, whole=True),
        "mqtt": MQTT,
        "api": API,
        "retention": RETENTION,
        "learning": LEARNING,
        "model": MODEL,
        "classes": CLASSES,
    }
)

type Raw = dict[str, Any]
"""A validated mapping: the schema has put every value into its own type."""
