"""Four bits: what is stored, how far it is off, and what happens where inputs say nothing."""

from __future__ import annotations

import pytest
import torch
from compressed_tensors.compressors.pack_quantized.helpers import unpack_from_int32
from hypothesis import given, settings
from hypothesis import strategies as st

from inference_server.compress.errors import CompressError
from inference_server.compress.rounding import hessian, round_weights
from inference_server.compress.weights import scaled


def correlated(columns: int, seed: int = 0) -> torch.Tensor:
    random = torch.Generator().manual_seed(seed)
    mixed = torch.randn(columns, columns, generator=random) / columns**0.5
    return torch.randn(1000, columns, generator=random) @ (mixed + torch.eye(columns) / 4)


def weights(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed)) * 0.02


def test_gptq_loses_less_of_the_outputs_than_rounding_to_nearest() -> None:
    inputs = correlated(256)
    made = round_weights("w", weights(2, 64, 256), hessian(inputs)[None])
    assert (made.error < 0.7 * made.nearest).all()
    # What is reported is what the outputs lose.
    original = weights(2, 64, 256)
    for index in range(2):
        before, after = inputs @ original[index].T, inputs @ made.weight(index).T
        lost = ((after - before).square().sum() / before.square().sum()).item()
        assert lost == pytest.approx(made.error[index].item(), rel=1e-3)


@given(bits=st.sampled_from([4, 8]), seed=st.integers(0, 100), size=st.floats(1e-6, 1e3))
@settings(max_examples=20, deadline=None)
def test_what_is_packed_is_what_was_rounded(bits: int, seed: int, size: float) -> None:
    original = weights(1, 16, 256, seed=seed) * size
    made = round_weights("w", original, None, bits=bits)
    stored = made.packed(0, bits)
    shape = torch.Size(stored["weight_shape"].tolist())
    integers = unpack_from_int32(stored["weight_packed"], bits, shape)
    assert torch.equal(integers, made.integers[0])
    assert torch.equal(scaled(integers, stored["weight_scale"]), made.weight(0))
    # Half a step, a clipped end (the range is not symmetric), and bf16 twice.
    step = stored["weight_scale"].float().repeat_interleave(128, dim=1)
    assert ((made.weight(0) - original[0]).abs() <= step * 0.6 + original[0].abs() / 64).all()


@pytest.mark.parametrize("given_", [torch.zeros(1, 128, 128), torch.full((1, 128, 128), torch.nan)])
def test_inputs_that_say_nothing_leave_rounding_to_nearest(given_: torch.Tensor) -> None:
    original = weights(1, 8, 128)
    made = round_weights("w", original, given_)
    plain = round_weights("w", original, None)
    assert torch.equal(made.weight(0), plain.weight(0))


def test_weights_of_zero_stay_zero() -> None:
    made = round_weights("w", torch.zeros(1, 8, 128), torch.eye(128)[None])
    assert not made.weight(0).any()


def test_columns_that_do_not_divide_are_refused_by_name() -> None:
    with pytest.raises(CompressError, match=r"layer\.q_proj: 100 columns"):
        round_weights("layer.q_proj", torch.ones(1, 8, 100), None)


def test_weights_that_are_not_numbers_are_refused() -> None:
    original = weights(1, 8, 128)
    original[0, 0, 0] = torch.nan
    with pytest.raises(CompressError, match="w: "):
        round_weights("w", original, torch.eye(128)[None])
