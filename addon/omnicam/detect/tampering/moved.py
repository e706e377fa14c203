"""The camera was turned or pushed: the usual view is gone, another one is sharp and settled."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np

from omnicam.detect.protocol import Need, Observation, ScorerContext
from omnicam.detect.tampering.layout import Plane, Reference, layout_in
from omnicam.detect.tampering.view import Look, UsualView
from omnicam.evidence import Evidence
from omnicam.media import Pixels
from omnicam.taxonomy import AnomalyClass

_SHIFTED, _OTHER_VIEW, _CLEARED = 8.0, 6.5, -6.0
_SPAN_S = 2.0
_EVERY_S = 0.45  # a turned camera stays turned: two looks a second are enough
_SETTLED_S = 1.5  # of looks that agree with each other: people and wind do not hold still
_SAME = 0.35  # agreement of consecutive looks of one view
_CHANGED_SURVIVING = 0.5  # a shift by a few pixels keeps long parallel edges in place
_TEXTURE = 0.6  # of the usual; below it the lens is covered or defocused instead
_SHIFT = 2.5  # pixels of the small picture (160 wide)
_RESPONSE = 0.06  # peak of the phase correlation; unrelated pictures stay near 0.02
_ACCEPT_S = 60.0  # after this long the new view is the usual one


class MovedScorer:
    """Says `moved` once a new view has settled, until it has been there for a minute."""

    name = "moved"
    needs = frozenset({Need.PICTURE})

    def __init__(self, context: ScorerContext) -> None:
        self._camera = context.camera.id
        self._view = UsualView()
        self._usual: Plane | None = None
        self._fresh = Reference()
        self._looked: float | None = None
        self._settled_since: float | None = None
        self._changed_since: float | None = None
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
        match = look.match
        if not look.ready or match is None or match.surviving > _CHANGED_SURVIVING:
            return self._usual_view(look, grey, now)
        if self._changed_since is None:
            self._changed_since = now
            self._fresh = Reference()
        settled = self._settle(look, now)
        if match.texture < _TEXTURE or settled < _SETTLED_S:
            return ()
        if now - self._changed_since > _ACCEPT_S:
            self._accept()
            return ()
        return self._judge(look, grey, now)

    def _settle(self, look: Look, now: float) -> float:
        """Seconds for which the new view has stayed the same."""
        match = self._fresh.match(look.layout)
        if match is None or match.agreement < _SAME:
            self._fresh = Reference()
            self._settled_since = now
        self._fresh.learn(look.layout, 0.3)
        return now - (now if self._settled_since is None else self._settled_since)

    def _judge(self, look: Look, grey: Pixels, now: float) -> Iterable[Evidence]:
        dx, dy, response = self._shift(grey)
        if response >= _RESPONSE and max(abs(dx), abs(dy)) >= _SHIFT:
            weight = _SHIFTED
            share = max(abs(dx) / grey.shape[1], abs(dy) / grey.shape[0])
            why = f"The camera was moved: its view has shifted by {share:.0%} of the picture"
        elif look.lost:
            weight, why = _OTHER_VIEW, "The camera was moved: it shows another view"
        else:
            return ()
        self._reported = True
        return (self._evidence(now, weight, why),)

    def _shift(self, grey: Pixels) -> tuple[float, float, float]:
        if self._usual is None or self._usual.shape != grey.shape:
            return 0.0, 0.0, 0.0
        window = cv2.createHanningWindow((grey.shape[1], grey.shape[0]), cv2.CV_32F)
        (dx, dy), response = cv2.phaseCorrelate(self._usual, grey.astype(np.float32), window)
        return dx, dy, response

    def _usual_view(self, look: Look, grey: Pixels, now: float) -> Iterable[Evidence]:
        self._changed_since = self._settled_since = None
        self._view.learn(look, now)
        if self._usual is None or self._usual.shape != grey.shape:
            self._usual = grey.astype(np.float32)
        else:
            cv2.accumulateWeighted(grey, self._usual, 0.05)
        if not self._reported:
            return ()
        self._reported = False
        return (self._evidence(now, _CLEARED, "The camera shows its usual view again"),)

    def _accept(self) -> None:
        self._view.forget()
        self._usual = self._changed_since = self._settled_since = None
        self._reported = False

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
            onset=self._changed_since,
        )
