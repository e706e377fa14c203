"""Which experts stay: REAP's saliency, as the paper defines it and as llm-compressor counts it."""

from __future__ import annotations

import pytest
import torch
from llmcompressor.modifiers.pruning.reap.utils import REAPSaliencyTracker

from inference_server.compress.decoder import Experts
from inference_server.compress.pruning import Saliency, prune, saliency


@pytest.fixture
def experts() -> Experts:
    random = torch.Generator().manual_seed(0)

    def draw(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=random)

    matrices = [
        {"gate_proj": draw(16, 32), "up_proj": draw(16, 32), "down_proj": draw(32, 16)}
        for _ in range(8)
    ]
    return Experts(draw(8, 32), matrices, top=2, normalised=True)


@pytest.fixture
def states() -> torch.Tensor:
    return torch.randn(50, 32, generator=torch.Generator().manual_seed(1))


def test_it_is_what_llm_compressor_counts(experts: Experts, states: torch.Tensor) -> None:
    weights, chosen = experts.route(states)
    norms = {}
    for expert in range(8):
        # As llm-compressor's hook sees them: slot by slot, tokens in order within.
        tokens = torch.where((chosen == expert).T)[1]
        made = experts.output(expert, experts.inner(expert, states[tokens]))
        norms[expert] = made.norm(dim=1)
    theirs = REAPSaliencyTracker(8)
    theirs.update(chosen, weights, norms)
    ours = saliency(experts, states)
    assert torch.equal(theirs.count.long(), ours.tokens)
    assert torch.allclose(theirs.sum_saliency / theirs.count.clamp_min(1), ours.mean)
    assert int(ours.tokens.sum()) == 50 * 2


def test_an_expert_that_no_token_reaches_goes_first(experts: Experts, states: torch.Tensor) -> None:
    experts.router[5] = 0
    experts.router[5] -= 100 * states.mean(0) / states.mean(0).norm()
    found = saliency(experts, states.abs() + 0.1)
    reached = found.tokens > 0
    assert not reached.all()
    assert set(torch.where(~reached)[0].tolist()).isdisjoint(found.kept(int(reached.sum())))


def test_of_equals_the_first_stay_in_the_checkpoints_order() -> None:
    found = Saliency(torch.tensor([1.0, 3.0, 1.0, 2.0, 1.0]), torch.ones(5))
    assert found.kept(3) == [0, 1, 3]


def test_pruning_takes_rows_of_the_router_and_the_same_experts(
    experts: Experts, states: torch.Tensor
) -> None:
    kept = [1, 4, 6]
    small = prune(experts, kept)
    assert torch.equal(small.router, experts.router[kept])
    assert [
        each["up_proj"] is experts.matrices[at]["up_proj"]
        for at, each in zip(kept, small.matrices, strict=True)
    ] == [True] * 3
    assert small.forward(states).isfinite().all()
