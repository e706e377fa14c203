"""Reading weights from shards, whether plain or compressed; as float32, in which all is computed.

On a CPU without bf16 arithmetic float32 is three times as fast as bf16, and it is more exact.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import torch
from compressed_tensors.compressors.pack_quantized.helpers import unpack_from_int32
from safetensors import safe_open

from inference_server.compress.source import read_header


class Weights:
    """The tensors of some shards of a folder. A context manager: shards stay mapped inside it."""

    def __init__(self, folder: Path, shards: Iterable[str]) -> None:
        self._folder = folder
        self._shard = {name: shard for shard in shards for name in read_header(folder / shard)}
        self._open: dict[str, Any] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Unmap the shards; they are mapped again when read."""
        self._open.clear()

    def names(self, prefix: str = "") -> list[str]:
        """The names of tensors as they are in the files."""
        return sorted(name for name in self._shard if name.startswith(prefix))

    def raw(self, name: str) -> torch.Tensor:
        """A tensor as it is in the file."""
        shard = self._shard[name]
        if shard not in self._open:
            self._open[shard] = safe_open(self._folder / shard, framework="pt")
        tensor: torch.Tensor = self._open[shard].get_tensor(name)
        return tensor

    def __contains__(self, name: str) -> bool:
        return name in self._shard or f"{name}_packed" in self._shard

    def __getitem__(self, name: str) -> torch.Tensor:
        """A weight in float32; a packed one is unpacked and scaled.

        Raises:
            KeyError: there is none of this name.
        """
        if name in self._shard:
            plain = self.raw(name)
            if plain.dtype == torch.int8:
                return scaled(plain, self.raw(f"{name}_scale"))
            return plain.float()
        packed = self.raw(f"{name}_packed")
        shape = torch.Size(self.raw(f"{name}_shape").tolist())
        bits = packed.shape[1] * 32 // shape[1]
        return scaled(unpack_from_int32(packed, bits, shape), self.raw(f"{name}_scale"))

    def under(self, prefix: str) -> Mapping[str, torch.Tensor]:
        """All weights whose name begins so, in float32, by the rest of their names."""
        names = {
            name.removesuffix("_packed")
            for name in self.names(prefix)
            if not name.endswith(("_scale", "_shape"))
        }
        return {name.removeprefix(prefix): self[name] for name in sorted(names)}


def scaled(integers: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
    """What integers [rows, columns] and scales [rows, groups] stand for, in float32.

    Rounded to bf16, as by whatever serves them: kernels and transformers unpack to bf16.
    """
    rows, columns = integers.shape
    grouped = integers.view(rows, scale.shape[1], columns // scale.shape[1])
    made = grouped.float() * scale.float().unsqueeze(-1)
    return made.to(torch.bfloat16).float().view(rows, columns)
