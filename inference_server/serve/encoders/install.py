"""Puts the encoders' faster way into vLLM's model class and runner."""

from __future__ import annotations

import functools
import os
from typing import Any

from inference_server.serve.encoders import order
from inference_server.serve.encoders.graphs import Graphs
from inference_server.serve.encoders.sound import Sound
from inference_server.serve.encoders.vision import Vision

GRAPHS = "OMNICAM_ENCODER_GRAPHS"
"""Set to 0: no CUDA graphs of the encoders, which take memory that a Jetson may lack."""

_ATTRIBUTE = "omnicam"


def install() -> None:
    """Put everything in place; called by vLLM's plug-in, more than once in some processes."""
    import vllm.model_executor.models.qwen3_omni_moe_thinker as thinker

    _see(thinker.Qwen3Omni_VisionTransformer)
    _hear(thinker.Qwen3OmniMoeConditionalGenerationMixin)
    order.install()


def parts(model: Any) -> tuple[Vision, Sound]:
    """Give the replacements of a loaded model, to switch and to compare them."""
    return _vision(model.visual), _sound(model.audio_tower)


def _see(encoder: Any) -> None:
    plain = encoder.forward
    if hasattr(plain, _ATTRIBUTE):
        return

    @functools.wraps(plain)
    def forward(self: Any, x: Any, grid_thw: Any, *more: Any, **named: Any) -> Any:
        # Called otherwise by a version that this was not written for: as it is there.
        if more or named or isinstance(grid_thw, list):
            return plain(self, x, grid_thw, *more, **named)
        return _vision(self)(x, grid_thw)

    setattr(forward, _ATTRIBUTE, plain)
    encoder.forward = forward


def _hear(mixin: Any) -> None:
    plain = mixin._process_audio_input  # noqa: SLF001 - where vLLM calls the sound encoder
    if hasattr(plain, _ATTRIBUTE):
        return

    @functools.wraps(plain)
    def process(self: Any, audio_input: Any) -> Any:
        tower = self.audio_tower
        mel = audio_input["input_features"].to(device=tower.device, dtype=tower.dtype)
        lengths = tuple(audio_input["audio_feature_lengths"].flatten().tolist())
        return _sound(tower)(mel, lengths)

    setattr(process, _ATTRIBUTE, plain)
    mixin._process_audio_input = process  # noqa: SLF001


def _vision(encoder: Any) -> Vision:
    made = encoder.__dict__.get(_ATTRIBUTE)
    if made is None:
        made = encoder.__dict__[_ATTRIBUTE] = Vision(encoder, _graphs())
    return made  # type: ignore[no-any-return]


def _sound(encoder: Any) -> Sound:
    made = encoder.__dict__.get(_ATTRIBUTE)
    if made is None:
        made = encoder.__dict__[_ATTRIBUTE] = Sound(encoder, _graphs())
    return made  # type: ignore[no-any-return]


def _graphs() -> Graphs:
    return Graphs(enabled=os.environ.get(GRAPHS, "1") != "0")
