"""What was measured on a GPU, beside what the plan predicts for the same run.

`measured.json` holds the runs; each says the device, vLLM's version, the recipe by its contents,
how the engine was set up, bytes as torch counts them and milliseconds. `resident` is what stays
allocated, `peak` the most that was, `reserved` what torch then held of the card's memory, graphs'
pools and unused pieces included; null where a run did not take it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from inference_server.model import PUBLISHED, Shape
from inference_server.plan.load import Setup
from inference_server.plan.memory import graphs, passing, staying
from inference_server.plan.weights import weights
from inference_server.plan.window import Window
from inference_server.recipes import Recipe

TOTALS = ("weights", "resident", "peak")
"""The figures of a run that are sums."""

_WITHOUT_BYTES = frozenset({"name", "heads_left_out"})


@dataclass(frozen=True)
class Latency:
    """Milliseconds of one kind of window, None where not taken.

    Attributes:
        window: what was asked about, as the fields of `Window`.
        tokens: of the whole prompt.
        first_ms: one verdict of a new window.
        nine_ms: all nine of a new window, asked at once.
        answer_ms: a written answer of 96 tokens instead.
    """

    window: Mapping[str, Any]
    tokens: int
    first_ms: float | None
    nine_ms: float | None
    answer_ms: float | None


@dataclass(frozen=True)
class Run:
    """One run of one recipe; bytes, None where not taken."""

    device: str
    vllm: str
    source: str
    recipe: Recipe
    setup: Setup
    kv_bytes: int
    parts: Mapping[str, int]
    weights: int
    resident: int | None
    peak: int | None
    reserved: int | None
    latency: tuple[Latency, ...]


@dataclass(frozen=True)
class Comparison:
    """A predicted and a measured figure in bytes, and by how many per cent they differ."""

    name: str
    predicted: int
    measured: int

    @property
    def percent(self) -> float:
        """How far the prediction lies above (below: negative) what was measured."""
        return 100 * (self.predicted - self.measured) / self.measured


def runs(shape: Shape) -> tuple[Run, ...]:
    """Give all runs of a model that the project has: of the published one only."""
    if shape != PUBLISHED:
        return ()
    text = files("inference_server.plan").joinpath("measured.json").read_text(encoding="utf-8")
    return tuple(_run(entry) for entry in json.loads(text)["runs"])


def of(shape: Shape, recipe: Recipe) -> Run | None:
    """Give the latest run of a recipe: the same contents, whatever its name."""
    same = [run for run in runs(shape) if contents(run.recipe) == contents(recipe)]
    return same[-1] if same else None


def contents(recipe: Recipe) -> Mapping[str, Any]:
    """Give what of a recipe takes bytes and time: zeroed heads take what whole ones do."""
    return {name: value for name, value in asdict(recipe).items() if name not in _WITHOUT_BYTES}


def compare(shape: Shape, run: Run) -> tuple[Comparison, ...]:
    """Set what is predicted for a run's own recipe and setup beside what it measured."""
    sizes = weights(shape, run.recipe)
    rows = [Comparison(name, sizes[name], size) for name, size in run.parts.items()]
    total = sum(sizes.values())
    rows.append(Comparison("weights", total, run.weights))
    buffers = total + run.kv_bytes + staying(shape, run.setup)
    if run.resident is not None:
        resident = buffers + graphs(run.setup, answering=False)
        rows.append(Comparison("resident", resident, run.resident))
    if run.peak is not None:
        windows = (Window(**latency.window) for latency in run.latency)
        answering = max(passing(shape, run.setup, window) for window in windows)
        peak = buffers + answering + graphs(run.setup, answering=True)
        rows.append(Comparison("peak", peak, run.peak))
    return tuple(rows)


def _run(entry: Mapping[str, Any]) -> Run:
    load = dict(entry["load"])
    kv_bytes = load.pop("kv_bytes")
    known = {field.name for field in fields(Run)}
    plain = {name: value for name, value in entry.items() if name in known}
    return Run(
        **plain
        | {
            "recipe": Recipe("measured", **entry["recipe"]),
            "setup": Setup(**load),
            "kv_bytes": kv_bytes,
            "parts": MappingProxyType(entry["parts"]),
            "latency": tuple(Latency(**latency) for latency in entry["latency"]),
        }
    )
