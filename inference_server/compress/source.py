"""Opening a checkpoint in the published layout: it is checked whole before anything is computed.

Needs no torch: a shard's header is JSON. Nothing here writes.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inference_server.compress.errors import CompressError

ARCHITECTURE = "Qwen3OmniMoeForConditionalGeneration"
INDEX = "model.safetensors.index.json"
SINGLE = "model.safetensors"
DTYPES = {"BF16": 2, "F16": 2, "F32": 4}
WIDTHS = DTYPES | {"I64": 8, "I32": 4, "I8": 1, "U8": 1, "F8_E4M3": 1}
# Parts of a shard that are read to tell one checkpoint from another of the same shapes.
SAMPLES = 64
SAMPLE_BYTES = 4096


@dataclass(frozen=True)
class Entry:
    """Where a tensor is: its shard, element type as safetensors names it, and shape."""

    shard: str
    dtype: str
    shape: tuple[int, ...]

    @property
    def elements(self) -> int:
        """How many numbers it has."""
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        """Its size in the file."""
        return self.elements * WIDTHS.get(self.dtype, 0)


@dataclass(frozen=True)
class Source:
    """A checkpoint that was found complete.

    Attributes:
        folder: where it is.
        config: the content of its config.json.
        entries: every tensor by name.
    """

    folder: Path
    config: Mapping[str, Any]
    entries: Mapping[str, Entry]

    @property
    def text(self) -> Mapping[str, Any]:
        """The decoder's part of the configuration."""
        part: Mapping[str, Any] = self.config["thinker_config"]["text_config"]
        return part

    @property
    def layers(self) -> int:
        """Decoder layers."""
        return int(self.text["num_hidden_layers"])

    def names(self, prefix: str) -> list[str]:
        """The names of tensors that begin so, in order."""
        return sorted(name for name in self.entries if name.startswith(prefix))

    def fingerprint(self) -> str:
        """A digest of configuration, shapes and samples of all shards; reading it takes seconds."""
        digest = hashlib.sha256()
        digest.update(json.dumps(self.config, sort_keys=True).encode())
        for shard in sorted({entry.shard for entry in self.entries.values()}):
            path = self.folder / shard
            size = path.stat().st_size
            digest.update(f"{shard} {size}".encode())
            with path.open("rb") as file:
                for index in range(SAMPLES):
                    file.seek(max(0, size - SAMPLE_BYTES) * index // (SAMPLES - 1))
                    digest.update(file.read(SAMPLE_BYTES))
        return digest.hexdigest()


def open_source(folder: Path) -> Source:
    """Read and check a checkpoint.

    Raises:
        CompressError: it is no Qwen3-Omni checkpoint, is compressed already, or incomplete.
    """
    if not folder.is_dir():
        raise CompressError(f"{folder} is not a folder: SOURCE is where the checkpoint is")
    config = _json(folder / "config.json", "this is no checkpoint")
    _check_config(folder, config)
    source = Source(folder, config, tensors(folder))
    _check_tensors(source)
    return source


def tensors(folder: Path) -> dict[str, Entry]:
    """List every tensor of a checkpoint, compressed or not, by name.

    Raises:
        CompressError: a shard is missing or cut off, or holds less than the index says.
    """
    entries: dict[str, Entry] = {}
    named = _named(folder)
    for shard in sorted(set(named.values())):
        found = read_header(folder / shard)
        entries |= {name: entry for name, entry in found.items() if named.get(name) == shard}
    missing = sorted(set(named) - set(entries))
    if missing:
        raise CompressError(
            f"{folder}: {named[missing[0]]} lacks {missing[0]} and {len(missing) - 1} more "
            "tensors that the index places there; download the checkpoint again"
        )
    return entries


def _check_config(folder: Path, config: Mapping[str, Any]) -> None:
    if config.get("model_type") != "qwen3_omni_moe" or "thinker_config" not in config:
        raise CompressError(
            f"{folder} is not a Qwen3-Omni checkpoint: its config.json says model_type "
            f"{config.get('model_type')!r}, not 'qwen3_omni_moe'"
        )
    if "quantization_config" in config:
        raise CompressError(f"{folder} is quantised already: SOURCE is the published checkpoint")
    try:
        text = config["thinker_config"]["text_config"]
        numbers = {
            key: text[key]
            for key in (
                "num_hidden_layers",
                "hidden_size",
                "moe_intermediate_size",
                "num_experts",
                "num_experts_per_tok",
                "num_attention_heads",
                "num_key_value_heads",
            )
        }
    except (KeyError, TypeError) as error:
        raise CompressError(f"{folder}/config.json lacks {error} of the decoder") from None
    wrong = [key for key, value in numbers.items() if not isinstance(value, int) or value < 1]
    if wrong:
        raise CompressError(f"{folder}/config.json: {wrong[0]} is no positive whole number")
    if text.get("mlp_only_layers") or text.get("decoder_sparse_step", 1) != 1:
        raise CompressError(f"{folder}: layers without experts are not known of Qwen3-Omni")


def _named(folder: Path) -> dict[str, str]:
    """The shard of every tensor, as the index says; or all of a checkpoint in one file."""
    if not (folder / INDEX).exists() and (folder / SINGLE).exists():
        return dict.fromkeys(read_header(folder / SINGLE), SINGLE)
    index = _json(folder / INDEX, "the list of its shards is missing").get("weight_map")
    if not isinstance(index, dict) or not index:
        raise CompressError(f"{folder / INDEX} has no weight_map")
    for shard in sorted(set(index.values())):
        if Path(shard).name != shard:
            raise CompressError(f"{folder / INDEX} names {shard!r}, which is outside the folder")
        if not (folder / shard).is_file():
            raise CompressError(f"{folder}: the shard {shard} is missing; download it again")
    return index


def read_header(path: Path) -> dict[str, Entry]:
    """Read a shard's header and check that the file is as long as it says.

    Raises:
        CompressError: it is no safetensors file, or not whole.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if not 2 <= length <= size - 8:
            raise CompressError(f"{path} is no safetensors file, or is cut off")
        try:
            header = json.loads(file.read(length))
        except ValueError:
            raise CompressError(f"{path}: its header cannot be read") from None
    header.pop("__metadata__", None)
    try:
        end = max((each["data_offsets"][1] for each in header.values()), default=0)
        entries = {
            name: Entry(path.name, str(each["dtype"]), tuple(int(n) for n in each["shape"]))
            for name, each in header.items()
        }
    except (KeyError, TypeError, IndexError, AttributeError, ValueError):
        raise CompressError(f"{path}: its header is not that of a safetensors file") from None
    if size != 8 + length + end:
        raise CompressError(f"{path} is cut off: {size} bytes of {8 + length + end}")
    return entries


def _check_tensors(source: Source) -> None:
    text, root = source.text, "thinker.model."
    hidden, width = text["hidden_size"], text["moe_intermediate_size"]
    needed: dict[str, tuple[int, ...]] = {
        f"{root}embed_tokens.weight": (text["vocab_size"], hidden),
        f"{root}norm.weight": (hidden,),
        "thinker.lm_head.weight": (text["vocab_size"], hidden),
    }
    for layer in range(source.layers):
        block = f"{root}layers.{layer}."
        needed[f"{block}mlp.gate.weight"] = (text["num_experts"], hidden)
        needed[f"{block}input_layernorm.weight"] = (hidden,)
        needed[f"{block}post_attention_layernorm.weight"] = (hidden,)
        for expert in range(text["num_experts"]):
            each = f"{block}mlp.experts.{expert}."
            needed[f"{each}gate_proj.weight"] = (width, hidden)
            needed[f"{each}up_proj.weight"] = (width, hidden)
            needed[f"{each}down_proj.weight"] = (hidden, width)
    for name, shape in needed.items():
        entry = source.entries.get(name)
        if entry is None:
            raise CompressError(f"{source.folder}: the tensor {name} is missing")
        if entry.shape != shape:
            raise CompressError(
                f"{source.folder}: {name} is {entry.shape}, and config.json makes it {shape}"
            )
    for name, entry in source.entries.items():
        if entry.dtype not in DTYPES:
            known = ", ".join(DTYPES)
            raise CompressError(f"{source.folder}: {name} is {entry.dtype}, not one of {known}")


def _json(path: Path, else_: str) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CompressError(f"{path} is missing: {else_}") from None
    except (ValueError, OSError) as error:
        raise CompressError(f"{path} cannot be read: {error}") from None
    if not isinstance(content, dict):
        raise CompressError(f"{path} holds no JSON object")
    return content
