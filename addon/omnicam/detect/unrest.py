"""How unruly the motion of one picture is: numbers from the optical flow alone.

Bodies that wrestle move in many directions close together and change them at every picture; one
that walks, falls or jumps moves as one (after T. Hassner, Y. Itcher, O. Kliper-Gross, "Violent
flows", CVPRW 2012, who count changes of the flow's magnitude). Lengths are in pixels of the small
grey picture, as of a step at 6 pictures a second, so that the rate of the camera does not matter.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from omnicam.detect.protocol import Picture
from omnicam.evidence import Region
from omnicam.media import Pixels

type Flow = npt.NDArray[np.float32]
type Mask = npt.NDArray[np.bool_]

LONGEST_STEP_S = 0.6
"""Between two pictures; a flow over more is none."""

_RATE = 6.0
_ACTIVE = 0.5  # pixels a step from which a pixel moves
_LEAST_ACTIVE = 20  # pixels: fewer are noise
_LEAST_MOTION = 0.01  # of the picture, below which no flow is computed
_NEAR = 21  # pixels across a neighbourhood: about a body in the middle distance
_EASE = 0.3  # pixels a step, so that slow noise is no change
_MARGIN = 0.25  # of a person's box, for arms that reach out of it


@dataclass(frozen=True, slots=True, kw_only=True)
class Unrest:
    """Numbers of one picture; all 0 where too little moves.

    Attributes:
        area: share of the picture that moves.
        speed: mean length of the flow there.
        disorder: 0..1, how far the directions within a neighbourhood cancel.
        change: change of the flow since the last picture, relative to its length.
        inside: share of the moving pixels that belong to the only person in the picture; 0 where
            there is none, or several.
    """

    area: float = 0.0
    speed: float = 0.0
    disorder: float = 0.0
    change: float = 0.0
    inside: float = 0.0


class UnrestMeter:
    """Measures picture after picture."""

    def __init__(self) -> None:
        self._dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
        self._before: tuple[float, Pixels] | None = None
        self._flow: Flow | None = None

    def measure(self, picture: Picture, now: float) -> Unrest | None:
        """Give the numbers of one picture; None without a usable picture before it."""
        before, self._before = self._before, (now, picture.grey)
        last, self._flow = self._flow, None
        if before is None or before[1].shape != picture.grey.shape:
            return None
        step = now - before[0]
        if picture.motion.global_change or not 0.0 < step <= LONGEST_STEP_S:
            return None
        if picture.motion.fraction < _LEAST_MOTION:
            return Unrest()
        start = np.zeros((*picture.grey.shape, 2), np.float32)
        flow = np.asarray(self._dis.calc(before[1], picture.grey, start), np.float32)
        flow *= np.float32(1.0 / (_RATE * step))
        moving = cv2.dilate(picture.motion.mask.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
        self._flow = flow
        size = np.hypot(flow[..., 0], flow[..., 1])
        active = moving & (size > _ACTIVE)
        if int(active.sum()) < _LEAST_ACTIVE:
            return Unrest()
        speed = float(size[active].mean())
        return Unrest(
            area=float(active.mean()),
            speed=speed,
            disorder=_disorder(flow, size, active),
            change=_change(flow, last, active) / (speed + _EASE),
            inside=_inside(picture, active),
        )


def _disorder(flow: Flow, size: npt.NDArray[np.float32], active: Mask) -> float:
    weight = active.astype(np.float32)
    side = (_NEAR, _NEAR)
    x, y = cv2.blur(flow[..., 0] * weight, side), cv2.blur(flow[..., 1] * weight, side)
    total = cv2.blur(size * weight, side)
    return float((1.0 - np.hypot(x, y)[active] / (total[active] + 1e-6)).mean())


def _change(flow: Flow, last: Flow | None, active: Mask) -> float:
    if last is None or last.shape != flow.shape:
        return 0.0
    change = flow[active] - last[active]
    return float(np.hypot(change[:, 0], change[:, 1]).mean())


def _inside(picture: Picture, active: Mask) -> float:
    if len(picture.people) != 1:
        return 0.0
    rows, columns = _slices(picture.people[0].region, active.shape)
    return float(active[rows, columns].sum() / active.sum())


def _slices(box: Region, shape: tuple[int, ...]) -> tuple[slice, slice]:
    wide, high = _MARGIN * box.width, _MARGIN * box.height
    rows = slice(
        max(round((box.y - high) * shape[0]), 0),
        max(round((box.y + box.height + high) * shape[0]), 0),
    )
    columns = slice(
        max(round((box.x - wide) * shape[1]), 0),
        max(round((box.x + box.width + wide) * shape[1]), 0),
    )
    return rows, columns
