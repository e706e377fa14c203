"""The check-in: somebody fell, so ask aloud "Are you all right?" and act on the answer.

"Yes" ends the event. "No", "help" and silence make the node raise it to an alarm. The
satellites of the camera's area are asked first. Every wait is bounded, and the outcome is an event
of the camera, for automations.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from homeassistant.const import ATTR_ENTITY_ID, ATTR_SUPPORTED_FEATURES, STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import area_registry as ar
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from .answers import Meaning, meaning_of
from .api import ApiError
from .const import DOMAIN, LOGGER, AnomalyClass, Step
from .data import OmnicamConfigEntry
from .feed import CameraFeed
from .models import AnomalyEvent
from .speech import speech
from .targets import Camera, async_area

SATELLITE: Final = "assist_satellite"
_START_CONVERSATION: Final = 2
"""Of `AssistSatelliteEntityFeature`: importing it would load the whole of Assist."""

CONF_CHECK_IN: Final = "check_in"
"""Option of the entry: whether a fall is followed by a check-in by itself."""

ANSWER_TIMEOUT: Final = 30.0
"""Seconds for one question and its answer; speaking it takes some of them."""

MOST_SATELLITES: Final = 3
"""So many satellites are asked in turn at most: help must not wait for all rooms."""

_REMEMBERED: Final = 32


class Outcome(StrEnum):
    """What came of a check-in; also the types of its event entity, beside `asked`."""

    ALL_RIGHT = "all_right"
    NEEDS_HELP = "needs_help"
    NO_ANSWER = "no_answer"
    NOT_ASKED = "not_asked"


ASKED: Final = "asked"
EVENT_TYPES: Final = (ASKED, *(outcome.value for outcome in Outcome))

_FEEDBACK: Final[Mapping[Outcome, str]] = {
    # Not a false alarm: somebody may well have fallen, and be all right. Nothing is learned.
    Outcome.ALL_RIGHT: "dismissed",
    Outcome.NEEDS_HELP: "needs_help",
    # Nobody was heard, or could be asked: raised all the same, but nothing is learned from it.
    Outcome.NO_ANSWER: "unanswered",
    Outcome.NOT_ASKED: "unanswered",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How a check-in went.

    Attributes:
        outcome: what came of it.
        event: id of the event it was about, None for one that a person started.
        satellite: entity id of the one that was answered, or asked last.
        answer: what was heard.
        told: whether the node took it; None when there was no event to tell of.
    """

    outcome: Outcome
    event: str | None
    satellite: str | None = None
    answer: str | None = None
    told: bool | None = None

    def as_dict(self) -> dict[str, Any]:
        """Give it as an action's response and as attributes."""
        return {
            "outcome": self.outcome.value,
            "event_id": self.event,
            "satellite": self.satellite,
            "answer": self.answer,
            "told_node": self.told,
        }


def signal(node: str, camera: str) -> str:
    """Give the dispatcher's name for the steps of a camera's check-ins."""
    return f"{DOMAIN}_check_in/{node}/{camera}"


@dataclass(slots=True)
class CheckIns:
    """The check-ins of this Home Assistant: one at a time for each camera."""

    hass: HomeAssistant
    _running: dict[tuple[str, str], asyncio.Task[Result]] = field(default_factory=dict)
    _done: dict[str, Result] = field(default_factory=dict)

    async def run(
        self, camera: Camera, event: str | None, satellites: Sequence[str] | None = None
    ) -> Result:
        """Ask, or wait for what is being asked, or give what was answered about this event.

        An automation and the integration itself may both start one for the same fall: a person
        on the floor is asked once.
        """
        if event is not None and (known := self._done.get(event)) is not None:
            return known
        key = (camera.entry.entry_id, camera.id)
        task = self._running.get(key)
        if task is None:
            task = self.hass.async_create_task(
                self._ask(camera, event, satellites), f"omnicam check-in {camera.id}"
            )
            self._running[key] = task
            task.add_done_callback(lambda _: self._running.pop(key, None))
        # Whoever stops waiting does not silence the question for the others.
        return await asyncio.shield(task)

    async def _ask(
        self, camera: Camera, event: str | None, satellites: Sequence[str] | None
    ) -> Result:
        chosen = list(satellites or async_satellites(self.hass, camera))[:MOST_SATELLITES]
        result = Result(outcome=Outcome.NOT_ASKED, event=event)
        for satellite in chosen:
            self._tell(camera, ASKED, {"event_id": event, "satellite": satellite})
            result = await self._ask_at(camera, satellite, event, result)
            if result.outcome in (Outcome.ALL_RIGHT, Outcome.NEEDS_HELP):
                break
        result = await self._report(camera, result)
        if event is not None:
            self._done[event] = result
            while len(self._done) > _REMEMBERED:
                self._done.pop(next(iter(self._done)))
        self._tell(camera, result.outcome.value, result.as_dict())
        return result

    async def _ask_at(
        self, camera: Camera, satellite: str, event: str | None, before: Result
    ) -> Result:
        """Ask at one satellite; an answer that says neither is asked about once more."""
        heard: str | None = None
        for key in ("check_in", "check_in_again"):
            question = speech(self.hass.config.language, key, camera=camera.name)
            try:
                async with asyncio.timeout(ANSWER_TIMEOUT):
                    heard = await self._question(satellite, question)
            except TimeoutError:
                return Result(outcome=Outcome.NO_ANSWER, event=event, satellite=satellite)
            except HomeAssistantError as error:
                LOGGER.warning("The check-in could not ask at %s: %s", satellite, error)
                return before
            meaning = meaning_of(heard)
            if meaning is not Meaning.UNCLEAR:
                outcome = Outcome(meaning.value)
                return Result(outcome=outcome, event=event, satellite=satellite, answer=heard)
        return Result(outcome=Outcome.NO_ANSWER, event=event, satellite=satellite, answer=heard)

    async def _question(self, satellite: str, question: str) -> str:
        response = await self.hass.services.async_call(
            SATELLITE,
            "ask_question",
            {ATTR_ENTITY_ID: satellite, "question": question},
            blocking=True,
            return_response=True,
        )
        sentence = (response or {}).get("sentence")
        return sentence if isinstance(sentence, str) else ""

    async def _report(self, camera: Camera, result: Result) -> Result:
        if result.event is None:
            return result
        told = True
        try:
            await camera.hub.monitor.api.feedback(result.event, _FEEDBACK[result.outcome])
        except ApiError as error:
            # The outcome stands: automations have it from the event entity all the same.
            LOGGER.warning("The node was not told of the check-in: %s", error)
            told = False
        return Result(
            outcome=result.outcome,
            event=result.event,
            satellite=result.satellite,
            answer=result.answer,
            told=told,
        )

    @callback
    def _tell(self, camera: Camera, kind: str, attributes: Mapping[str, Any]) -> None:
        told = {**attributes, "time": dt_util.utcnow().isoformat()}
        async_dispatcher_send(self.hass, signal(camera.hub.node, camera.id), kind, told)


CHECK_INS: HassKey[CheckIns] = HassKey(f"{DOMAIN}_check_ins")


@callback
def async_satellites(hass: HomeAssistant, camera: Camera) -> list[str]:
    """Give the satellites that can ask, those of the camera's area first, then of its floor."""
    area = async_area(hass, camera)
    floor = area.floor_id if area is not None else None
    found: list[tuple[int, str]] = []
    for state in hass.states.async_all(SATELLITE):
        features = state.attributes.get(ATTR_SUPPORTED_FEATURES, 0)
        if state.state == STATE_UNAVAILABLE or not features & _START_CONVERSATION:
            continue
        where = _area_of(hass, state.entity_id)
        near = 0 if area is not None and where == area.id else 2
        if near and floor is not None and _floor_of(hass, where) == floor:
            near = 1
        found.append((near, state.entity_id))
    return [entity_id for _, entity_id in sorted(found)]


@callback
def async_follow_falls(hass: HomeAssistant, entry: OmnicamConfigEntry) -> None:
    """Start a check-in at every fall that has become an alarm, unless the entry says otherwise."""

    @callback
    def follow(feed: CameraFeed) -> None:
        @callback
        def on_event(event: AnomalyEvent) -> None:
            fell = event.anomaly == AnomalyClass.FALL and event.step is Step.ESCALATED
            camera = Camera(entry, feed)
            if not fell or not entry.options.get(CONF_CHECK_IN, True):
                return
            verdict = feed.verdict(AnomalyClass.FALL)
            if event.late and (verdict is None or verdict.event != event.event):
                return  # it was over before Home Assistant could know of it
            # Without a satellite there is nothing to ask: the alarm is raised already.
            if async_satellites(hass, camera):
                entry.async_create_background_task(
                    hass, hass.data[CHECK_INS].run(camera, event.event), "omnicam check-in"
                )

        entry.async_on_unload(feed.async_listen_events(on_event))

    entry.async_on_unload(entry.runtime_data.async_on_camera(follow))


def _area_of(hass: HomeAssistant, entity_id: str) -> str | None:
    entity = er.async_get(hass).async_get(entity_id)
    if entity is None:
        return None
    if entity.area_id is not None or entity.device_id is None:
        return entity.area_id
    device = dr.async_get(hass).async_get(entity.device_id)
    return device.area_id if device is not None else None


def _floor_of(hass: HomeAssistant, area_id: str | None) -> str | None:
    area = ar.async_get(hass).async_get_area(area_id) if area_id is not None else None
    return area.floor_id if area is not None else None
