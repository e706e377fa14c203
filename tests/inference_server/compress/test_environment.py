"""What the compressor stands on: the versions that it was measured with, and their arithmetic."""

import importlib.metadata
import tomllib
from pathlib import Path

import pytest
import torch
from compressed_tensors.compressors.pack_quantized.helpers import pack_to_int32, unpack_from_int32
from llmcompressor.modifiers.pruning.reap import REAPPruningModifier
from packaging.requirements import Requirement
from torchvision.transforms.v2 import functional
from transformers import Qwen3OmniMoeThinkerForConditionalGeneration

PROJECT = Path(__file__).resolve().parents[3] / "pyproject.toml"


def test_every_version_is_one_that_the_extra_asks_for() -> None:
    project = tomllib.loads(PROJECT.read_text("utf-8"))["project"]
    for line in project["optional-dependencies"]["compress"]:
        asked = Requirement(line)
        assert asked.specifier.contains(importlib.metadata.version(asked.name)), line


def test_the_model_and_its_pruning_are_known() -> None:
    assert Qwen3OmniMoeThinkerForConditionalGeneration.main_input_name
    assert {"sparsity", "report_path"} <= set(REAPPruningModifier.model_fields)


@pytest.mark.parametrize("bits", [4, 8])
def test_packed_integers_come_back_as_they_were(bits: int) -> None:
    low, high = -(2 ** (bits - 1)), 2 ** (bits - 1)
    numbers = torch.randint(low, high, (16, 256), generator=torch.Generator().manual_seed(bits))
    packed = pack_to_int32(numbers.to(torch.int8), bits)
    assert packed.numel() * 32 == numbers.numel() * bits
    assert torch.equal(unpack_from_int32(packed, bits, numbers.shape).long(), numbers)


def test_pictures_are_scaled_without_torchvisions_extension() -> None:
    picture = torch.zeros((3, 8, 8), dtype=torch.uint8)
    assert functional.resize(picture, [16, 16], antialias=True).shape == (3, 16, 16)
