"""The stream is gone: a cable cut, power off, or the network jammed."""

from __future__ import annotations

from collections.abc import Iterable

from omnicam.detect.protocol import Need, Observation, ScorerContext
from omnicam.evidence import Evidence
from omnicam.taxonomy import AnomalyClass

_PATIENCE_S = 3.0  # a reconnect takes less
_FIRST, _PER_SECOND, _MOST = 4.0, 1.0, 8.0  # weight after the patience, growing with the outage
_CLEARED = -6.0
_SPAN_S, _CLEARED_SPAN_S = 3.0, 1.0


class SignalScorer:
    """Says `signal` while a camera that has sent pictures sends nothing any more.

    A camera that has sent nothing since the start is not tampered with but not set up; its status
    says so.
    """

    name = "signal"
    needs = frozenset({Need.SIGNAL, Need.PICTURE})

    def __init__(self, context: ScorerContext) -> None:
        self._camera = context.camera.id
        self._was_present = False
        self._lost_since: float | None = None
        self._reported = False

    def observe(self, observation: Observation) -> Iterable[Evidence]:
        """Take one picture, or one word about the signal."""
        signal, now = observation.signal, observation.time
        if observation.picture is not None or (signal is not None and signal.present):
            return self._present(now)
        if signal is None or not self._was_present:
            return ()
        if self._lost_since is None:
            self._lost_since = now
        silence = now - self._lost_since
        if silence < _PATIENCE_S:
            return ()
        self._reported = True
        weight = min(_FIRST + _PER_SECOND * (silence - _PATIENCE_S), _MOST)
        reason = f": {signal.reason}" if signal.reason else ""
        return (self._evidence(now, weight, f"No signal for {silence:.0f} s{reason}", _SPAN_S),)

    def _present(self, now: float) -> Iterable[Evidence]:
        self._was_present = True
        self._lost_since = None
        if not self._reported:
            return ()
        self._reported = False
        return (self._evidence(now, _CLEARED, "The signal is back", _CLEARED_SPAN_S),)

    def _evidence(self, now: float, weight: float, why: str, span_s: float) -> Evidence:
        return Evidence(
            camera=self._camera,
            anomaly=AnomalyClass.CAMERA_TAMPERING,
            log_odds=weight,
            time=now,
            span_s=span_s,
            scorer=self.name,
            label=self.name,
            why=why,
            onset=self._lost_since,
        )
