"""Eight bits: how far a weight may be off, and what a checkpoint holds."""

from __future__ import annotations

import torch
from compressed_tensors.compressors.pack_quantized.helpers import unpack_from_int32
from hypothesis import given, settings
from hypothesis import strategies as st

from inference_server.compress.encoders.int8 import MOST, packed, rounded

matrices = st.builds(
    lambda rows, columns, seed, power: (
        torch.randn(rows, columns, generator=torch.Generator().manual_seed(seed)) * 10.0**power
    ),
    st.integers(1, 8),
    st.sampled_from([4, 12, 64]),
    st.integers(0, 10_000),
    st.integers(-30, 30),
)


@given(matrices)
@settings(deadline=None)
def test_no_weight_is_off_by_more_than_half_a_step(weight: torch.Tensor) -> None:
    integers, scale = rounded(weight)
    assert integers.dtype == torch.int8
    assert scale.dtype == torch.bfloat16
    assert int(integers.abs().max()) <= MOST
    step = scale.double()
    off = (integers.double() * step - weight.double()).abs()
    assert bool((off <= step * (0.5 + 1e-6)).all())


@given(matrices)
@settings(deadline=None)
def test_a_row_uses_the_whole_range(weight: torch.Tensor) -> None:
    integers, _ = rounded(weight)
    assert bool((integers.abs().amax(dim=1) >= MOST - 1).all())


def test_zero_rows_stay_zero_and_finite() -> None:
    weight = torch.zeros(3, 8)
    weight[1, 2] = 1.0
    integers, scale = rounded(weight)
    assert bool(scale.isfinite().all())
    assert bool((scale > 0).all())
    assert integers[1, 2] == MOST
    assert int(integers.count_nonzero()) == 1


def test_packing_in_pieces_is_packing_at_once(monkeypatch) -> None:
    weight = torch.randn(100, 64, generator=torch.Generator().manual_seed(0)).to(torch.bfloat16)
    whole = dict(packed("part.weight", weight))
    monkeypatch.setattr("inference_server.compress.encoders.int8.ROWS", 7)
    pieces = dict(packed("part.weight", weight))
    assert whole.keys() == pieces.keys()
    assert all(torch.equal(whole[name], pieces[name]) for name in whole)
    integers, scale = rounded(weight)
    read = unpack_from_int32(whole["part.weight_packed"], 8, weight.shape)
    assert torch.equal(read, integers)
    assert torch.equal(whole["part.weight_scale"], scale)
    assert whole["part.weight_shape"].tolist() == [100, 64]
    assert sum(tensor.nbytes for tensor in whole.values()) == 100 * 64 + 100 * 2 + 16
