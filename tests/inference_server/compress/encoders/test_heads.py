"""Heads left out: which, exactly, and what fitting the rest wins back on windows never seen."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from inference_server.compress.encoders.distill import outputs, prune_heads, relative_error
from inference_server.compress.encoders.heads import choose, costs, leave_out
from tests.inference_server.compress.encoders.encoder_scenes import HEADS, WIDTH, encoder, shown

pytestmark = pytest.mark.timeout(180)
SIZE = WIDTH // HEADS


@given(st.integers(1, 12), st.sampled_from([2, 4, 16]), st.floats(0, 0.5), st.integers(0, 1000))
def test_the_share_of_heads_is_left_out_and_no_layer_loses_more_than_half(
    layers: int, heads: int, share: float, seed: int
) -> None:
    worth = torch.rand(layers, heads, generator=torch.Generator().manual_seed(seed))
    chosen = choose(worth, share)
    assert sum(map(len, chosen)) == int(share * layers * heads + 0.5)
    assert all(len(each) <= heads / 2 for each in chosen)
    assert all(list(each) == sorted(set(each)) for each in chosen)


def test_a_head_that_others_can_stand_in_for_costs_nothing() -> None:
    random = torch.Generator().manual_seed(0)
    heads = torch.randn(500, 4, 2, generator=random, dtype=torch.float64)
    heads[:, 1] = heads[:, 0] @ torch.randn(2, 2, generator=random, dtype=torch.float64)
    covariance = torch.cov(heads.flatten(1).T)
    made = costs(covariance, torch.randn(6, 8, generator=random), 4)
    assert max(made[0], made[1]) < 0.01 * min(made[2], made[3])


def test_leaving_out_is_exact_and_touches_no_other_head() -> None:
    whole = encoder(0).blocks[0].attn
    made = copy.deepcopy(whole)
    leave_out(made, (3, 11))
    rows = torch.zeros(3, HEADS, SIZE, dtype=torch.bool)
    rows[:, [3, 11]] = True
    rows = rows.flatten()
    columns = rows[:WIDTH]
    assert made.qkv.weight[rows].count_nonzero() == 0
    assert made.qkv.bias[rows].count_nonzero() == 0
    assert made.proj.weight[:, columns].count_nonzero() == 0
    assert torch.equal(made.qkv.weight[~rows], whole.qkv.weight[~rows])
    assert torch.equal(made.proj.weight[:, ~columns], whole.proj.weight[:, ~columns])


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_distillation_wins_back_on_windows_that_it_has_not_seen(tmp_path, seed: int) -> None:
    whole = encoder(seed)
    calibrating, others = (
        shown(tmp_path, count, each) for count, each in ((12, 10 * seed), (6, 10 * seed + 5))
    )

    def error(made) -> float:
        pairs = [
            [torch.cat(level) for level in zip(*(outputs(each, w) for w in others), strict=True)]
            for each in (made, whole)
        ]
        return relative_error(*pairs)

    random = np.random.default_rng(seed)
    drawn = [tuple(random.choice(HEADS, 5, replace=False).tolist()) for _ in whole.blocks]
    kept = {}
    for name, heads in (("important", None), ("random", drawn)):
        fitted = copy.deepcopy(whole)
        made = prune_heads(fitted, calibrating, 0.3, heads)
        zeroed = copy.deepcopy(whole)
        for block, fitted_block, gone in zip(
            zeroed.blocks, fitted.blocks, made.left_out, strict=True
        ):
            leave_out(block.attn, gone)
            again = copy.deepcopy(fitted_block.attn)
            leave_out(again, gone)
            for one, other in zip(again.parameters(), fitted_block.attn.parameters(), strict=True):
                assert torch.equal(one, other)  # what was zeroed is still exactly zero
        kept[name] = error(fitted)
        assert kept[name] < 0.75 * error(zeroed)
        assert made.error < made.error_before
    assert kept["important"] < 0.75 * kept["random"]


def test_the_same_pictures_make_the_same_encoder(tmp_path) -> None:
    windows = shown(tmp_path, 4, seed=0)
    first, second = encoder(0), encoder(0)
    assert prune_heads(first, windows, 0.3) == prune_heads(second, windows, 0.3)
    for one, other in zip(first.parameters(), second.parameters(), strict=True):
        assert torch.equal(one, other)
