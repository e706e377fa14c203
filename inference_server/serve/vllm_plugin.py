"""A plug-in for vLLM: what its own code lacks to load and run this model well.

- vLLM builds the sound encoder without the checkpoint's quantisation (0.24 to 0.32): it is given.
  Without it vLLM stops while loading (0.24: a KeyError for `self_attn.qkv.weight_packed`; 0.32:
  "'QKVParallelLinear' object has no attribute 'data'").
- Encoders and questions go faster to the GPU: see `encoders`, `together` and `positions`.
- On a CPU vLLM has no kernel for eight bits, and looks a packed embedding up with Triton. Both are
  unpacked to bf16 when they are loaded: that takes bf16's memory, and is for tests without a GPU.

vLLM finds it by the entry point `vllm.general_plugins` of this package, in each of its processes.
"""

from __future__ import annotations

from typing import Any

from inference_server.serve import positions, together
from inference_server.serve.encoders import install

PART = "audio_tower"
LINEAR = ("QKVParallelLinear", "RowParallelLinear", "ColumnParallelLinear", "ReplicatedLinear")


def register() -> None:
    """Put everything in place; called by vLLM, more than once in some processes."""
    from vllm.platforms import current_platform

    _quantise_sound()
    install.install()
    together.install()
    positions.install()
    if current_platform.is_cpu():
        _unpack_linear()
        _unpack_embedding()


def _quantise_sound() -> None:
    """Give the sound encoder's linear layers the checkpoint's quantisation."""
    import vllm.model_executor.models.qwen3_omni_moe_thinker as thinker
    from vllm.config import get_current_vllm_config

    def quantised(layer: Any) -> Any:
        class Quantised(layer):  # type: ignore[misc]
            def __init__(self, *sizes: Any, prefix: str = "", **named: Any) -> None:
                if PART in prefix and named.get("quant_config") is None:
                    named["quant_config"] = get_current_vllm_config().quant_config
                super().__init__(*sizes, prefix=prefix, **named)

        Quantised.__name__ = layer.__name__
        Quantised.omnicam = True
        return Quantised

    for name in LINEAR:
        layer = getattr(thinker, name)
        if not hasattr(layer, "omnicam"):
            setattr(thinker, name, quantised(layer))


def _unpack_linear() -> None:
    import torch
    import vllm.model_executor.kernels.linear as kernels
    from vllm.model_executor.kernels.linear import MPLinearKernel
    from vllm.platforms import PlatformEnum
    from vllm.scalar_type import scalar_types

    from inference_server.cpu_experts import unpacked

    class Unpacked(MPLinearKernel):  # type: ignore[misc]
        """Eight bits and one scale a row, as bf16."""

        @classmethod
        def get_min_capability(cls) -> int:
            return -1

        @classmethod
        def can_implement(cls, config: Any) -> tuple[bool, str | None]:
            if config.weight_type != scalar_types.uint8b128 or config.group_size != -1:
                return False, "for eight bits with one scale a row"
            return True, None

        def process_weights_after_loading(self, layer: Any) -> None:
            integers, scale = (getattr(layer, name) for name in (self.w_q_name, self.w_s_name))
            weight = unpacked(integers.data[None], scale.data[None], 8)[0]
            for name in (self.w_q_name, self.w_s_name, "weight_shape"):
                delattr(layer, name)
            layer.register_parameter("weight", torch.nn.Parameter(weight, requires_grad=False))

        def apply_weights(self, layer: Any, x: Any, bias: Any = None) -> Any:
            return torch.nn.functional.linear(x, layer.weight, bias)

    possible = kernels._POSSIBLE_KERNELS[PlatformEnum.CPU]  # noqa: SLF001 - there is no other way in
    if not any(kernel.__name__ == Unpacked.__name__ for kernel in possible):
        possible.append(Unpacked)


def _unpack_embedding() -> None:
    from vllm.model_executor.layers.quantization.compressed_tensors import (
        compressed_tensors_embedding as packed,
    )

    from inference_server.cpu_experts import unpacked

    def embedding(self: Any, layer: Any, tokens: Any) -> Any:
        rows, scale = layer.weight_packed[tokens.flatten()], layer.weight_scale[tokens.flatten()]
        made = unpacked(rows[None], scale[None], self.num_bits)[0]
        return made.view(*tokens.shape, layer.hidden_size)

    packed.CompressedTensorsEmbeddingWNA16Int.embedding = embedding
