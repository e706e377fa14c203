"""Names and limits that the whole integration shares."""

import logging
from enum import StrEnum
from typing import Final

from homeassistant.const import Platform

DOMAIN: Final = "omnicam"
LOGGER: Final = logging.getLogger(__package__)
PLATFORMS: Final = (
    Platform.BINARY_SENSOR,
    Platform.BUTTON,
    Platform.CAMERA,
    Platform.EVENT,
    Platform.IMAGE,
    Platform.NUMBER,
    Platform.SELECT,
    Platform.SENSOR,
    Platform.SWITCH,
    Platform.UPDATE,
)

CONTRACT: Final = 1
"""Version of topics, payloads and HTTP API that this integration speaks."""

TOPIC_ROOT: Final = "omnicam"
DISCOVERY_TOPIC: Final = f"{TOPIC_ROOT}/+/info"
OWNER_INTEGRATION: Final = "integration"
DEFAULT_API_PORT: Final = 8130

CONF_NODE: Final = "node"
CONF_ANNOUNCED_URL: Final = "announced_url"
"""The API address the node itself gave; differs from `url` once the user has corrected it."""
CONF_FINGERPRINT: Final = "fingerprint"
"""SHA-256 of the one certificate that is trusted, as hexadecimal digits; None for authorities."""
CONF_ANNOUNCED_FINGERPRINT: Final = "announced_fingerprint"
"""The one that the node itself gave; differs where another server's was confirmed by the user."""

CONF_APP: Final = "app"
"""Slug of the Home Assistant app that the node is; missing where it is none."""

SUBENTRY_CAMERA: Final = "camera"
"""A camera that was added to the node through its API; its unique id is the camera's."""

INFO_TIMEOUT: Final = 5.0
"""Seconds to wait at set-up for the node's retained info when its API does not answer."""

COMMAND_TIMEOUT: Final = 10.0
"""Seconds in which the node must say that it did what it was asked for."""

HANDOVER_TIMEOUT: Final = 5.0
"""Seconds to wait at set-up until the node has withdrawn the entities that it announced itself."""


class AnomalyClass(StrEnum):
    """What a node watches for; the value is the name in topics and translation keys."""

    PERIMETER_CLIMBING = "perimeter_climbing"
    RESTRICTED_AREA_INTRUSION = "restricted_area_intrusion"
    NIGHT_LOITERING = "night_loitering"
    FALL = "fall"
    VIOLENT_CONFLICT = "violent_conflict"
    DANGEROUS_TOOL = "dangerous_tool"
    SMOKE = "smoke"
    ABNORMAL_SOUND = "abnormal_sound"
    CAMERA_TAMPERING = "camera_tampering"


class Level(StrEnum):
    """How sure the node is of an anomaly."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


LANGUAGES: Final = ("en", "zh-Hans")
"""Languages that a node speaks."""


class Step(StrEnum):
    """The steps of an event's life."""

    SUSPECTED = "suspected"
    VERIFIED = "verified"
    ESCALATED = "escalated"
    RESOLVED = "resolved"
    DISMISSED = "dismissed"
    DESCRIBED = "described"


class CameraStatus(StrEnum):
    """What a node says about one of its cameras."""

    ONLINE = "online"
    OFFLINE = "offline"
    DISABLED = "disabled"
