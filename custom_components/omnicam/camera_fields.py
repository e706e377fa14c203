"""A camera's form and the fields of the node's API: pure translation, both ways."""

from collections.abc import Mapping
from typing import Any, Final

from homeassistant.const import CONF_NAME, CONF_PASSWORD, CONF_URL, CONF_USERNAME

from .const import AnomalyClass, Level

CLASSES: Final = "classes"
ALARM_LEVEL: Final = "alarm_level"
NIGHT_START: Final = "night_start"
NIGHT_END: Final = "night_end"
ZONES: Final = "zones"

_NIGHT: Final = ("22:00", "06:00")
"""The node's own night, where the form has only one of its ends."""


def fields(
    form: Mapping[str, Any], source: str | None, current: Mapping[str, Any]
) -> dict[str, Any]:
    """Make the fields to send.

    Args:
        form: the answers.
        source: the camera's address; None to leave it as it is.
        current: the camera's present fields, empty for a new one. What a class has beside what
            the form shows, such as thresholds, stays.
    """
    sent: dict[str, Any] = {CONF_NAME: form[CONF_NAME].strip()}
    if source:
        sent[CONF_URL] = source.strip()
    for key in (CONF_USERNAME, CONF_PASSWORD):
        if form.get(key):
            sent[key] = form[key]
    sent[CLASSES] = _classes(form, current.get(CLASSES) or {})
    night = form.get(NIGHT_START), form.get(NIGHT_END)
    sent["night"] = None
    if any(night):
        begin, end = ((given or usual)[:5] for given, usual in zip(night, _NIGHT, strict=True))
        sent["night"] = f"{begin}-{end}"
    # Zones that the form only showed may have been drawn anew on the node's page meanwhile.
    if (zones := form.get(ZONES) or None) != (current.get(ZONES) or None):
        sent[ZONES] = zones
    return sent if current else {key: value for key, value in sent.items() if value is not None}


def _classes(form: Mapping[str, Any], current: Mapping[str, Any]) -> dict[str, Any]:
    classes = {name: dict(given) for name, given in current.items()}
    watched = form.get(CLASSES, list(AnomalyClass))
    for name in AnomalyClass:
        given = classes.setdefault(name.value, {})
        given["enabled"] = name.value in watched
        if level := form.get(ALARM_LEVEL):
            given["alarm_level"] = level
    return classes


def suggestions(current: Mapping[str, Any]) -> dict[str, Any]:
    """Give the answers that a camera's present fields stand for."""
    classes = current.get(CLASSES) or {}
    shown: dict[str, Any] = {
        CONF_NAME: current.get(CONF_NAME),
        CONF_URL: None,  # what is shown of it lacks the password, and would overwrite it
        CLASSES: [
            name.value for name in AnomalyClass if classes.get(name, {}).get("enabled", True)
        ],
        ZONES: current.get(ZONES),
    }
    levels = {classes.get(name, {}).get("alarm_level", Level.HIGH.value) for name in AnomalyClass}
    if len(levels) == 1:
        shown[ALARM_LEVEL] = levels.pop()
    begin, dash, end = str(current.get("night") or "").partition("-")
    if dash:
        shown[NIGHT_START], shown[NIGHT_END] = f"{begin.strip()}:00", f"{end.strip()}:00"
    return {key: value for key, value in shown.items() if value is not None}
