"""The published model's sizes, so that a plan needs no file.

Source: config.json of Qwen/Qwen3-Omni-30B-A3B-Instruct. The check is the checkpoint's own total of
35,259,818,545 parameters: `components` of this shape, and the talker, add up to it.
"""

from __future__ import annotations

from inference_server.model.shape import AudioShape, Shape, TextShape, VisionShape

PUBLISHED = Shape(
    text=TextShape(
        layers=48,
        hidden=2048,
        heads=32,
        kv_heads=4,
        head_width=128,
        experts=128,
        active_experts=8,
        expert_width=768,
        vocabulary=152064,
    ),
    vision=VisionShape(
        layers=27,
        hidden=1152,
        heads=16,
        mlp_width=4304,
        patch=16,
        temporal_patch=2,
        merge=2,
        channels=3,
        positions=2304,
        deepstack=(8, 16, 24),
        output=2048,
    ),
    audio=AudioShape(
        layers=32,
        hidden=1280,
        heads=20,
        mlp_width=5120,
        mel_bins=128,
        convolutions=480,
        output=2048,
    ),
)

TALKER_PARAMETERS = 3_540_613_057
"""Talker and code2wav, which speak: left out of every recipe."""
