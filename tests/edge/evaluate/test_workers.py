from pathlib import Path

import pytest

from omnicam.evaluate.manifest import Recording
from omnicam.evaluate.play import Task
from omnicam.evaluate.workers import limit_s, play_all
from tests.edge.evaluate.evaluate_scenes import player

TASK = Task(root=Path(), model=Path(), classes=frozenset())


def run(*rows, jobs=2, limit=limit_s):
    outcomes = play_all(rows, TASK, jobs, player=player, limit=limit)
    return {outcome.recording.path: outcome.error for outcome in outcomes}


def recordings(*labels):
    return [Recording(path=str(i), label=label) for i, label in enumerate(labels)]


@pytest.mark.parametrize("jobs", [1, 3])
def test_a_crash_costs_its_recording_alone(jobs):
    errors = run(*recordings("good", "crash", "good", "good", "crash"), jobs=jobs)
    assert [errors[str(i)] is None for i in range(5)] == [True, False, True, True, False]
    assert "exit code 3" in errors["1"]


def test_a_recording_that_hangs_is_ended():
    errors = run(
        *recordings("hang", "good"), jobs=1, limit=lambda row: 3.0 if row.label == "hang" else 60.0
    )
    assert "not done after 3 s" in errors["0"]
    assert errors["1"] is None


def test_more_workers_than_recordings_and_none_at_all():
    assert run(*recordings("good"), jobs=8) == {"0": None}
    assert run(jobs=2) == {}


def test_the_time_allowed_grows_with_the_media():
    short, long = (Recording(path="a", label="adl", duration_s=s) for s in (1.0, 600.0))
    assert limit_s(short) < limit_s(long)
    assert limit_s(Recording(path="a", label="adl")) > limit_s(short)
