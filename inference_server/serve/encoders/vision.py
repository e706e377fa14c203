"""The picture encoder: what follows from the shapes is kept, the rest can be one CUDA graph."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from inference_server.serve.encoders.graphs import Graphs

MOST_PATCHES = 3 * 2304
"""Up to so many patches the host is slower than the GPU; a graph of more would only hold memory."""

_MOST_PIECES = 32

Size = tuple[int, int, int]


@dataclass(frozen=True)
class _Piece:
    """What follows from the size of one picture or film; tensors on the encoder's device.

    Attributes:
        positions: embeddings to add, [patches, width]; None where the encoder has none.
        cos: of the rotary positions.
        sin: likewise.
    """

    positions: Any
    cos: Any
    sin: Any


@dataclass(frozen=True)
class _Shape:
    """What follows from all sizes together.

    Attributes:
        positions: as of the pieces, one after the other.
        cos: likewise.
        sin: likewise.
        bounds: where each picture begins and ends, int32 [pictures + 1].
        longest: patches of the longest, on the host, where attention asks for it.
        lengths: as the attention backend wants them; None for most.
    """

    positions: Any
    cos: Any
    sin: Any
    bounds: Any
    longest: Any
    lengths: Any


class Vision:
    """Replaces the encoder's `forward`, with the encoder's own weights and layers."""

    def __init__(self, encoder: Any, graphs: Graphs) -> None:
        self.graphs = graphs
        self._encoder = encoder
        self._pieces: OrderedDict[Size, _Piece] = OrderedDict()

    def __call__(self, pixels: Any, grid: Any) -> Any:
        """Encode patches [patches, 3 * 2 * 16 * 16]; gives [tokens, (1 + levels) * width].

        Args:
            pixels: of all pictures, one after the other.
            grid: pairs of frames, rows and columns of patches of each, int64 [pictures, 3].
        """
        encoder = self._encoder
        sizes: tuple[Size, ...] = tuple((t, h, w) for t, h, w in grid.tolist())
        given = pixels.to(device=encoder.device, dtype=encoder.dtype)

        def prepare() -> Callable[[Any], Any]:
            shape = self._shape(sizes)
            return lambda held: self._compute(held, shape)

        if given.shape[0] > MOST_PATCHES:
            return prepare()(given)
        return self.graphs.run(sizes, given, prepare)

    def _piece(self, size: Size) -> _Piece:
        known = self._pieces.get(size)
        if known is not None:
            self._pieces.move_to_end(size)
            return known
        import torch

        encoder = self._encoder
        grid = torch.tensor([size])
        cos, sin = encoder.rot_pos_emb(grid)
        positions = None
        if encoder.apply_vit_abs_pos_embed:
            positions = encoder.fast_pos_embed_interpolate(grid)
        made = _Piece(positions, cos.to(encoder.device), sin.to(encoder.device))
        if len(self._pieces) >= _MOST_PIECES:
            self._pieces.popitem(last=False)
        self._pieces[size] = made
        return made

    def _shape(self, sizes: tuple[Size, ...]) -> _Shape:
        import numpy as np
        import torch
        from vllm.model_executor.layers.attention.mm_encoder_attention import MMEncoderAttention

        encoder = self._encoder
        pieces = [self._piece(size) for size in sizes]
        pictures = np.repeat([h * w for _, h, w in sizes], [t for t, _, _ in sizes])
        bounds = np.concatenate([[0], pictures.cumsum()]).astype(np.int32)

        def joined(parts: list[Any]) -> Any:
            return parts[0] if len(parts) == 1 else torch.cat(parts)

        return _Shape(
            positions=(
                joined([piece.positions for piece in pieces])
                if encoder.apply_vit_abs_pos_embed
                else None
            ),
            cos=joined([piece.cos for piece in pieces]),
            sin=joined([piece.sin for piece in pieces]),
            bounds=torch.from_numpy(bounds).to(encoder.device),
            # As vLLM gives it, but on the host: each attention would wait for the GPU to tell it.
            longest=encoder.compute_attn_mask_seqlen(torch.from_numpy(bounds)),
            lengths=MMEncoderAttention.maybe_compute_seq_lens(
                encoder.attn_backend, bounds, encoder.device
            ),
        )

    def _compute(self, pixels: Any, shape: _Shape) -> Any:
        import torch

        encoder = self._encoder
        states = encoder.patch_embed(pixels)
        if shape.positions is not None:
            states = states + shape.positions
        states = states.unsqueeze(1)
        levels = encoder.deepstack_visual_indexes
        taken = []
        for number, block in enumerate(encoder.blocks):
            states = block(
                states,
                cu_seqlens=shape.bounds,
                rotary_pos_emb_cos=shape.cos,
                rotary_pos_emb_sin=shape.sin,
                max_seqlen=shape.longest,
                sequence_lengths=shape.lengths,
            )
            if levels is not None and number in levels:
                taken.append(states)
        made = encoder.merger(states)
        if levels is None:
            return made
        deep = [encoder.merger_list[number](each) for number, each in enumerate(taken)]
        return torch.cat([made, *deep], dim=1)
