"""Every scorer of the taxonomy can be made, and only what is wanted is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC

from omnicam.config.model import CameraSettings, ClassSettings, Secret
from omnicam.detect.protocol import Need
from omnicam.detect.registry import SCORERS, make_scorers, scorer_names
from omnicam.taxonomy import ANOMALIES, WORD_SCORER, AnomalyClass, Level

CAMERA = CameraSettings(id="room", name="Room", url=Secret("file"))
WORDS = ("help", "救命")


def switched(anomaly, *, on):
    row = ANOMALIES[anomaly]
    settings = ClassSettings(
        enabled=on,
        thresholds=row.thresholds,
        alarm_level=Level.HIGH,
        window_s=row.window_s,
        prior=row.prior,
        refractory_s=row.refractory_s,
        release_s=row.release_s,
    )
    return replace(CAMERA, classes={anomaly: settings})


def test_the_registry_has_the_scorers_of_the_taxonomy_and_no_others():
    names = {name for row in ANOMALIES.values() for name in row.scorers} | {WORD_SCORER}
    assert set(SCORERS) == names


def test_every_scorer_is_made_once_under_its_own_name():
    scorers = make_scorers(CAMERA, UTC, WORDS)
    # Calls for help are heard by the scorer of the spoken trigger; YAMNet needs its file.
    names = [name for name in scorer_names(CAMERA) if name not in {"call_for_help", "yamnet"}]
    assert sorted(scorer.name for scorer in scorers) == sorted(names)
    assert all(scorer.needs and scorer.needs <= frozenset(Need) for scorer in scorers)


def test_a_class_that_is_off_is_not_watched_for():
    names = scorer_names(switched(AnomalyClass.FALL, on=False))
    assert not {"fall", "fallen"} & set(names)
    assert "smoke" in names
    assert scorer_names(switched(AnomalyClass.FALL, on=True)) == scorer_names(CAMERA)


def test_without_sound_nothing_listens_and_without_words_nobody_waits_for_them():
    deaf = make_scorers(replace(CAMERA, audio=False), UTC, WORDS)
    assert all(scorer.needs != frozenset({Need.SOUND}) for scorer in deaf)
    assert WORD_SCORER not in {scorer.name for scorer in make_scorers(CAMERA, UTC, ())}
