"""The checkpoint that is to be served: whether it is whole, and what vLLM will hold of it.

Reads config.json and the shards' headers; needs no torch and takes less than a second.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from inference_server.compress.errors import CompressError
from inference_server.compress.layout import REPORT
from inference_server.compress.source import ARCHITECTURE, Entry, tensors
from inference_server.model import ConfigError, Shape, read
from inference_server.serve.errors import ServeError

THINKER = "thinker."
"""What vLLM loads; a published checkpoint also holds the talker, which is passed over."""

PARTS: Mapping[str, str] = MappingProxyType(
    {
        "thinker.audio_tower.": "audio",
        "thinker.visual.": "vision",
        "thinker.model.embed_tokens.": "embedding",
        "thinker.lm_head.": "lm_head",
    }
)
_PROCESSOR = (
    ("tokenizer.json", "vocab.json"),
    ("preprocessor_config.json", "processor_config.json"),
    ("chat_template.jinja", "chat_template.json", "tokenizer_config.json"),
)
_AGAIN = "download it again, or run the same `inference_server compress` again: it goes on"


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint that was found whole.

    Attributes:
        folder: where it is, in full.
        shape: the model's sizes.
        weights: bytes that vLLM loads.
        packed: parts whose weights are packed integers: experts, attention, audio, vision,
            embedding, lm_head.
        recipe: the name of the recipe by which it was compressed, None where it was not here.
    """

    folder: Path
    shape: Shape
    weights: int
    packed: frozenset[str]
    recipe: str | None


def open_checkpoint(folder: Path) -> Checkpoint:
    """Read and check a checkpoint's folder.

    Raises:
        ServeError: it is no Qwen3-Omni checkpoint, or not whole; the message says what to do.
    """
    if not folder.is_dir():
        raise ServeError(f"--model {folder} is no folder: give that of the checkpoint")
    config = folder / "config.json"
    if not config.exists() and any(folder.glob("*.safetensors")):
        # The compressor writes it last, so that nothing loads what is not finished.
        raise ServeError(
            f"{folder} has weights and no config.json, so it is not finished: {_AGAIN}"
        )
    try:
        shape = read(config)
        _check_config(config)
        entries = tensors(folder)
    except (ConfigError, CompressError) as error:
        raise ServeError(f"{error}; {_AGAIN}") from None
    except OSError as error:
        raise ServeError(f"{error.filename}: {error.strerror}") from None
    _check_layers(folder, shape, entries)
    for names in _PROCESSOR:
        if not any((folder / name).is_file() for name in names):
            raise ServeError(f"{folder} lacks {' or '.join(names)}: copy it from the source")
    return Checkpoint(
        folder=folder.resolve(),
        shape=shape,
        weights=sum(entry.nbytes for name, entry in entries.items() if name.startswith(THINKER)),
        packed=packed(entries),
        recipe=_recipe(folder),
    )


def packed(names: Iterable[str]) -> frozenset[str]:
    """Give the parts of which a tensor is packed integers."""
    return frozenset(_part(name) for name in names if name.endswith(".weight_packed"))


def _part(name: str) -> str:
    for start, part in PARTS.items():
        if name.startswith(start):
            return part
    return "experts" if ".mlp.experts." in name else "attention"


def _check_config(path: Path) -> None:
    config: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    if ARCHITECTURE not in config.get("architectures", ()):
        raise ConfigError(
            f"{path}: architectures does not name {ARCHITECTURE}, which vLLM looks for"
        )
    if "apply_vit_abs_pos_embed" not in config["thinker_config"]["vision_config"]:
        raise ConfigError(
            f"{path}: thinker_config.vision_config.apply_vit_abs_pos_embed is missing, and vLLM "
            "has no default for it; add it (true for the published model)"
        )


def _check_layers(folder: Path, shape: Shape, entries: Mapping[str, Entry]) -> None:
    """Look for a tensor of every layer's last expert, packed or not."""
    text = shape.text
    for layer in range(text.layers):
        stem = f"thinker.model.layers.{layer}.mlp.experts.{text.experts - 1}.down_proj.weight"
        if stem not in entries and f"{stem}_packed" not in entries:
            raise ServeError(
                f"{folder} lacks {stem}: its weights have fewer layers or experts than its "
                f"config.json says; {_AGAIN}"
            )


def _recipe(folder: Path) -> str | None:
    """Read the compressor's report, which is not needed to serve."""
    try:
        report = json.loads((folder / REPORT).read_text(encoding="utf-8"))
        return str(report["task"]["recipe"]["name"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
