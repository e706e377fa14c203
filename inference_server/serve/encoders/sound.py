"""The sound encoder: what follows from the lengths is kept, the rest can be one CUDA graph."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from inference_server.serve.encoders.graphs import Graphs

MOST_FRAMES = 64 * 100
"""Hundredths of a second up to which the host is slower than the GPU: 32 windows of 2 s."""


@dataclass(frozen=True)
class _Shape:
    """What follows from the lengths of the sounds.

    Attributes:
        chunks: frames of each piece that is convolved by itself.
        kept: which of the convolved, padded rows are sound, int64 on the encoder's device.
        bounds: where each stretch that attends to itself begins and ends, int32.
        longest: rows of the longest, on the host; None where attention does not ask.
    """

    chunks: tuple[int, ...]
    kept: Any
    bounds: Any
    longest: Any


class Sound:
    """Replaces the encoder's `forward`, with the encoder's own weights and layers."""

    def __init__(self, encoder: Any, graphs: Graphs) -> None:
        self.graphs = graphs
        self._encoder = encoder

    def __call__(self, mel: Any, lengths: tuple[int, ...]) -> tuple[Any, ...]:
        """Encode log-mel frames [bands, all frames]; gives [tokens, width] for each sound.

        Args:
            mel: of all sounds, one after the other, in the encoder's type.
            lengths: frames of each.
        """

        def prepare() -> Callable[[Any], Any]:
            shape = self._shape(lengths)
            return lambda held: self._compute(held, shape)

        few = mel.shape[1] <= MOST_FRAMES
        made = self.graphs.run(lengths, mel, prepare) if few else prepare()(mel)
        most = self._encoder.n_window * 2
        return tuple(made.split([_tokens(length, most) for length in lengths]))

    def _shape(self, lengths: tuple[int, ...]) -> _Shape:
        import torch

        encoder = self._encoder
        most = encoder.n_window * 2
        chunks = [
            piece for length in lengths for piece in [most] * (length // most) + [length % most]
        ]
        chunks = [piece for piece in chunks if piece]
        rows = [_convolved(piece) for piece in chunks]
        widest = max(rows)
        kept = [widest * number + row for number, count in enumerate(rows) for row in range(count)]
        stretch = widest * (encoder.n_window_infer // most)
        bounds = [0]
        for count in (_tokens(length, most) for length in lengths):
            for piece in [stretch] * (count // stretch) + [count % stretch]:
                if piece:
                    bounds.append(bounds[-1] + piece)
        on_host = torch.tensor(bounds, dtype=torch.int32)
        return _Shape(
            chunks=tuple(chunks),
            kept=torch.tensor(kept, device=encoder.device),
            bounds=on_host.to(encoder.device),
            longest=encoder.compute_attn_mask_seqlen(on_host),
        )

    def _compute(self, mel: Any, shape: _Shape) -> Any:
        import torch
        from torch.nn.functional import gelu

        encoder = self._encoder
        pieces = mel.T.split(shape.chunks, dim=0)
        padded = torch.nn.utils.rnn.pad_sequence(pieces, batch_first=True).transpose(1, 2)
        parts = []
        for part in padded.unsqueeze(1).split(encoder.conv_chunksize, dim=0):
            convolved = part
            for layer in (encoder.conv2d1, encoder.conv2d2, encoder.conv2d3):
                convolved = gelu(layer(convolved))
            parts.append(convolved)
        convolved = torch.cat(parts) if len(parts) > 1 else parts[0]
        count, channels, bands, times = convolved.size()
        flat = convolved.permute(0, 3, 1, 2).contiguous().view(count, times, channels * bands)
        states = encoder.conv_out(flat)
        table = encoder.positional_embedding.positional_embedding[:times]
        states = states + table.unsqueeze(0).to(states.dtype)
        states = states.flatten(0, 1).index_select(0, shape.kept)
        for layer in encoder.layers:
            states = layer(states, shape.bounds, shape.longest)
        states = encoder.ln_post(states)
        return encoder.proj2(encoder.act(encoder.proj1(states)))


def _convolved(frames: int) -> int:
    """Give the rows that three convolutions of stride 2 leave."""
    for _ in range(3):
        frames = (frames - 1) // 2 + 1
    return frames


def _tokens(frames: int, most: int) -> int:
    """Give the tokens of a sound, piece by piece."""
    return frames // most * _convolved(most) + (_convolved(frames % most) if frames % most else 0)
