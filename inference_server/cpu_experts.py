"""A plug-in for vLLM: experts in W4A16 on a processor without AMX, for which vLLM has no kernel.

The packed experts are unpacked to bf16 once, when they are loaded, and run as unquantised ones. It
takes the memory of bf16; it is for trying and testing a compressed model without a GPU. Elsewhere
it does nothing. vLLM finds it by the entry point `vllm.general_plugins` of this package.
"""

from __future__ import annotations

from typing import Any


def register() -> None:
    """Put the method in place; called by vLLM in each of its processes."""
    import torch
    from vllm.platforms import current_platform

    if not current_platform.is_cpu() or torch.cpu._is_amx_tile_supported():  # noqa: SLF001
        return
    from vllm.model_executor.layers.fused_moe.unquantized_fused_moe_method import (
        UnquantizedFusedMoEMethod,
    )
    from vllm.model_executor.layers.quantization.compressed_tensors.compressed_tensors_moe import (
        compressed_tensors_moe_wna16 as packed,
    )

    method = packed.CompressedTensorsWNA16MoEMethod

    def choose(**_: Any) -> tuple[Any, None]:
        return packed.WNA16MoEBackend.EMULATION, None

    def unpack_all(self: Any, layer: Any) -> None:
        for name in ("w13", "w2"):
            weight = unpacked(
                getattr(layer, f"{name}_weight_packed"),
                getattr(layer, f"{name}_weight_scale"),
                self.num_bits,
            )
            for part in [each for each in layer._parameters if each.startswith(f"{name}_")]:  # noqa: SLF001
                del layer._parameters[part]  # noqa: SLF001
            parameter = torch.nn.Parameter(weight, requires_grad=False)
            layer.register_parameter(f"{name}_weight", parameter)
        self.plain = UnquantizedFusedMoEMethod(self.moe)
        self.plain.process_weights_after_loading(layer)
        self.moe_quant_config = self.plain.moe_quant_config
        self.moe_kernel = self.plain.moe_kernel

    def quant_config(self: Any, layer: Any) -> Any:
        plain = getattr(self, "plain", None)
        return None if plain is None else plain.get_fused_moe_quant_config(layer)

    packed.select_wna16_moe_backend = choose
    method.process_weights_after_loading = unpack_all
    method.get_fused_moe_quant_config = quant_config


def unpacked(packed: Any, scale: Any, bits: int) -> Any:
    """Weights in the scale's type from int32 [experts, rows, columns * bits / 32].

    Args:
        packed: little-endian, the lowest bits first, each number offset by half its range.
        scale: [experts, rows, groups].
        bits: of a number: 4 or 8.
    """
    import torch

    experts, rows, _ = packed.shape
    shifts = torch.arange(0, 32, bits, dtype=torch.int32)
    numbers = ((packed.unsqueeze(-1) >> shifts) & (2**bits - 1)) - 2 ** (bits - 1)
    grouped = numbers.view(experts, rows, scale.shape[-1], -1).float()
    return (grouped * scale.float().unsqueeze(-1)).view(experts, rows, -1).to(scale.dtype)
