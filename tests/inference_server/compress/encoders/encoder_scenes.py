"""Small picture encoders with heads as unequal as a trained model's, and pictures for them."""

from __future__ import annotations

from pathlib import Path

import torch
from transformers.models.qwen3_omni_moe.configuration_qwen3_omni_moe import (
    Qwen3OmniMoeVisionEncoderConfig,
)
from transformers.models.qwen3_omni_moe.modeling_qwen3_omni_moe import Qwen3OmniMoeVisionEncoder

from checkpoints import save_processor
from inference_server.compress.encoders.distill import Pictures
from inference_server.compress.encoders.vision import pictures
from inference_server.compress.windows import staged

HEADS = 16
WIDTH = 64
FFN = 144  # as 4304, no multiple of 128


def encoder(seed: int) -> Qwen3OmniMoeVisionEncoder:
    config = Qwen3OmniMoeVisionEncoderConfig(
        depth=3,
        hidden_size=WIDTH,
        intermediate_size=FFN,
        num_heads=HEADS,
        out_hidden_size=WIDTH,
        patch_size=16,
        spatial_merge_size=2,
        temporal_patch_size=2,
        num_position_embeddings=256,
        deepstack_visual_indexes=[0, 1],
        in_channels=3,
    )
    torch.manual_seed(seed)
    made = Qwen3OmniMoeVisionEncoder(config).float().eval().requires_grad_(requires_grad=False)
    for weight in made.parameters():
        if weight.dim() == 2:
            weight.normal_(std=weight.shape[1] ** -0.5)
    for block in made.blocks:
        unequal = torch.exp(0.7 * torch.randn(HEADS))
        block.attn.proj.weight *= unequal.repeat_interleave(WIDTH // HEADS)
    return made


def shown(folder: Path, count: int, seed: int) -> list[Pictures]:
    save_processor(folder)
    return pictures(folder, staged(count, seed=seed, side=64))
