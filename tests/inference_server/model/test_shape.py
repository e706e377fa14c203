"""Reading config.json: the published sizes, and errors that name the field and the remedy."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from inference_server.model import PUBLISHED, ConfigError, read
from inference_server.model.shape import parse

CONFIG: dict[str, Any] = {
    "model_type": "qwen3_omni_moe",
    "thinker_config": {
        "text_config": {
            "num_hidden_layers": 48,
            "hidden_size": 2048,
            "num_attention_heads": 32,
            "num_key_value_heads": 4,
            "head_dim": 128,
            "num_experts": 128,
            "num_experts_per_tok": 8,
            "moe_intermediate_size": 768,
            "vocab_size": 152064,
            "decoder_sparse_step": 1,
            "mlp_only_layers": [],
        },
        "vision_config": {
            "depth": 27,
            "hidden_size": 1152,
            "num_heads": 16,
            "intermediate_size": 4304,
            "patch_size": 16,
            "temporal_patch_size": 2,
            "spatial_merge_size": 2,
            "in_channels": 3,
            "num_position_embeddings": 2304,
            "deepstack_visual_indexes": [8, 16, 24],
            "out_hidden_size": 2048,
        },
        "audio_config": {
            "encoder_layers": 32,
            "d_model": 1280,
            "encoder_attention_heads": 20,
            "encoder_ffn_dim": 5120,
            "num_mel_bins": 128,
            "downsample_hidden_size": 480,
            "output_dim": 2048,
        },
    },
}


def test_the_published_config_gives_the_built_in_shape(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    assert read(tmp_path) == read(tmp_path / "config.json") == PUBLISHED


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        ("model_type", "llama", "model_type"),
        ("thinker_config", None, "thinker_config"),
        ("thinker_config.vision_config", None, "thinker_config.vision_config"),
        ("thinker_config.text_config.num_experts", None, "text_config.num_experts"),
        ("thinker_config.text_config.num_experts", 0, "text_config.num_experts"),
        ("thinker_config.text_config.num_experts", True, "text_config.num_experts"),
        ("thinker_config.text_config.num_experts_per_tok", 129, "num_experts_per_tok"),
        ("thinker_config.text_config.num_key_value_heads", 5, "num_key_value_heads"),
        ("thinker_config.text_config.mlp_only_layers", [3], "mlp_only_layers"),
        ("thinker_config.tie_word_embeddings", "no", "tie_word_embeddings"),
        ("thinker_config.vision_config.depth", "many", "vision_config.depth"),
        ("thinker_config.vision_config.num_heads", 7, "vision_config.num_heads"),
        ("thinker_config.vision_config.deepstack_visual_indexes", [27], "deepstack_visual_indexes"),
        ("thinker_config.vision_config.deepstack_visual_indexes", 3, "deepstack_visual_indexes"),
        ("thinker_config.vision_config.deepstack_visual_indexes", [-1], "deepstack_visual_indexes"),
        ("thinker_config.vision_config.out_hidden_size", 3584, "vision_config"),
        ("thinker_config.audio_config.output_dim", None, "audio_config.output_dim"),
        ("thinker_config.audio_config.encoder_attention_heads", 19, "encoder_attention_heads"),
    ],
)
def test_what_is_wrong_is_named_with_a_remedy(path: str, value: Any, named: str) -> None:
    config = copy.deepcopy(CONFIG)
    *parents, last = path.split(".")
    part = config
    for parent in parents:
        part = part[parent]
    if value is None:
        del part[last]
    else:
        part[last] = value
    with pytest.raises(ConfigError) as error:
        parse(config)
    assert named in str(error.value)
    assert "give the config.json" in str(error.value) or "compare it with" in str(error.value)


@pytest.mark.parametrize(
    ("content", "why"), [(None, "No such file"), ("{", "is no JSON"), ("[]", "model_type is None")]
)
def test_a_file_that_is_no_config_is_refused(tmp_path: Path, content: str | None, why: str) -> None:
    file = tmp_path / "config.json"
    if content is not None:
        file.write_text(content)
    with pytest.raises(ConfigError, match=why) as error:
        read(file)
    assert str(file) in str(error.value)
    assert "give the config.json" in str(error.value)


@pytest.mark.parametrize("experts", [7, 129])
def test_no_more_experts_than_there_are_and_no_fewer_than_a_token_needs(experts: int) -> None:
    with pytest.raises(ConfigError, match="choose 8 to 128"):
        PUBLISHED.with_experts(experts)
