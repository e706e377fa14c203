"""What the target's configuration says, and how many bytes it will have. Needs no torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any, Protocol

from inference_server.compress.source import ARCHITECTURE, Source
from inference_server.recipes import Recipe

REPORT = "compression.json"
"""File of the target that says how it was made."""

# In bits of the recipe, by the beginning of a tensor's name.
OUTSIDE = (
    ("thinker.visual.", "vision_bits"),
    ("thinker.audio_tower.", "audio_bits"),
    ("thinker.model.embed_tokens.", "embedding_bits"),
    ("thinker.lm_head.", "head_bits"),
)
SPEAKING = ("talker_config", "code2wav_config")


class Configured(Protocol):
    """What a part outside the decoder's layers says of itself."""

    def configure(self, config: dict[str, Any], recipe: Recipe) -> None:
        """Change the configuration where the part's sizes change."""

    def groups(self, recipe: Recipe) -> Mapping[str, Any]:
        """Its `config_groups` of compressed-tensors."""

    def ignored(self, recipe: Recipe) -> Sequence[str]:
        """Its modules that stay plain."""


def target_config(source: Source, recipe: Recipe, parts: Sequence[Configured]) -> dict[str, Any]:
    """The target's config.json.

    Args:
        source: the checkpoint.
        recipe: what became of the decoder.
        parts: the parts outside the decoder's layers.
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
    configure(config, recipe, parts)
    return config


def configure(config: dict[str, Any], recipe: Recipe, parts: Sequence[Configured]) -> None:
    """Say in a config.json's content what is packed, and the sizes that packing changes.

    Args:
        config: changed in place.
        recipe: what became of the decoder.
        parts: the parts outside the decoder's layers.
    """
    decoder, plain = _decoder_groups(recipe)
    every = dict(decoder)
    ignored: list[str] = []
    for each in parts:
        each.configure(config, recipe)
        every |= each.groups(recipe)
        ignored += each.ignored(recipe)
    if every:
        config["quantization_config"] = {
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
    # The sound encoder has a self_attn of its own.
    attention, experts = (
        r"re:.*\bmodel\.layers\.\d+\.self_attn\.(q|k|v|o|qkv)_proj$",
        r"re:.*mlp\.experts\..*",
    )
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
        elif len(entry.shape) == 2:
            # A hundredth and 4 kB for rows' scales and widths that are rounded up.
            chosen = next((key for start, key in OUTSIDE if name.startswith(start)), None)
            if chosen is not None and getattr(recipe, chosen) == 8:
                bits = 8.1
                total += 4096 + 2 * entry.shape[0]
        total += int(entry.elements * bits / 8) + 512
    return total


def _stored(bits: int, size: int) -> float:
    return 16 if bits == 16 else bits + 16 / size
