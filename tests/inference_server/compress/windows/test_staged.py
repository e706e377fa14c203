"""Staged windows: the same for a seed, varied, and such as the model takes."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from transformers import AutoProcessor

from checkpoints import save_processor
from inference_server import verdicts
from inference_server.compress.window import RATE, digest
from inference_server.compress.windows import staged
from inference_server.compress.windows.pictures import MOTIONS
from inference_server.compress.windows.situations import SITUATIONS
from inference_server.compress.windows.sounds import SAMPLES, SOUNDS


def test_the_same_seed_makes_the_same_windows_and_another_others() -> None:
    first = staged(len(SITUATIONS), seed=1, side=64)
    assert digest(first) == digest(staged(len(SITUATIONS), seed=1, side=64))
    assert digest(first) != digest(staged(len(SITUATIONS), seed=2, side=64))
    assert digest(first[:3]) == digest(staged(3, seed=1, side=64))


def test_every_kind_of_sound_and_motion_is_staged() -> None:
    assert {each.sound for each in SITUATIONS} == set(SOUNDS)
    assert {motion for each in SITUATIONS for motion in each.people} == set(MOTIONS)
    names = [window.name for window in staged(len(SITUATIONS), side=32)]
    assert len(set(names)) == len(SITUATIONS)


def test_each_window_has_two_seconds_of_pictures_and_sound() -> None:
    for window in staged(len(SITUATIONS), side=64):
        assert window.frames is not None
        assert window.sound is not None
        assert window.frames.shape == (4, 64, 64, 3)
        assert window.frames.dtype == np.uint8
        assert window.sound.shape == (SAMPLES,)
        assert window.sound.dtype == np.float32
        assert float(np.abs(window.sound).max()) <= 1


def test_what_is_said_of_a_situation_shows() -> None:
    of = {
        window.name.rsplit("-", 2)[0].removeprefix("staged-"): window
        for window in staged(16, side=64)
    }
    brightness = {name: float(window.frames.mean()) for name, window in of.items()}
    assert brightness["empty-night"] < 0.4 * brightness["empty-day"]
    assert of["covered"].frames[-1].mean() < 0.4 * of["covered"].frames[0].mean()
    still, moving = (
        float(np.abs(np.diff(of[name].frames.astype(float), axis=0)).mean())
        for name in ("empty-day", "fight")
    )
    assert moving > 1.2 * still

    def high(name: str) -> float:
        power = np.abs(np.fft.rfft(of[name].sound)) ** 2
        return float(power[np.fft.rfftfreq(SAMPLES, 1 / RATE) > 2500].sum() / power.sum())

    assert high("glass") > 0.5 > high("fall")
    assert (
        float(np.abs(of["empty-day"].sound).max()) < 0.01 < float(np.abs(of["scream"].sound).max())
    )


@pytest.mark.parametrize("question", ["Has a person fallen to the floor?", "有人跌倒在地上吗？"])
def test_the_models_processor_takes_them_with_a_question_in_either_language(
    tmp_path, question: str
) -> None:
    save_processor(tmp_path)
    window = staged(1, side=64)[0]
    made = AutoProcessor.from_pretrained(tmp_path)(
        text=verdicts.prefix(video=True, sound=True) + verdicts.suffix(question),
        videos=[torch.from_numpy(window.frames).permute(0, 3, 1, 2)],
        audio=[window.sound],
        sampling_rate=RATE,
        size=dict(verdicts.PICTURE_SIZE),
        fps=window.fps,
        return_tensors="pt",
    )
    # Small pictures are not blown up: 2 pairs of 4 by 4 patches, of which four make a token.
    assert made["pixel_values_videos"].shape[0] == 2 * 4 * 4
    assert bool(made["pixel_values_videos"].isfinite().all())
