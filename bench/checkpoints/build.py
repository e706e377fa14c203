"""The model's configuration at any size, and a checkpoint of random weights for it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import (
    GenerationConfig,
    Qwen3OmniMoeConfig,
    Qwen3OmniMoeForConditionalGeneration,
)

from checkpoints.tokens import processor, tokenizer


@dataclass(frozen=True)
class Shape:
    """The sizes that a test or a bench chooses; the rest is the published configuration's.

    Widths of linear layers are multiples of 128, so that groups of 128 fit.
    """

    layers: int = 3
    hidden: int = 256
    heads: int = 2
    key_heads: int = 1
    experts: int = 8
    top: int = 2
    expert_width: int = 128
    vocabulary: int = 640
    vision_layers: int = 4
    vision_width: int = 128
    vision_ffn: int = 256
    vision_heads: int = 4
    deepstack: tuple[int, ...] = (0, 1, 2)
    audio_layers: int = 2
    audio_width: int = 128
    audio_heads: int = 2
    audio_ffn: int = 256
    audio_convolutions: int = 32


TINY = Shape()
REAL = Shape(
    layers=48,
    hidden=2048,
    heads=32,
    key_heads=4,
    experts=128,
    top=8,
    expert_width=768,
    vocabulary=152064,
    vision_layers=27,
    vision_width=1152,
    vision_ffn=4304,
    vision_heads=16,
    deepstack=(8, 16, 24),
    audio_layers=32,
    audio_width=1280,
    audio_heads=20,
    audio_ffn=5120,
    audio_convolutions=480,
)


def configuration(shape: Shape, made: Any, *, talker: bool = False) -> Any:
    """Return the configuration of a model of this shape for a tokenizer."""
    token = made.convert_tokens_to_ids
    rope = {
        "rope_type": "default",
        "rope_theta": 1000000.0,
        "mrope_section": [24, 20, 20],
        "interleaved": True,
        "mrope_interleaved": True,
    }
    marks = {
        "audio_token_id": token("<|audio_pad|>"),
        "image_token_id": token("<|image_pad|>"),
        "video_token_id": token("<|video_pad|>"),
        "audio_start_token_id": token("<|audio_start|>"),
        "vision_start_token_id": token("<|vision_start|>"),
        "position_id_per_seconds": 13,
        "seconds_per_chunk": 2,
    }
    thinker = {
        **marks,
        "audio_end_token_id": token("<|audio_end|>"),
        "vision_end_token_id": token("<|vision_end|>"),
        "user_token_id": token("user"),
        "tie_word_embeddings": False,
        "text_config": {
            "vocab_size": shape.vocabulary,
            "hidden_size": shape.hidden,
            "intermediate_size": shape.expert_width,
            "moe_intermediate_size": shape.expert_width,
            "num_hidden_layers": shape.layers,
            "num_attention_heads": shape.heads,
            "num_key_value_heads": shape.key_heads,
            "head_dim": 128,
            "num_experts": shape.experts,
            "num_experts_per_tok": shape.top,
            "norm_topk_prob": True,
            "decoder_sparse_step": 1,
            "mlp_only_layers": [],
            "shared_expert_intermediate_size": 0,
            "use_qk_norm": True,
            "max_position_embeddings": 65536,
            "rope_parameters": rope,
            "tie_word_embeddings": False,
        },
        "vision_config": {
            "depth": shape.vision_layers,
            "hidden_size": shape.vision_width,
            "intermediate_size": shape.vision_ffn,
            "num_heads": shape.vision_heads,
            "out_hidden_size": shape.hidden,
            "patch_size": 16,
            "spatial_patch_size": 16,
            "spatial_merge_size": 2,
            "temporal_patch_size": 2,
            "num_position_embeddings": 2304,
            "deepstack_visual_indexes": list(shape.deepstack),
            "in_channels": 3,
            "in_chans": 3,
            "image_size": 768,
            "tokens_per_second": 2,
            "apply_vit_abs_pos_embed": True,
        },
        "audio_config": {
            "d_model": shape.audio_width,
            "encoder_layers": shape.audio_layers,
            "encoder_attention_heads": shape.audio_heads,
            "encoder_ffn_dim": shape.audio_ffn,
            "num_mel_bins": 128,
            "n_window": 50,
            "n_window_infer": 800,
            "output_dim": shape.hidden,
            "downsample_hidden_size": shape.audio_convolutions,
            "conv_chunksize": 500,
            "max_source_positions": 1500,
        },
    }
    parts = {"thinker_config": thinker}
    if talker:
        parts |= _speech(shape, marks)
    made_config = Qwen3OmniMoeConfig(
        **parts,
        enable_audio_output=talker,
        im_start_token_id=token("<|im_start|>"),
        im_end_token_id=token("<|im_end|>"),
        tts_pad_token_id=token("<tts_pad>"),
        tts_bos_token_id=token("<tts_text_bos>"),
        tts_eos_token_id=token("<tts_text_eod>"),
        system_token_id=token("system"),
        user_token_id=token("user"),
        assistant_token_id=token("assistant"),
    )
    made_config.architectures = ["Qwen3OmniMoeForConditionalGeneration"]
    return made_config


def _speech(shape: Shape, marks: dict[str, int]) -> dict[str, Any]:
    """The talker and the vocoder, as small as they go: compressing drops them."""
    small = {
        "hidden_size": 64,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "head_dim": 32,
        "intermediate_size": 128,
    }
    rope = {"rope_type": "default", "rope_theta": 1e6, "mrope_section": [6, 5, 5]}
    return {
        "talker_config": {
            **marks,
            "text_config": {
                **small,
                "vocab_size": 3072,
                "num_hidden_layers": 2,
                "moe_intermediate_size": 32,
                "shared_expert_intermediate_size": 32,
                "num_experts": 4,
                "num_experts_per_tok": 2,
                "norm_topk_prob": True,
                "rope_parameters": {**rope, "interleaved": True},
            },
            "code_predictor_config": {
                **small,
                "vocab_size": 2048,
                "num_hidden_layers": 1,
                "num_code_groups": 4,
            },
            "num_code_groups": 4,
            "thinker_hidden_size": shape.hidden,
            "accept_hidden_layer": 1,
            "speaker_id": {"ethan": 1},
            "spatial_merge_size": 2,
        },
        "code2wav_config": {
            "codebook_size": 64,
            "hidden_size": 64,
            "intermediate_size": 64,
            "num_hidden_layers": 1,
            "num_attention_heads": 2,
            "num_key_value_heads": 2,
            "num_quantizers": 4,
            "decoder_dim": 64,
            "upsample_rates": [2, 2, 2, 2],
            "upsampling_ratios": [2, 2],
        },
    }


def save_processor(folder: Path) -> Any:
    """Write tokenizer, processor and generation settings; return the tokenizer."""
    made = tokenizer()
    processor(made).save_pretrained(folder)
    made.save_pretrained(folder)
    ends = [made.convert_tokens_to_ids(token) for token in ("<|im_end|>", "<|endoftext|>")]
    GenerationConfig(eos_token_id=ends, pad_token_id=ends[1], do_sample=False).save_pretrained(
        folder
    )
    return made


def build(
    folder: Path,
    shape: Shape = TINY,
    *,
    seed: int = 0,
    talker: bool = False,
    shard_size: str = "1MB",
    adjust: Callable[[Any], None] | None = None,
) -> Path:
    """Write a checkpoint of random bf16 weights; the same bytes for the same arguments.

    Args:
        folder: where it goes; made if it is not there.
        shape: its sizes.
        seed: of the weights.
        talker: with the parts that speak, which the published checkpoint has.
        shard_size: of each file, as transformers takes it ("1MB").
        adjust: called with the model before it is saved, to change its weights.

    Returns:
        The folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    made = save_processor(folder)
    config = configuration(shape, made, talker=talker)
    torch.manual_seed(seed)
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.bfloat16)
    try:
        model = Qwen3OmniMoeForConditionalGeneration(config).eval()
    finally:
        torch.set_default_dtype(before)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            # As transformers draws it every expert gets the same share; a trained router chooses.
            if name.endswith("mlp.gate.weight"):
                weight.normal_(std=0.1)
        if adjust is not None:
            adjust(model)
    model.save_pretrained(folder, max_shard_size=shard_size)
    if not talker:
        path = folder / "config.json"
        saved = json.loads(path.read_text())
        for part in ("talker_config", "code2wav_config"):
            saved.pop(part, None)
        path.write_text(json.dumps(saved, indent=2) + "\n")
    return folder
