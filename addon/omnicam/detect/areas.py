"""Where the settings' polygons lie in the picture, and which of them count now."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, tzinfo

import cv2
import numpy as np
import numpy.typing as npt

from omnicam.config.model import Zone, ZoneKind
from omnicam.evidence import Region


def active_zones(
    zones: Iterable[Zone], kind: ZoneKind, time: float, time_zone: tzinfo
) -> tuple[Zone, ...]:
    """Give the zones of one kind whose hours hold at this stream time, in local time."""
    ours = tuple(zone for zone in zones if zone.kind is kind)
    if not ours:
        return ()
    moment = datetime.fromtimestamp(time, time_zone).time()
    return tuple(zone for zone in ours if zone.active(moment))


def in_any(zones: Iterable[Zone], x: float, y: float) -> bool:
    """Whether a point (fractions of the picture) lies in one of the zones."""
    return any(zone.contains(x, y) for zone in zones)


def cover(zones: Iterable[Zone], height: int, width: int) -> npt.NDArray[np.bool_]:
    """Draw the zones as a mask of shape (height, width), True inside."""
    mask = np.zeros((height, width), np.uint8)
    for zone in zones:
        corners = np.array(zone.points) * (width, height)
        cv2.fillPoly(mask, [np.rint(corners).astype(np.int32)], 1)
    return mask.astype(np.bool_)


def box_of(mask: npt.NDArray[np.bool_]) -> Region:
    """Give the smallest rectangle around what is True, anywhere in a mask that is not all False."""
    rows, columns = np.nonzero(mask)
    height, width = mask.shape
    return Region(
        x=float(columns.min() / width),
        y=float(rows.min() / height),
        width=float((columns.max() - columns.min() + 1) / width),
        height=float((rows.max() - rows.min() + 1) / height),
    )
