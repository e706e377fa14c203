"""A checkpoint is looked at whole before vLLM is started with it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from inference_server.compress.source import INDEX
from inference_server.serve.checkpoint import open_checkpoint
from inference_server.serve.errors import ServeError
from tests.inference_server.serve.checkpoint_files import EXPERTS, HIDDEN, LAYERS, config, write

EXPERT = "thinker.model.layers."


def test_a_whole_one_is_described(tmp_path: Path) -> None:
    found = open_checkpoint(write(tmp_path / "model", talker=True))
    plain = 2 * HIDDEN * 32
    # The talker is not loaded, so it takes no memory.
    assert found.weights == (LAYERS * EXPERTS + 5) * plain
    assert found.packed == frozenset()
    assert found.recipe is None
    assert found.shape.text.experts == EXPERTS
    assert found.folder.is_absolute()


def test_packed_parts_are_known_by_their_tensors(tmp_path: Path) -> None:
    packed = (f"{EXPERT}0.mlp", f"{EXPERT}1.mlp", "thinker.audio_tower.", "thinker.lm_head.")
    found = open_checkpoint(write(tmp_path / "model", packed=packed))
    assert found.packed == {"experts", "audio", "lm_head"}
    assert found.recipe == "of-the-test"
    small = HIDDEN * 4 * 4 + HIDDEN * 2
    assert found.weights == (LAYERS * EXPERTS + 2) * small + 3 * 2 * HIDDEN * 32
    attention = write(tmp_path / "other", packed=("thinker.model.layers.0.self_attn",))
    assert open_checkpoint(attention).packed == {"attention"}


def cut_off(folder: Path) -> None:
    shard = next(iter(sorted(folder.glob("*.safetensors"))))
    shard.write_bytes(shard.read_bytes()[:-1])


def without(pattern: str) -> Callable[[Path], None]:
    def remove(folder: Path) -> None:
        for path in folder.glob(pattern):
            path.unlink()

    return remove


def configured(**changes: object) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        (folder / "config.json").write_text(json.dumps(config() | changes))

    return change


def more_layers(folder: Path) -> None:
    (folder / "config.json").write_text(json.dumps(config(num_hidden_layers=LAYERS + 1)))


def without_positions(folder: Path) -> None:
    content = config()
    del content["thinker_config"]["vision_config"]["apply_vit_abs_pos_embed"]
    (folder / "config.json").write_text(json.dumps(content))


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (cut_off, "cut off"),
        (without("model-00002*"), "is missing"),
        (without(INDEX), "list of its shards"),
        (without("config.json"), "not finished.*compress. again"),
        (without("tokenizer.json"), "tokenizer.json or vocab.json"),
        (without("preprocessor_config.json"), "preprocessor_config.json"),
        (configured(model_type="llama"), "model_type is 'llama'"),
        (configured(architectures=["Qwen3OmniMoeThinker"]), "architectures"),
        (more_layers, "fewer layers or experts"),
        (without_positions, "apply_vit_abs_pos_embed"),
        (lambda folder: (folder / "config.json").write_text("{"), "no JSON"),
    ],
)
def test_what_is_wrong_is_said_with_the_remedy(
    tmp_path: Path, spoil: Callable[[Path], None], said: str
) -> None:
    folder = write(tmp_path / "model")
    spoil(folder)
    with pytest.raises(ServeError, match=said):
        open_checkpoint(folder)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ServeError, match="no folder"):
        open_checkpoint(tmp_path / "nowhere")
