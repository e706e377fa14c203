"""The folder of a real-size model: config, tokenizer and processor, without weights.

The shapes are those of the published Qwen3-Omni-30B-A3B thinker. Its tokenizer cannot be had
without the internet: a small one with the same special tokens stands in, which changes no shape.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from checkpoints import REAL, Shape, configuration, save_processor
from inference_server.compress.layout import configure
from inference_server.compress.parts import PARTS
from inference_server.recipes import Recipe


def make(folder: Path, recipe: Recipe, shape: Shape = REAL) -> None:
    """Write everything but the weights."""
    folder.mkdir(parents=True, exist_ok=True)
    shape = replace(shape, experts=recipe.experts)
    config = configuration(shape, save_processor(folder)).to_dict()
    for absent in ("talker_config", "code2wav_config"):
        config.pop(absent, None)
    config["dtype"] = "bfloat16"
    configure(config, recipe, PARTS)
    (folder / "config.json").write_text(json.dumps(config, indent=1), encoding="utf-8")
