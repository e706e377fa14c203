"""The staged scenes: the same again from the same seed, seen by the pose model, heard in time."""

import json
from dataclasses import replace
from itertools import islice, pairwise
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from omnicam.taxonomy import AnomalyClass, SoundLabel
from staging.camera import Camera
from staging.figure import WARDROBE, draw_person, draw_shadow
from staging.motion import fall_sideways
from staging.render import (
    FRAME_RATE,
    PRE_ROLL_S,
    SAMPLE_RATE,
    Take,
    describe,
    pictures,
    render,
    sound,
)
from staging.room import room
from staging.scenes import SCENES
from staging.skeleton import CLEARANCE, Pose, skeleton, trunk_angle

MODEL = Path(__file__).resolve().parents[2] / ".cache" / "models" / "pose_landmarker_lite.task"
SECONDS_LOOKED_AT = 24
PEOPLE = [name for name, scene in SCENES.items() if scene.visible(-PRE_ROLL_S)]
SOUND_EVENTS = [name for name, scene in SCENES.items() if scene.anomaly == "abnormal_sound"]


@pytest.fixture(scope="module")
def finds_person():
    if not MODEL.is_file():
        pytest.skip(f"{MODEL.name} is absent: scripts/setup builds it")
    import mediapipe
    from mediapipe.tasks.python import BaseOptions, vision

    options = vision.PoseLandmarkerOptions(
        base_options=BaseOptions(model_asset_path=str(MODEL)),
        running_mode=vision.RunningMode.IMAGE,
    )
    with vision.PoseLandmarker.create_from_options(options) as landmarker:

        def found(picture) -> bool:
            image = mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=picture)
            return bool(landmarker.detect(image).pose_landmarks)

        yield found


def test_the_table_speaks_the_taxonomy_s_names_and_stages_every_class_that_the_cpu_judges():
    staged = {scene.anomaly for scene in SCENES.values() if scene.anomaly}
    assert staged == {str(name) for name in AnomalyClass} - {"dangerous_tool"}
    labels = {s.label for s in SCENES.values() if s.anomaly == "abnormal_sound"}
    assert labels == {str(label) for label in SoundLabel}
    assert sum(scene.anomaly is None for scene in SCENES.values()) >= 8


@pytest.mark.parametrize("name", [n for n, s in SCENES.items() if s.anomaly])
def test_an_event_has_twelve_seconds_after_it(name):
    assert SCENES[name].tail_s >= 12
    assert describe(Take(scene=name, pre_roll_s=5))["onset_s"] == 5


@pytest.mark.parametrize("name", ["fall", "smoke", "night_loitering"])
def test_the_same_seed_gives_the_same_pictures_and_another_seed_others(name):
    def film(seed):
        return np.stack(list(islice(pictures(Take(scene=name, seed=seed), step=40), 6)))

    one = film(5)
    assert np.array_equal(one, film(5))
    assert not np.array_equal(one, film(6))


@pytest.mark.parametrize("name", ["scream", "glass_breaking", "call_for_help_zh", "tv_noise"])
def test_the_same_seed_gives_the_same_sound_and_another_seed_another(name):
    one = sound(Take(scene=name, seed=5))
    assert one.dtype == np.float32
    assert np.array_equal(one, sound(Take(scene=name, seed=5)))
    assert not np.array_equal(one, sound(Take(scene=name, seed=6)))


@pytest.mark.parametrize("name", SOUND_EVENTS)
def test_a_sound_begins_at_its_onset_and_stays_in_range(name):
    take = Take(scene=name, pre_roll_s=6.0)
    samples = sound(take)
    assert len(samples) == round(take.duration_s * SAMPLE_RATE)
    assert np.abs(samples).max() <= 1.0
    onset = round(take.pre_roll_s * SAMPLE_RATE)
    before = samples[onset - SAMPLE_RATE // 2 : onset - 160]
    after = samples[onset : onset + SAMPLE_RATE // 4]
    assert np.std(after) > 20 * np.std(before)


def test_the_body_rests_on_its_support_in_every_pose_of_a_fall():
    motion = fall_sideways(Pose(), 0.0)
    bodies = [skeleton(motion(time)) for time in np.arange(-0.1, 1.2, 0.05)]
    for body in bodies:
        gaps = [body.joints[name][1] - radius for name, radius in CLEARANCE.items()]
        assert min(gaps) == pytest.approx(0.0, abs=1e-9)
    angles = [trunk_angle(body) for body in bodies]
    assert angles[0] < 10
    assert angles[-1] > 75
    assert all(later >= earlier - 1e-6 for earlier, later in pairwise(angles))


def test_the_frozen_picture_stands_still_to_the_bit_from_the_onset_only():
    film = list(islice(pictures(Take(scene="frozen", pre_roll_s=1.0)), 2 * FRAME_RATE))
    assert not np.array_equal(film[FRAME_RATE - 3], film[FRAME_RATE - 2])
    assert all(np.array_equal(film[FRAME_RATE], later) for later in film[FRAME_RATE:])


@pytest.mark.parametrize("angle", range(0, 91, 10))
def test_the_pose_model_finds_the_figure_at_every_trunk_angle(finds_person, angle):
    camera = Camera(width=640, height=480)
    picture = room(camera).copy()
    body = skeleton(Pose(roll=angle, yaw=15, x=-0.4))
    draw_shadow(picture, body, camera)
    draw_person(picture, body, camera, WARDROBE["blue"])
    assert finds_person(cv2.GaussianBlur(picture, (3, 3), 0.6))


@pytest.mark.parametrize("name", PEOPLE)
def test_the_pose_model_finds_the_person_in_19_of_20_pictures(finds_person, name):
    take = Take(scene=name)
    spans = describe(take)["person_visible"]
    film = islice(pictures(take, step=FRAME_RATE), SECONDS_LOOKED_AT)
    seen = [
        finds_person(picture)
        for second, picture in enumerate(film)
        if any(begin <= second < end for begin, end in spans)
    ]
    assert len(seen) >= 5
    assert sum(seen) >= 0.95 * len(seen)


@pytest.mark.parametrize("name", ["empty_room", "cat", "tv_noise"])
def test_the_pose_model_finds_nobody_where_nobody_is(finds_person, name):
    film = islice(pictures(Take(scene=name), step=2 * FRAME_RATE), SECONDS_LOOKED_AT // 2)
    assert not any(finds_person(picture) for picture in film)


@pytest.mark.parametrize("size", [(640, 480), (1280, 720), (352, 640)])
def test_a_film_has_the_size_the_rate_the_length_and_the_notes_that_were_asked_for(tmp_path, size):
    width, height = size
    take = Take(scene="fall", width=width, height=height, pre_roll_s=0.0)
    file = tmp_path / "fall.mp4"
    render(take, file)
    with av.open(str(file)) as film:
        video, audio = film.streams.video[0], film.streams.audio[0]
        assert (video.width, video.height) == size
        assert video.codec_context.name == "h264"
        assert video.average_rate == FRAME_RATE
        assert audio.codec_context.name == "aac"
        assert audio.rate == SAMPLE_RATE
        keys = [packet.is_keyframe for packet in film.demux(video) if packet.size]
    assert len(keys) == round(take.duration_s * FRAME_RATE)
    assert all(keys[::FRAME_RATE])
    assert file.read_bytes().index(b"moov") < file.read_bytes().index(b"mdat")
    notes = json.loads((tmp_path / "fall.mp4.json").read_text(encoding="utf-8"))
    assert notes == json.loads(json.dumps(describe(take)))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["fall.mp4", "fall.mp4.json"]


def test_nothing_is_left_where_the_film_cannot_be_written(tmp_path):
    with pytest.raises(OSError, match="absent"):
        render(Take(scene="empty_room", pre_roll_s=0.0), tmp_path / "absent" / "film.mp4")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("field", "value"), [("width", 0), ("height", 10_000), ("pre_roll_s", -1.0), ("seed", -1)]
)
def test_a_take_that_cannot_be_filmed_names_the_field(field, value):
    with pytest.raises(ValueError, match=f"{field.removesuffix('_s').replace('_', '-')} "):
        Take(scene="fall", **{field: value})


def test_an_odd_size_is_made_even():
    picture = next(pictures(Take(scene="walking", width=641, height=363)))
    assert picture.shape == (362, 640, 3)


def test_a_longer_lead_changes_nothing_of_the_event():
    short = describe(Take(scene="fall", pre_roll_s=4))
    long = describe(replace(Take(scene="fall"), pre_roll_s=9))
    assert long["duration_s"] - short["duration_s"] == 5
    assert long["onset_s"] - short["onset_s"] == 5
