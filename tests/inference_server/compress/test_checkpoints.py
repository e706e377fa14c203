"""The random checkpoints that the other tests compress: as published, and the same every time."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
import transformers

from checkpoints import build

pytestmark = pytest.mark.timeout(180)


def digests(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.iterdir() if path.is_file())
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_the_same_seed_makes_the_same_bytes_and_another_others(tmp_path: Path) -> None:
    first, second, other = (
        digests(build(tmp_path / name, seed=seed))
        for name, seed in (("first", 0), ("second", 0), ("other", 1))
    )
    assert first == second
    assert first != other
    assert sum(name.endswith(".safetensors") for name in first) > 3


@pytest.mark.parametrize("talker", [False, True])
def test_it_is_in_the_published_layout_and_loads(tmp_path: Path, *, talker: bool) -> None:
    folder = build(tmp_path / "checkpoint", talker=talker)
    index = json.loads((folder / "model.safetensors.index.json").read_text())["weight_map"]
    assert "thinker.model.layers.0.mlp.experts.7.gate_proj.weight" in index
    assert any(name.startswith("talker.") for name in index) == talker
    model = transformers.Qwen3OmniMoeForConditionalGeneration.from_pretrained(folder)
    assert model.has_talker == talker
    made = transformers.AutoProcessor.from_pretrained(folder)
    assert len(made.tokenizer) <= model.config.thinker_config.text_config.vocab_size
    for word in ("Yes", "No", "yes", "no"):
        assert len(made.tokenizer.encode(word)) == 1
