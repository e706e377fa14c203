"""Leaving heads of the picture encoder out, and winning back what that loses.

The encoder is its own teacher. Block after block both run on the same pictures: in the one that is
to be kept, the matrix that ends the attention and the one that ends the MLP are fitted by least
squares to bring its tokens back to the teacher's, errors of the blocks before included; at the end
the same is done with the mergers, whose outputs (merged tokens and deepstack levels) are all that
the decoder sees. One block of the teacher is in memory at a time, and one window's activations.
Every fourth window is not fitted to; how hard to fit is chosen by those.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch

from inference_server.compress.encoders.heads import choose, costs, leave_out
from inference_server.compress.encoders.refit import Moments, refit

HELD = 4


@dataclass(frozen=True)
class Pictures:
    """What the encoder takes for a window: patches [patches, values] and their grid [1, 3]."""

    patches: torch.Tensor
    grid: torch.Tensor


@dataclass(frozen=True)
class Distilled:
    """What was left out, and how far the outputs are from those of the whole encoder.

    Errors are relative: the root of the squared difference over the square, over merged tokens and
    deepstack levels alike, on the windows that were not fitted to.

    Attributes:
        left_out: heads of each block.
        error_before: with the heads zeroed and nothing else changed.
        error: after distillation.
    """

    left_out: list[tuple[int, ...]]
    error_before: float
    error: float


@torch.no_grad()
def prune_heads(
    encoder: Any,
    windows: Sequence[Pictures],
    share: float,
    left_out: Sequence[Sequence[int]] | None = None,
) -> Distilled:
    """Leave a share of all heads out of an encoder, in place, and fit the rest to it as it was.

    Args:
        encoder: transformers' picture encoder, in float32.
        windows: at least two.
        share: of all heads, 0 to 0.5.
        left_out: heads of each block, where they are chosen already.
    """
    held = [index % HELD == HELD - 1 for index in range(len(windows))]
    if not any(held):
        held[-1] = True
    whole = [outputs(encoder, window) for window in windows]
    gone = choose(_worth(encoder, windows), share) if left_out is None else left_out
    runs = [_Run.begun(encoder, window) for window in windows]
    error_before = _error_without(encoder, gone, windows, whole, held)
    levels = {number: level for level, number in enumerate(encoder.deepstack_visual_indexes)}
    for number, block in enumerate(encoder.blocks):
        teacher = copy.deepcopy(block)
        leave_out(block.attn, gone[number])
        _fit_block(block, teacher, runs, held)
        if number in levels:
            level = levels[number]
            wanted = [made[1 + level] for made in whole]
            _fit_merger(encoder.merger_list[level], runs, wanted, held)
    _fit_merger(encoder.merger, runs, [made[0] for made in whole], held)
    error = _error(encoder, windows, whole, held)
    return Distilled([tuple(each) for each in gone], error_before, error)


@torch.no_grad()
def outputs(encoder: Any, window: Pictures) -> list[torch.Tensor]:
    """Merged tokens and deepstack levels of a window, each [tokens, outputs]."""
    made = encoder(window.patches, grid_thw=window.grid)
    return [made.pooler_output, *made.deepstack_features]


def relative_error(made: Sequence[torch.Tensor], wanted: Sequence[torch.Tensor]) -> float:
    """The root of the mean over outputs of squared difference over square."""
    parts = [
        float((one - other).square().sum() / other.square().sum())
        for one, other in zip(made, wanted, strict=True)
    ]
    return math.sqrt(sum(parts) / len(parts))


@dataclass
class _Run:
    """A window on its way through the blocks: teacher's and student's tokens, and the rest."""

    teacher: torch.Tensor
    student: torch.Tensor
    how: dict[str, Any]

    @classmethod
    def begun(cls, encoder: Any, window: Pictures) -> _Run:
        caught: dict[str, Any] = {}

        def stop(_: Any, given: tuple[Any, ...], named: dict[str, Any]) -> None:
            caught.update(named, tokens=given[0])
            raise _CaughtError

        handle = encoder.blocks[0].register_forward_pre_hook(stop, with_kwargs=True)
        try:
            encoder(window.patches, grid_thw=window.grid)
        except _CaughtError:
            pass
        finally:
            handle.remove()
        tokens = caught.pop("tokens")
        return cls(tokens, tokens, caught)


class _CaughtError(Exception):
    """Leaves the encoder's pass before its first block."""


@torch.no_grad()
def _worth(encoder: Any, windows: Sequence[Pictures]) -> torch.Tensor:
    """What each head is worth, [blocks, heads], as a share of the tokens' variance."""
    heads = encoder.config.num_heads
    worth = []
    runs = [_Run.begun(encoder, window) for window in windows]
    for block in encoder.blocks:
        size = block.attn.proj.in_features
        moments, spread, tokens = Moments.none(size, 1), 0.0, 0
        for run in runs:
            with _inputs(block.attn.proj) as given:
                run.teacher = block(run.teacher, **run.how)
            moments.add(given[0], torch.zeros(len(given[0]), 1))
            spread += float(run.teacher.double().var(dim=0).sum()) * len(run.teacher)
            tokens += len(run.teacher)
        worth.append(costs(moments.covariance(), block.attn.proj.weight, heads) * tokens / spread)
    return torch.stack(worth)


def _fit_block(block: Any, teacher: Any, runs: Sequence[_Run], held: Sequence[bool]) -> None:
    """Fit a block's two last matrices, and take the windows through it."""
    for layer, middle in ((block.attn.proj, True), (block.mlp.linear_fc2, False)):
        sums = [Moments.none(layer.in_features, layer.out_features) for _ in range(2)]
        for run, aside in zip(runs, held, strict=True):
            wanted = _tokens(teacher, run.teacher, run.how, middle=middle)
            with _inputs(layer) as given:
                made = _tokens(block, run.student, run.how, middle=middle)
            sums[aside].add(given[0], wanted - made)
        refit(layer, *sums)
    for run in runs:
        run.teacher = teacher(run.teacher, **run.how)
        run.student = block(run.student, **run.how)


def _tokens(block: Any, tokens: torch.Tensor, how: dict[str, Any], *, middle: bool) -> torch.Tensor:
    """Tokens after a block's attention, or after all of it."""
    if middle:
        return tokens + block.attn(block.norm1(tokens), **how)
    return block(tokens, **how)


def _fit_merger(
    merger: Any, runs: Sequence[_Run], wanted: Sequence[torch.Tensor], held: Sequence[bool]
) -> None:
    layer = merger.mlp[-1]
    sums = [Moments.none(layer.in_features, layer.out_features) for _ in range(2)]
    for run, aim, aside in zip(runs, wanted, held, strict=True):
        with _inputs(layer) as given:
            made = merger(run.student)
        sums[aside].add(given[0], aim - made)
    refit(layer, *sums)


def _error(
    encoder: Any,
    windows: Sequence[Pictures],
    wanted: Sequence[Sequence[torch.Tensor]],
    held: Sequence[bool],
) -> float:
    chosen = [(w, aim) for w, aim, aside in zip(windows, wanted, held, strict=True) if aside]
    made = [outputs(encoder, window) for window, _ in chosen]
    return relative_error(
        [torch.cat(level) for level in zip(*made, strict=True)],
        [torch.cat(level) for level in zip(*(aim for _, aim in chosen), strict=True)],
    )


def _error_without(
    encoder: Any,
    gone: Sequence[Sequence[int]],
    windows: Sequence[Pictures],
    wanted: Sequence[Sequence[torch.Tensor]],
    held: Sequence[bool],
) -> float:
    """The error with these heads left out and nothing fitted; the encoder is as before after it."""
    kept = [copy.deepcopy(block.attn.state_dict()) for block in encoder.blocks]
    for block, heads in zip(encoder.blocks, gone, strict=True):
        leave_out(block.attn, heads)
    error = _error(encoder, windows, wanted, held)
    for block, state in zip(encoder.blocks, kept, strict=True):
        block.attn.load_state_dict(state)
    return error


@contextmanager
def _inputs(layer: torch.nn.Module) -> Iterator[list[torch.Tensor]]:
    """What a layer is given while the context is open."""
    given: list[torch.Tensor] = []
    handle = layer.register_forward_pre_hook(lambda _, arguments: given.append(arguments[0]))
    try:
        yield given
    finally:
        handle.remove()
