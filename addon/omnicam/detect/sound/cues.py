"""Weighing a few measured numbers: the method that all sound-event scorers share.

Every cue is a ramp from 0 to 1 over a range of one feature, times a weight; an offset is what the
sum must overcome. The offset is set so that all cues together reach the cap, one that fails leaves
a suspicion, and two that fail leave nothing: a sound must pass on every count.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from omnicam.detect.protocol import Need, Observation, Scorer, ScorerContext, Sound
from omnicam.detect.sound.features import SoundFeatures, measure
from omnicam.evidence import Evidence
from omnicam.taxonomy import AnomalyClass, SoundLabel

MEMORY_S = 1.0
"""Seconds that one window of sound covers: the span of its evidence."""

_GATE_DB = 10.0  # above the background; quieter than that nothing is measured


@dataclass(frozen=True, slots=True, kw_only=True)
class Cue:
    """One ramp: 0 at `none`, `weight` at `full`; `none` may be the larger of the two."""

    feature: str
    none: float
    full: float
    weight: float = 4.0

    def weigh(self, features: SoundFeatures) -> float:
        """Give this cue's share of the weight of evidence."""
        value: float = getattr(features, self.feature)
        share = (value - self.none) / (self.full - self.none)
        return self.weight * min(max(share, 0.0), 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundKind:
    """One kind of sound: how it is told from others.

    Attributes:
        label: the kind.
        offset: log-odds before any cue; negative.
        cap: largest log-odds that one window may give.
        cues: what must be heard.
        why: the reason in plain words.
    """

    label: SoundLabel
    offset: float
    cap: float
    cues: tuple[Cue, ...]
    why: str

    def log_odds(self, features: SoundFeatures) -> float:
        """Weigh a window; at most `cap`, below 0 where it speaks against this kind."""
        return min(self.cap, self.offset + sum(cue.weigh(features) for cue in self.cues))


@dataclass(slots=True)
class FeatureMeter:
    """Measures an observation once, however many scorers ask.

    It remembers the last observation alone and belongs to the scorers of one camera.
    """

    _last: Observation | None = None
    _features: SoundFeatures | None = field(default=None)

    def read(self, observation: Observation, sound: Sound) -> SoundFeatures | None:
        """Give the features of this sound; None where it hardly rises above the background."""
        if observation is not self._last:
            self._last = observation
            loud = sound.level_db - sound.noise_db > _GATE_DB or _was_loud(sound)
            self._features = measure(sound.window, sound.noise_db) if loud else None
        return self._features


def _was_loud(sound: Sound) -> bool:
    """Whether an earlier part of the window is loud: a crash is judged with what follows it."""
    if not len(sound.window):
        return False
    power = float((sound.window * sound.window).mean())
    # A quarter of the window being loud lifts the mean by a quarter of its power, 6 dB less.
    gate: float = 10.0 ** ((sound.noise_db + _GATE_DB - 6.0) / 10.0)
    return power > gate


class SoundEventScorer:
    """Finds one kind of sound on one camera."""

    def __init__(
        self, kind: SoundKind, context: ScorerContext, meter: FeatureMeter | None = None
    ) -> None:
        """Take the kind and, to share the measuring with other scorers, their meter."""
        self._kind = kind
        self._camera = context.camera.id
        self._meter = meter or FeatureMeter()
        self._spoke_at: float | None = None

    @property
    def name(self) -> str:
        """The scorer's name as in the taxonomy."""
        return self._kind.label.value

    @property
    def needs(self) -> frozenset[Need]:
        """Sound alone."""
        return frozenset({Need.SOUND})

    def observe(self, observation: Observation) -> Iterable[Evidence]:
        """Weigh the window; after a suspicion also say 0 while the sound goes on differently."""
        sound = observation.sound
        if sound is None:
            return ()
        features = self._meter.read(observation, sound)
        if features is None:
            return ()
        log_odds = self._kind.log_odds(features)
        if log_odds > 0:
            self._spoke_at = observation.time
        elif self._spoke_at is None or observation.time - self._spoke_at > MEMORY_S:
            return ()
        return (
            Evidence(
                camera=self._camera,
                anomaly=AnomalyClass.ABNORMAL_SOUND,
                log_odds=max(log_odds, 0.0),
                time=observation.time,
                span_s=MEMORY_S,
                scorer=self.name,
                why=f"{self._kind.why}, {features.loudness_db:.0f} dB above the background",
                label=self._kind.label.value,
                onset=observation.time - features.onset_age_s,
            ),
        )

    def share(self, meter: FeatureMeter) -> None:
        """Measure with other scorers of the same camera from now on."""
        self._meter = meter


def share_measuring(scorers: Iterable[Scorer]) -> None:
    """Let all sound-event scorers of one camera measure each second of sound once together."""
    meter = FeatureMeter()
    for scorer in scorers:
        if isinstance(scorer, SoundEventScorer):
            scorer.share(meter)
