"""What can be said about the cameras, by voice and to a language model.

Nothing is promised that is not known: a camera that is away makes the answer "I cannot tell".
"""

from collections.abc import Callable
from typing import Any, Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.translation import async_get_translations
from homeassistant.util import dt as dt_util

from .api import ApiError
from .const import DOMAIN
from .models import HelpCall
from .speech import speaks_chinese, speech
from .targets import Camera, async_area, async_cameras

_MOST_TOLD: Final = 3
_PAGE: Final = 50
_NAMES: Final = "component.omnicam.entity.event.anomaly.state_attributes.anomaly.state"


@callback
def call_help(hass: HomeAssistant, language: str, word: str, device_id: str | None) -> str:
    """Raise the call for help of the nearest camera, as if it had heard it itself."""
    cameras = async_cameras(hass)
    if not cameras:
        return speech(language, "no_camera")
    device = dr.async_get(hass).async_get(device_id) if device_id is not None else None
    area_id = device.area_id if device is not None else None
    near = [
        camera
        for camera in cameras
        if area_id is not None and (area := async_area(hass, camera)) and area.id == area_id
    ]
    now = dt_util.utcnow().isoformat()
    # One camera only: an automation that watches several must not ring for each of them.
    (near or cameras)[0].feed.async_call_help(
        HelpCall(event=None, word=word, confidence=1.0, time=now)
    )
    return speech(language, "help")


async def what_happened(hass: HomeAssistant, language: str, room: str | None) -> str:
    """Tell today's events of a room, or of all."""
    cameras = _called(hass, room)
    if not cameras:
        key = "no_such_camera" if room and async_cameras(hass) else "no_camera"
        return speech(language, key, room=room)
    try:
        events = await _today(cameras)
    except ApiError:
        return speech(language, "no_node")
    where = room or speech(language, "everywhere")
    if not events:
        return speech(language, "nothing", where=where)
    told = await _told(hass, language, events)
    return speech(language, "happened", where=where, events=told)


async def all_right(hass: HomeAssistant, language: str) -> str:
    """Tell whether a camera raises an alarm now, and what the last event was."""
    cameras = async_cameras(hass)
    if not cameras:
        return speech(language, "no_camera")
    joint = "、" if speaks_chinese(language) else ", "
    alarms = [
        (camera, anomaly)
        for camera in cameras
        for anomaly, verdict in camera.feed.verdicts.items()
        if verdict.on and camera.feed.watched
    ]
    if alarms:
        names = await _class_names(hass, language)
        events = joint.join(f"{names(anomaly)} ({camera.name})" for camera, anomaly in alarms)
        return speech(language, "open", events=events)
    away = [camera.name for camera in cameras if not camera.feed.available]
    if away:
        return speech(language, "away", cameras=joint.join(away))
    try:
        events_today = await _today(cameras)
    except ApiError:
        return speech(language, "no_node")
    last = speech(language, "no_last")
    if events_today:
        last = speech(language, "last", event=await _told(hass, language, events_today[:1]))
    return speech(language, "calm", last=last)


async def look(hass: HomeAssistant, language: str, room: str, question: str) -> str:
    """Have the model answer a question about what a camera sees now."""
    cameras = _called(hass, room)
    if not cameras or not question.strip():
        return speech(language, "no_such_camera", room=room)
    camera = cameras[0]
    try:
        return await camera.hub.monitor.api.describe(camera.id, question)
    except ApiError as error:
        return speech(language, "unanswered", error=error)


@callback
def _called(hass: HomeAssistant, room: str | None) -> list[Camera]:
    """Give the cameras that go by a name: their own, or that of their area; all without one."""
    cameras = async_cameras(hass)
    if not room:
        return cameras
    wanted = room.casefold()

    def goes_by(camera: Camera) -> bool:
        area = async_area(hass, camera)
        names = {camera.name, camera.id, *((area.name, *area.aliases) if area else ())}
        return any(wanted == str(name).casefold() for name in names)

    return [camera for camera in cameras if goes_by(camera)]


async def _today(cameras: list[Camera]) -> list[dict[str, Any]]:
    """Give today's events of some cameras, the latest first, with the camera's name."""
    begin = dt_util.as_utc(dt_util.start_of_local_day()).isoformat()
    found: list[dict[str, Any]] = []
    for camera in cameras:
        wanted = {"camera": camera.id, "from": begin, "limit": str(_PAGE)}
        page = await camera.hub.monitor.api.search(wanted)
        found += [
            event | {"name": camera.name}
            for event in page.get("events", [])
            if event.get("step") != "dismissed"
        ]
    return sorted(found, key=lambda event: str(event.get("suspected")), reverse=True)


async def _told(hass: HomeAssistant, language: str, events: list[dict[str, Any]]) -> str:
    names = await _class_names(hass, language)
    parts = []
    for event in events[:_MOST_TOLD]:
        moment = dt_util.parse_datetime(str(event.get("suspected")))
        time = f"{dt_util.as_local(moment):%H:%M}" if moment is not None else "?"
        what = names(str(event.get("class")))
        parts.append(speech(language, "at", what=what, time=time, camera=event["name"]))
    if len(events) > _MOST_TOLD:
        parts.append(speech(language, "more", count=len(events) - _MOST_TOLD))
    return ("、" if speaks_chinese(language) else ", ").join(parts)


async def _class_names(hass: HomeAssistant, language: str) -> Callable[[str], str]:
    spoken = "zh-Hans" if speaks_chinese(language) else "en"
    texts = await async_get_translations(hass, spoken, "entity", [DOMAIN])

    def name(anomaly: str) -> str:
        shown = texts.get(f"{_NAMES}.{anomaly}", anomaly.replace("_", " "))
        return shown if speaks_chinese(language) else shown.lower()

    return name
