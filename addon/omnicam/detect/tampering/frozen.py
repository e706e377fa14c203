"""The stream repeats one picture: a recording loop, a hung camera or an injected still.

A sensor has noise, so consecutive pictures of a real scene differ, except where the encoder skips
what does not change. How long this camera's pictures stay identical by themselves is learned.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from omnicam.detect.protocol import Need, Observation, Picture, ScorerContext
from omnicam.evidence import Evidence
from omnicam.media import Pixels
from omnicam.taxonomy import AnomalyClass

_WEIGHT, _CLEARED = 7.0, -6.0
_SPAN_S = 2.0
_FROZEN_S = 10.0
_DARK, _DARK_FACTOR = 30.0, 6.0  # encoders skip most of a still dark room
_USUAL_FACTOR = 3.0  # times the longest run that this camera has ended by itself
_FORGET_S = 6 * 3600.0  # time constant of that longest run
_NOISE_SHARE = 0.5  # of the usual pictures must differ, or identity means nothing here
_NOISE_S = 30.0  # time constant of that share
_LEARN_S = 5.0
_CLOCK_ROWS = 0.15  # overlaid clocks stand in the upper or lower rows of the picture
_SAMPLING = 3  # every third row and column of the full picture


class FrozenScorer:
    """Says `frozen` while pictures stay bit-identical for longer than this camera's ever do."""

    name = "frozen"
    needs = frozenset({Need.PICTURE})

    def __init__(self, context: ScorerContext) -> None:
        self._camera = context.camera.id
        self._grey: Pixels | None = None
        self._image: Pixels | None = None
        self._since: float | None = None
        self._last: float | None = None
        self._longest = 0.0
        self._differing = 0.0
        self._observed_s = 0.0
        self._reported = False

    def observe(self, observation: Observation) -> Iterable[Evidence]:
        """Take one picture."""
        picture, now = observation.picture, observation.time
        if picture is None:
            return ()
        step = 0.0 if self._last is None else max(now - self._last, 0.0)
        self._last = now
        same = self._same(picture)
        if not same:
            return self._lively(now, step)
        if self._since is None:
            self._since = now - step
        run = now - self._since
        limit = max(_FROZEN_S, _USUAL_FACTOR * self._longest)
        if float(picture.grey.mean()) < _DARK:
            limit *= _DARK_FACTOR
        if self._observed_s < _LEARN_S or self._differing < _NOISE_SHARE or run < limit:
            return ()
        self._reported = True
        why = f"The picture has been frozen for {run:.0f} s"
        return (self._evidence(now, _WEIGHT, why),)

    def _same(self, picture: Picture) -> bool:
        """Compare with the picture before, cheaply first; an overlaid clock may go on."""
        grey = picture.grey
        before_grey, before_image = self._grey, self._image
        self._grey = grey
        if before_grey is None or before_grey.shape != grey.shape:
            self._image = None
            return False
        edge = math.ceil(_CLOCK_ROWS * grey.shape[0])
        if not np.array_equal(before_grey[edge:-edge], grey[edge:-edge]):
            self._image = None
            return False
        luma = picture.raster.luma()
        image = picture.image if luma is None else luma
        rows = math.ceil(_CLOCK_ROWS * image.shape[0])
        # A copy: the picture's own memory is the decoder's.
        middle = image[rows:-rows:_SAMPLING, ::_SAMPLING].copy()
        self._image = middle
        if before_image is None or before_image.shape != middle.shape:
            return True  # compared from the next picture on
        return bool(np.array_equal(before_image, middle))

    def _lively(self, now: float, step: float) -> Iterable[Evidence]:
        self._longest *= math.exp(-step / _FORGET_S)
        if self._since is not None and not self._reported:
            run = now - step - self._since
            self._longest = max(self._longest, run)
            self._learn_share(0.0, run)
        self._since = None
        self._learn_share(1.0, step)
        self._observed_s += step
        if not self._reported:
            return ()
        self._reported = False
        return (self._evidence(now, _CLEARED, "The picture moves again"),)

    def _learn_share(self, differs: float, step: float) -> None:
        memory = min(max(self._observed_s, 1.0), _NOISE_S)
        self._differing += (1.0 - math.exp(-step / memory)) * (differs - self._differing)

    def _evidence(self, now: float, weight: float, why: str) -> Evidence:
        return Evidence(
            camera=self._camera,
            anomaly=AnomalyClass.CAMERA_TAMPERING,
            log_odds=weight,
            time=now,
            span_s=_SPAN_S,
            scorer=self.name,
            label=self.name,
            why=why,
            onset=self._since,
        )
