"""Random checkpoints of `bench/footprint`: what they hold is what the compressor writes."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from checkpoints import Shape
from inference_server.compress.run import compress
from inference_server.compress.source import read_header
from inference_server.recipes import RECIPES, Recipe
from real_size import checkpoint as random_checkpoint
from real_size import folder
from real_size.__main__ import recipe_of

FOUR = Recipe("four", 4, 4, 4, 16, 16, 16, 16)
EIGHT = replace(FOUR, name="eight", vision_bits=8, audio_bits=8, embedding_bits=8, head_bits=8)


def tensors(model: Path) -> dict[str, tuple[str, tuple[int, ...]]]:
    return {
        name: (entry.dtype, entry.shape)
        for shard in sorted(model.glob("*.safetensors"))
        for name, entry in read_header(shard).items()
    }


@pytest.mark.parametrize("recipe", [FOUR, EIGHT], ids=lambda recipe: recipe.name)
def test_names_shapes_and_types_are_those_that_the_compressor_writes(
    tmp_path: Path, task, shape: Shape, recipe: Recipe
) -> None:
    folder.make(tmp_path / "random", recipe, shape)
    written = random_checkpoint.write(tmp_path / "random", recipe, "cpu")
    compress(task(tmp_path / "compressed", recipe=recipe))
    random, compressed = tensors(tmp_path / "random"), tensors(tmp_path / "compressed")
    assert random == compressed
    index = json.loads((tmp_path / "random" / "model.safetensors.index.json").read_text())
    assert set(index["weight_map"]) == set(random)
    assert index["metadata"]["total_size"] == written
    configs = [
        json.loads((tmp_path / name / "config.json").read_text())
        for name in ("random", "compressed")
    ]
    for key in ("quantization_config", "architectures", "model_type"):
        assert configs[0][key] == configs[1][key]
    sizes = [config["thinker_config"]["vision_config"]["intermediate_size"] for config in configs]
    assert sizes[0] == sizes[1]


@pytest.mark.parametrize(
    ("name", "experts", "encoders", "ends"),
    [("48/16", 48, 16, 16), ("64/8", 64, 8, 16), ("64/8/8", 64, 8, 8)],
)
def test_recipes_that_are_no_product_are_named_by_their_sizes(
    name: str, experts: int, encoders: int, ends: int
) -> None:
    made = recipe_of(name)
    assert (made.experts, made.expert_bits) == (experts, 4)
    assert (made.vision_bits, made.audio_bits) == (encoders, encoders)
    assert (made.embedding_bits, made.head_bits) == (ends, ends)


def test_products_keep_their_names_and_others_are_refused() -> None:
    assert recipe_of("smallest") == RECIPES["smallest"]
    for wrong in ("tiny", "48", "48/4", "48/16/8/8", "x/16"):
        with pytest.raises(SystemExit, match="no recipe"):
            recipe_of(wrong)
