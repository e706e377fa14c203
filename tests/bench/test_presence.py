"""People in zones: marks that are read, what is counted, and films whose truth is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from presence.films import ground, hips, pictures
from presence.recorded import MARKS, MarksError, read_lines, read_nobody
from presence.staged import crossings, occlusions
from presence.verdicts import percentile, score, stayed, track_of
from presence.watch import Happened, Question, Seen

from omnicam.taxonomy import AnomalyClass
from tests.edge.detect.scorer_scenes import recordings

CLASS = AnomalyClass.RESTRICTED_AREA_INTRUSION


def happened(onsets, events, alarms=()):
    question = Question(name="line", anomaly=CLASS, onsets=onsets)
    return Happened(question=question, events=tuple(events), alarms=tuple(alarms))


def test_each_event_counts_for_one_crossing_and_the_rest_are_false():
    result = score(happened((3.0, 10.0, 20.0), (3.5, 9.8, 30.0), (3.75,)))
    assert result.latencies == pytest.approx((0.5, -0.2))
    assert result.missed == (20.0,)
    assert result.false == (30.0,)
    assert result.alarms == 1


def test_an_event_long_after_the_crossing_is_no_answer_to_it():
    assert score(happened((3.0,), (6.5,))).missed == (3.0,)


def test_percentiles_are_values_that_occurred():
    assert percentile([0.4, 0.1, 0.3, 0.2], 0.5) == 0.2
    assert percentile([0.4, 0.1, 0.3, 0.2], 0.95) == 0.4
    assert np.isnan(percentile([], 0.5))


def test_somebody_is_followed_by_the_track_that_is_nearest():
    film = next(each for each in occlusions() if each.name == "hidden 1.0 s")
    same, walker = film.same[0], film.walkers[0]

    def looks(first, second):
        times = np.arange(0.0, film.seconds, 0.2)
        middle = (same.before[1] + same.after[0]) / 2
        return [
            Seen(float(t), {first if t < middle else second: hips(walker, float(t)), 9: (0.0, 0.0)})
            for t in times
        ]

    assert stayed(walker, same, looks(1, 1)) is True
    assert stayed(walker, same, looks(1, 2)) is False
    assert stayed(walker, same, []) is None
    assert track_of(walker, looks(4, 5), same.after) == 5


def test_what_is_marked_can_be_asked():
    asked = read_lines(MARKS / "lines.csv")
    for questions in asked.values():
        names = [each.name for each in questions]
        assert len(set(names)) == len(names)
        for each in questions:
            assert each.zones or each.lines
            assert list(each.onsets) == sorted(each.onsets)
            points = [p for shape in (*each.zones, *each.lines) for p in shape.points]
            assert all(0.0 <= value <= 1.0 for point in points for value in point)


def test_marked_recordings_are_there():
    folder = recordings()
    for path in {
        *read_lines(MARKS / "lines.csv"),
        *(e.path for e in read_nobody(MARKS / "nobody.csv")),
    }:
        assert (folder / path).is_file()


def test_a_mark_that_cannot_be_understood_names_its_line(tmp_path):
    file = tmp_path / "lines.csv"
    head, first, *_ = (MARKS / "lines.csv").read_text(encoding="utf-8").splitlines()
    file.write_text(f"{head}\n{first.replace(',zone,', ',circle,')}\n", encoding="utf-8")
    with pytest.raises(MarksError, match="line 2: kind 'circle'"):
        read_lines(file)


@pytest.mark.parametrize("film", crossings(), ids=lambda film: film.name)
def test_staged_people_are_where_the_truth_says(film):
    """At the moment of the crossing the feet are on the line, and they come from its other side."""
    line = next(each for each in film.questions if each.name == "line")
    (start, end), (onset,) = line.lines[0].points, line.onsets
    across = [hips(film.walkers[0], onset + step) for step in (-0.6, 0.0, 0.6)]
    if film.name.startswith("towards"):
        depths = [film.walkers[0].motion(onset + step).depth for step in (-0.6, 0.0, 0.6)]
        assert depths[0] > 5.0 > depths[2]
        assert depths[1] == pytest.approx(5.0, abs=0.01)
    else:
        assert across[1][0] == pytest.approx(0.5, abs=0.01)
        assert (across[0][0] - 0.5) * (across[2][0] - 0.5) < 0
        assert start[0] == pytest.approx(end[0], abs=0.01) == 0.5


def test_who_is_behind_the_pillar_is_not_seen():
    film = next(each for each in occlusions() if each.name == "hidden 3.0 s")
    middle = (film.same[0].before[1] + film.same[0].after[0]) / 2
    empty = replace(film, walkers=(), seconds=1 / film.fps)
    hidden = replace(
        film,
        walkers=(replace(film.walkers[0], motion=lambda _: film.walkers[0].motion(middle)),),
        seconds=1 / film.fps,
    )
    shown = replace(hidden, pillars=())
    (nobody,), (behind,), (before,) = (list(pictures(each)) for each in (empty, hidden, shown))
    differs = np.abs(nobody.astype(int) - behind).max(axis=2) > 30
    assert differs.mean() < 0.002
    assert (np.abs(before.astype(int) - behind).max(axis=2) > 30).mean() > 0.02


def test_the_ground_lies_under_the_horizon():
    assert ground(0.0, 3.0)[1] > ground(0.0, 6.0)[1] > ground(0.0, 12.0)[1]
