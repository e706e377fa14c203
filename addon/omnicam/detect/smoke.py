"""Smoke: something grey, soft and never still spreads over the background and veils its detail.

After B. U. Toreyin, Y. Dedeoglu, A. E. Cetin, "Wavelet based real-time smoke detection in video"
(EUSIPCO 2005): background, loss of high-frequency energy, low chroma, growth; here on a grid of
cells of the small picture, with temporal unrest against shadows, and a source that stays where it
is against whatever passes. There is almost no real indoor smoke video to tune it on.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from omnicam.detect.areas import box_of
from omnicam.detect.protocol import Need, Observation, Person, Picture, ScorerContext
from omnicam.evidence import Evidence, Region
from omnicam.media import Pixels
from omnicam.taxonomy import AnomalyClass

type Grid = npt.NDArray[np.float32]
type Cells = npt.NDArray[np.bool_]

_CELL = 8  # pixels of the small picture
_EVERY_S = 0.3  # smoke is slow
_MEMORY_S = 8.0
_UNREST_S = 2.0
_LEARN_S = 4.0
_ADAPT_S, _VEILED_ADAPT_S = 15.0, 120.0  # the background forgets slowly where it is veiled

_CHANGED = 5.0  # grey levels from the background
_TEXTURED = 1.5  # mean fine detail of a cell, grey levels
_VEILED = 0.75  # of the background's fine detail
_GREY = 45.0  # largest minus smallest of red, green, blue
_UNREST = (1.2, 25.0)  # standard deviation over time: shadows are stiller, people wilder
_STEP = 14.0  # grey levels from one look to the next: bodies and cars come and go in steps
_STAYS = 0.7  # of the looks of the last `_UNREST_S` in which a cell is changed
_SHAKEN = 0.25  # of all cells: changed and yet sharp
_LEAST_CELLS = 0.02  # of all cells, as one area
_LARGE = 0.10
_LASTING = 0.75  # of the looks of the memory
_ANCHORED = 0.75  # of these looks in which a cell is veiled, for as many cells as one area has
_GROWTH = 1.25
_RISE_CELLS = 0.5
_SMOKE, _SPREADS, _RISES, _VEILS, _IS_LARGE = 2.2, 1.2, 0.6, 1.0, 0.6
_SPAN_S = 2.0


@dataclass(frozen=True, slots=True, eq=False)
class _Look:
    """What one look found: places are in cells."""

    time: float
    mean: Grid
    changed: Cells
    cells: Cells
    area: int
    top: float
    veils: bool


class SmokeScorer:
    """Says how much what has changed in the picture looks like smoke."""

    name = "smoke"
    needs = frozenset({Need.PICTURE})

    def __init__(self, context: ScorerContext) -> None:
        self._camera = context.camera.id
        self._looks: deque[_Look] = deque(maxlen=64)
        self._mean: Grid | None = None
        self._fine: Grid | None = None
        self._learned_s = 0.0

    def observe(self, observation: Observation) -> Iterable[Evidence]:
        """Take one picture."""
        picture, now = observation.picture, observation.time
        if picture is None:
            return ()
        step = now - self._looks[-1].time if self._looks else 0.0
        if self._looks and 0.0 <= step < _EVERY_S:
            return ()
        if picture.motion.global_change or step > _MEMORY_S or step < 0.0:
            self._forget()
            step = 0.0
        mean, fine = _cells(picture.grey)
        if self._mean is None or self._fine is None or self._mean.shape != mean.shape:
            self._forget()
            self._mean, self._fine = mean.copy(), fine.copy()
        while self._looks and now - self._looks[0].time > _MEMORY_S:
            self._looks.popleft()
        if self._shaken(mean, fine):
            self._forget()
            self._mean, self._fine = mean.copy(), fine.copy()
        veil = self._veil(picture, mean, fine)
        area = _largest(veil)
        self._looks.append(self._look(now, mean, area))
        self._learn(mean, fine, veil, step)
        if self._learned_s < _LEARN_S:
            return ()
        return self._judge(now, area)

    def _veil(self, picture: Picture, mean: Grid, fine: Grid) -> Cells:
        """Cells that are changed, soft, restless and grey; colour is looked at last."""
        background, detail = self._mean, self._fine
        if background is None or detail is None:
            return np.zeros(mean.shape, np.bool_)
        detail = detail * _gain(mean, background)
        textured = detail > _TEXTURED
        soft = np.where(textured, fine < _VEILED * detail, fine < detail + 1.0)
        veil: Cells = self._changed(mean) & soft
        recent = list(self._looks)[-round(_UNREST_S / _EVERY_S) :]
        if not recent or not veil.any():
            return np.zeros(mean.shape, np.bool_)
        veil &= np.mean(np.stack([look.changed for look in recent]), axis=0) > _STAYS
        course = np.stack([*(look.mean for look in recent), mean])
        unrest = course.std(axis=0)
        veil &= (unrest > _UNREST[0]) & (unrest < _UNREST[1])
        veil &= np.abs(np.diff(course, axis=0)).max(axis=0) < _STEP
        _exclude(veil, picture.people)
        if veil.any():
            veil &= _chroma(picture.image, mean.shape) < _GREY
        return veil

    def _changed(self, mean: Grid) -> Cells:
        if self._mean is None:
            return np.zeros(mean.shape, np.bool_)
        changed: Cells = np.abs(mean - self._mean * _gain(mean, self._mean)) > _CHANGED
        return changed

    def _shaken(self, mean: Grid, fine: Grid) -> bool:
        """Whether much of the picture is another, and sharp: the camera moves."""
        if self._fine is None:
            return False
        sharp = fine > np.maximum(_VEILED * self._fine, _TEXTURED)
        return float((self._changed(mean) & sharp).mean()) > _SHAKEN

    def _look(self, now: float, mean: Grid, area: Cells) -> _Look:
        rows = np.nonzero(area)[0]
        veils = False
        if self._fine is not None and rows.size:
            veils = float((self._fine[area] > _TEXTURED).mean()) > 0.3
        top = float(rows.mean()) if rows.size else float(mean.shape[0])
        return _Look(now, mean, self._changed(mean), area, int(rows.size), top, veils)

    def _learn(self, mean: Grid, fine: Grid, veil: Cells, step: float) -> None:
        background, detail = self._mean, self._fine
        if background is None or detail is None:
            return
        slow = 1.0 - math.exp(-step / _VEILED_ADAPT_S)
        fast = 1.0 - math.exp(-step / min(max(self._learned_s, 1.0), _ADAPT_S))
        near = cv2.dilate(veil.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
        rate = np.where(near, slow, fast).astype(np.float32)
        background += rate * (mean - background)
        detail += rate * (fine - detail)
        self._learned_s += step

    def _judge(self, now: float, area: Cells) -> Iterable[Evidence]:
        looks = self._looks
        if len(looks) < 2 or now - looks[0].time < 0.7 * _MEMORY_S:
            return ()
        cells = looks[-1].mean.size
        # Bodies, cars and hands leave a place again; smoke has a source.
        stays = np.mean(np.stack([look.cells for look in looks]), axis=0) > _ANCHORED
        lasting = np.mean([look.area >= _LEAST_CELLS * cells for look in looks])
        if lasting < _LASTING or int((stays & area).sum()) < _LEAST_CELLS * cells:
            return ()
        half = len(looks) // 2
        early, late = list(looks)[:half], list(looks)[half:]
        before, after = (np.mean([one.area for one in part]) for part in (early, late))
        tops = [np.mean([one.top for one in part if one.area] or [0.0]) for part in (early, late)]
        signs = {
            "it spreads": (after > _GROWTH * before, _SPREADS),
            "it rises": (tops[0] - tops[1] > _RISE_CELLS, _RISES),
            "it veils what is behind it": (looks[-1].veils, _VEILS),
            "it fills a large part of the picture": (after > _LARGE * cells, _IS_LARGE),
        }
        weight = _SMOKE + sum(value for holds, value in signs.values() if holds)
        seen = ", ".join(sign for sign, (holds, _) in signs.items() if holds)
        why = f"Something grey and restless is in the air{': ' + seen if seen else ''}"
        return (self._evidence(now, weight, why, box_of(area)),)

    def _forget(self) -> None:
        self._looks.clear()
        self._mean = self._fine = None
        self._learned_s = 0.0

    def _evidence(self, now: float, weight: float, why: str, region: Region) -> Evidence:
        return Evidence(
            camera=self._camera,
            anomaly=AnomalyClass.SMOKE,
            log_odds=weight,
            time=now,
            span_s=_SPAN_S,
            scorer=self.name,
            why=why,
            region=region,
        )


def _gain(mean: Grid, background: Grid) -> float:
    """How much brighter everything is: clouds and lamps scale the picture, smoke does not."""
    return float(np.clip(np.median(mean / np.maximum(background, 1.0)), 0.5, 2.0))


def _grid(
    plane: npt.NDArray[np.uint8] | npt.NDArray[np.float32], shape: tuple[int, ...]
) -> npt.NDArray[np.float32]:
    small = cv2.resize(plane, (shape[1], shape[0]), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32)


def _cells(grey: Pixels) -> tuple[Grid, Grid]:
    """Mean brightness and mean fine detail of each cell."""
    shape = (max(1, grey.shape[0] // _CELL), max(1, grey.shape[1] // _CELL))
    fine = cv2.absdiff(grey, cv2.blur(grey, (3, 3)))
    return _grid(grey, shape), _grid(fine.astype(np.float32), shape)


def _thinned(image: Pixels) -> Pixels:
    stride = max(1, image.shape[1] // 160)
    return np.ascontiguousarray(image[::stride, ::stride])


def _chroma(image: Pixels, shape: tuple[int, ...]) -> Grid:
    colours = _grid(_thinned(image), shape)
    chroma: Grid = colours.max(axis=2) - colours.min(axis=2)
    return chroma


def _exclude(cells: Cells, people: tuple[Person, ...]) -> None:
    rows, columns = cells.shape
    for one in people:
        box = one.region
        top, left = max(0, int(box.y * rows) - 1), max(0, int(box.x * columns) - 1)
        bottom = math.ceil((box.y + box.height) * rows) + 1
        right = math.ceil((box.x + box.width) * columns) + 1
        cells[top : max(bottom, 0), left : max(right, 0)] = False


def _largest(cells: Cells) -> Cells:
    """The largest connected area."""
    if not cells.any():
        return cells
    _, labels, stats, _ = cv2.connectedComponentsWithStats(cells.astype(np.uint8), connectivity=8)
    label = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    return np.asarray(labels == label, np.bool_)
