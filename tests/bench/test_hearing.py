"""The figures of bench/sounds: thresholds, intervals, windows and the peak of a confidence."""

from __future__ import annotations

import numpy as np
import pytest
from hearing.clips import Clip, read_manifest
from hearing.rates import area_under_curve, operating
from hearing.systems import PEER_HOP, Peak, framed
from hearing.tables import summary
from hypothesis import given
from hypothesis import strategies as st

from omnicam.detect.sound.yamnet import WINDOW
from omnicam.evidence import Evidence
from omnicam.taxonomy import AnomalyClass, SoundLabel

scores = st.lists(st.floats(0, 1), min_size=1, max_size=60)


@given(scores, scores, st.floats(0, 0.9))
def test_no_more_of_the_others_pass_than_allowed_and_no_lower_threshold_would_do(
    kind, others, allowed
):
    point = operating(kind, others, allowed)
    assert point.false <= allowed * len(others)
    passing_at_the_next = sum(score >= point.threshold for score in others)
    assert passing_at_the_next > allowed * len(others)
    assert point.found == sum(score > point.threshold for score in kind)
    assert point.low <= point.recall <= point.high


@given(scores, scores)
def test_the_area_is_the_chance_that_a_pair_is_in_order(kind, others):
    pairs = [(a > b) + 0.5 * (a == b) for a in kind for b in others]
    assert area_under_curve(kind, others) == pytest.approx(np.mean(pairs))


@given(st.integers(1, 5 * WINDOW))
def test_windows_cover_every_sample_and_start_where_the_authors_do(length):
    samples = np.arange(1, length + 1, dtype=np.float32)
    windows = framed(samples)
    assert all(len(window) == WINDOW for window in windows)
    assert [window[0] for window in windows] == [1.0 + n * PEER_HOP for n in range(len(windows))]
    assert windows[-1].max() == length


def evidence(time: float, log_odds: float) -> Evidence:
    return Evidence(
        camera="clip",
        anomaly=AnomalyClass.ABNORMAL_SOUND,
        log_odds=log_odds,
        time=time,
        span_s=1.0,
        scorer="scream",
        why="",
        label="scream",
    )


def test_a_peak_is_what_two_of_three_steps_reached():
    peak = Peak(3.0, 0.05, SoundLabel.SCREAM)
    peak.advance(0.5)
    peak.advance(0.75)
    assert peak.highest == pytest.approx(0.05)
    for time in (1.0, 1.25, 1.5, 1.75):
        peak.hear(evidence(time, 8.0))
        peak.advance(time)
    steady = peak.highest
    peak.advance(10.0)
    assert 0.92 < steady <= peak.highest < 1.0


def test_only_rows_with_sound_are_heard_and_a_missing_column_is_told(tmp_path):
    file = tmp_path / "manifest.csv"
    file.write_text("path,label,group,has_audio\na/1.wav,scream,x,1\nb/2.mp4,fall,y,0\n")
    assert read_manifest(file) == (Clip(path="a/1.wav", label="scream", group="x"),)
    file.write_text("path,label\na/1.wav,scream\n")
    with pytest.raises(ValueError, match="group, has_audio"):
        read_manifest(file)


def test_a_table_counts_by_folder_what_is_found_and_what_is_false():
    def clip(path, label):
        return Clip(path=path, label=label, group="g")

    def heard(score):
        return {"one": {SoundLabel.SCREAM: score, SoundLabel.GLASS_BREAKING: 0.0}}

    table = {clip(f"loud/{n}", "scream"): heard(0.9) for n in range(4)}
    table |= {clip(f"quiet/{n}", "scream"): heard(0.1) for n in range(4)}
    table |= {clip(f"dogs/{n}", "dog_bark"): heard(0.95 if n == 0 else 0.2) for n in range(100)}
    figures = summary(table, SoundLabel.SCREAM)["one"]
    assert figures["found"] == {"loud / scream": [4, 4], "quiet / scream": [0, 4]}
    assert figures["false"] == {"dogs / dog_bark": [1, 100]}
    assert [point["found"] for point in figures["points"]] == [4, 4, 4]
