"""Accuracy before and after on recordings: the counting, and the whole way with a tiny model."""

from __future__ import annotations

import csv
from pathlib import Path

import av
import numpy as np
import pytest
import torch

from inference_server import verdicts
from inference_server.compress.errors import CompressError
from inference_server.compress.evaluate import Evaluation, Verdicts, evaluate
from inference_server.compress.recordings import Recording, listed, load, windows_of


def film(path: Path, seconds: float, *, sound: bool) -> None:
    random = np.random.default_rng(0)
    with av.open(str(path), "w") as file:
        video = file.add_stream("mpeg4", rate=10)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        audio = file.add_stream("aac", rate=44100, layout="mono") if sound else None
        for _ in range(int(seconds * 10)):
            picture = random.integers(0, 255, (48, 64, 3), dtype=np.uint8)
            file.mux(video.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        file.mux(video.encode(None))
        if audio is not None:
            samples = random.uniform(-0.1, 0.1, (1, int(seconds * 44100))).astype(np.float32)
            frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="mono")
            frame.sample_rate = 44100
            file.mux(audio.encode(frame))
            file.mux(audio.encode(None))


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    film(tmp_path / "a.mp4", 4.2, sound=True)
    film(tmp_path / "b.mp4", 2.0, sound=False)
    with (tmp_path / "manifest.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerows([("path", "label"), ("a.mp4", "fall"), ("b.mp4", "no_fight")])
    return tmp_path / "manifest.csv"


def test_windows_of_two_seconds_in_the_recordings_own_time(manifest: Path) -> None:
    first, second = (windows_of(each) for each in listed(manifest))
    assert [window.name for window in first] == ["a.mp4@0", "a.mp4@2"]
    for window in first:
        assert window.frames.shape == (4, 48, 64, 3)
        assert window.sound.shape == (32000,)
    assert second[0].sound is None
    assert not np.array_equal(first[0].frames, first[1].frames)
    assert len(load(manifest)) == 3


def test_both_models_are_asked_the_same(checkpoint: Path, compressed: Path, manifest: Path) -> None:
    made = evaluate(checkpoint, compressed, manifest)
    assert made.truth.sum() == 1
    assert made.truth[0, list(verdicts.QUESTIONS).index("fall")]
    assert [model.yes.shape for model in made.models] == [(2, 9)] * 2
    gap = (made.models[0].yes - made.models[1].yes).abs().max()
    assert 0 < gap < 0.1
    assert "fall " in made.table()


def test_counts_and_agreement() -> None:
    truth = torch.zeros(2, 9, dtype=torch.bool)
    truth[0, 3] = True
    first, second = torch.zeros(2, 9), torch.zeros(2, 9)
    first[0, 3] = 0.9
    second[1, 3] = 0.9
    made = Evaluation(truth, (Verdicts("before", first), Verdicts("after", second)))
    assert made.accuracy(made.models[0]) == 1
    assert made.accuracy(made.models[1]) == pytest.approx(16 / 18)
    assert made.agreement == pytest.approx(16 / 18)
    row = next(line for line in made.table().splitlines() if line.startswith("fall"))
    assert row.split() == ["fall", "1/1", "0/1", "0/1", "1/1"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("path,label\n", "no recording"),
        ("path\nx.mp4\n", "line 2"),
        ("path,label\nx.mp4,a\n", r"x\.mp4"),
    ],
)
def test_manifests_that_cannot_be_used(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "list.csv").write_text(text)
    with pytest.raises(CompressError, match=message):
        load(tmp_path / "list.csv")


def test_a_file_that_is_no_film_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.mp4").write_bytes(b"no film")
    with pytest.raises(CompressError, match=r"x\.mp4 cannot be decoded"):
        windows_of(Recording(tmp_path / "x.mp4"))
