"""The real vLLM that these tests are served by: on the CPU, with pictures, films and sound."""

import importlib.metadata

import numpy as np
import torch
import torchaudio
from torchvision.transforms.v2 import functional

from inference_server.check import in_range


def test_the_version_is_one_that_the_project_serves_with() -> None:
    version = importlib.metadata.version("vllm")
    assert "cpu" in version  # by which vLLM takes the machine for a CPU, whatever else it has
    assert in_range(version)


def test_pictures_are_scaled_without_torchvisions_extension() -> None:
    picture = torch.arange(3 * 8 * 8, dtype=torch.uint8).reshape(3, 8, 8)
    scaled = functional.resize(picture, [16, 16], antialias=True)
    assert scaled.shape == (3, 16, 16)
    assert abs(float(scaled.float().mean()) - float(picture.float().mean())) < 1.0


def test_sound_is_resampled_without_torchaudios_extension() -> None:
    time = np.arange(48_000) / 48_000
    tone = torch.from_numpy(np.sin(2 * np.pi * 440 * time)).float()
    at_16k = torchaudio.transforms.Resample(48_000, 16_000)(tone).numpy()
    assert len(at_16k) == 16_000
    assert np.argmax(np.abs(np.fft.rfft(at_16k))) == 440
