"""The clip of an event that has ended, as a window that a model can look at."""

from __future__ import annotations

from datetime import tzinfo

from omnicam.capture.film import read_film
from omnicam.config.model import CameraSettings
from omnicam.verify.coding import CUT_SIDE, WHOLE_SIDE, Coder
from omnicam.verify.window import WHOLE, FilmOrder, Window, cut_region

PICTURES = 6


def film(order: FilmOrder, camera: CameraSettings, time_zone: tzinfo) -> Window:
    """Look through a clip: pictures as everywhere cut to where it was, and black where private.

    Raises:
        ClipError: the clip cannot be read.
    """
    shots = read_film(order.path, PICTURES)
    height, width = shots[0][1].shape[:2]
    region = cut_region([order.region] if order.region is not None else [], width / height)
    coder = Coder(camera, time_zone)
    middle = shots[len(shots) // 2]
    return Window(
        start=order.start,
        end=order.start + shots[-1][0],
        region=region,
        whole=coder.coded(middle[1], order.start + middle[0], WHOLE, WHOLE_SIDE),
        pictures=tuple(
            coder.coded(image, order.start + time, region, CUT_SIDE) for time, image in shots
        ),
        sound=b"",
        people=0,
    )
