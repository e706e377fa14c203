"""A plug-in for vLLM: the audio encoder takes a checkpoint's quantisation like every other part.

vLLM 0.24 to 0.32 builds the encoder without it, so that a checkpoint whose audio encoder is in
eight bits would not load. Each linear layer of the encoder gets what the engine's other layers get;
a checkpoint whose encoder is plain has it on the ignore list and is not touched. vLLM finds the
plug-in by the entry point `vllm.general_plugins` of this package.
"""

from __future__ import annotations

from typing import Any

_LAYERS = ("QKVParallelLinear", "RowParallelLinear", "ColumnParallelLinear", "ReplicatedLinear")
_MARK = "omnicam_quantised_audio"


def register() -> None:
    """Put the layers in place; called by vLLM in each of its processes, possibly twice."""
    from vllm.model_executor.models import qwen3_omni_moe_thinker as thinker

    if getattr(thinker, _MARK, False):
        return
    for name in _LAYERS:
        setattr(thinker, name, _told(getattr(thinker, name)))
    setattr(thinker, _MARK, True)


def _told(layer: Any) -> Any:
    """Make a layer class that looks up the engine's quantisation inside the audio encoder."""

    def make(*arguments: Any, prefix: str = "", **options: Any) -> Any:
        from vllm.config import get_current_vllm_config

        if "audio_tower" in prefix and options.get("quant_config") is None:
            options["quant_config"] = get_current_vllm_config().quant_config
        return layer(*arguments, prefix=prefix, **options)

    return make
