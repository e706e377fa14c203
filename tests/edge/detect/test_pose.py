"""Pose: the real model finds a real person, here and through the shared process; failures show."""

from __future__ import annotations

import contextlib
import multiprocessing as mp
import socket
import threading
import time
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omnicam.detect.body import posture
from omnicam.detect.pose.landmarker import LocalPoseEstimator, turn_back
from omnicam.detect.pose.remote import RemotePoseEstimator
from omnicam.detect.pose.service import listen, serve
from omnicam.detect.pose.wire import Kind, Message, WireError, decode, encode
from omnicam.detect.protocol import Pose, PoseUnavailableError
from tests.edge.detect.figures import Script, figure, lying, standing
from tests.edge.detect.scorer_scenes import recordings

IMAGE = np.zeros((48, 64, 3), np.uint8)


@pytest.fixture
def model():
    path = Path(__file__).resolve().parents[3] / ".cache/models/pose_landmarker_lite.task"
    if not path.is_file():
        pytest.skip("needs the pose model (run the set-up)")
    return path


def same(one: Pose, other: Pose) -> bool:
    return (
        np.allclose(one.landmarks, other.landmarks, atol=1e-5)
        and np.allclose(one.world, other.world, atol=1e-5)
        and np.array_equal(one.visibility, other.visibility)
    )


def pictures(path: Path, count: int):
    with av.open(str(path)) as container:
        for index, frame in enumerate(container.decode(video=0)):
            if index % 3 == 0:
                yield frame.to_ndarray(format="rgb24")
            if index >= 3 * count:
                return


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from([Kind.ASK, Kind.GRANT, Kind.POSES]),
    st.integers(0, 2**64 - 1),
    st.lists(st.tuples(st.floats(0, 1), st.floats(0, 170)), max_size=4),
)
def test_messages_survive_the_wire(kind, number, bodies):
    poses = tuple(figure(x, 0.5, degrees) for x, degrees in bodies)
    back = decode(encode(Message(kind, number, poses=poses)))
    assert (back.kind, back.number, len(back.poses)) == (kind, number, len(poses))
    assert all(same(one, other) for one, other in zip(poses, back.poses, strict=True))


def test_pictures_survive_the_wire():
    image = np.arange(48 * 64 * 3, dtype=np.uint32).astype(np.uint8).reshape(48, 64, 3)
    back = decode(encode(Message(Kind.PICTURE, 7, image=image)))
    assert back.image is not None
    assert np.array_equal(back.image, image)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=64))
def test_garbage_is_refused_and_nothing_else_is_raised(data):
    with contextlib.suppress(WireError):
        assert decode(data).kind in Kind


@pytest.mark.parametrize("quarters", [1, -1])
def test_a_pose_found_in_a_turned_picture_is_turned_back(quarters):
    height, width = 90, 160
    image = np.zeros((height, width, 3), np.uint8)
    pose = figure(0.4, 0.6, 90.0, 0.5, width / height)
    for index, (x, y) in enumerate(pose.landmarks[:, :2]):
        if 0 <= x < 1 and 0 <= y < 1:
            image[int(y * height), int(x * width)] = index + 1
    turned = np.rot90(image, quarters)
    seen = pose.landmarks.copy()
    for index in range(33):
        rows, columns = np.nonzero(turned[:, :, 0] == index + 1)
        if len(rows):
            seen[index, 0] = (columns[0] + 0.5) / turned.shape[1]
            seen[index, 1] = (rows[0] + 0.5) / turned.shape[0]
    found = Pose(landmarks=seen, world=pose.world, visibility=pose.visibility)
    back = turn_back(found, quarters, height / width)
    for index in np.unique(image)[1:] - 1:
        assert np.allclose(back.landmarks[index, :2], pose.landmarks[index, :2], atol=0.02)


def test_who_stands_in_the_turned_picture_lies_in_the_picture():
    for quarters in (1, -1):
        upright = standing(0.5)
        back = turn_back(upright, quarters, 1.0)
        measured = posture(back, 1.0)
        assert abs(measured.trunk_degrees - 90) < 1
        assert abs(measured.tilt_degrees - 90) < 1


def test_a_missing_and_a_wrong_model_are_told_plainly(tmp_path):
    with pytest.raises(FileNotFoundError, match="pose_model"):
        LocalPoseEstimator(tmp_path / "none.task")
    wrong = tmp_path / "wrong.task"
    wrong.write_bytes(b"not a bundle" * 100)
    with pytest.raises(ValueError, match="pose_model"):
        LocalPoseEstimator(wrong)


def test_the_model_keeps_someone_through_a_fall_and_twice_the_same(model):
    path = recordings() / "upfall_s1/Activity3/Subject1/Trial1Cam1.mp4"
    results = []
    for _ in range(2):
        with LocalPoseEstimator(model) as estimator:
            results.append([estimator.estimate(image) for image in pictures(path, 20)])
    first, second = results
    assert sum(bool(poses) for poses in first) >= 19
    assert posture(first[0][0], 4 / 3).trunk_degrees < 20
    assert posture(first[-1][0], 4 / 3).trunk_degrees > 70
    assert [len(poses) for poses in first] == [len(poses) for poses in second]
    for one, other in zip(first, second, strict=True):
        assert all(same(a, b) for a, b in zip(one, other, strict=True))


def test_an_empty_picture_holds_nobody(model):
    with LocalPoseEstimator(model) as estimator:
        assert estimator.estimate(np.full((240, 320, 3), 90, np.uint8)) == ()


@pytest.mark.slow
def test_the_shared_process_serves_two_cameras_and_is_found_again(model, tmp_path):
    path = recordings() / "upfall_s1/Activity3/Subject1/Trial1Cam1.mp4"
    address = tmp_path / "pose"
    clients = [RemotePoseEstimator(address, timeout_s=30.0) for _ in range(2)]

    def start():
        process = mp.get_context("spawn").Process(target=listen, args=(model, address))
        process.start()
        assert all(client.wait_until_ready(30) for client in clients)
        return process

    process = start()
    with LocalPoseEstimator(model) as local:
        for image in pictures(path, 4):
            expected = local.estimate(image)
            for client in clients:
                found = client.estimate(image)
                assert len(found) == len(expected) == 1
                assert same(found[0], expected[0])
    clients[0].close()
    assert len(clients[1].estimate(image)) == 1
    process.kill()
    process.join(10)
    with pytest.raises(PoseUnavailableError, match="gone"):
        clients[1].estimate(image)
    process = start()
    assert len(clients[1].estimate(image)) == 1
    process.kill()
    process.join(10)


@pytest.fixture
def shared(tmp_path):
    """A service in a thread; gives (clients, estimators)."""
    started = []

    def start(count, *, timeout_s=5.0, make=None):
        scripts = [Script((standing(0.2 + 0.2 * i),)) for i in range(count)]
        waiting = iter(scripts)
        server = socket.socket(socket.AF_UNIX)
        server.bind(str(tmp_path / "pose"))
        server.listen()
        thread = threading.Thread(
            target=serve, args=(server, make or (lambda: next(waiting, Script(()))))
        )
        thread.start()
        clients = []
        for _ in range(count):  # one after the other, so that each gets the estimator of its number
            clients.append(RemotePoseEstimator(tmp_path / "pose", timeout_s))
            assert clients[-1].wait_until_ready(5)
        started.append((server, clients, thread))
        return clients, scripts

    yield start
    for server, clients, thread in started:
        for client in clients:
            client.close()
        server.close()
        thread.join(10)
        assert not thread.is_alive()


def test_every_camera_gets_its_own_answers(shared):
    clients, scripts = shared(3)
    for _ in range(5):
        for index, client in enumerate(clients):
            (pose,) = client.estimate(IMAGE)
            assert same(pose, standing(0.2 + 0.2 * index))
    assert [script.asked for script in scripts] == [5, 5, 5]
    for client in clients:
        client.close()
    deadline = time.monotonic() + 10
    while not all(script.closed for script in scripts):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_large_picture_is_shrunk_before_it_travels(shared):
    shapes = []

    class Shapes(Script):
        def estimate(self, image):
            shapes.append(image.shape)
            return ()

    (client,), _ = shared(1, make=Shapes)
    client.estimate(np.zeros((1080, 1920, 3), np.uint8))
    client.estimate(np.zeros((360, 640, 3), np.uint8))
    assert shapes == [(360, 640, 3), (360, 640, 3)]


def test_a_late_answer_is_forgotten_and_the_next_is_right(shared):
    gate = threading.Event()

    class Slow(Script):
        def estimate(self, image):
            self.asked += 1
            if self.asked == 1:
                gate.wait(10)
                return (lying(0.3),)
            return (standing(0.7),)

    (client,), _ = shared(1, timeout_s=0.3, make=Slow)
    for _ in range(3):
        with pytest.raises(PoseUnavailableError, match=r"0\.3 s"):
            client.estimate(IMAGE)
    gate.set()
    client._timeout_s = 5.0
    (pose,) = client.estimate(IMAGE)
    assert same(pose, standing(0.7))


def test_without_a_process_every_frame_is_dropped_at_once(tmp_path):
    client = RemotePoseEstimator(tmp_path / "nobody", 5.0)
    took = []
    for _ in range(5):
        began = time.monotonic()
        with pytest.raises(PoseUnavailableError, match=r"not there|gone"):
            client.estimate(IMAGE)
        took.append(time.monotonic() - began)
    assert np.median(took) < 0.2  # of five, so that a busy machine may hold up one


def test_a_client_that_talks_nonsense_loses_only_itself(shared):
    clients, _ = shared(2)
    clients[0]._connection.send_bytes(b"\xff" * 20)
    assert len(clients[1].estimate(IMAGE)) == 1
    with pytest.raises(PoseUnavailableError, match="gone"):
        clients[0].estimate(IMAGE)
