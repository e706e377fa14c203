"""The lens was defocused or smeared: fine edges collapse while the coarse picture stays."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np

from omnicam.detect.protocol import Need, Observation, ScorerContext
from omnicam.detect.tampering.layout import Plane, layout_in
from omnicam.detect.tampering.view import UsualView
from omnicam.evidence import Evidence
from omnicam.media import Pixels
from omnicam.taxonomy import AnomalyClass

_WEIGHT, _CLEARED = 7.0, -6.0
_SPAN_S = 2.0
_EVERY_S = 0.45
_CONFIRM_S = 4.0  # an autofocus that hunts finds its focus sooner
_BLURRED = 0.5  # fine edges per coarse contrast, relative to the usual
_SHARP = 0.7
_SAME_PICTURE = 0.8  # correlation of the coarse pictures
_DARKER, _BRIGHTER = 0.5, 2.0  # outside, the light changed and with it the noise filter
_ACCEPT_S = 300.0
_COARSE = (16, 9)


class DefocusedScorer:
    """Says `defocused` while the usual view is there but blurred."""

    name = "defocused"
    needs = frozenset({Need.PICTURE})

    def __init__(self, context: ScorerContext) -> None:
        self._camera = context.camera.id
        self._view = UsualView()
        self._coarse: Plane | None = None
        self._looked: float | None = None
        self._blurred_since: float | None = None
        self._reported = False

    def observe(self, observation: Observation) -> Iterable[Evidence]:
        """Take one picture."""
        if observation.picture is None:
            return ()
        grey, now = observation.picture.grey, observation.time
        if self._looked is not None and 0.0 <= now - self._looked < _EVERY_S:
            return ()
        self._looked = now
        look = self._view.compare(layout_in(observation.picture))
        coarse = _coarse(grey)
        if not look.ready or self._coarse is None:
            self._follow(coarse)
            self._view.learn(look, now)
            return ()
        sharpness = self._sharpness(look.layout.magnitude, coarse)
        if sharpness is None:
            self._blurred_since = None
            return ()
        if sharpness > _SHARP:
            self._blurred_since = None
            self._follow(coarse)
            self._view.learn(look, now)
            return self._sharp_again(now)
        return () if sharpness > _BLURRED else self._blurred(sharpness, now)

    def _blurred(self, sharpness: float, now: float) -> Iterable[Evidence]:
        if self._blurred_since is None:
            self._blurred_since = now
        if now - self._blurred_since < _CONFIRM_S:
            return ()
        if now - self._blurred_since > _ACCEPT_S:
            self._view.forget()
            self._coarse = None
            return ()
        self._reported = True
        why = f"The picture is out of focus: {sharpness:.0%} of its fine detail is left"
        return (self._evidence(now, _WEIGHT, why),)

    def _sharp_again(self, now: float) -> Iterable[Evidence]:
        if not self._reported:
            return ()
        self._reported = False
        return (self._evidence(now, _CLEARED, "The picture is sharp again"),)

    def _follow(self, coarse: Plane) -> None:
        if self._coarse is None:
            self._coarse = coarse
        else:
            cv2.accumulateWeighted(coarse, self._coarse, 0.05)

    def _sharpness(self, magnitude: Plane, coarse: Plane) -> float | None:
        """Fine edges per coarse contrast, relative to the usual; None if the picture is another.

        Dividing by the coarse contrast leaves fog and dusk, which take both, near 1.
        """
        usual, stable, known = (
            self._view.reference.magnitude,
            self._view.reference.stable,
            self._coarse,
        )
        if usual is None or stable is None or known is None or not stable.any():
            return None
        brightness = float(coarse.mean()) / max(float(known.mean()), 1.0)
        if not _DARKER <= brightness <= _BRIGHTER:
            return None
        here, there = coarse - coarse.mean(), known - known.mean()
        contrast = float(np.linalg.norm(here)), float(np.linalg.norm(there))
        if min(contrast) < _COARSE[0]:
            return None
        if float((here * there).sum()) / (contrast[0] * contrast[1]) < _SAME_PICTURE:
            return None
        fine = float(magnitude[stable].sum()) / max(float(usual[stable].sum()), 1.0)
        return fine * contrast[1] / contrast[0]

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
            onset=self._blurred_since,
        )


def _coarse(grey: Pixels) -> Plane:
    small = cv2.resize(grey, _COARSE, interpolation=cv2.INTER_AREA)
    return small.astype(np.float32)
