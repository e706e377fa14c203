"""Whether evidence lies in the zones to which the user confined a class."""

from __future__ import annotations

from collections.abc import Sequence

from omnicam.config.model import CameraSettings, ClassSettings, Point, Zone
from omnicam.evidence import Region


def class_zones(camera: CameraSettings, settings: ClassSettings) -> tuple[Zone, ...]:
    """Give the zones to which a class is confined; none for the whole picture."""
    wanted = frozenset(settings.zones)
    return tuple(zone for zone in camera.zones if zone.name in wanted)


def counts(region: Region | None, zones: Sequence[Zone]) -> bool:
    """Whether evidence with this place counts.

    It does where there are no zones or no place (a sound), and where the middle of the region or
    the middle of its lower edge (the feet of somebody standing) lies in a zone.
    """
    if not zones or region is None:
        return True
    middle = region.x + region.width / 2
    spots = ((middle, region.y + region.height / 2), (middle, region.y + region.height))
    return any(inside(spot, zone.points) for zone in zones for spot in spots)


def inside(spot: Point, polygon: Sequence[Point]) -> bool:
    """Whether a point lies in a polygon, by the even-odd rule (Shimrat 1962)."""
    x, y = spot
    within = False
    for index, (x1, y1) in enumerate(polygon):
        x0, y0 = polygon[index - 1]
        if (y0 > y) != (y1 > y) and x < x0 + (x1 - x0) * (y - y0) / (y1 - y0):
            within = not within
    return within
