"""A checkpoint of the real size in a recipe's own format on disk, with random weights.

Speed and memory do not depend on the weights' values; that vLLM takes the names, the shapes and the
packing does not either. So this shows both, and says nothing about what the model would answer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from transformers import Qwen3OmniMoeConfig, Qwen3OmniMoeForConditionalGeneration

from inference_server.recipes import Recipe

_SHARD_BYTES = 2_000_000_000
_FUSED_EXPERTS = re.compile(r"(.*\.experts)\.(gate_up_proj|down_proj)$")


def write(folder: Path, recipe: Recipe, device: str) -> int:
    """Write the weights beside the `config.json` in `folder`; gives the bytes written.

    `device` is where the random numbers are drawn: a GPU is a hundred times faster.
    """
    config = Qwen3OmniMoeConfig.from_pretrained(folder)
    # Only names and shapes are wanted: with a quantisation transformers would look for kernels.
    if hasattr(config, "quantization_config"):
        del config.quantization_config
    with torch.device("meta"):
        model = Qwen3OmniMoeForConditionalGeneration(config)
    generator = torch.Generator(device=device).manual_seed(0)
    shard: dict[str, torch.Tensor] = {}
    index: dict[str, str] = {}
    total = held = count = 0

    def flush() -> None:
        nonlocal shard, held, count
        if not shard:
            return
        count += 1
        name = f"model-{count:05d}.safetensors"
        save_file(shard, folder / name, metadata={"format": "pt"})
        index.update(dict.fromkeys(shard, name))
        shard, held = {}, 0

    for name, tensor in _tensors(model, recipe, generator, device):
        size = tensor.numel() * tensor.element_size()
        if held + size > _SHARD_BYTES:
            flush()
        shard[name] = tensor.cpu()
        held += size
        total += size
    flush()
    table = {"metadata": {"total_size": total}, "weight_map": index}
    (folder / "model.safetensors.index.json").write_text(json.dumps(table), encoding="utf-8")
    return total


def _tensors(
    model: Any, recipe: Recipe, generator: torch.Generator, device: str
) -> Iterator[tuple[str, torch.Tensor]]:
    kinds = {
        f"{name}.weight": type(module)
        for name, module in model.named_modules()
        if isinstance(module, torch.nn.Linear | torch.nn.Embedding)
    }
    for name, parameter in model.named_parameters():
        if not name.startswith("thinker."):
            continue
        shape = tuple(parameter.shape)
        fused = _FUSED_EXPERTS.match(name)
        if fused is not None:
            for part, rows, columns in _expert_parts(fused[2], shape):
                for expert in range(shape[0]):
                    stem = f"{fused[1]}.{expert}.{part}"
                    yield from _linear(
                        stem, (rows, columns), recipe.expert_bits, recipe, generator, device
                    )
            continue
        bits = _bits(name, kinds.get(name), recipe)
        if bits == 16:
            yield name, _plain(name, shape, generator, device)
        else:
            yield from _linear(name.removesuffix(".weight"), shape, bits, recipe, generator, device)


def _expert_parts(kind: str, shape: tuple[int, ...]) -> list[tuple[str, int, int]]:
    """Transformers keeps all experts of a layer in one tensor; checkpoints keep each by itself."""
    if kind == "down_proj":
        return [("down_proj", shape[1], shape[2])]
    half = shape[1] // 2
    return [("gate_proj", half, shape[2]), ("up_proj", half, shape[2])]


def _bits(name: str, kind: type | None, recipe: Recipe) -> int:
    if kind is None or name.endswith(".mlp.gate.weight") or "pos_emb" in name:
        return 16
    for part, bits in (
        ("thinker.visual.", recipe.vision_bits),
        ("thinker.audio_tower.", recipe.audio_bits),
        ("thinker.lm_head.", recipe.head_bits),
        (".embed_tokens.", recipe.embedding_bits),
        (".self_attn.", recipe.attention_bits),
    ):
        if part in name:
            return bits
    return 16


def _plain(
    name: str, shape: tuple[int, ...], generator: torch.Generator, device: str
) -> torch.Tensor:
    if "norm" in name and name.endswith(".weight"):
        return torch.ones(shape, dtype=torch.bfloat16)
    values = torch.randn(shape, generator=generator, device=device, dtype=torch.float32)
    return (values * 0.02).to(torch.bfloat16)


def _linear(
    stem: str,
    shape: tuple[int, ...],
    bits: int,
    recipe: Recipe,
    generator: torch.Generator,
    device: str,
) -> Iterator[tuple[str, torch.Tensor]]:
    """A linear layer's tensors: whole in 16 bits, else packed as compressed-tensors packs them."""
    if bits == 16:
        yield f"{stem}.weight", _plain(f"{stem}.weight", shape, generator, device)
        return
    rows, columns = shape
    groups = columns // recipe.group_size if bits == 4 else 1
    # A uniform integer of b bits has a deviation of 2^b / sqrt(12): the product is about 0.02.
    scale = 0.02 * 12**0.5 / 2**bits
    yield (
        f"{stem}.weight_packed",
        torch.randint(
            -(2**31),
            2**31 - 1,
            (rows, columns * bits // 32),
            generator=generator,
            device=device,
            dtype=torch.int32,
        ),
    )
    yield f"{stem}.weight_scale", torch.full((rows, groups), scale, dtype=torch.bfloat16)
    yield f"{stem}.weight_shape", torch.tensor([rows, columns], dtype=torch.int64)
