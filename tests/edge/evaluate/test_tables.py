import random

import pytest

from omnicam.evaluate.sections import plain, sections
from omnicam.evaluate.tables import (
    curves,
    false_alarms,
    first_smoke,
    found,
    latency,
    problems,
    reliability,
    summary,
    words,
)
from omnicam.taxonomy import AnomalyClass, Sense
from tests.edge.evaluate.evaluate_scenes import entry, judged

SOUND = AnomalyClass.ABNORMAL_SOUND
PICTURE_ONLY = frozenset({Sense.PICTURE})


def scream(time_s=1.0, confidence=0.95, label="scream"):
    return entry(SOUND, time_s, confidence, label)


def word(time_s=1.0, confidence=0.8, label="help"):
    return entry(SOUND, time_s, confidence, label, word=True)


def row(table, **wanted):
    (match,) = [each for each in table if wanted.items() <= each.items()]
    return match


def test_found_counts_any_event_and_alarms_apart():
    files = [
        judged("a/1", "fall", entry(confidence=0.95)),
        judged("a/2", "fall", entry(confidence=0.8)),
        judged("b/3", "fall"),
        judged("b/4", "adl", entry(confidence=0.8)),
        judged("b/5", "adl"),
    ]
    table = found(files, ["fall"])
    all_of_them = row(table, folder="all")
    assert (all_of_them["expected"]["any"]["hits"], all_of_them["expected"]["any"]["of"]) == (2, 3)
    assert all_of_them["expected"]["alarm"]["hits"] == 1
    assert (all_of_them["other"]["any"]["hits"], all_of_them["other"]["any"]["of"]) == (1, 2)
    assert all_of_them["other"]["alarm"]["hits"] == 0
    assert row(table, folder="a")["expected"]["any"]["share"] == 1.0


def test_a_recording_that_failed_is_a_miss_and_proves_nothing_where_nothing_was_expected():
    files = [
        judged("a/1", "fall", error="gone"),
        judged("a/2", "fall", entry(), error="broke off"),
        judged("a/3", "adl", error="gone"),
        judged("a/4", "adl"),
    ]
    all_of_them = row(found(files, ["fall"]), folder="all")
    assert all_of_them["expected"]["any"]["hits"] == 0
    assert (all_of_them["expected"]["any"]["of"], all_of_them["expected"]["failed"]) == (2, 2)
    assert all_of_them["other"]["any"]["of"] == 1


def test_what_a_recording_cannot_hold_is_no_proof_either():
    files = [judged("a/1", "adl", senses=PICTURE_ONLY), judged("a/2", "adl")]
    table = found(files, ["abnormal_sound/scream"])
    assert row(table, folder="all")["other"]["any"]["of"] == 1


def test_an_ambiguous_label_counts_apart():
    files = [judged("a/1", "fall_sport", entry()), judged("a/2", "fall_sport")]
    all_of_them = row(found(files, ["fall"]), folder="all")
    assert all_of_them["ambiguous"] == {"of": 2, "any": 1, "alarm": 1}
    assert all_of_them["expected"]["any"]["of"] == all_of_them["other"]["any"]["of"] == 0


def test_one_sound_is_false_for_another():
    files = [judged("a/1", "scream", scream(label="glass_breaking"))]
    table = found(files, ["abnormal_sound/scream", "abnormal_sound/glass_breaking"])
    assert row(table, target="abnormal_sound/scream", folder="all")["expected"]["any"]["hits"] == 0
    assert (
        row(table, target="abnormal_sound/glass_breaking", folder="all")["other"]["any"]["hits"]
        == 1
    )


def test_the_class_of_sounds_is_found_by_any_of_its_kinds():
    files = [
        judged(
            "a/1", "scream", scream(label="glass_breaking"), peaks={"abnormal_sound/cough": 0.0}
        ),
        judged("a/2", "rain", scream()),
        judged("a/3", "gunshot_fx", scream()),
        judged("a/4", "speech", word()),
    ]
    all_of_them = row(found(files, ["abnormal_sound"]), folder="all")
    assert (all_of_them["expected"]["any"]["hits"], all_of_them["expected"]["any"]["of"]) == (1, 1)
    assert (all_of_them["other"]["any"]["hits"], all_of_them["other"]["any"]["of"]) == (1, 2)
    assert all_of_them["ambiguous"]["of"] == 1
    assert files[0].peak("abnormal_sound") == 0.5
    table = false_alarms(files, ["abnormal_sound", "abnormal_sound/scream", "help_word"])
    assert row(table, target="all")["any"]["events"] == 2


def test_what_comes_before_the_onset_is_no_find():
    early = judged("a/1", "tamper_cover", entry(AnomalyClass.CAMERA_TAMPERING, 3.0), onset_s=64.0)
    table = found([early], ["camera_tampering"])
    assert row(table, folder="all")["expected"]["any"]["hits"] == 0
    assert row(table, folder="all")["too_early"] == 1


def test_false_alarms_are_a_rate_over_ordinary_life_without_stills():
    files = [
        judged("a/1", "adl", entry(), seconds=43_200.0),
        judged("a/2.jpg", "no_fire", entry(), seconds=5.0),
        judged("a/3", "fall", entry(), seconds=99.0),
        judged("a/4", "adl", entry(), seconds=43_200.0),
    ]
    fall = row(false_alarms(files, ["fall"]), target="fall")
    assert (fall["files"], fall["hours"]) == (2, 24.0)
    assert fall["any"]["events"] == 2
    assert fall["any"]["per_day"] == 2.0
    assert fall["any"]["upper_per_day"] == pytest.approx(6.2958, abs=1e-3)


def test_one_shout_is_one_false_alarm_in_the_row_of_all():
    names = ["abnormal_sound/call_for_help", "help_word"]
    shout = judged("a/1", "speech", scream(2.0, 0.95, "call_for_help"), word(1.5))
    table = false_alarms([shout], names)
    assert row(table, target="help_word")["any"]["events"] == 1
    assert row(table, target="all")["any"]["events"] == 1


def test_words_are_counted_an_hour():
    files = [
        judged("help/1", "help_en", word(0.9), seconds=1.0),
        judged("help/2", "help_en", seconds=1.0),
        judged("talk/1", "speech_zh", word(5.0), word(9.0, label="救命"), seconds=1800.0),
        judged("noise/1", "rain", seconds=3600.0),
    ]
    table = words(files)
    assert [each["found"] for each in table["recorded"]] == [True, False]
    speech, rest = table["false"]
    assert (speech["triggers"], speech["per_hour"]) == (2, 4.0)
    assert (rest["triggers"], rest["hours"]) == (0, 1.0)
    assert rest["upper_per_hour"] == pytest.approx(2.9957, abs=1e-3)


def test_latency_is_counted_from_known_onsets():
    files = [
        judged("a/1", "fall", entry(time_s=4.0), onset_s=2.0),
        judged("a/2", "fall", entry(time_s=7.0, confidence=0.8), onset_s=3.0),
        judged("a/3", "fall", entry(time_s=9.0)),
        judged("a/4", "fall", onset_s=1.0),
    ]
    (fall,) = latency(files, ["fall", "smoke"])
    assert (fall["onsets"], fall["any"]["found"], fall["alarm"]["found"]) == (3, 2, 1)
    assert fall["any"]["p50_s"] == 3.0
    assert fall["alarm"]["p50_s"] == 2.5


def test_a_confidence_is_right_as_often_as_its_events_are():
    files = [judged(f"a/{i}", "fall", entry(confidence=0.8)) for i in range(9)]
    files += [judged("a/x", "adl", entry(confidence=0.8))]
    files += [judged("a/y", "fall_sport", entry(confidence=0.8))]
    low = row(reliability(files, ["fall"]), target="fall", **{"from": 0.75})
    assert (low["right"]["hits"], low["right"]["of"]) == (9, 10)
    assert low["mean_confidence"] == pytest.approx(0.8)


def test_few_events_have_no_table_of_their_own():
    table = reliability([judged("a/1", "fall", entry())], ["fall"])
    assert {each["target"] for each in table} == {"all"}


@pytest.mark.parametrize(
    ("confidence", "low"), [(0.75, 0.75), (0.85, 0.85), (0.92, 0.85), (0.921, 0.92), (0.99, 0.98)]
)
def test_bins_begin_where_levels_do(confidence, low):
    table = reliability([judged("a/1", "fall", entry(confidence=confidence))], ["fall"])
    assert [each["from"] for each in table if each["right"]["of"]] == [low]


def test_curves_follow_the_peaks_also_below_the_lowest_level():
    files = [
        judged("a/1", "fall", peaks={"fall": 3.0}),
        judged("a/2", "fall", peaks={"fall": 0.1}),
        judged("a/3", "adl", peaks={"fall": -1.0}),
        judged("a/4", "adl"),
    ]
    table = curves(files, ["fall"])
    half = row(table, threshold=0.5)
    assert (half["expected"]["share"], half["other"]["share"]) == (1.0, 0.0)
    assert row(table, threshold=0.75)["expected"]["share"] == 0.5


def test_smoke_is_told_for_each_recording():
    files = [
        judged("a/1.mp4", "smoke_outdoor", entry(AnomalyClass.SMOKE, 4.0)),
        judged("a/2.jpg", "fire"),
        judged("a/3.mp4", "adl"),
    ]
    assert [(each["path"], each["time_s"]) for each in first_smoke(files)] == [
        ("a/1.mp4", 4.0),
        ("a/2.jpg", None),
    ]


def test_problems_are_all_listed():
    files = [
        judged("a", "fall", error="There is no file a."),
        judged("b", "flurb"),
        judged("c", "flurb"),
        judged("d", "fall"),
        judged("d", "adl"),
    ]
    listed = problems(files)
    assert listed["failed"] == [{"path": "a", "error": "There is no file a."}]
    assert listed["unknown_labels"] == [{"label": "flurb", "files": 2}]
    assert listed["listed_twice"] == ["d"]


def test_an_unknown_label_counts_in_no_table():
    files = [judged("a", "flurb", entry(), scream(), word())]
    tables = summary(files, list(AnomalyClass), list(AnomalyClass))
    assert tables["found"] == []
    assert all(each["any"]["events"] == 0 for each in tables["false_alarms"])
    assert all(each["right"]["of"] == 0 for each in tables["reliability"])


def test_the_tables_do_not_depend_on_the_order_of_events():
    events = [entry(time_s=float(i), confidence=0.75 + i / 50) for i in range(10)]
    ordered = summary([judged("a", "adl", *events)], list(AnomalyClass), list(AnomalyClass))
    random.Random(1).shuffle(events)
    again = summary([judged("a", "adl", *events)], list(AnomalyClass), list(AnomalyClass))
    assert ordered["found"] == again["found"]
    assert ordered["false_alarms"] == again["false_alarms"]


def test_every_section_can_be_printed():
    files = [
        judged("a/1", "fall", entry(), onset_s=0.5),
        judged("a/2", "help_en", word()),
        judged("a/3", "smoke_outdoor", entry(AnomalyClass.SMOKE)),
        judged("a/4", "fall_sport"),
        judged("a/5", "adl", error="gone"),
    ]
    every = list(AnomalyClass)
    text = "\n".join(plain(each) for each in sections(summary(files, every, every)))
    for said in ("1/1 100.0 % (2-100)", "failed: a/5: gone", "heard in 1 of 1", "1 onsets"):
        assert said in text
