"""A wider MLP of zeros computes what the narrow one did."""

from __future__ import annotations

from copy import deepcopy

import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers.models.qwen3_omni_moe.modeling_qwen3_omni_moe import Qwen3OmniMoeVisionEncoder

from inference_server.compress.encoders.distill import outputs
from inference_server.compress.encoders.int8 import packed
from inference_server.compress.encoders.padding import padded, padded_width
from tests.inference_server.compress.encoders.encoder_scenes import FFN, encoder, shown


@given(st.integers(1, 100_000))
def test_the_width_is_the_next_multiple(width: int) -> None:
    made = padded_width(width)
    assert made % 128 == 0
    assert width <= made < width + 128


def test_the_published_width() -> None:
    assert padded_width(4304) == 4352


def test_nothing_changes_in_what_the_encoder_puts_out(tmp_path) -> None:
    narrow = encoder(0)
    config = deepcopy(narrow.config)
    config.intermediate_size = padded_width(FFN)
    wide = Qwen3OmniMoeVisionEncoder(config).float().eval()
    wide.load_state_dict(padded(narrow.state_dict(), FFN))
    for window in shown(tmp_path, 2, seed=0):
        for one, other in zip(outputs(narrow, window), outputs(wide, window), strict=True):
            # The sums are the same; a library may add them in another order.
            assert torch.allclose(one, other, rtol=0, atol=1e-5 * float(one.abs().max()))


def test_padding_rounds_to_the_same_integers_and_zeros() -> None:
    state = {
        "blocks.0.mlp.linear_fc1.weight": torch.randn(FFN, 64),
        "blocks.0.mlp.linear_fc1.bias": torch.randn(FFN),
        "blocks.0.mlp.linear_fc2.weight": torch.randn(64, FFN),
        "blocks.0.mlp.linear_fc2.bias": torch.randn(64),
    }
    made = padded(state, FFN)
    assert made["blocks.0.mlp.linear_fc1.bias"][FFN:].count_nonzero() == 0
    assert made["blocks.0.mlp.linear_fc2.bias"] is state["blocks.0.mlp.linear_fc2.bias"]
    for name, rows in (("linear_fc1", FFN), ("linear_fc2", 64)):
        before, after = (
            dict(packed("weight", each[f"blocks.0.mlp.{name}.weight"])) for each in (state, made)
        )
        assert torch.equal(before["weight_scale"], after["weight_scale"][:rows])
        packed_rows, columns = before["weight_packed"].shape
        same = after["weight_packed"][:packed_rows, :columns]
        assert torch.equal(before["weight_packed"], same)
