import csv
import os
from pathlib import Path

import pytest

from omnicam.evaluate.judged import Role
from omnicam.evaluate.labels import (
    CALL,
    FALL,
    GLASS,
    MEANINGS,
    SCREAM,
    SMOKE,
    SOUND,
    WORD,
    meaning_of,
)
from tests.edge.evaluate.evaluate_scenes import judged

ROOT = Path(__file__).resolve().parents[3]
MANIFEST = Path(os.environ.get("OMNICAM_SHARED", ROOT.parent / "shared")) / "data" / "manifest.csv"


@pytest.mark.skipif(not MANIFEST.is_file(), reason="the recordings are not on this machine")
def test_every_label_of_the_recordings_is_known():
    with MANIFEST.open(encoding="utf-8", newline="") as file:
        labels = {row["label"] for row in csv.DictReader(file)}
    assert len(labels) > 50
    assert [label for label in sorted(labels) if meaning_of(label) is None] == []


@pytest.mark.parametrize(
    ("label", "target", "role"),
    [
        ("fall", FALL, Role.EXPECTED),
        ("fall_sideways", FALL, Role.EXPECTED),
        ("fall_sport", FALL, Role.AMBIGUOUS),
        ("adl_laying", FALL, Role.OTHER),
        ("fire", SMOKE, Role.AMBIGUOUS),
        ("fire_smoke_indoor", SMOKE, Role.EXPECTED),
        ("no_fire", SMOKE, Role.OTHER),
        ("glass_breaking_in_noise", GLASS, Role.EXPECTED),
        ("glass_impact_no_break", GLASS, Role.OTHER),
        ("window_hit_crash_in_noise", GLASS, Role.AMBIGUOUS),
        ("window_hit_crash", SCREAM, Role.OTHER),
        ("gunshot_fx", SCREAM, Role.OTHER),
        ("neg_smash_success", GLASS, Role.OTHER),
        ("crying", SCREAM, Role.OTHER),
        ("help_en", WORD, Role.EXPECTED),
        ("help_en", CALL, Role.AMBIGUOUS),
        ("speech_zh", WORD, Role.OTHER),
        ("gunshot_fx", SOUND, Role.AMBIGUOUS),
        ("cough", SOUND, Role.EXPECTED),
        ("rain", SOUND, Role.OTHER),
        ("something else", FALL, Role.AMBIGUOUS),
    ],
)
def test_what_a_label_means(label, target, role):
    assert judged("folder/file", label).role(target) is role


def test_gunshots_are_neither_normal_nor_expected_to_be_anything():
    meaning = meaning_of("gunshot_fx")
    assert not meaning.normal
    assert not meaning.expected


def test_no_row_is_hidden_by_an_earlier_one():
    for row in MEANINGS:
        assert meaning_of(row.pattern.replace("*", "x")) is row


def test_nothing_is_expected_and_ambiguous_at_once():
    assert not [row.pattern for row in MEANINGS if row.expected & row.ambiguous]
    assert not [row.pattern for row in MEANINGS if row.expected and row.normal]
