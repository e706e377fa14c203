"""REAP against random experts and GPTQ against rounding to nearest, on small structured models."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import geometric_mean, mean

from checkpoints import Shape, build
from compressing.structure import structured
from inference_server.compress.layer import Method
from inference_server.compress.run import Task, compress
from inference_server.compress.simulate import everywhere
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
# A single random choice may be a lucky one.
DRAWS = 4
RUNS = (
    ("reap", PRUNED, Method(pruning="reap")),
    *(("random", PRUNED, Method(pruning="random", seed=draw)) for draw in range(DRAWS)),
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
    words, before = everywhere(original, held_out)
    bar = before.odds.median()
    results = []
    for number, (way, recipe, method) in enumerate(RUNS):
        task = Task(
            source=open_source(original),
            target=folder / f"{way}-{number}",
            recipe=recipe,
            windows=synthetic(CALIBRATION, seed=seed),
            work=folder / f"{way}-{number}.work",
            method=method,
            say=lambda _: None,
        )
        compress(task)
        now, after = everywhere(task.target, held_out)
        gap = words - now
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
    return "\n".join([*lines, *(str(each) for each in margins(results))])


@dataclass(frozen=True)
class Margin:
    """A way beside its naive counterpart, over all seeds.

    Attributes:
        way: "reap" or "gptq".
        naive: "random" or "nearest".
        ratios: of each seed, how many times larger the naive way's mean divergence is.
        won: how many naive results diverge more than the way's on the same seed.
        of: how many there are.
        agreement: verdicts alike, mean over seeds, of the way and of the naive one.
    """

    way: str
    naive: str
    ratios: list[float]
    won: int
    of: int
    agreement: tuple[float, float]

    @property
    def ratio(self) -> float:
        """Geometric mean over seeds."""
        return geometric_mean(self.ratios)

    def __str__(self) -> str:
        return (
            f"{self.way} against {self.naive}: divergence {self.ratio:.2f} times lower (geometric "
            f"mean of {len(self.ratios)} seeds, {min(self.ratios):.2f} to {max(self.ratios):.2f}), "
            f"lower than {self.won} of {self.of}; verdicts alike {self.agreement[0]:.3f} against "
            f"{self.agreement[1]:.3f}"
        )


def margins(results: list[Result]) -> tuple[Margin, Margin]:
    """REAP beside random experts, GPTQ beside rounding to nearest."""
    return _margin(results, "reap", "random"), _margin(results, "gptq", "nearest")


def _margin(results: list[Result], way: str, naive: str) -> Margin:
    ratios, won, of = [], 0, 0
    for seed in sorted({each.seed for each in results}):
        (ours,) = (each for each in results if (each.seed, each.way) == (seed, way))
        theirs = [each for each in results if (each.seed, each.way) == (seed, naive)]
        ratios.append(mean(each.divergence for each in theirs) / ours.divergence)
        won += sum(each.divergence > ours.divergence for each in theirs)
        of += len(theirs)
    alike = [mean(each.agreement for each in results if each.way == name) for name in (way, naive)]
    return Margin(way, naive, ratios, won, of, (alike[0], alike[1]))


def as_json(results: list[Result]) -> dict[str, object]:
    """Results and what they were made with."""
    return {
        "shape": asdict(SHAPE),
        "windows": {"calibration": CALIBRATION, "held_out": HELD_OUT},
        "results": [asdict(each) for each in results],
    }
