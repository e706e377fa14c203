"""Where and when, as the node says them."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path
from typing import Any

import pytest

from omnicam.config.errors import ConfigError
from omnicam.config.load import parse
from omnicam.config.model import CameraSettings, Language
from omnicam.evidence import Region
from omnicam.verify.sentences import compose, place_of

EN, ZH = Language.ENGLISH, Language.CHINESE
ONSET = 1_795_357_935.0  # 14:32:15 in UTC


def camera(**changes: Any) -> CameraSettings:
    settings = {"url": "rtsp://h/", "name": "Bedroom"} | changes
    return parse({"node": "home", "cameras": {"bedroom": settings}}, base=Path("/")).cameras[0]


def at(x: float, y: float) -> Region:
    """Something whose lower edge is there."""
    return Region(x=x - 0.05, y=y - 0.3, width=0.1, height=0.3)


def test_the_form_that_was_asked_for() -> None:
    room = camera(faces="north")
    far_right = at(0.9, 0.31)
    english = compose("a person has fallen.", room, far_right, ONSET, UTC, EN)
    assert english == "a person has fallen, Bedroom camera, north-east corner, 14:32:15"
    room = camera(faces="north", name="卧室")
    chinese = compose("有人跌倒。", room, far_right, ONSET, UTC, ZH)
    assert chinese == "有人跌倒，卧室摄像头，东北角，14:32:15"
    assert compose("a scream", camera(name="Hall camera"), None, ONSET, UTC, EN) == (
        "a scream, Hall camera, 14:32:15"
    )


@pytest.mark.parametrize(
    ("faces", "x", "y", "place"),
    [
        ("north", 0.5, 0.2, "north side"), ("north", 0.9, 0.9, "south-east corner"),
        ("east", 0.9, 0.31, "south-east corner"), ("east", 0.1, 0.5, "north side"),
        ("south", 0.1, 0.9, "north-east corner"), ("north_east", 0.9, 0.31, "east side"),
        ("west", 0.5, 0.5, "middle"), (None, 0.9, 0.31, "upper right of the picture"),
        (None, 0.5, 0.5, "middle of the picture"), (None, 0.1, 0.95, "lower left of the picture"),
    ],
)  # fmt: skip
def test_a_place_is_told_by_the_compass_or_by_the_picture(
    faces: str | None, x: float, y: float, place: str
) -> None:
    assert place_of(camera(**({"faces": faces} if faces else {})), at(x, y), EN) == place


def test_a_zone_goes_before_a_corner_but_a_mask_is_no_place() -> None:
    corners = [[0.0, 0.5], [1.0, 0.5], [1.0, 1.0], [0.0, 1.0]]
    zones = {
        "beside_the_bed": {"kind": "loitering", "points": corners},
        "television": {"kind": "ignored", "points": corners},
    }
    room = camera(zones=zones, faces="north")
    assert place_of(room, at(0.5, 0.9), EN) == "beside the bed"
    assert place_of(room, at(0.5, 0.32), EN) == "north side"
    assert place_of(room, None, EN) == ""


def test_a_wrong_direction_is_told() -> None:
    with pytest.raises(ConfigError, match="must be one of: north, north_east"):
        camera(faces="up")
