"""The analysis of a camera: what scorers are shown, what it costs, and twice the same."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path

import av
import numpy as np
import pytest

from omnicam.config.model import CameraSettings, Secret, Zone, ZoneKind
from omnicam.detect.analyser import Analyser, small_grey
from omnicam.detect.fall import FallScorer
from omnicam.detect.fallen import FallenScorer
from omnicam.detect.pose.landmarker import LocalPoseEstimator
from omnicam.detect.protocol import Need, Observation, PoseUnavailableError, ScorerContext
from omnicam.detect.soundtrack import SILENCE_DB, Soundtrack, decibels
from omnicam.media import AudioChunk, Frame, SignalChange, Tick
from tests.edge.detect.figures import Script, standing
from tests.edge.detect.scorer_scenes import NOON, Judge, recordings, room

STEP = 1.0 / 6.0
CAMERA = CameraSettings(id="room", name="Room", url=Secret("file"))


class Notes:
    """A scorer that keeps what it is shown."""

    def __init__(self, *needs):
        self.name = "notes"
        self.needs = frozenset(needs)
        self.seen = []

    def observe(self, observation):
        self.seen.append(observation)
        return ()


class Broken(Notes):
    def observe(self, observation):
        raise ZeroDivisionError


class Mute(Script):
    def estimate(self, image):
        raise PoseUnavailableError("no answer")


def analyser(*scorers, pose=None, camera=CAMERA):
    return Analyser(camera, UTC, pose or Script(), scorers)


def frame(index, image=None):
    view = room() if image is None else image
    picture = np.repeat(np.clip(view, 0, 255).astype(np.uint8)[:, :, None], 3, axis=2)
    return Frame(camera="room", time=NOON + index * STEP, image=picture, sequence=index)


def walking(index):
    view = room().copy()
    view[60:150, 40 + 10 * (index % 20) : 70 + 10 * (index % 20)] = 5
    return frame(index, view)


def test_scorers_are_shown_what_they_need_and_no_more():
    eyes, ears, nerves = Notes(Need.PICTURE), Notes(Need.SOUND), Notes(Need.SIGNAL)
    all_of_it = Notes(*Need)
    camera = analyser(eyes, ears, nerves, all_of_it)
    camera.observe(frame(0))
    camera.observe(AudioChunk(camera="room", time=NOON, samples=np.zeros(8000, np.float32)))
    camera.observe(SignalChange(camera="room", time=NOON + 1, present=False, reason="lost"))
    camera.observe(SignalChange(camera="room", time=NOON + 3, present=True))
    assert camera.observe(Tick(camera="room", time=NOON + 4)) == []
    assert [len(notes.seen) for notes in (eyes, ears, nerves, all_of_it)] == [1, 2, 2, 5]
    for observation in all_of_it.seen:
        parts = (observation.picture, observation.sound, observation.signal)
        assert sum(part is not None for part in parts) == 1


def test_the_model_rests_while_nothing_moves_and_people_stay():
    eyes, pose = Notes(Need.PICTURE), Script((standing(0.5),))
    camera = analyser(eyes, pose=pose)
    for index in range(12):
        camera.observe(walking(index))
    for index in range(12, 12 + 6 * 40):
        camera.observe(frame(index))
    assert camera.stats.frames == 252
    assert camera.stats.pose_runs == pose.asked < 40
    pictures = [observation.picture for observation in eyes.seen]
    assert all(picture.people for picture in pictures[2:])
    assert sum(picture.pose_ran for picture in pictures) == pose.asked
    assert pictures[-1].people[0].last_seen < eyes.seen[-1].time
    assert pictures[-1].grey.shape == (90, 160)
    assert set(camera.stats.seconds) >= {"grey", "motion", "pose", "tracks", "notes"}


def test_a_mute_model_drops_frames_and_nothing_else():
    eyes = Notes(Need.PICTURE)
    camera = analyser(eyes, pose=Mute())
    for index in range(12):
        assert camera.observe(walking(index)) == []
    assert camera.stats.pose_drops == camera.stats.pose_runs == 12
    assert len(eyes.seen) == 12
    assert not any(observation.picture.pose_ran for observation in eyes.seen)


def test_what_a_scorer_raises_comes_through():
    with pytest.raises(ZeroDivisionError):
        analyser(Broken(Need.PICTURE)).observe(frame(0))


def test_people_in_an_ignored_zone_do_not_count():
    screen = Zone(name="tv", kind=ZoneKind.IGNORED, points=((0.4, 0), (1, 0), (1, 1), (0.4, 1)))
    camera = CameraSettings(id="room", name="Room", url=Secret("f"), zones=(screen,))
    eyes = Notes(Need.PICTURE)
    judged = analyser(eyes, pose=Script((standing(0.2), standing(0.7))), camera=camera)
    for index in range(4):
        judged.observe(walking(index))
    (person,) = eyes.seen[-1].picture.people
    assert person.region.x < 0.4


def test_a_deaf_camera_hears_nothing():
    ears = Notes(Need.SOUND)
    camera = CameraSettings(id="room", name="Room", url=Secret("f"), audio=False)
    chunk = AudioChunk(camera="room", time=NOON, samples=np.zeros(16000, np.float32))
    assert analyser(ears, camera=camera).observe(chunk) == []
    assert ears.seen == []


def test_sound_comes_as_the_last_second_every_quarter_whatever_the_chunks():
    samples = np.random.default_rng(0).uniform(-0.1, 0.1, 48_000).astype(np.float32)
    heard = []
    for size in (333, 4000, 16_000):
        track, pieces = Soundtrack(), []
        for start in range(0, len(samples), size):
            chunk = AudioChunk(
                camera="room", time=NOON + start / 16_000, samples=samples[start : start + size]
            )
            pieces += track.hear(chunk)
        heard.append(pieces)
        assert len(pieces) == 12
        for index, (time, sound) in enumerate(pieces, start=1):
            assert time == pytest.approx(NOON + index * 0.25, abs=1e-4)
            assert np.array_equal(
                sound.window, samples[max(index * 4000 - 16_000, 0) : index * 4000]
            )
    levels = [[sound.level_db for _, sound in pieces] for pieces in heard]
    assert levels[0] == levels[1] == levels[2]


def test_a_gap_in_the_sound_starts_a_new_window():
    track = Soundtrack()
    list(track.hear(AudioChunk(camera="r", time=NOON, samples=np.ones(16_000, np.float32))))
    later = AudioChunk(camera="r", time=NOON + 9, samples=np.zeros(4000, np.float32))
    ((time, sound),) = track.hear(later)
    assert time == NOON + 9.25
    assert len(sound.window) == 4000


def test_the_noise_level_follows_the_room_and_not_a_cry():
    rng, track = np.random.default_rng(0), Soundtrack()
    quiet = rng.normal(0, 0.003, 16_000 * 20).astype(np.float32)
    loud = rng.normal(0, 0.3, 16_000 * 2).astype(np.float32)
    pieces = list(track.hear(AudioChunk(camera="r", time=NOON, samples=quiet)))
    assert pieces[-1][1].noise_db == pytest.approx(-50.5, abs=1.5)
    pieces = list(track.hear(AudioChunk(camera="r", time=NOON + 20, samples=loud)))
    assert pieces[-1][1].level_db > -12
    assert pieces[-1][1].noise_db < -47


def test_decibels_are_of_full_scale():
    assert decibels(np.ones(100, np.float32)) == pytest.approx(0.0)
    assert decibels(np.full(100, 0.1, np.float32)) == pytest.approx(-20.0, abs=1e-4)
    assert decibels(np.zeros(100, np.float32)) == decibels(np.zeros(0, np.float32)) == SILENCE_DB


def test_the_small_picture_is_160_wide_at_any_shape():
    for height, width in ((1080, 1920), (480, 640), (720, 406)):
        grey = small_grey(np.full((height, width, 3), 77, np.uint8))
        assert grey.shape == (round(height * 160 / width), 160)
        assert (grey == 77).all()


def frames(path: Path):
    due = 0.0
    with av.open(str(path)) as container:
        for index, picture in enumerate(container.decode(video=0)):
            if picture.time + 1e-3 >= due:
                due += STEP
                image = picture.to_ndarray(format="rgb24")
                yield Frame(camera="room", time=NOON + picture.time, image=image, sequence=index)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("clip", "falls"),
    [
        ("upfall_s1/Activity3/Subject1/Trial1Cam1.mp4", True),
        ("upfall_s1/Activity9/Subject1/Trial1Cam1.mp4", False),
    ],
)
def test_a_real_fall_alarms_picking_up_does_not_and_twice_the_same(clip, falls):
    model = Path(__file__).resolve().parents[3] / ".cache/models/pose_landmarker_lite.task"
    if not model.is_file():
        pytest.skip("needs the pose model (run the set-up)")
    context = ScorerContext(camera=CAMERA, time_zone=UTC)
    runs = []
    for _ in range(2):
        with LocalPoseEstimator(model) as pose:
            camera = analyser(FallScorer(context), FallenScorer(context), pose=pose)
            runs.append(
                [found for item in frames(recordings() / clip) for found in camera.observe(item)]
            )
    assert runs[0] == runs[1]
    judge = Judge(Replay(runs[0]))
    course = judge.see(sorted_moments(runs[0]))
    assert (max(course, default=0.0) > 0.92) is falls


class Replay:
    """Says again what was said."""

    name = "fall"
    needs = frozenset(Need)

    def __init__(self, said):
        self.said = [found for found in said if found.scorer == "fall"]

    def observe(self, observation):
        return [found for found in self.said if found.time == observation.time]


def sorted_moments(said):
    return [
        Observation(camera="room", time=time) for time in sorted({found.time for found in said})
    ]
