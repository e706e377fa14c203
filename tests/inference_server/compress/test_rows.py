"""Linear layers in eight bits with one scale a row."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from checkpoints import TINY, build
from inference_server.compress.errors import CompressError
from inference_server.compress.parts import PARTS
from inference_server.compress.rows import in_rows
from inference_server.compress.source import open_source
from inference_server.compress.weights import Weights
from inference_server.recipes import RECIPES

EIGHT = RECIPES["smallest"]
PLAIN = replace(EIGHT, vision_bits=16, audio_bits=16, embedding_bits=16, head_bits=16)


def unpacked(tensors: dict[str, torch.Tensor]) -> torch.Tensor:
    """Unpack by hand: four numbers to an int32, the lowest bits first, offset by 128."""
    packed, scale = tensors["weight_packed"], tensors["weight_scale"]
    shifts = torch.arange(0, 32, 8, dtype=torch.int32)
    numbers = ((packed.unsqueeze(-1) >> shifts) & 255) - 128
    rows, columns = tensors["weight_shape"].tolist()
    return numbers.view(rows, -1)[:, :columns].float() * scale.float()


@settings(max_examples=50, deadline=None)
@given(
    rows=st.integers(1, 9),
    columns=st.integers(1, 6).map(lambda fours: 4 * fours),
    size=st.floats(1e-4, 1e3),
    seed=st.integers(0, 2**31),
)
def test_no_weight_moves_by_more_than_half_a_step(
    rows: int, columns: int, size: float, seed: int
) -> None:
    weight = torch.randn(rows, columns, generator=torch.Generator().manual_seed(seed)) * size
    tensors = in_rows("w", weight)
    half_a_step = tensors["weight_scale"].float() / 2
    # The largest weight may fall half a step outside; the scale itself is rounded to bf16.
    reach = 128 * tensors["weight_scale"].float() / 256
    assert ((unpacked(tensors) - weight).abs() <= half_a_step + reach).all()
    inside = weight.abs() <= 126 * tensors["weight_scale"].float()
    off = (unpacked(tensors) - weight).abs() <= half_a_step * 1.0001
    assert off[inside].all()


def test_batches_of_rows_leave_no_seam(monkeypatch: pytest.MonkeyPatch) -> None:
    weight = torch.randn(37, 16, generator=torch.Generator().manual_seed(1))
    whole = in_rows("w", weight)
    monkeypatch.setattr("inference_server.compress.rows._BATCH_ROWS", 5)
    parts = in_rows("w", weight)
    assert all(torch.equal(whole[name], parts[name]) for name in whole)


def test_weights_that_are_no_numbers_are_refused() -> None:
    weight = torch.randn(4, 8)
    weight[2, 3] = float("nan")
    with pytest.raises(CompressError, match=r"visual\.blocks\.3"):
        in_rows("visual.blocks.3", weight)


def test_linear_layers_are_packed_and_nothing_else_changes(tmp_path) -> None:
    source = open_source(build(tmp_path / "source", TINY))
    with Weights(source.folder, {entry.shard for entry in source.entries.values()}) as weights:
        for part in PARTS:
            made = dict(part.convert(source, weights, EIGHT, ()))
            plain = dict(part.convert(source, weights, PLAIN, ()))
            assert list(plain) == source.names(part.prefix)
            packed = {name.removesuffix("_packed") for name in made if name.endswith("_packed")}
            for name in source.names(part.prefix):
                before = weights.raw(name)
                assert torch.equal(plain[name], before)
                linear = before.dim() == 2 and name.endswith(".weight") and "pos_emb" not in name
                assert (name in packed) == linear
                if not linear:
                    assert torch.equal(made[name], before)
            assert bool(packed) == bool(part.groups(EIGHT))
            assert not part.groups(PLAIN)
