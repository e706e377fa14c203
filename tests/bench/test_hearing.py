"""The figures of bench/sounds: thresholds, intervals, windows and the peak of a confidence."""

from __future__ import annotations

import numpy as np
import pytest
from hearing.clips import Clip, read_manifest
from hearing.events import count, judged
from hearing.listening import listen, only_sound
from hearing.rates import area_under_curve, operating
from hearing.systems import PEER_HOP, framed, highest
from hearing.tables import summary
from hypothesis import given
from hypothesis import strategies as st

from omnicam.detect.protocol import Need
from omnicam.detect.sound.yamnet import WINDOW
from omnicam.evaluate.labels import SCREAM
from omnicam.evidence import Evidence
from omnicam.media import AudioChunk
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


class Saying:
    """Says the same of every piece of sound."""

    name = "scream"
    needs = frozenset({Need.SOUND})

    def __init__(self, log_odds):
        self.log_odds = log_odds

    def observe(self, observation):
        yield Evidence(
            camera=observation.camera,
            anomaly=AnomalyClass.ABNORMAL_SOUND,
            log_odds=self.log_odds,
            time=observation.time,
            span_s=1.0,
            scorer="scream",
            why="",
            label="scream",
        )


def seconds_of(samples, chunk=4000):
    return [
        AudioChunk(camera="recording", time=at / 16000, samples=samples[at : at + chunk])
        for at in range(0, len(samples), chunk)
    ]


def test_what_is_said_for_long_enough_is_found_with_the_confidence_that_held():
    sound = seconds_of(np.zeros(48000, np.float32))
    heard = listen(only_sound(), [Saying(8.0)], sound)
    assert [entry.target for entry in heard.entries] == [SCREAM]
    assert 0.92 < highest(heard)[SoundLabel.SCREAM] < 1.0
    assert highest(heard)[SoundLabel.GLASS_BREAKING] < 1e-6
    (brief,) = listen(only_sound(), [Saying(8.0)], sound[:1]).entries
    assert brief.alarm_s is None


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


def test_events_are_counted_where_the_label_expects_them_and_where_it_does_not():
    sound = seconds_of(np.zeros(48000, np.float32))
    loud = listen(only_sound(), [Saying(8.0)], sound)
    quiet = listen(only_sound(), [Saying(0.0)], sound)
    clips = {
        Clip(path="a/1.wav", label="scream", group="1"): loud,
        Clip(path="a/2.wav", label="scream", group="2"): quiet,
        Clip(path="b/1.wav", label="dog_bark", group="3"): loud,
        Clip(path="b/2.wav", label="rain", group="4"): quiet,
        Clip(path="c/1.wav", label="fight", group="5"): loud,  # who fights may scream
    }
    assert judged(next(iter(clips)), loud.entries).right(SCREAM)
    rows = {row["folder"]: row for row in count(clips) if row["target"] == SCREAM}
    assert (rows["all"]["expected"]["any"]["hits"], rows["all"]["expected"]["any"]["of"]) == (1, 2)
    assert (rows["all"]["other"]["alarm"]["hits"], rows["all"]["other"]["alarm"]["of"]) == (1, 2)
    assert rows["b"]["false_labels"] == {"dog_bark": 1}
    assert rows["c"]["false_labels"] == {}
