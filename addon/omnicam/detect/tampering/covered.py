"""Something is put over the lens: the usual view vanishes at once and little texture is left."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from datetime import datetime

import cv2
import numpy as np

from omnicam.detect.protocol import Need, Observation, ScorerContext
from omnicam.detect.tampering.layout import Plane
from omnicam.detect.tampering.view import Look, UsualView
from omnicam.evidence import Evidence
from omnicam.media import Pixels
from omnicam.taxonomy import AnomalyClass

# Evidence fades with a time constant of 1 s over a prior of -2.9: a weight of 8 over a memory of
# 1.5 s puts the first word at 0.96, so that CONFIRM_S plus one frame is the whole delay.
_ALARM, _REVIEW, _CLEARED = 8.0, 4.6, -6.0
_SPAN_S, _CLEARED_SPAN_S = 1.5, 1.0

_CONFIRM_S = 0.6  # switching the infra-red filter whites the picture out for less
_LOST_SHARE = 0.7  # of the pictures since the view was lost
_TEXTURE = 0.7  # of the usual; above it the picture shows another view, which is `moved`
_SUDDEN_S = 4.0  # fog and dusk need longer than this from half of the texture to none
_SUDDEN_TEXTURE = 0.5
_DARK = 45.0  # grey level of the whole picture
_NOISY = 1.0  # median fine noise, grey levels: the sensor amplifies what little light there is
_RESIDUAL = 0.02  # agreement that noise does not reach in the mean over `_CONFIRM_S`
_STILL = 1.0  # mean change in grey levels: an unchanged picture compares as it did
_STILL_S = 0.45  # it is looked at again after this long at the latest
_INTACT = 0.8  # surviving share of the last picture before a light goes off
_BLIND_S = 20.0  # an empty picture from the very start is reported after this long
_BLIND_GRADIENT = 30.0  # Sobel units, of the strongest tenth
_BLIND_DEVIATION = 12.0  # grey levels, over the coarse picture
_BLIND_FROM = 16.0  # darker than this may be an unlit room


class CoveredScorer:
    """Says `covered` while the lens is covered, and takes it back once the view returns."""

    name = "covered"
    needs = frozenset({Need.PICTURE})

    def __init__(self, context: ScorerContext) -> None:
        self._night = context.camera.night
        self._time_zone = context.time_zone
        self._view = UsualView()
        self._recent: deque[tuple[float, Look]] = deque(maxlen=32)
        self._looked: tuple[float, Pixels] | None = None
        self._lost_since: float | None = None
        self._at_once = self._sudden = False
        self._blind_since: float | None = None
        self._reported = False

    def observe(self, observation: Observation) -> Iterable[Evidence]:
        """Take one picture."""
        if observation.picture is None:
            return ()
        now = observation.time
        # Half the size is a quarter of the cost, and averages noise out.
        grey = _halved(observation.picture.grey)
        if self._unchanged(grey, now):
            return ()
        self._looked = None
        look = self._view.look(grey)
        if look.ready and look.seen and self._lost_since is None:
            self._looked = (now, grey)
        if not look.ready:
            if _empty(grey, look.layout.magnitude):
                return self._empty_from_start(observation.camera, now)
            self._blind_since = None
            self._view.learn(look, now)
            return ()
        said = self._judge(observation.camera, now, look, grey)
        self._recent.append((now, look))
        return said

    def _unchanged(self, grey: Pixels, now: float) -> bool:
        """Whether the view was seen a moment ago and the picture is still that one."""
        if self._looked is None:
            return False
        time, before = self._looked
        if not 0.0 <= now - time < _STILL_S or before.shape != grey.shape:
            return False
        return cv2.norm(before, grey, cv2.NORM_L1) < _STILL * grey.size

    def _judge(self, camera: str, now: float, look: Look, grey: Pixels) -> Iterable[Evidence]:
        if look.lost and self._lost_since is None:
            self._lost_since = now
            last = self._recent[-1][1].match if self._recent else None
            self._at_once = last is None or last.surviving > _INTACT
            self._sudden = any(
                one.match is not None and one.match.texture >= _SUDDEN_TEXTURE
                for time, one in self._recent
                if now - time <= _SUDDEN_S
            )
        if self._lost_since is None:
            self._view.learn(look, now)
            return ()
        if look.seen:
            return self._returned(camera, now)
        since = [one.lost for time, one in self._recent if time >= self._lost_since]
        lost = (sum(since) + look.lost) / (len(since) + 1)
        if not self._sudden or now - self._lost_since < _CONFIRM_S:
            return ()
        if not look.lost or lost < _LOST_SHARE:
            return ()
        weight, why = self._weigh(now, look, grey)
        if weight == 0.0:
            return ()
        self._reported = True
        return (self._evidence(camera, now, weight, why),)

    def _weigh(self, now: float, look: Look, grey: Pixels) -> tuple[float, str]:
        """Tell a covered lens from a light switched off and from another view."""
        match = look.match
        dark = float(grey.mean()) < _DARK
        noisy = dark and _fine_noise(grey) > _NOISY
        another_view = match is None or match.texture > _TEXTURE
        if another_view and not noisy and not self._reported:
            return 0.0, ""
        # Without infra-red, a light switched off turns everything black from one frame to the next.
        could_be_light = noisy or (dark and self._at_once)
        if not could_be_light:
            return _ALARM, "The lens is covered: the usual view is gone"
        if self._night.contains(datetime.fromtimestamp(now, self._time_zone).time()):
            return 0.0, ""
        if noisy and self._residual(now) > _RESIDUAL:
            return 0.0, ""
        weight = _REVIEW if noisy else _ALARM
        return weight, "The picture went dark by day and nothing of the view is left"

    def _residual(self, now: float) -> float:
        seen = [one.match for time, one in self._recent if now - time <= _CONFIRM_S]
        return float(np.mean([match.agreement for match in seen if match is not None] or [0.0]))

    def _returned(self, camera: str, now: float) -> Iterable[Evidence]:
        self._lost_since = None
        if not self._reported:
            return ()
        self._reported = False
        return (self._evidence(camera, now, _CLEARED, "The view is back", _CLEARED_SPAN_S),)

    def _empty_from_start(self, camera: str, now: float) -> Iterable[Evidence]:
        if self._blind_since is None:
            self._blind_since = now
        if now - self._blind_since < _BLIND_S:
            return ()
        why = "The picture has been empty since the start: is the lens covered?"
        self._lost_since = self._blind_since
        said = (self._evidence(camera, now, _REVIEW, why),)
        self._lost_since = None
        return said

    def _evidence(
        self, camera: str, now: float, weight: float, why: str, span_s: float = _SPAN_S
    ) -> Evidence:
        return Evidence(
            camera=camera,
            anomaly=AnomalyClass.CAMERA_TAMPERING,
            log_odds=weight,
            time=now,
            span_s=span_s,
            scorer=self.name,
            label=self.name,
            why=why,
            onset=self._lost_since,
        )


def _halved(grey: Pixels) -> Pixels:
    size = (grey.shape[1] // 2, grey.shape[0] // 2)
    return np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8)


def _fine_noise(grey: Pixels) -> float:
    fine = grey.astype(np.float32)
    return float(np.median(np.abs(fine - cv2.GaussianBlur(fine, (5, 5), 0))))


def _empty(grey: Pixels, magnitude: Plane) -> bool:
    """Whether a picture shows nothing at all: no edges, and hardly any shading."""
    coarse = cv2.resize(grey, (16, 9), interpolation=cv2.INTER_AREA)
    return (
        float(coarse.mean()) > _BLIND_FROM
        and float(coarse.std()) < _BLIND_DEVIATION
        and float(np.percentile(magnitude[::2, ::2], 90)) < _BLIND_GRADIENT
    )
