"""bench/falls: the replay is the node's own, and what is counted had no say in the limits."""

from __future__ import annotations

from dataclasses import fields, replace

import av
import numpy as np
import pytest
from falling.altered import FILTERS, altered
from falling.choose import Judge, choose, score
from falling.clips import Clip, read_clips
from falling.folds import by_group, by_set, cross_validated, dealt
from falling.ranges import RANGES, shifted
from falling.record import watched
from falling.replay import SHIPPED, SILENT, Limits, Result, judge
from falling.tables import counted
from hypothesis import given, settings
from hypothesis import strategies as st

from omnicam.detect.fall_limits import FallLimits
from omnicam.detect.pose.model import find_model
from omnicam.evaluate.manifest import Recording
from omnicam.evaluate.play import Task, play
from omnicam.taxonomy import AnomalyClass, Level
from tests.edge.detect.figures import lying, standing
from tests.edge.detect.scorer_scenes import recordings
from tests.edge.detect.test_fall import hold, turn, watch


def film(poses):
    return tuple((step.time, replace(step, camera="recording")) for step in watch(poses, start=0.0))


FALL = film(hold(standing(0.5), 3) + turn(0.7) + hold(lying(0.5), 4))
STANDING = film(hold(standing(0.5), 8))


def test_a_replayed_fall_alarms_and_its_limits_decide():
    found = judge(FALL, SHIPPED)
    assert found.event
    assert found.alarm
    assert judge(FALL, SHIPPED) == found
    assert judge(STANDING, SHIPPED) == Result(event=False, alarm=False, peak=SILENT)
    deeper = replace(SHIPPED, seen=FallLimits(drop=(1.5, 2.0)))
    assert judge(FALL, deeper).peak < found.peak
    weaker = judge(FALL, replace(SHIPPED, seen=FallLimits(weight=(4.4, 4.4))))
    assert (weaker.event, weaker.alarm) == (True, False)


@pytest.mark.parametrize(
    "path", ["urfd/rgb/fall-16-cam0.mp4", "gmdcsa24/Subject_1/Fall/13.mp4"], ids=["urfd", "gmdcsa"]
)
def test_a_real_film_replays_as_it_is_evaluated_and_is_watched_once(path, tmp_path):
    root = recordings()
    task = Task(root=root, model=find_model(None), classes=frozenset({AnomalyClass.FALL}))
    evaluated = play(Recording(path=path, label="fall"), task)
    replayed = judge(watched(root / path, tmp_path), SHIPPED)
    assert replayed.event is bool(evaluated.entries)
    assert replayed.alarm is any(entry.level is Level.HIGH for entry in evaluated.entries)
    assert replayed.peak == evaluated.peaks["fall"]
    (kept,) = tmp_path.iterdir()
    written = kept.stat().st_mtime_ns
    assert judge(watched(root / path, tmp_path), SHIPPED) == replayed
    assert kept.stat().st_mtime_ns == written


def test_a_picture_that_was_not_kept_cannot_be_looked_at(tmp_path):
    root = recordings()
    steps = watched(root / "urfd/rgb/fall-16-cam0.mp4", tmp_path)
    picture = next(step.picture for _, step in steps if step is not None)
    assert picture.aspect == pytest.approx(4 / 3)
    with pytest.raises(NotImplementedError):
        _ = picture.image


def test_only_films_that_tell_about_falls_are_read(tmp_path):
    manifest = tmp_path / "manifest.csv"
    manifest.write_text(
        "path,label,group\n"
        "urfd/a.mp4,fall,one\n"
        "people_walk/b.mkv,people_walking,\n"
        "fight_surv/c.mp4,fight,two\n"  # who fights may fall
        "cdogs/d.ogg,scream,three\n"
        "odd/e.mp4,no_such_label,four\n"
    )
    first, second = read_clips(manifest)
    assert (first.path, first.group, first.falls) == ("people_walk/b.mkv", "people_walk/*", False)
    assert (second.kind, second.group, second.falls) == ("falls, urfd", "urfd/one", True)
    manifest.write_text("path,label,group\npeople_walk/b.mkv,people_walking,\n")
    with pytest.raises(ValueError, match="no film with a fall"):
        read_clips(manifest)
    manifest.write_text("path,label\na.mp4,fall\n")
    with pytest.raises(ValueError, match="lacks the columns group"):
        read_clips(manifest)


def clip(number: int, *, falls: bool, group: str, folder: str = "urfd") -> Clip:
    return Clip(
        path=f"{folder}/{number}.mp4",
        label="fall" if falls else "adl",
        group=f"{folder}/{group}",
        falls=falls,
    )


@st.composite
def materials(draw):
    rows = draw(
        st.lists(
            st.tuples(
                st.sampled_from(("urfd", "gmdcsa24", "surveillance")),
                st.integers(0, 3),
                st.booleans(),
            ),
            min_size=2,
            max_size=25,
        )
    )
    clips = [
        clip(n, falls=falls, group=str(group), folder=folder)
        for n, (folder, group, falls) in enumerate(rows)
    ]
    return [*clips, clip(99, falls=True, group="9")]


@given(materials(), st.sampled_from((by_group, by_set)))
def test_folds_part_all_films_and_no_group_stands_on_both_sides(clips, apart):
    folds = dealt(clips, apart)
    assert sorted(each for own in folds.values() for each in own) == sorted(clips)
    for own in folds.values():
        assert any(each.falls for each in own)
        others = {apart(each) for each in clips if each not in own}
        assert others.isdisjoint({apart(each) for each in own})


results = st.builds(Result, event=st.booleans(), alarm=st.booleans(), peak=st.floats(SILENT, 7.0))


@given(st.lists(st.tuples(st.booleans(), results), min_size=1, max_size=12), st.data())
def test_results_of_some_films_bound_what_can_still_be_reached(pairs, data):
    known = {clip(n, falls=falls, group="g"): result for n, (falls, result) in enumerate(pairs)}
    some = data.draw(st.sets(st.sampled_from(sorted(known))))
    part = {each: result for each, result in known.items() if each in some}
    assert score(part, known) >= score(known, known)


def by_drop(each: Clip, limits: Limits) -> Result:
    """A world in which the drop alone tells: falls below 0.5, everything below 0.35."""
    needed = limits.seen.drop[0] < (0.5 if each.falls else 0.35)
    return Result(event=needed, alarm=needed, peak=6.0 if needed else SILENT)


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 1000))
def test_the_rule_finds_what_tells_falls_from_the_rest_without_the_left_out(seed):
    clips = [clip(n, falls=n % 2 == 0, group=str(n // 4)) for n in range(12)]
    judged = Judge(by_drop)
    assert choose(judged, clips[:8], seed).drop == (0.4, 0.6)
    assert all(set(known) <= set(clips[:8]) for known in judged.known.values())
    assert choose(Judge(by_drop), clips[:8], seed) == choose(judged, clips[:8], seed)
    folds = list(cross_validated(judged, clips, by_group, seed))
    assert [fold.name for fold in folds] == ["urfd/0", "urfd/1", "urfd/2"]
    assert sum(counted(fold.results)["falls"].alarms for fold in folds) == 6
    assert sum(counted(fold.results)["all but falls"].events for fold in folds) == 0


def test_each_shift_moves_one_limit_and_leaves_the_rest():
    shifts = shifted(SHIPPED, 1.2)
    assert len(shifts) == sum(len(fields(part)) for part in (SHIPPED.seen, SHIPPED.lying))
    seen = shifts["seen.drop"].seen
    assert seen.drop == pytest.approx((0.48, 0.72))
    assert replace(seen, drop=SHIPPED.seen.drop) == SHIPPED.seen
    assert shifts["lying.still_s"].lying.still_s == pytest.approx((72.0, 216.0))
    assert all(limits != SHIPPED for limits in shifts.values())


def test_every_range_is_of_a_limit_and_holds_more_than_one_value():
    names = {field.name for field in fields(FallLimits)}
    assert set(RANGES) <= names
    assert all(len(set(values)) == 5 for values in RANGES.values())


@pytest.fixture(scope="module")
def bright_left(tmp_path_factory):
    """A film of one second: a bright stripe at the left that grows brighter."""
    made = tmp_path_factory.mktemp("films") / "stripe.mp4"
    with av.open(str(made), "w") as output:
        stream = output.add_stream("libx264", rate=25, options={"crf": "4"})
        stream.width, stream.height, stream.pix_fmt = 640, 360, "yuv420p"
        for number in range(25):
            picture = np.full((360, 640, 3), 40, np.uint8)
            picture[:, :160] = 100 + 4 * number
            output.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        output.mux(stream.encode(None))
    return made


def pictures(file):
    with av.open(str(file)) as container:
        return [(each.time, each.to_ndarray(format="gray")) for each in container.decode(video=0)]


@pytest.mark.parametrize("kind", FILTERS)
def test_an_altered_film_shows_the_same_otherwise(kind, bright_left, tmp_path):
    made = altered(bright_left, kind, tmp_path)
    before, after = pictures(bright_left), pictures(made)
    first, left, right = before[0][1], after[0][1][:, 10].mean(), after[0][1][:, -10].mean()
    assert after[0][0] == 0.0
    if kind == "mirrored":
        assert right == pytest.approx(first[:, 10].mean(), abs=3)
        assert left == pytest.approx(first[:, -10].mean(), abs=3)
    elif "later" in kind:
        assert len(after) == len(before) - 2
        assert left == pytest.approx(before[2][1][:, 10].mean(), abs=3)
    elif "320" in kind:
        assert after[0][1].shape == (180, 320)
        assert left == pytest.approx(first[:, 10].mean(), abs=3)
    else:
        assert left == pytest.approx(0.6 * first[:, 10].mean(), abs=4)
    written = made.stat().st_mtime_ns
    assert altered(bright_left, kind, tmp_path) == made
    assert made.stat().st_mtime_ns == written
