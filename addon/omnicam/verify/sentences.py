"""The sentence about an event that has ended: who and what from the model, where and when from us.

    a person has fallen, Bedroom camera, north-east corner, 14:32:15
    有人跌倒，卧室摄像头，东北角，14:32:15

A model may be wrong about a place or a time that it was told; so it says neither.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from types import MappingProxyType

from omnicam.config.model import CameraSettings, Facing, Language, ZoneKind
from omnicam.decide.places import counts
from omnicam.evidence import Region

_ENDS = " .!?。！？，,;；"

_PICTURE: Mapping[Language, Mapping[tuple[int, int], str]] = MappingProxyType(
    {
        Language.ENGLISH: {
            (-1, 1): "upper left of the picture", (0, 1): "top of the picture",
            (1, 1): "upper right of the picture", (-1, 0): "left of the picture",
            (0, 0): "middle of the picture", (1, 0): "right of the picture",
            (-1, -1): "lower left of the picture", (0, -1): "bottom of the picture",
            (1, -1): "lower right of the picture",
        },
        Language.CHINESE: {
            (-1, 1): "画面左上方", (0, 1): "画面上方", (1, 1): "画面右上方",
            (-1, 0): "画面左侧", (0, 0): "画面中央", (1, 0): "画面右侧",
            (-1, -1): "画面左下方", (0, -1): "画面下方", (1, -1): "画面右下方",
        },
    }
)  # fmt: skip

_COMPASS: Mapping[Language, tuple[str, ...]] = MappingProxyType(
    {
        Language.ENGLISH: (
            "north side", "north-east corner", "east side", "south-east corner",
            "south side", "south-west corner", "west side", "north-west corner",
        ),
        Language.CHINESE: (
            "北侧", "东北角", "东侧", "东南角", "南侧", "西南角", "西侧", "西北角",
        ),
    }
)  # fmt: skip
"""Clockwise from north, in steps of 45 degrees."""

_MIDDLE = MappingProxyType({Language.ENGLISH: "middle", Language.CHINESE: "中央"})

_TURN: Mapping[tuple[int, int], int] = MappingProxyType(
    {(0, 1): 0, (1, 1): 1, (1, 0): 2, (1, -1): 3, (0, -1): 4, (-1, -1): 5, (-1, 0): 6, (-1, 1): 7}
)
"""Steps of 45 degrees, clockwise from where the camera looks; what is low in it is near."""


def compose(
    what: str,
    camera: CameraSettings,
    region: Region | None,
    onset: float,
    time_zone: tzinfo,
    language: Language,
) -> str:
    """Give the whole sentence.

    Args:
        what: who did what, in the words of the model.
        camera: where it was.
        region: where in its picture, if anywhere.
        onset: stream time at which it began.
        time_zone: local time.
        language: of the household.
    """
    moment = datetime.fromtimestamp(onset, time_zone).strftime("%H:%M:%S")
    place = place_of(camera, region, language)
    parts = [what.strip(_ENDS), _camera(camera.name, language), place, moment]
    comma = "，" if language is Language.CHINESE else ", "
    return comma.join(part for part in parts if part)


def place_of(camera: CameraSettings, region: Region | None, language: Language) -> str:
    """Say where: the zone's name, a side of the room, or of the picture; empty for nowhere."""
    if region is None:
        return ""
    if zones := zone_names(camera, region):
        return ("、" if language is Language.CHINESE else " / ").join(zones)
    third = _thirds(region)
    if camera.faces is None:
        return _PICTURE[language][third]
    if third == (0, 0):
        return _MIDDLE[language]
    return _COMPASS[language][(list(Facing).index(camera.faces) + _TURN[third]) % 8]


def zone_names(camera: CameraSettings, region: Region) -> Sequence[str]:
    """Give the names of the zones in which something is, those of masks left out."""
    return [
        zone.name.replace("_", " ")
        for zone in camera.zones
        if zone.kind is not ZoneKind.IGNORED and counts(region, (zone,))
    ]


def _thirds(region: Region) -> tuple[int, int]:
    """Give the third of the picture from left (-1) to right and from near (-1) to far.

    What stands on the floor is where its lower edge is.
    """
    across, down = region.x + region.width / 2.0, region.y + region.height
    return _third(across), -_third(down)


def _third(part: float) -> int:
    return (part >= 1 / 3) + (part >= 2 / 3) - 1


def _camera(name: str, language: Language) -> str:
    if language is Language.CHINESE:
        return name if "摄像" in name else f"{name}摄像头"
    return name if "camera" in name.casefold() else f"{name} camera"
