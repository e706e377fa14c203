"""`omnicam eval --verify`: the detectors alone and with a model, side by side, on real media."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from omnicam.cli import main
from omnicam.verify import store
from omnicam.verify.calibration import Memory
from tests.edge.detect.scorer_scenes import room
from tests.edge.verify.model_server import ModelServer, answering, said, serving, status

pytestmark = pytest.mark.timeout(240)

MODEL = Path(__file__).resolve().parents[3] / ".cache/models/pose_landmarker_lite.task"


@contextmanager
def model(behaviour: Any) -> Iterator[ModelServer]:
    """Serve in a thread: the command has a loop of its own."""
    ready, ended = threading.Event(), threading.Event()
    box: list[ModelServer] = []

    async def serve() -> None:
        async with serving(behaviour) as server:
            box.append(server)
            ready.set()
            await asyncio.to_thread(ended.wait)

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert ready.wait(20)
    try:
        yield box[0]
    finally:
        ended.set()
        thread.join(20)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lens that a hand covers after twelve seconds, under two labels."""
    folder = tmp_path_factory.mktemp("recordings")
    random = np.random.default_rng(7)
    view = room()
    height, width = view.shape[0] // 2 * 2, view.shape[1] // 2 * 2
    with av.open(folder / "covered.mp4", "w") as output:
        stream = output.add_stream("libx264", rate=6)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for number in range(18 * 6):
            shown = view if number < 72 else np.full_like(view, 60)
            noisy = shown + random.normal(0.0, 2.0, view.shape)
            grey = np.clip(noisy, 0, 255).astype(np.uint8)[:height, :width]
            picture = np.repeat(grey[..., None], 3, axis=2)
            output.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        output.mux(stream.encode())
    (folder / "ordinary.mp4").write_bytes((folder / "covered.mp4").read_bytes())
    return folder


def evaluate(root: Path, out: Path, *arguments: str) -> tuple[int, Any]:
    if not MODEL.is_file():
        pytest.skip("needs the pose model (run the set-up)")
    manifest = out / "manifest.csv"
    manifest.write_text("path,label\ncovered.mp4,tamper_cover\nordinary.mp4,adl\n", "utf-8")
    results = out / "out.json"
    command = ["eval", str(manifest), "--root", str(root), "--json", str(results)]
    command += ["--class", "camera_tampering", "--jobs", "1", "--model", str(MODEL), *arguments]
    code = main(command)
    return code, json.loads(results.read_bytes()) if results.exists() else None


def test_the_figures_with_a_model_stand_beside_those_without(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A cover is an alarm before anybody can be asked: the model's word is only counted."""

    def sees(_: str, question: str) -> float:
        return 0.02 if "covered" in question else 0.5

    (tmp_path / "token").write_text("a-long-secret\n")
    with model(answering(sees)) as server:
        token = ("--verify-token-file", str(tmp_path / "token"))
        code, results = evaluate(
            root,
            tmp_path,
            *("--verify", server.url, "--verify-name", "omni", *token),
            *("--calibrate", str(tmp_path)),
        )
        assert {seen["Authorization"] for seen in server.headers} == {"Bearer a-long-secret"}
        assert all(body["model"] == "omni" for body in server.bodies)
        assert any("covered" in said(body)[-1] for body in server.bodies)
    assert code == 0
    tables = results["verify"]
    assert tables["windows"]["answered"] >= 2
    before, after = (
        {row["folder"]: row for row in tables[when]["found"]}["all"] for when in ("before", "after")
    )
    assert before["other"]["alarm"]["hits"] == 1
    assert after == before
    (row,) = tables["reliability"]
    assert (row["class"], row["from"], row["to"]) == ("camera_tampering", 0.0, 0.1)
    assert row["said"] == pytest.approx(0.02, abs=0.001)
    looks = sum(row["right"]["of"] for row in tables["reliability"])
    assert 0 < row["right"]["hits"] < looks
    assert row["gap"] == pytest.approx(row["right"]["hits"] / looks - 0.02, abs=0.001)
    assert tables["lines"] == [
        {"class": "camera_tampering", "right": 1, "wrong": 1, "slope": None, "offset": None}
    ]
    assert not (tmp_path / "model.json").exists()
    shown = capsys.readouterr().out
    assert "fewer than 8 of a kind" in shown
    assert "nothing calibrated" in shown
    assert "The detectors alone, and with omni" in shown
    assert "a-long-secret" not in shown


def test_without_an_answer_the_detectors_figures_stand_and_it_is_told(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with model(status(500)) as server:
        code, results = evaluate(root, tmp_path, "--verify", server.url)
    assert code == 1
    tables = results["verify"]
    assert set(tables["windows"]) == {"failed"}
    assert tables["before"]["found"] == tables["after"]["found"]
    assert tables["reliability"] == []


@pytest.mark.parametrize(
    ("arguments", "remedy"),
    [
        (["--verify", "ftp://x"], "model.url"),
        (["--verify", "http://127.0.0.1:9/v1"], "the model is not reached"),
        (["--verify", "http://h/v1", "--verify-token-file", "none"], "model.token_file"),
        (["--calibrate", "."], "--calibrate needs --verify"),
        (["--verify", "http://h/v1", "--calibrate", "nowhere"], "nowhere is no folder"),
    ],
)
def test_a_model_that_cannot_be_used_is_told_at_once(
    root: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    remedy: str,
) -> None:
    code, results = evaluate(root, tmp_path, *arguments)
    assert (code, results) == (2, None)
    assert remedy in capsys.readouterr().err


def test_the_calibration_of_another_model_is_left_alone(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store.write(tmp_path, "another", Memory())
    before = (tmp_path / store.FILE_NAME).read_bytes()
    arguments = ("--verify", "http://h/v1", "--calibrate", str(tmp_path))
    assert evaluate(root, tmp_path, *arguments) == (2, None)
    assert "about the model 'another'" in capsys.readouterr().err
    assert (tmp_path / store.FILE_NAME).read_bytes() == before
