"""The optional YAMNet pack: what is read from its scores, when it is asked, and what is missing."""

from __future__ import annotations

import importlib.util
import itertools
import os
from datetime import UTC
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnicam.capture import CameraStream
from omnicam.cli import main
from omnicam.config.model import CameraSettings, Secret
from omnicam.detect.protocol import Observation, ScorerContext, Sound
from omnicam.detect.registry import make_scorers
from omnicam.detect.sound import yamnet
from omnicam.detect.soundtrack import Soundtrack
from omnicam.judge import recording
from omnicam.media import SAMPLE_RATE, AudioChunk
from tests.edge.detect.scorer_scenes import recordings

CAMERA = CameraSettings(id="room", name="Room", url=Secret("x"))
RUNTIME = importlib.util.find_spec("ai_edge_litert") is not None
needs_runtime = pytest.mark.skipif(not RUNTIME, reason="needs the extra yamnet (ai-edge-litert)")


@pytest.fixture
def model() -> Path:
    repository = Path(__file__).resolve().parents[3]
    shared = Path(os.environ.get("OMNICAM_SHARED", repository.parent / "shared"))
    file = shared / "models" / "yamnet.tflite"
    if not file.is_file():
        pytest.skip("needs yamnet.tflite (set OMNICAM_SHARED)")
    return file


def window(level_db: float, seconds: float = 1.0) -> np.ndarray:
    noise = np.random.default_rng(1).standard_normal(round(seconds * SAMPLE_RATE))
    return (noise * 10 ** (level_db / 20)).astype(np.float32)


def sound(level_db: float, noise_db: float) -> Sound:
    return Sound(window=window(level_db), hop=4000, level_db=level_db, noise_db=noise_db)


@pytest.mark.parametrize("kind", yamnet.KINDS.values(), ids=yamnet.KINDS.keys())
@given(st.floats(0, 1), st.floats(0, 1))
def test_a_higher_score_never_weighs_less_and_every_weight_is_bounded(kind, one, other):
    low, high = sorted((one, other))
    assert yamnet.LEAST <= kind.log_odds(low) <= kind.log_odds(high) <= yamnet.MOST
    assert kind.log_odds(0.0) < 0.0 < kind.log_odds(1.0)


@given(st.integers(0, 2**32 - 1))
def test_classes_of_one_matter_are_put_together(seed):
    scores = np.random.default_rng(seed).random(yamnet.CLASSES, np.float32)
    for kind in yamnet.KINDS.values():
        score = kind.score(scores)
        assert max(scores[index] for index in kind.classes) - 1e-6 <= score <= 1.0


def test_no_class_of_audioset_counts_twice():
    indices = [index for kind in yamnet.KINDS.values() for index in kind.classes]
    assert len(indices) == len(set(indices))
    assert all(0 <= index < yamnet.CLASSES for index in indices)


def test_without_the_setting_there_is_no_such_scorer():
    assert "yamnet" not in {scorer.name for scorer in make_scorers(CAMERA, UTC)}


@pytest.mark.skipif(RUNTIME, reason="the runtime is installed")
def test_a_missing_runtime_is_told_with_its_remedy(tmp_path):
    with pytest.raises(yamnet.YamnetError, match=r"omnicam\[yamnet\]"):
        yamnet.Yamnet(tmp_path / "yamnet.tflite")


@needs_runtime
def test_a_missing_or_wrong_file_is_told_with_its_remedy(tmp_path):
    file = tmp_path / "yamnet.tflite"
    with pytest.raises(yamnet.YamnetError, match="there is no file"):
        yamnet.Yamnet(file)
    file.write_bytes(b"not a model" * 100)
    with pytest.raises(yamnet.YamnetError, match=r"is not YAMNet .*download it again"):
        yamnet.Yamnet(file)


def test_check_config_names_the_setting(tmp_path, capsys):
    file = tmp_path / "omnicam.yaml"
    file.write_text(
        "node: home\ncameras: {room: {url: rtsp://192.0.2.1/a}}\nsound: {yamnet: no.tflite}\n"
    )
    assert main(["check-config", str(file)]) == 2
    told = capsys.readouterr().err
    assert told.startswith("sound.yamnet: ")
    if RUNTIME:
        assert str(tmp_path / "no.tflite") in told


@needs_runtime
def test_another_model_is_refused(model, tmp_path):
    """A bundle of another model is no YAMNet, even if the runtime can read it."""
    whole = model.read_bytes()
    broken = tmp_path / "half.tflite"
    broken.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(yamnet.YamnetError):
        yamnet.Yamnet(broken)


def heard(model: Path, samples: np.ndarray) -> list[tuple[float, str, float]]:
    """Play sound in a quiet room: time, label and weight of everything said."""
    scorer = yamnet.YamnetScorer(ScorerContext(camera=CAMERA, time_zone=UTC, yamnet=model))
    chunk = AudioChunk(camera="room", time=100.0, samples=samples)
    return [
        (evidence.time, evidence.label or "", evidence.log_odds)
        for time, piece in Soundtrack().hear(chunk)
        for evidence in scorer.observe(Observation(camera="room", time=time, sound=piece))
    ]


@needs_runtime
@pytest.mark.parametrize(
    ("path", "loudest"),
    [
        ("cdogs/sounds/chars/die/man/4.ogg", "scream"),
        ("cc_sounds/smash/smash_glass.ogg", "glass_breaking"),
        ("deeply_nonverbal/dataset/coughing", "cough"),
    ],
)
def test_a_recorded_sound_is_heard_as_what_it_is(model, path, loudest):
    place = recordings() / path
    file = place if place.is_file() else min(place.rglob("*.*"))
    with CameraStream(recording(file)) as stream:
        chunks = [item.samples for item in stream if isinstance(item, AudioChunk)]
    before = window(-70.0, 2.0)
    best: dict[str, float] = {}
    for _, label, weight in heard(model, np.concatenate((before, *chunks, before))):
        best[label] = max(weight, best.get(label, yamnet.LEAST))
    assert max(best, key=best.__getitem__) == loudest
    assert best[loudest] > 1.0


@needs_runtime
def test_it_looks_twice_a_second_and_the_same_sound_weighs_the_same(model):
    noise = window(-20.0, 4.0)
    said = heard(model, noise)
    assert said == heard(model, noise)
    times = sorted({time for time, _, _ in said})
    assert len(times) > 5
    assert all(b - a == pytest.approx(yamnet.HOP_S) for a, b in itertools.pairwise(times))
