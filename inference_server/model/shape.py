"""The sizes of a Qwen3-Omni model, read from its config.json and checked.

Only the thinker is described: the decoder that answers, and the encoders of pictures and sound.
The talker, which speaks, is not served.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from inference_server.model.errors import ConfigError
from inference_server.model.fields import Fields

MODEL_TYPE = "qwen3_omni_moe"
_REMEDY = "give the config.json of a Qwen3-Omni-30B-A3B checkpoint"


@dataclass(frozen=True)
class TextShape:
    """The decoder: a mixture of experts in every layer.

    Attributes:
        layers: decoder layers.
        hidden: width of a token's state.
        heads: query heads.
        kv_heads: key and value heads, which the KV cache holds.
        head_width: numbers in one head.
        experts: experts in each layer.
        active_experts: of these, how many a token goes through.
        expert_width: inner width of one expert.
        vocabulary: rows of the embedding and of `lm_head`.
        tied: whether `lm_head` is the embedding itself.
    """

    layers: int
    hidden: int
    heads: int
    kv_heads: int
    head_width: int
    experts: int
    active_experts: int
    expert_width: int
    vocabulary: int
    tied: bool = False


@dataclass(frozen=True)
class VisionShape:
    """The picture encoder (a ViT).

    Attributes:
        layers: transformer blocks.
        hidden: width of a patch's state.
        heads: attention heads.
        mlp_width: inner width of a block's MLP.
        patch: pixels of a patch's side.
        temporal_patch: frames that one patch spans.
        merge: patches along a side that become one token.
        channels: of a picture.
        positions: rows of the table of positions.
        deepstack: blocks whose states go to the decoder too, each through a merger of its own.
        output: the decoder's width.
    """

    layers: int
    hidden: int
    heads: int
    mlp_width: int
    patch: int
    temporal_patch: int
    merge: int
    channels: int
    positions: int
    deepstack: tuple[int, ...]
    output: int


@dataclass(frozen=True)
class AudioShape:
    """The sound encoder.

    Attributes:
        layers: transformer layers.
        hidden: their width.
        heads: attention heads.
        mlp_width: inner width of a layer's MLP.
        mel_bins: bands of the spectrogram.
        convolutions: channels of the three convolutions in front.
        output: the decoder's width.
    """

    layers: int
    hidden: int
    heads: int
    mlp_width: int
    mel_bins: int
    convolutions: int
    output: int


@dataclass(frozen=True)
class Shape:
    """A thinker: decoder, picture encoder, sound encoder."""

    text: TextShape
    vision: VisionShape
    audio: AudioShape

    def with_experts(self, experts: int) -> Shape:
        """Give the same model with so many experts kept in each layer.

        Raises:
            ConfigError: the model has fewer, or a token needs more.
        """
        text = self.text
        if not text.active_experts <= experts <= text.experts:
            raise ConfigError(
                f"experts: {experts} cannot be kept of {text.experts} when a token goes through "
                f"{text.active_experts}; choose {text.active_experts} to {text.experts}"
            )
        return replace(self, text=replace(text, experts=experts))


def read(path: Path) -> Shape:
    """Read a config.json, or that of a checkpoint's folder.

    Raises:
        ConfigError: it cannot be read, or describes no Qwen3-Omni; the message says what to do.
    """
    file = path / "config.json" if path.is_dir() else path
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{file}: {error.strerror}; {_REMEDY}") from error
    except ValueError as error:
        raise ConfigError(f"{file} is no JSON ({error}); {_REMEDY}") from error
    try:
        return parse(content)
    except ConfigError as error:
        raise ConfigError(f"{file}: {error}") from None


def parse(config: Any) -> Shape:
    """Check a config.json's content and take the sizes from it.

    Raises:
        ConfigError: it describes no Qwen3-Omni; the message names the field and says what to do.
    """
    if not isinstance(config, Mapping) or config.get("model_type") != MODEL_TYPE:
        found = config.get("model_type") if isinstance(config, Mapping) else None
        raise ConfigError(f"model_type is {found!r}, not {MODEL_TYPE!r}; {_REMEDY}")
    thinker = Fields(config).part("thinker_config")
    shape = Shape(
        _text(thinker.part("text_config"), tied=thinker.flag("tie_word_embeddings")),
        _vision(thinker.part("vision_config")),
        _audio(thinker.part("audio_config")),
    )
    for name, output in (("vision", shape.vision.output), ("audio", shape.audio.output)):
        if output != shape.text.hidden:
            raise ConfigError(
                f"thinker_config.{name}_config: the encoder gives {output} numbers a token and the "
                f"decoder takes {shape.text.hidden} (text_config.hidden_size); {_REMEDY}"
            )
    return shape


def _text(fields: Fields, *, tied: bool) -> TextShape:
    if fields.number("decoder_sparse_step", 1) != 1:
        fields.refuse("decoder_sparse_step", "every layer of Qwen3-Omni has experts, so it is 1")
    if fields.numbers("mlp_only_layers", ()):
        fields.refuse("mlp_only_layers", "every layer of Qwen3-Omni has experts, so it is empty")
    hidden, heads = fields.number("hidden_size"), fields.number("num_attention_heads")
    shape = TextShape(
        layers=fields.number("num_hidden_layers"),
        hidden=hidden,
        heads=heads,
        kv_heads=fields.number("num_key_value_heads"),
        head_width=fields.number("head_dim", max(1, hidden // heads)),
        experts=fields.number("num_experts"),
        active_experts=fields.number("num_experts_per_tok"),
        expert_width=fields.number("moe_intermediate_size"),
        vocabulary=fields.number("vocab_size"),
        tied=tied,
    )
    if shape.heads % shape.kv_heads:
        fields.refuse("num_key_value_heads", f"{shape.kv_heads} do not divide {heads} heads")
    if shape.active_experts > shape.experts:
        fields.refuse("num_experts_per_tok", f"more than the {shape.experts} experts there are")
    return shape


def _vision(fields: Fields) -> VisionShape:
    shape = VisionShape(
        layers=fields.number("depth"),
        hidden=fields.number("hidden_size"),
        heads=fields.number("num_heads"),
        mlp_width=fields.number("intermediate_size"),
        patch=fields.number("patch_size"),
        temporal_patch=fields.number("temporal_patch_size"),
        merge=fields.number("spatial_merge_size"),
        channels=fields.number("in_channels", 3),
        positions=fields.number("num_position_embeddings"),
        deepstack=fields.numbers("deepstack_visual_indexes"),
        output=fields.number("out_hidden_size"),
    )
    if shape.hidden % shape.heads:
        fields.refuse("num_heads", f"{shape.heads} do not divide a width of {shape.hidden}")
    if any(index >= shape.layers for index in shape.deepstack):
        fields.refuse("deepstack_visual_indexes", f"there are only {shape.layers} blocks")
    return shape


def _audio(fields: Fields) -> AudioShape:
    shape = AudioShape(
        layers=fields.number("encoder_layers"),
        hidden=fields.number("d_model"),
        heads=fields.number("encoder_attention_heads"),
        mlp_width=fields.number("encoder_ffn_dim"),
        mel_bins=fields.number("num_mel_bins"),
        convolutions=fields.number("downsample_hidden_size"),
        output=fields.number("output_dim"),
    )
    if shape.hidden % shape.heads:
        fields.refuse(
            "encoder_attention_heads", f"{shape.heads} do not divide a width of {shape.hidden}"
        )
    return shape
