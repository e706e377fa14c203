"""What happened, in plain words of the household's language, for Home Assistant's logbook."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from homeassistant.components.logbook.const import (
    LOGBOOK_ENTRY_ICON,
    LOGBOOK_ENTRY_MESSAGE,
    LOGBOOK_ENTRY_NAME,
)
from homeassistant.components.logbook.models import LazyEventPartialState
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.translation import async_get_cached_translations
from homeassistant.util import dt as dt_util

from .activity import EVENT_ANOMALY, EVENT_HELP
from .const import DOMAIN

type _Describe = Callable[[LazyEventPartialState], dict[str, Any]]

_ANOMALY: Final = "entity.event.anomaly.state_attributes.anomaly.state"
_LABEL: Final = "entity.event.anomaly.state_attributes.label.state"
_ICONS: Final = {
    "suspected": "mdi:shield-search",
    "verified": "mdi:shield-check",
    "escalated": "mdi:shield-alert",
    "resolved": "mdi:shield-home",
    "dismissed": "mdi:shield-off-outline",
}


class _Words:
    """The texts of this integration in Home Assistant's language, English where one is missing."""

    def __init__(self, hass: HomeAssistant) -> None:
        self._hass = hass

    def of(self, path: str, otherwise: str) -> str:
        """Give the text at a path of the translations; `otherwise` where there is none."""
        category = path.partition(".")[0]
        texts = async_get_cached_translations(
            self._hass, self._hass.config.language, category, DOMAIN
        )
        return texts.get(f"component.{DOMAIN}.{path}", otherwise)


def describe_anomaly(words: _Words, data: Mapping[str, Any]) -> str:
    """Make a sentence of a step of an anomaly: what, how sure, why."""
    step, anomaly, label = (str(data.get(key)) for key in ("step", "anomaly", "label"))
    what = words.of(f"{_ANOMALY}.{anomaly}", anomaly)
    if data.get("label"):
        what = words.of(f"{_LABEL}.{label}", label)
    sentence = words.of(f"common.logbook_{step}", "{anomaly}: " + step).format(anomaly=what)
    confidence = data.get("confidence")
    if isinstance(confidence, int | float):
        sure = words.of("common.logbook_confidence", "{sentence}, {percent} %")
        sentence = sure.format(sentence=sentence, percent=round(confidence * 100))
    # What a model saw says more than what made the detectors suspect it.
    if reason := data.get("description") or data.get("reason"):
        why = words.of("common.logbook_reason", "{sentence}: {reason}")
        sentence = why.format(sentence=sentence, reason=reason)
    return _with_time(words, sentence, data)


def describe_help(words: _Words, data: Mapping[str, Any]) -> str:
    """Make a sentence of a call for help."""
    sentence = words.of("common.logbook_help", "help")
    if word := data.get("word"):
        sentence = words.of("common.logbook_help_word", "help: {word}").format(word=word)
    return _with_time(words, sentence, data)


def _with_time(words: _Words, sentence: str, data: Mapping[str, Any]) -> str:
    """Add when it happened to what was told afterwards."""
    happened = dt_util.parse_datetime(str(data.get("time")))
    if not data.get("late") or happened is None:
        return sentence
    late = words.of("common.logbook_late", "{time}: {sentence}")
    time = dt_util.as_local(happened).strftime("%Y-%m-%d %H:%M:%S")
    return late.format(sentence=sentence, time=time)


@callback
def async_describe_events(
    hass: HomeAssistant, async_describe_event: Callable[[str, str, _Describe], None]
) -> None:
    """Tell the logbook how to put this integration's events into words."""
    words = _Words(hass)

    @callback
    def anomaly(event: LazyEventPartialState) -> dict[str, Any]:
        return {
            LOGBOOK_ENTRY_NAME: event.data.get("camera_name"),
            LOGBOOK_ENTRY_MESSAGE: describe_anomaly(words, event.data),
            LOGBOOK_ENTRY_ICON: _ICONS.get(str(event.data.get("step")), "mdi:shield-alert"),
        }

    @callback
    def help_called(event: LazyEventPartialState) -> dict[str, Any]:
        return {
            LOGBOOK_ENTRY_NAME: event.data.get("camera_name"),
            LOGBOOK_ENTRY_MESSAGE: describe_help(words, event.data),
            LOGBOOK_ENTRY_ICON: "mdi:bullhorn",
        }

    async_describe_event(DOMAIN, EVENT_ANOMALY, anomaly)
    async_describe_event(DOMAIN, EVENT_HELP, help_called)
