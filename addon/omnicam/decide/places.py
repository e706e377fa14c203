"""Whether evidence lies in the zones to which the user confined a class."""

from __future__ import annotations

from collections.abc import Sequence

from omnicam.config.model import CameraSettings, ClassSettings, Zone
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
    return any(zone.contains(*spot) for zone in zones for spot in spots)
