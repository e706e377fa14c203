"""Parameters of each part of the model, from its shape by arithmetic.

A part's matrices are what a recipe may quantise; the rest (norms, biases, convolutions, positions)
stays in bf16. The router is never quantised: it decides which experts answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from inference_server.model.shape import AudioShape, Shape, TextShape, VisionShape

_CONVOLUTION = 3 * 3
"""The sound encoder's three convolutions see 3x3 points and halve both axes."""


@dataclass(frozen=True)
class Matrix:
    """`count` weights of `rows` outputs by `columns` inputs, under one name."""

    name: str
    rows: int
    columns: int
    count: int

    @property
    def parameters(self) -> int:
        """All their numbers."""
        return self.rows * self.columns * self.count


@dataclass(frozen=True)
class Component:
    """A part of the model: its matrices, and the numbers that stay as they are."""

    name: str
    matrices: tuple[Matrix, ...]
    rest: int

    @property
    def linear(self) -> int:
        """Parameters that can be quantised."""
        return sum(matrix.parameters for matrix in self.matrices)

    @property
    def parameters(self) -> int:
        """All parameters."""
        return self.linear + self.rest


def components(shape: Shape) -> Mapping[str, Component]:
    """Give the parts by name: experts, attention, router_norms, embedding, lm_head, vision, audio.

    They add up to the thinker.
    """
    text = shape.text
    parts = (
        _experts(text),
        _attention(text),
        # Two norms a layer, one on each head of queries and keys, one at the end.
        Component(
            "router_norms",
            (),
            text.layers * (text.experts * text.hidden + 2 * text.hidden + 2 * text.head_width)
            + text.hidden,
        ),
        Component("embedding", (Matrix("embed_tokens", text.vocabulary, text.hidden, 1),), 0),
        Component(
            "lm_head",
            () if text.tied else (Matrix("lm_head", text.vocabulary, text.hidden, 1),),
            0,
        ),
        _vision(shape.vision),
        _audio(shape.audio),
    )
    return MappingProxyType({part.name: part for part in parts})


def audio_bands(audio: AudioShape) -> int:
    """Bands that are left of the spectrogram after three convolutions that halve it."""
    bands = audio.mel_bins
    for _ in range(3):
        bands = (bands + 1) // 2
    return bands


def _experts(text: TextShape) -> Component:
    count = text.layers * text.experts
    wide = (Matrix(name, text.expert_width, text.hidden, count) for name in ("gate", "up"))
    return Component("experts", (*wide, Matrix("down", text.hidden, text.expert_width, count)), 0)


def _attention(text: TextShape) -> Component:
    queries, keys = text.heads * text.head_width, text.kv_heads * text.head_width
    return Component(
        "attention",
        (
            Matrix("q", queries, text.hidden, text.layers),
            Matrix("k", keys, text.hidden, text.layers),
            Matrix("v", keys, text.hidden, text.layers),
            Matrix("o", text.hidden, queries, text.layers),
        ),
        0,
    )


def _vision(vision: VisionShape) -> Component:
    width, layers = vision.hidden, vision.layers
    merged = width * vision.merge**2
    mergers = 1 + len(vision.deepstack)
    matrices = (
        Matrix("qkv", 3 * width, width, layers),
        Matrix("proj", width, width, layers),
        Matrix("mlp.fc1", vision.mlp_width, width, layers),
        Matrix("mlp.fc2", width, vision.mlp_width, layers),
        Matrix("merger.0", merged, merged, mergers),
        Matrix("merger.2", vision.output, merged, mergers),
    )
    patch = vision.channels * vision.temporal_patch * vision.patch**2
    # A norm has a weight and a bias. The main merger's comes before merging, the others' after.
    norms = layers * 4 * width + 2 * width + 2 * merged * len(vision.deepstack)
    stem = width * (patch + 1) + vision.positions * width
    return Component("vision", matrices, _biases(matrices) + norms + stem)


def _audio(audio: AudioShape) -> Component:
    width, layers, channels = audio.hidden, audio.layers, audio.convolutions
    attention = tuple(Matrix(name, width, width, layers) for name in ("q", "k", "v", "out"))
    with_bias = (
        *attention,
        Matrix("fc1", audio.mlp_width, width, layers),
        Matrix("fc2", width, audio.mlp_width, layers),
        Matrix("proj1", width, width, 1),
        Matrix("proj2", audio.output, width, 1),
    )
    without_bias = Matrix("conv_out", width, channels * audio_bands(audio), 1)
    norms = (layers * 2 + 1) * 2 * width
    convolutions = _CONVOLUTION * channels * (1 + 2 * channels) + 3 * channels
    return Component("audio", (*with_bias, without_bias), _biases(with_bias) + norms + convolutions)


def _biases(matrices: tuple[Matrix, ...]) -> int:
    return sum(matrix.rows * matrix.count for matrix in matrices)
