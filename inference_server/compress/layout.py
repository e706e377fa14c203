"""What the target's configuration says, and how many bytes it will have. Needs no torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

from inference_server.compress.source import ARCHITECTURE, Source
from inference_server.recipes import Recipe

SPEAKING = ("talker_config", "code2wav_config")


def target_config(
    source: Source, recipe: Recipe, groups: Mapping[str, Any], ignored: Sequence[str]
) -> dict[str, Any]:
    """The target's config.json.

    Args:
        source: the checkpoint.
        recipe: what became of the decoder.
        groups: compressed-tensors' `config_groups` of the other parts.
        ignored: the other parts' modules that stay plain.
    """
    config = deepcopy(dict(source.config))
    for part in SPEAKING:
        config.pop(part, None)
    config["enable_audio_output"] = False
    config["architectures"] = [ARCHITECTURE]
    thinker = config["thinker_config"]
    text = thinker["text_config"]
    for key in ("num_experts", "num_local_experts"):
        if key in text:
            text[key] = min(recipe.experts, text[key])
    # vLLM reads it and finds no default.
    thinker["vision_config"].setdefault("apply_vit_abs_pos_embed", True)
    stored = quantization(recipe, groups, ignored)
    if stored is not None:
        config["quantization_config"] = stored
    return config


def quantization(
    recipe: Recipe, groups: Mapping[str, Any], ignored: Sequence[str]
) -> dict[str, Any] | None:
    """What config.json says of packed weights; None where all are plain.

    Args:
        recipe: what became of the decoder.
        groups: compressed-tensors' `config_groups` of the other parts.
        ignored: the other parts' modules that stay plain.
    """
    decoder, plain = _decoder_groups(recipe)
    every = decoder | dict(groups)
    if not every:
        return None
    return {
        "quant_method": "compressed-tensors",
        "format": "pack-quantized",
        "quantization_status": "compressed",
        "kv_cache_scheme": None,
        "config_groups": every,
        "ignore": [*ignored, r"re:.*mlp\.gate$", *plain],
    }


def group(bits: int, size: int | None, targets: Sequence[str]) -> dict[str, Any]:
    """One of compressed-tensors' `config_groups`: symmetric integers, weights only.

    Args:
        bits: of an integer.
        size: columns that share a scale; None where a whole row does.
        targets: names of modules or of their classes.
    """
    return {
        "targets": list(targets),
        "format": "pack-quantized",
        "weights": {
            "num_bits": bits,
            "type": "int",
            "symmetric": True,
            "strategy": "channel" if size is None else "group",
            "group_size": size,
            "dynamic": False,
            "actorder": None,
            "observer": "minmax",
            "block_structure": None,
        },
        "input_activations": None,
        "output_activations": None,
    }


def _decoder_groups(recipe: Recipe) -> tuple[dict[str, Any], list[str]]:
    """The decoder's groups, and its modules that stay plain."""
    attention, experts = r"re:.*self_attn\.(q|k|v|o|qkv)_proj$", r"re:.*mlp\.experts\..*"
    made: dict[str, Any] = {}
    plain = []
    for name, target, bits in (
        ("attention", attention, recipe.attention_bits),
        ("experts", experts, recipe.expert_bits),
    ):
        if bits == 16:
            plain.append(target)
        else:
            size = recipe.group_size if bits == 4 else None
            made[name] = group(bits, size, ["Linear"])
    if len(made) == 2 and made["attention"] == made["experts"]:
        return {"decoder": made["attention"]}, []
    if len(made) == 2:
        made["attention"]["targets"] = [attention]
    return made, plain


def target_bytes(source: Source, recipe: Recipe) -> int:
    """About how large the target's weights become, never less than they will."""
    total = 0
    for name, entry in source.entries.items():
        if not name.startswith("thinker."):
            continue
        bits = 8 * entry.nbytes / max(1, entry.elements)
        if ".mlp.experts." in name:
            if int(name.split(".mlp.experts.")[1].split(".")[0]) >= recipe.experts:
                continue
            bits = _stored(recipe.expert_bits, recipe.group_size)
        elif ".model.layers." in name and "self_attn" in name and len(entry.shape) == 2:
            bits = _stored(recipe.attention_bits, recipe.group_size)
        total += int(entry.elements * bits / 8) + 512
    return total


def _stored(bits: int, size: int) -> float:
    return 16 if bits == 16 else bits + 16 / size
