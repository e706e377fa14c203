"""Flames: warm colours that churn in one place without rest, or a glare with ragged warm edges.

Colour alone is a lamp, a sweater or a sunset; movement alone is anybody. A flame changes its colour
*within* the colours of fire from picture to picture, in the same pixels, second after second, while
cloth and skin that move show a pixel one steady colour after another. (Colour: T.-H. Chen, P.-H.
Wu, Y.-C. Chiou, "An early fire-detection method based on image processing", ICIP 2004; unrest of
the boundary: B. U. Toreyin et al., "Computer vision based method for real-time fire and flame
detection", 2006.) A camera that is dazzled sees white instead; what is left is the ragged edge.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import tzinfo

import cv2
import numpy as np
import numpy.typing as npt

from omnicam.config.model import ZoneKind
from omnicam.detect.areas import active_zones, box_of, cover
from omnicam.detect.protocol import Need, Observation, ScorerContext
from omnicam.evidence import Evidence
from omnicam.media import Pixels
from omnicam.taxonomy import AnomalyClass

type Plane = npt.NDArray[np.float32]
type Mask = npt.NDArray[np.bool_]

_SECONDS = 3  # of unrest, each by itself
_GAP_S = 1.0  # longer without a picture, and everything starts over
_LEAST_LOOKS = 4  # in a second
_EVERY_S = 0.45
_SMALL = 160  # pixels across

_WARM = (150, 30, 80, -10)  # red; red minus green, red minus blue, green minus blue, at least
_MOVED, _MOVED_PIXELS = 8, 4  # grey levels; fewer pixels than this and the colours are as before
_MOST_STEP = 20.0  # one large step counts no more than this: a lamp that blinks is no flame
_CHURN = 8.0  # mean step of a flame's pixel, colour levels a picture
_LEAST_AREA = 0.0005  # of the picture
_CLEAR_AREA = 0.0015  # flames this large are sure
_ALONE = 0.25  # share of what moves around them: else everything moves, as with the camera
_ALL = 0.3  # share of the connected warm area that churns: a sweater churns at its seams
_AROUND = np.ones((9, 9), np.uint8)
_JOIN = np.ones((3, 3), np.uint8)

_DAZZLED = 240  # red, in a quarter of the looks
_TINT = 10  # red minus green in the middle: a glare of fire is warm
_DAZZLE_CHURN = 6.0
_DAZZLE_AREA = 0.01
_DAZZLE_ALONE = 0.4

_AT_ONCE = 0.2  # of an area moves in most pictures: a lamp that blinks moves all, but seldom
_MOSTLY = 0.6

_FAINT, _SURE = 5.0, 7.5
_AGAIN = 3  # looks of the last `_RECENT` with flames are sure, however small these are
_RECENT = 5
_SPAN_S = 2.0


@dataclass(frozen=True, slots=True, eq=False)
class _Look:
    time: float
    colours: Plane  # shape (h, w, 3)
    warm: Mask
    churn: Plane  # step from the look before, where both are warm
    step: Plane  # step from the look before


class FlamesScorer:
    """Says `flames` while something burns."""

    name = "flames"
    needs = frozenset({Need.PICTURE})

    def __init__(self, context: ScorerContext) -> None:
        self._camera = context.camera.id
        self._zones = context.camera.zones
        self._time_zone: tzinfo = context.time_zone
        self._looks: deque[_Look] = deque(maxlen=_SECONDS * 32)
        self._grey: Pixels | None = None
        self._judged = self._stirred = -np.inf
        self._found: deque[bool] = deque(maxlen=_RECENT)

    def observe(self, observation: Observation) -> Iterable[Evidence]:
        """Take one picture."""
        picture, now = observation.picture, observation.time
        if picture is None:
            return ()
        last = self._looks[-1] if self._looks else None
        known = self._grey is not None and self._grey.shape == picture.grey.shape
        if last is not None and (not known or not 0.0 < now - last.time <= _GAP_S):
            self._forget()
            last = None
        if last is not None and self._still(picture.grey):
            none = np.zeros(last.warm.shape, np.float32)
            self._looks.append(_Look(now, last.colours, last.warm, none, none))
        else:
            self._looks.append(_look(now, picture.image, last))
            self._grey, self._stirred = picture.grey, now
        while now - self._looks[0].time > _SECONDS + 1e-3:
            self._looks.popleft()
        # Where nothing has stirred for as long as is looked at, nothing can burn.
        if now - self._judged < _EVERY_S or now - self._stirred > _SECONDS:
            return ()
        self._judged = now
        return self._judge(now)

    def _restless(self, area: Mask) -> bool:
        moving = [float((one.step[area] > _CHURN).mean()) > _AT_ONCE for one in self._looks]
        return float(np.mean(moving)) > _MOSTLY

    def _still(self, grey: Pixels) -> bool:
        if self._grey is None:
            return False
        moved = np.count_nonzero(np.asarray(cv2.absdiff(grey, self._grey)) > _MOVED)
        return int(moved) < _MOVED_PIXELS

    def _forget(self) -> None:
        self._looks.clear()
        self._found.clear()
        self._grey, self._judged = None, -np.inf

    def _judge(self, now: float) -> Iterable[Evidence]:
        seconds = _by_second(self._looks, now)
        if seconds is None:
            return ()
        area = coloured(seconds)
        if area is None:
            area = dazzling(seconds)
        if area is not None:
            ignored = active_zones(self._zones, ZoneKind.IGNORED, now, self._time_zone)
            area &= ~cover(ignored, *area.shape)
        burns = area is not None and float(area.mean()) >= _LEAST_AREA and self._restless(area)
        self._found.append(burns)
        if area is None or not burns:
            return ()
        share = float(area.mean())
        sure = share >= _CLEAR_AREA or sum(self._found) >= _AGAIN
        evidence = Evidence(
            camera=self._camera,
            anomaly=AnomalyClass.SMOKE,
            log_odds=_SURE if sure else _FAINT,
            time=now,
            span_s=_SPAN_S,
            scorer=self.name,
            label=self.name,
            why=f"Flames flicker without rest over {share:.1%} of the picture",
            region=box_of(area),
            onset=self._looks[0].time,
        )
        return (evidence,)


def _look(now: float, image: Pixels, last: _Look | None) -> _Look:
    stride = max(1, image.shape[1] // _SMALL)
    colours = image[::stride, ::stride].astype(np.float32)
    red, green, blue = colours[..., 0], colours[..., 1], colours[..., 2]
    least, over_green, over_blue, yellow = _WARM
    warm: Mask = (red > least) & (red - green > over_green)
    warm &= (red - blue > over_blue) & (green - blue > yellow)
    if last is None or last.colours.shape != colours.shape:
        none = np.zeros(warm.shape, np.float32)
        return _Look(now, colours, warm, none, none)
    steps = np.abs(colours[..., :2] - last.colours[..., :2]).max(axis=2)
    step: Plane = np.minimum(steps, _MOST_STEP)
    return _Look(now, colours, warm, step * (warm & last.warm), step)


def _by_second(looks: Sequence[_Look], now: float) -> list[list[_Look]] | None:
    """The looks of each of the last seconds; None where one has too few."""
    seconds: list[list[_Look]] = [[] for _ in range(_SECONDS)]
    for look in looks:
        seconds[min(int(now - look.time), _SECONDS - 1)].append(look)
    return seconds if min(map(len, seconds)) >= _LEAST_LOOKS else None


def coloured(seconds: Sequence[Sequence[_Look]]) -> Mask | None:
    """Largest area that churns in the colours of fire in every second, and mostly by itself."""
    if not seconds[0][-1].warm.any():
        return None
    alive = np.min([_mean([one.churn for one in part]) for part in seconds], axis=0) > _CHURN
    area = _largest(alive)
    if area is None:
        return None
    restless = np.min([_mean([one.step for one in part]) for part in seconds], axis=0) > _CHURN
    if _share(area, alive, restless | alive) < _ALONE:
        return None
    often = _mean([one.warm for part in seconds for one in part]) > 0.35
    _, labels = cv2.connectedComponents(cv2.dilate(often.astype(np.uint8), _JOIN))
    own = np.isin(labels, np.unique(labels[area])) & often
    return area if (alive & own).sum() >= _ALL * max(int(own.sum()), 1) else None


def dazzling(seconds: Sequence[Sequence[_Look]]) -> Mask | None:
    """Largest ragged, warm edge of a glare, where the camera sees the flames themselves as white.

    It has to be large, since lamps and windows behind whoever passes are as bright.
    """
    restless = np.min([_mean([one.step for one in part]) for part in seconds], axis=0)
    alive = restless > _DAZZLE_CHURN
    if alive.sum() < _DAZZLE_AREA * alive.size:
        return None
    rows, columns = np.nonzero(alive)
    course = np.stack([one.colours[rows, columns] for part in seconds for one in part])
    red, green, blue = course[..., 0], course[..., 1], course[..., 2]
    glares = np.percentile(red, 75, axis=0) > _DAZZLED
    glares &= (np.median(red - green, axis=0) > _TINT) & (np.median(red - blue, axis=0) > 0)
    edge = np.zeros_like(alive)
    edge[rows, columns] = glares
    area = _largest(edge)
    if area is None or area.sum() < _DAZZLE_AREA * area.size:
        return None
    return area if _share(area, edge, alive) >= _DAZZLE_ALONE else None


def _mean(planes: Sequence[npt.NDArray[np.float32] | Mask]) -> Plane:
    return np.mean(np.stack(planes), axis=0, dtype=np.float32)


def _share(area: Mask, flames: Mask, moving: Mask) -> float:
    """How much of what moves in and around an area is flames."""
    around = cv2.dilate(area.astype(np.uint8), _AROUND) > 0
    return float((flames & around).sum() / max(int((moving & around).sum()), 1))


def _largest(mask: Mask) -> Mask | None:
    """The largest area, joined over gaps of a pixel or two."""
    if not mask.any():
        return None
    joined = cv2.dilate(mask.astype(np.uint8), _JOIN)
    _, labels = cv2.connectedComponents(joined)
    sizes = np.bincount(np.asarray(labels, np.int32)[mask])
    return np.asarray(mask & (labels == int(np.argmax(sizes))), np.bool_)
