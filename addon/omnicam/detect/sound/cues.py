"""Weighing a network's opinion and a few measured numbers: what all sound-event scorers share.

Every cue is a ramp from 0 to 1 over a range of one feature, times a weight; an offset is what the
sum must overcome. Where the network knows the kind of sound, its log-odds are the opinion and the
cues move it; both together are held against a centre. Where it does not, the cues decide alone:
the offset is set so that all together reach the cap, one that fails leaves a suspicion, and two
that fail leave nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from omnicam.detect.protocol import Need, Observation, Scorer, ScorerContext, Sound
from omnicam.detect.sound.features import SoundFeatures, measure
from omnicam.detect.sound.network import SoundNetwork
from omnicam.detect.soundtrack import decibels
from omnicam.evidence import Evidence
from omnicam.taxonomy import AnomalyClass, SoundLabel

MEMORY_S = 1.0
"""Seconds that one window of sound covers: the span of its evidence."""

_AUDIBLE_DB = 6.0  # above the background; quieter than that nothing is measured
_LOUDEST_NOISE_DB = -45.0  # relative to full scale: what is louder is heard out, background or not
_LEAST_CUES = -16.0  # cues that speak against a sound speak no louder than this


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
class Opinion:
    """How the network's opinion and the cues become a weight of evidence.

    Attributes:
        label: the kind of sound as the network calls it.
        share: weight of the cues' sum beside the network's log-odds.
        centre: what both together must overcome.
        slope: weight of evidence for each unit above it.
    """

    label: str
    share: float
    centre: float
    slope: float = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One window: the measured numbers, and the network's log-odds by its own labels."""

    features: SoundFeatures
    opinions: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundKind:
    """One kind of sound: how it is told from others.

    Attributes:
        label: the kind.
        offset: log-odds before any cue; negative.
        cap: largest log-odds that one window may give.
        cues: what must be heard.
        why: the reason in plain words.
        opinion: the network's part; None where it does not know the kind.
    """

    label: SoundLabel
    offset: float
    cap: float
    cues: tuple[Cue, ...]
    why: str
    opinion: Opinion | None = None

    def log_odds(self, heard: Heard) -> float:
        """Weigh a window; at most `cap`, below 0 where it speaks against this kind."""
        cues = self.offset + sum(cue.weigh(heard.features) for cue in self.cues)
        if self.opinion is None:
            return min(self.cap, cues)
        said = heard.opinions[self.opinion.label] + self.opinion.share * max(cues, _LEAST_CUES)
        return min(self.cap, self.opinion.slope * (said - self.opinion.centre))


@dataclass(slots=True)
class Ear:
    """Listens to an observation once, however many scorers ask.

    It remembers the last observation alone and belongs to the scorers of one camera.
    """

    network: SoundNetwork = field(default_factory=SoundNetwork)
    _last: Observation | None = None
    _heard: Heard | None = field(default=None)

    def hear(self, observation: Observation, sound: Sound) -> Heard | None:
        """Give what is heard in this sound; None where it hardly rises above the background."""
        if observation is not self._last:
            self._last = observation
            self._heard = None
            if audible(sound):
                self._heard = Heard(
                    features=measure(sound.window, sound.noise_db),
                    opinions=self.network.listen(sound.window),
                )
        return self._heard


def audible(sound: Sound) -> bool:
    """Whether a window is worth a look: louder than the background, or loud by any measure.

    A stream may begin in the midst of a scream, before any background is known.
    """
    return decibels(sound.window) > min(sound.noise_db, _LOUDEST_NOISE_DB) + _AUDIBLE_DB


class SoundEventScorer:
    """Finds one kind of sound on one camera."""

    def __init__(self, kind: SoundKind, context: ScorerContext, ear: Ear | None = None) -> None:
        """Take the kind and, to share the listening with other scorers, their ear."""
        self._kind = kind
        self._camera = context.camera.id
        self._ear = ear
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
        if self._ear is None:
            self._ear = Ear()
        heard = self._ear.hear(observation, sound)
        if heard is None:
            return ()
        features = heard.features
        log_odds = self._kind.log_odds(heard)
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

    def share(self, ear: Ear) -> None:
        """Listen with other scorers of the same camera from now on."""
        self._ear = ear


def share_listening(scorers: Iterable[Scorer], ear: Ear | None = None) -> None:
    """Let all sound-event scorers of one camera listen to each second of sound once together.

    Args:
        scorers: those of one camera; others than of sound events stay as they are.
        ear: to listen with, None for one with the network that ships.
    """
    sharing = [scorer for scorer in scorers if isinstance(scorer, SoundEventScorer)]
    if sharing:
        ear = ear or Ear()
        for scorer in sharing:
            scorer.share(ear)
