"""Pictures for the model as JPEG: cut, with what is private blacked out, and shrunk.

A picture that has not changed gives the very bytes of the last time: a server that keeps what it
worked out by content (vLLM's multimodal cache) and by prefix then works nothing out again.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from datetime import tzinfo

import cv2
import numpy as np

from omnicam.config.model import CameraSettings, ZoneKind
from omnicam.detect.areas import active_zones, cover
from omnicam.evidence import Region
from omnicam.media import Pixels

CUT_SIDE = 448
"""Longest side of a cut picture in pixels; 196 tokens of Qwen3-Omni."""

WHOLE_SIDE = 320

BLOCK = 16
"""Pixels of a coded picture whose mean is compared: 1/20 of the whole view's width."""

CHANGED = 6.0
"""Difference of the mean of a block, of 255, from which a picture has changed. Sensor noise and the
camera's own coding stay below it (0.1 to 3 in the recordings of bench/stillness)."""

_QUALITY = 85
_KEPT = 4  # pictures with their bytes: the whole view, and the places that were cut last


class Coder:
    """Codes the pictures of one camera; for one thread at a time."""

    def __init__(self, camera: CameraSettings, time_zone: tzinfo) -> None:
        self._camera = camera
        self._time_zone = time_zone
        self._kept: OrderedDict[tuple[Region, int], tuple[Pixels, bytes]] = OrderedDict()

    def coded(self, image: Pixels, time: float, region: Region, longest: int) -> bytes:
        """Give a picture as JPEG: the last bytes of this region where nothing changed since.

        Args:
            image: RGB, of the whole picture.
            time: its stream time: zones may have hours.
            region: what to cut.
            longest: longest side in pixels.
        """
        part = self._part(image, time, region, longest)
        key = region, longest
        known = self._kept.get(key)
        if known is not None and unchanged(known[0], part):
            self._kept.move_to_end(key)
            return known[1]
        picture = cv2.cvtColor(part, cv2.COLOR_RGB2BGR)
        data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1].tobytes()
        # The picture that was coded is what the next are held against: nothing can creep.
        self._kept[key] = part, data
        self._kept.move_to_end(key)
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return data

    def _part(self, image: Pixels, time: float, region: Region, longest: int) -> Pixels:
        height, width = image.shape[:2]
        zones = active_zones(self._camera.zones, ZoneKind.IGNORED, time, self._time_zone)
        if zones:
            image = np.where(cover(zones, height, width)[..., None], np.uint8(0), image)
        left, top = math.floor(region.x * width), math.floor(region.y * height)
        right = math.ceil((region.x + region.width) * width)
        bottom = math.ceil((region.y + region.height) * height)
        part = image[top:bottom, left:right]
        scale = longest / max(part.shape[:2])
        if scale < 1.0:
            size = (max(round(part.shape[1] * scale), 1), max(round(part.shape[0] * scale), 1))
            part = np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), np.uint8)
        return np.ascontiguousarray(part)


def unchanged(before: Pixels, now: Pixels) -> bool:
    """Say whether two pictures differ in no block by more than noise."""
    if before.shape != now.shape:
        return False
    height, width = now.shape[:2]
    blocks = (max(width // BLOCK, 1), max(height // BLOCK, 1))
    # Signed: noise cancels within a block, and what moved within one does not.
    difference = now.astype(np.float32) - before.astype(np.float32)
    means = cv2.resize(difference, blocks, interpolation=cv2.INTER_AREA)
    return bool(np.abs(means).max() < CHANGED)
