"""vLLM loads a compressed checkpoint and answers as the compressor says it does.

Weights are rounded to nearest here: llm-compressor and vLLM exclude each other in one environment,
and what is loaded has the same form.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from checkpoints import Shape, build
from inference_server import verdicts
from inference_server.compress.layer import Method
from inference_server.compress.run import Task, compress
from inference_server.compress.simulate import answers
from inference_server.compress.source import open_source
from inference_server.compress.window import synthetic
from inference_server.recipes import Recipe

ROOT = Path(__file__).resolve().parents[3]
RECIPES = (
    Recipe("decoder", 4, 4, 4, 16, 16, 16, 16),
    Recipe("everything", 4, 4, 4, 8, 8, 8, 8, heads_left_out=0.25),
)
SETTINGS = {
    "HF_HUB_OFFLINE": "1",
    "OMP_NUM_THREADS": "1",
    "VLLM_CPU_KVCACHE_SPACE": "1",
    "VLLM_CPU_OMP_THREADS_BIND": "nobind",
    "VLLM_NO_USAGE_STATS": "1",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint by every recipe, in folders of their names."""
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("compressed")
    source = build(
        folder / "source", Shape(layers=2, vision_layers=3, vision_ffn=208, audio_layers=1)
    )
    for recipe in RECIPES:
        by_recipe(source, folder / recipe.name, recipe)
    return folder


def by_recipe(source: Path, target: Path, recipe: Recipe) -> None:
    task = Task(
        source=open_source(source),
        target=target,
        recipe=recipe,
        windows=synthetic(2),
        work=target.with_suffix(".work"),
        method=Method(rounding="nearest"),
        say=lambda _: None,
    )
    compress(task)


@pytest.fixture(scope="module")
def answered(folder: Path) -> dict[str, torch.Tensor]:
    """What vLLM answers by every checkpoint, with its engine in one process, once imported."""
    paths = [str(plugin(folder)), str(ROOT), str(ROOT / "bench")]
    environment = os.environ | SETTINGS | {"PYTHONPATH": os.pathsep.join(paths)}
    environment["VLLM_ENABLE_V1_MULTIPROCESSING"] = "0"
    targets = [str(folder / recipe.name) for recipe in RECIPES]
    out = folder / "answers.json"
    subprocess.run(
        [sys.executable, Path(__file__).with_name("ask.py"), out, *targets],
        env=environment,
        check=True,
        timeout=800,
    )
    answers = json.loads(out.read_text())
    return {recipe.name: torch.tensor(rows) for recipe, rows in zip(RECIPES, answers, strict=True)}


def plugin(folder: Path) -> Path:
    """The entry point as an installed distribution would declare it."""
    place = folder / "site" / "omnicam_plugin-1.dist-info"
    place.mkdir(parents=True)
    (place / "METADATA").write_text("Metadata-Version: 2.1\nName: omnicam-plugin\nVersion: 1\n")
    (place / "entry_points.txt").write_text(
        "[vllm.general_plugins]\nomnicam_cpu_experts = inference_server.cpu_experts:register\n"
        "omnicam_encoders = inference_server.serve.vllm_plugin:register\n"
    )
    return place.parent


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)
def test_it_answers_as_simulated(
    folder: Path, answered: dict[str, torch.Tensor], recipe: Recipe
) -> None:
    theirs = answered[recipe.name]
    simulated = answers(folder / recipe.name, synthetic(2, seed=5)).log_probabilities
    ours = simulated[:, :: len(verdicts.QUESTIONS) - 1, : theirs.shape[-1]]
    gap = (theirs - ours).abs()
    # vLLM computes in bf16; where two experts are nearly level, that can choose the other one.
    assert gap.mean() < 0.02
    assert gap.amax(-1).median() < 0.05
