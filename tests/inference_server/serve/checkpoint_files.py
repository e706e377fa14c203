"""Checkpoints of some kilobytes, for tests without torch: all names and shapes, only zeros."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from inference_server.compress.layout import REPORT
from inference_server.compress.source import ARCHITECTURE, INDEX, WIDTHS

LAYERS, EXPERTS, HIDDEN = 2, 4, 64


def config(**text: Any) -> dict[str, Any]:
    """Give a config.json's content; arguments change the decoder's part."""
    return {
        "model_type": "qwen3_omni_moe",
        "architectures": [ARCHITECTURE],
        "thinker_config": {
            "text_config": {
                "num_hidden_layers": LAYERS,
                "hidden_size": HIDDEN,
                "num_attention_heads": 4,
                "num_key_value_heads": 2,
                "head_dim": 16,
                "num_experts": EXPERTS,
                "num_experts_per_tok": 2,
                "moe_intermediate_size": 32,
                "vocab_size": 128,
                **text,
            },
            "vision_config": {
                "depth": 2,
                "hidden_size": 32,
                "num_heads": 2,
                "intermediate_size": 64,
                "patch_size": 16,
                "temporal_patch_size": 2,
                "spatial_merge_size": 2,
                "num_position_embeddings": 64,
                "deepstack_visual_indexes": [0],
                "out_hidden_size": HIDDEN,
                "apply_vit_abs_pos_embed": True,
            },
            "audio_config": {
                "d_model": 32,
                "encoder_layers": 1,
                "encoder_attention_heads": 2,
                "encoder_ffn_dim": 64,
                "num_mel_bins": 128,
                "downsample_hidden_size": 8,
                "output_dim": HIDDEN,
            },
        },
    }


def write(folder: Path, *, packed: tuple[str, ...] = (), talker: bool = False) -> Path:
    """Write a checkpoint in two shards; `packed` are beginnings of names that are integers."""
    folder.mkdir(parents=True, exist_ok=True)
    names = [
        f"thinker.model.layers.{layer}.mlp.experts.{expert}.down_proj.weight"
        for layer in range(LAYERS)
        for expert in range(EXPERTS)
    ]
    names += ["thinker.audio_tower.layers.0.fc1.weight", "thinker.visual.blocks.0.mlp.fc1.weight"]
    names += ["thinker.model.embed_tokens.weight", "thinker.lm_head.weight"]
    names += ["thinker.model.layers.0.self_attn.q_proj.weight"]
    names += ["talker.model.norm.weight"] * talker
    tensors = {}
    for name in names:
        if name.startswith(packed):
            tensors[f"{name}_packed"] = ("I32", (HIDDEN, 4))
            tensors[f"{name}_scale"] = ("BF16", (HIDDEN, 1))
        else:
            tensors[name] = ("BF16", (HIDDEN, 32))
    halves = list(tensors.items())
    middle = len(halves) // 2
    index = {}
    for number, part in enumerate((halves[:middle], halves[middle:]), start=1):
        shard = f"model-{number:05d}-of-00002.safetensors"
        shard_of(folder / shard, dict(part))
        index |= dict.fromkeys(dict(part), shard)
    (folder / INDEX).write_text(json.dumps({"weight_map": index}))
    for name in ("tokenizer.json", "preprocessor_config.json", "chat_template.json"):
        (folder / name).write_text("{}")
    if packed:
        report = {"task": {"recipe": {"name": "of-the-test"}}}
        (folder / REPORT).write_text(json.dumps(report))
    (folder / "config.json").write_text(json.dumps(config()))
    return folder


def shard_of(path: Path, tensors: dict[str, tuple[str, tuple[int, ...]]]) -> None:
    """Write a safetensors file of zeros."""
    header, end = {}, 0
    for name, (dtype, shape) in tensors.items():
        size = shape[0] * shape[1] * WIDTHS[dtype]
        offsets = [end, end + size]
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": offsets}
        end += size
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + bytes(end))
