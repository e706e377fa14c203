"""Events in the media browser: node, camera, day, class, and then their clips.

Whatever the number of events, a folder is made of one page of the node's answer and of at most
`_MOST_DAYS` questions: nothing here grows with the record.
"""

import asyncio
from datetime import date, datetime, timedelta
from typing import Any, Final, override
from urllib.parse import quote, unquote

from homeassistant.components.media_player.const import MediaClass
from homeassistant.components.media_player.errors import BrowseError
from homeassistant.components.media_source import (
    BrowseMediaSource,
    MediaSource,
    MediaSourceItem,
    PlayMedia,
    Unresolvable,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers.translation import async_get_translations
from homeassistant.util import dt as dt_util

from .api import ApiError, NodeApi
from .const import DOMAIN, AnomalyClass
from .data import OmnicamConfigEntry
from .media_view import media_path
from .shown import is_shown
from .speech import speaks_chinese
from .targets import async_loaded

_PAGE: Final = 100
_MOST_DAYS: Final = 31
_ALL: Final = "all"
_NAMES: Final = "component.omnicam.entity.event.anomaly.state_attributes.anomaly.state"


async def async_get_media_source(hass: HomeAssistant) -> MediaSource:
    """Give the source; Home Assistant calls it."""
    return EventSource(hass)


class EventSource(MediaSource):
    """The events of all nodes."""

    name = "OmniCam"

    def __init__(self, hass: HomeAssistant) -> None:
        """Take Home Assistant."""
        super().__init__(DOMAIN)
        self._hass = hass

    @override
    async def async_resolve_media(self, item: MediaSourceItem) -> PlayMedia:
        """Give the path of a clip, or of a picture; Home Assistant signs it."""
        match _parts(item.identifier):
            case [entry_id, camera, "clip" | "snapshot" as kind, event]:
                entry = self._entry(entry_id)
                if entry is not None and is_shown(entry, camera):
                    mime = "video/mp4" if kind == "clip" else "image/jpeg"
                    return PlayMedia(media_path(entry_id, event, kind), mime)
        raise Unresolvable(translation_domain=DOMAIN, translation_key="no_media")

    @override
    async def async_browse_media(self, item: MediaSourceItem) -> BrowseMediaSource:
        """Give a folder."""
        names = await self._class_names()
        try:
            match _parts(item.identifier):
                case []:
                    return self._root()
                case [entry_id]:
                    return self._node(self._known(entry_id))
                case [entry_id, camera]:
                    return await self._camera(self._known(entry_id, camera), camera)
                case [entry_id, camera, day]:
                    return await self._day(self._known(entry_id, camera), camera, day, names)
                case [entry_id, camera, day, kind]:
                    entry = self._known(entry_id, camera)
                    return await self._events(entry, camera, day, kind, None, names)
                case [entry_id, camera, day, kind, cursor]:
                    entry = self._known(entry_id, camera)
                    return await self._events(entry, camera, day, kind, cursor, names)
        except ApiError as error:
            raise BrowseError(
                translation_domain=DOMAIN,
                translation_key="api_failed",
                translation_placeholders={"name": self.name, "error": str(error)},
            ) from error
        raise _unknown()

    def _entry(self, entry_id: str) -> OmnicamConfigEntry | None:
        entries = async_loaded(self._hass)
        return next((each for each in entries if each.entry_id == entry_id), None)

    def _known(self, entry_id: str, camera: str | None = None) -> OmnicamConfigEntry:
        entry = self._entry(entry_id)
        if entry is None:
            raise _unknown()
        if camera is not None and (
            camera not in entry.runtime_data.cameras or not is_shown(entry, camera)
        ):
            raise _unknown()
        return entry

    def _root(self) -> BrowseMediaSource:
        entries = async_loaded(self._hass)
        if len(entries) == 1:  # nobody wants to open the only folder there is
            return _folder("", self.name, self._cameras(entries[0]))
        return _folder("", self.name, [_folder(each.entry_id, each.title) for each in entries])

    def _node(self, entry: OmnicamConfigEntry) -> BrowseMediaSource:
        return _folder(entry.entry_id, entry.title, self._cameras(entry))

    def _cameras(self, entry: OmnicamConfigEntry) -> list[BrowseMediaSource]:
        return [
            _folder(_join(entry.entry_id, camera), feed.info.name)
            for camera, feed in sorted(entry.runtime_data.cameras.items())
            if is_shown(entry, camera)
        ]

    async def _camera(self, entry: OmnicamConfigEntry, camera: str) -> BrowseMediaSource:
        """List the days that have events, each found by asking what lies before the last one."""
        api = entry.runtime_data.monitor.api
        days: list[date] = []
        before: dict[str, str] = {}
        while len(days) < _MOST_DAYS:
            page = await api.search({"camera": camera, "limit": "1"} | before)
            if not page.get("events"):
                break
            days.append(_moment(page["events"][0]["suspected"]).date())
            before = {"to": dt_util.as_utc(dt_util.start_of_local_day(days[-1])).isoformat()}
        children = [
            _folder(_join(entry.entry_id, camera, day.isoformat()), day.isoformat()) for day in days
        ]
        name = entry.runtime_data.cameras[camera].info.name
        return _folder(_join(entry.entry_id, camera), name, children)

    async def _day(
        self, entry: OmnicamConfigEntry, camera: str, day: str, names: dict[str, str]
    ) -> BrowseMediaSource:
        span = {"camera": camera, "limit": "1"} | _span(day)
        api = entry.runtime_data.monitor.api
        found = await asyncio.gather(*(_any(api, span | {"class": each}) for each in AnomalyClass))
        kinds = [each.value for each, some in zip(AnomalyClass, found, strict=True) if some]
        children = [
            _folder(_join(entry.entry_id, camera, day, kind), names[kind])
            for kind in [*([_ALL] if kinds else []), *kinds]
        ]
        return _folder(_join(entry.entry_id, camera, day), day, children)

    async def _events(
        self,
        entry: OmnicamConfigEntry,
        camera: str,
        day: str,
        kind: str,
        cursor: str | None,
        names: dict[str, str],
    ) -> BrowseMediaSource:
        if kind not in names:
            raise _unknown()
        wanted = {"camera": camera, "limit": str(_PAGE)} | _span(day)
        wanted |= {"class": kind} if kind != _ALL else {}
        wanted |= {"cursor": cursor} if cursor is not None else {}
        page = await entry.runtime_data.monitor.api.search(wanted)
        children = [
            item for event in page.get("events", []) if (item := _event(entry, event, names))
        ]
        if next_page := page.get("cursor"):
            identifier = _join(entry.entry_id, camera, day, kind, next_page)
            children.append(_folder(identifier, names["more"]))
        return _folder(_join(entry.entry_id, camera, day, kind), names[kind], children)

    async def _class_names(self) -> dict[str, str]:
        language = self._hass.config.language
        texts = await async_get_translations(self._hass, language, "entity", [DOMAIN])
        names = {each.value: texts.get(f"{_NAMES}.{each}", each.value) for each in AnomalyClass}
        chinese = speaks_chinese(language)
        return names | (
            {_ALL: "全部", "more": "更早的"} if chinese else {_ALL: "All", "more": "Earlier"}
        )


async def _any(api: NodeApi, wanted: dict[str, str]) -> bool:
    return bool((await api.search(wanted)).get("events"))


def _event(
    entry: OmnicamConfigEntry, event: dict[str, Any], names: dict[str, str]
) -> BrowseMediaSource | None:
    """Make the item of an event; None when the retention has taken its files."""
    kind = "clip" if event.get("clip") else "snapshot"
    if not event.get(kind):
        return None
    video = kind == "clip"
    moment = _moment(event["suspected"])
    what = names.get(event["class"], event["class"])
    picture = media_path(entry.entry_id, event["event"], "snapshot")
    return BrowseMediaSource(
        domain=DOMAIN,
        identifier=_join(entry.entry_id, event["camera"], kind, event["event"]),
        media_class=MediaClass.VIDEO if video else MediaClass.IMAGE,
        media_content_type="video/mp4" if video else "image/jpeg",
        title=f"{moment:%H:%M:%S} {what}",
        can_play=True,
        can_expand=False,
        thumbnail=picture if event.get("snapshot") else None,
    )


def _folder(
    identifier: str, title: str, children: list[BrowseMediaSource] | None = None
) -> BrowseMediaSource:
    return BrowseMediaSource(
        domain=DOMAIN,
        identifier=identifier,
        media_class=MediaClass.DIRECTORY,
        media_content_type="",
        title=title,
        can_play=False,
        can_expand=True,
        children=children,
        children_media_class=MediaClass.DIRECTORY,
    )


def _join(*parts: str) -> str:
    return "/".join(quote(part, safe="") for part in parts)


def _parts(identifier: str | None) -> list[str]:
    return [unquote(part) for part in identifier.split("/")] if identifier else []


def _moment(text: str) -> datetime:
    moment = dt_util.parse_datetime(text)
    if moment is None:
        raise _unknown()
    return dt_util.as_local(moment)


def _span(day: str) -> dict[str, str]:
    parsed = dt_util.parse_date(day)
    if parsed is None:
        raise _unknown()
    begin = dt_util.start_of_local_day(parsed)
    end = dt_util.start_of_local_day(parsed + timedelta(days=1))
    return {
        "from": dt_util.as_utc(begin).isoformat(),
        "to": dt_util.as_utc(end).isoformat(),
    }


def _unknown() -> BrowseError:
    return BrowseError(translation_domain=DOMAIN, translation_key="no_media")
