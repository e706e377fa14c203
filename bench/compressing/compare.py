"""REAP against random experts and GPTQ against rounding to nearest, on small structured models."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import mean

from checkpoints import Shape, build
from compressing.structure import structured
from inference_server.compress.layer import Method
from inference_server.compress.run import Task, compress
from inference_server.compress.simulate import answers, everywhere
from inference_server.compress.source import open_source
from inference_server.compress.window import synthetic
from inference_server.recipes import Recipe

SHAPE = Shape(
    layers=3,
    hidden=256,
    heads=2,
    experts=16,
    top=4,
    expert_width=128,
    vision_layers=3,
    audio_layers=1,
)
CALIBRATION, HELD_OUT = 8, 8
PRUNED = Recipe("pruned", 8, 16, 16, 16, 16, 16, 16)
ROUNDED = Recipe("rounded", 16, 4, 4, 16, 16, 16, 16)
RUNS = (
    ("reap", PRUNED, Method(pruning="reap")),
    ("random", PRUNED, Method(pruning="random")),
    ("gptq", ROUNDED, Method(rounding="gptq")),
    ("nearest", ROUNDED, Method(rounding="nearest")),
)


@dataclass(frozen=True)
class Result:
    """One way on one model, beside the model as it was, on windows that did not calibrate.

    Attributes:
        seed: of weights, structure, windows and random choice.
        way: "reap", "random", "gptq" or "nearest".
        divergence: Kullback-Leibler divergence of the next word, nats, mean over all tokens of
            windows and questions: the verdicts' own tokens are one and the same, whose few
            experts would decide alone.
        odds: mean absolute change of the logarithm of the odds of yes to no.
        agreement: share of the nine verdicts that are alike, yes where the odds are above their
            median in the original: a random model leans to yes or no as a whole.
    """

    seed: int
    way: str
    divergence: float
    odds: float
    agreement: float


def compare(folder: Path, seed: int) -> list[Result]:
    """Build a model, compress it in the four ways, ask all."""
    original = build(folder / "original", SHAPE, seed=seed, adjust=structured(seed))
    held_out = synthetic(HELD_OUT, seed=1000 + seed)
    before, words = answers(original, held_out), everywhere(original, held_out)
    bar = before.odds.median()
    results = []
    for way, recipe, method in RUNS:
        task = Task(
            source=open_source(original),
            target=folder / way,
            recipe=recipe,
            windows=synthetic(CALIBRATION, seed=seed),
            work=folder / f"{way}.work",
            method=Method(method.pruning, method.rounding, seed),
            say=lambda _: None,
        )
        compress(task)
        after = answers(task.target, held_out)
        gap = words - everywhere(task.target, held_out)
        results.append(
            Result(
                seed=seed,
                way=way,
                divergence=float((words.exp() * gap).sum(-1).mean()),
                odds=float((before.odds - after.odds).abs().mean()),
                agreement=float(((before.odds > bar) == (after.odds > bar)).float().mean()),
            )
        )
    return results


def table(results: list[Result]) -> str:
    """Results in lines, and below them their means and how often the method won."""
    lines = [f"{'seed':>4} {'way':<8}{'divergence':>12}{'odds':>10}{'agreement':>11}"]
    lines += [
        f"{each.seed:>4} {each.way:<8}{each.divergence:>12.3e}{each.odds:>10.4f}"
        f"{each.agreement:>11.3f}"
        for each in results
    ]
    for way, naive in (("reap", "random"), ("gptq", "nearest")):
        ours, theirs = ([each for each in results if each.way == name] for name in (way, naive))
        ratios = [b.divergence / a.divergence for a, b in zip(ours, theirs, strict=True)]
        won = sum(ratio > 1 for ratio in ratios)
        lines.append(
            f"{way} against {naive}: divergence {mean(ratios):.2f} times lower on average, least "
            f"{min(ratios):.2f}; better on {won} of {len(ratios)} seeds; verdicts alike "
            f"{mean(each.agreement for each in ours):.3f} against "
            f"{mean(each.agreement for each in theirs):.3f}"
        )
    return "\n".join(lines)


def as_json(results: list[Result]) -> dict[str, object]:
    """Results and what they were made with."""
    return {
        "shape": asdict(SHAPE),
        "windows": {"calibration": CALIBRATION, "held_out": HELD_OUT},
        "results": [asdict(each) for each in results],
    }
