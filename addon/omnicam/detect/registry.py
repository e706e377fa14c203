"""Every always-on scorer by its name in the taxonomy, and the making of a camera's own set."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import tzinfo
from pathlib import Path
from types import MappingProxyType

from omnicam.config.model import CameraSettings, LineKind, ZoneKind
from omnicam.detect.fall import FallScorer
from omnicam.detect.fallen import FallenScorer
from omnicam.detect.flames import FlamesScorer
from omnicam.detect.protocol import Need, Scorer, ScorerContext
from omnicam.detect.smoke import SmokeScorer
from omnicam.detect.sound.cough import CoughScorer
from omnicam.detect.sound.crying import CryingScorer
from omnicam.detect.sound.cues import share_listening
from omnicam.detect.sound.glass_breaking import GlassBreakingScorer
from omnicam.detect.sound.help_word import HelpWordScorer
from omnicam.detect.sound.scream import ScreamScorer
from omnicam.detect.sound.smoke_alarm import SmokeAlarmScorer
from omnicam.detect.sound.yamnet import YamnetScorer
from omnicam.detect.tampering.covered import CoveredScorer
from omnicam.detect.tampering.defocused import DefocusedScorer
from omnicam.detect.tampering.frozen import FrozenScorer
from omnicam.detect.tampering.moved import MovedScorer
from omnicam.detect.tampering.signal import SignalScorer
from omnicam.detect.violence import ViolenceScorer
from omnicam.detect.zones.climbing import ClimbingScorer
from omnicam.detect.zones.intrusion import IntrusionScorer
from omnicam.detect.zones.loitering import LoiteringScorer
from omnicam.taxonomy import ANOMALIES, WORD_SCORER, AnomalyClass, Sense

type Factory = Callable[[ScorerContext], Scorer]

SCORERS: Mapping[str, Factory] = MappingProxyType(
    {
        "climbing": ClimbingScorer,
        "intrusion": IntrusionScorer,
        "loitering": LoiteringScorer,
        "fall": FallScorer,
        "fallen": FallenScorer,
        "violence": ViolenceScorer,
        "smoke": SmokeScorer,
        "flames": FlamesScorer,
        "scream": ScreamScorer,
        "glass_breaking": GlassBreakingScorer,
        "cough": CoughScorer,
        "crying": CryingScorer,
        "smoke_alarm": SmokeAlarmScorer,
        # One pair of ears for both: what it hears goes out as the word and as a call for help.
        "call_for_help": HelpWordScorer,
        WORD_SCORER: HelpWordScorer,
        "yamnet": YamnetScorer,
        "covered": CoveredScorer,
        "defocused": DefocusedScorer,
        "moved": MovedScorer,
        "frozen": FrozenScorer,
        "signal": SignalScorer,
    }
)


def scorer_names(camera: CameraSettings) -> tuple[str, ...]:
    """Give the names of the scorers of the classes that are enabled on a camera.

    A class without settings is enabled. The spoken trigger is no class: it is listened for
    wherever sound is analysed.
    """
    names = [
        name
        for anomaly, row in ANOMALIES.items()
        if anomaly not in camera.classes or camera.classes[anomaly].enabled
        for name in row.scorers
    ]
    return (*names, WORD_SCORER)


_GEOMETRY: Mapping[AnomalyClass, tuple[frozenset[ZoneKind], frozenset[LineKind]]] = (
    MappingProxyType(
        {
            AnomalyClass.PERIMETER_CLIMBING: (frozenset(), frozenset({LineKind.CLIMBING})),
            AnomalyClass.RESTRICTED_AREA_INTRUSION: (
                frozenset({ZoneKind.RESTRICTED}),
                frozenset({LineKind.CROSSING}),
            ),
        }
    )
)
"""Classes that mean nothing without a zone or line of one of these kinds."""


def judged_classes(camera: CameraSettings, senses: Collection[Sense]) -> frozenset[AnomalyClass]:
    """Give the classes that a scorer can judge on a camera; the state of the others is unknown.

    Args:
        camera: the camera's settings.
        senses: what its stream offers.
    """
    return frozenset(
        anomaly
        for anomaly, row in ANOMALIES.items()
        if row.scorers
        and not row.senses.isdisjoint(senses)
        and (anomaly not in camera.classes or camera.classes[anomaly].enabled)
        and _has_geometry(camera, anomaly)
    )


def _has_geometry(camera: CameraSettings, anomaly: AnomalyClass) -> bool:
    if anomaly not in _GEOMETRY:
        return True
    zones, lines = _GEOMETRY[anomaly]
    return any(zone.kind in zones for zone in camera.zones) or any(
        line.kind in lines for line in camera.lines
    )


def make_scorers(
    camera: CameraSettings,
    time_zone: tzinfo,
    words: tuple[str, ...] = (),
    *,
    yamnet: Path | None = None,
) -> tuple[Scorer, ...]:
    """Make a camera's scorers: of its enabled classes, without ears where sound is off.

    Args:
        camera: the camera's settings.
        time_zone: local time of the camera.
        words: words of the spoken trigger; none listens for none.
        yamnet: file of the optional YAMNet pack; None does without.

    Raises:
        YamnetError: the pack cannot be used.
    """
    context = ScorerContext(camera=camera, time_zone=time_zone, words=words, yamnet=yamnet)
    factories = dict.fromkeys(SCORERS[name] for name in scorer_names(camera))
    if not words or not camera.audio:
        factories.pop(HelpWordScorer, None)  # its recogniser takes memory even where unasked
    if yamnet is None or not camera.audio:
        factories.pop(YamnetScorer, None)
    made = [factory(context) for factory in factories]
    scorers = [scorer for scorer in made if camera.audio or scorer.needs != frozenset({Need.SOUND})]
    share_listening(scorers)
    return tuple(scorers)
