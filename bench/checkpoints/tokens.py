"""A byte-level tokenizer in Qwen's style and the processor around it, trained on one text."""

from __future__ import annotations

import json
from typing import Any

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers
from tokenizers.trainers import BpeTrainer
from transformers import (
    Qwen2Tokenizer,
    Qwen2VLImageProcessor,
    Qwen2VLVideoProcessor,
    Qwen3OmniMoeProcessor,
    WhisperFeatureExtractor,
)

SPECIAL = (
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<|vision_start|>",
    "<|vision_end|>",
    "<|image_pad|>",
    "<|video_pad|>",
    "<|audio_start|>",
    "<|audio_end|>",
    "<|audio_pad|>",
    "<tts_pad>",
    "<tts_text_bos>",
    "<tts_text_eod>",
    "<tts_text_bos_single>",
)

# What must become one token each, as it is one in Qwen's vocabulary, and ordinary words around it.
TEXT = (
    "system\nuser\nassistant\nYes\nNo\nyes\nno\n"
    "A system for a user, an assistant. Yes or yes, No or no. Answer with Yes or No only. "
    "You watch over a home. Look at the video and listen to the sound. Is somebody climbing over "
    "a fence or a wall? Has a person fallen to the floor? Is there smoke or fire? Do people fight? "
    "Does somebody hold a weapon or a knife? Is the camera covered or turned away? Does somebody "
    "scream or does glass break? Does somebody linger at night in a place that is closed? "
)

# As Qwen2 splits text before merging: contractions, words, single digits, signs, white space.
WORDS = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}|"
    r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)

CHAT_TEMPLATE = """\
{%- set pads = {
  'image': '<|vision_start|><|image_pad|><|vision_end|>',
  'video': '<|vision_start|><|video_pad|><|vision_end|>',
  'audio': '<|audio_start|><|audio_pad|><|audio_end|>',
} -%}
{%- for message in messages -%}
<|im_start|>{{ message.role }}
{% if message.content is string -%}
{{ message.content }}
{%- else -%}
{%- for part in message.content -%}
{%- if part.type == 'text' -%}{{ part.text }}
{%- elif part.type in ('image', 'image_url') -%}{{ pads.image }}
{%- elif part.type in ('video', 'video_url') -%}{{ pads.video }}
{%- elif part.type in ('audio', 'audio_url', 'input_audio') -%}{{ pads.audio }}
{%- endif -%}
{%- endfor -%}
{%- endif -%}
<|im_end|>
{% endfor -%}
{%- if add_generation_prompt -%}
<|im_start|>assistant
{% endif -%}
"""


def tokenizer() -> Any:
    """Return a Qwen2 tokenizer of fewer than 640 tokens; the same on every call."""
    trained = Tokenizer(models.BPE())
    trained.normalizer = normalizers.NFC()
    trained.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(WORDS), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    trained.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = BpeTrainer(vocab_size=600, initial_alphabet=alphabet, show_progress=False)
    trained.train_from_iterator([TEXT] * 10, trainer)
    table = json.loads(trained.to_str())["model"]
    made = Qwen2Tokenizer(
        vocab=table["vocab"],
        merges=[tuple(pair) for pair in table["merges"]],
        unk_token=None,
        bos_token=None,
        eos_token="<|im_end|>",  # noqa: S106 - a mark, no secret
        pad_token="<|endoftext|>",  # noqa: S106
        extra_special_tokens={
            "image_token": "<|image_pad|>",
            "video_token": "<|video_pad|>",
            "audio_token": "<|audio_pad|>",
            "vision_bos_token": "<|vision_start|>",
            "vision_eos_token": "<|vision_end|>",
            "audio_bos_token": "<|audio_start|>",
            "audio_eos_token": "<|audio_end|>",
        },
    )
    special = [AddedToken(token, special=True, normalized=False) for token in SPECIAL]
    made.add_tokens(special, special_tokens=True)
    made.model_max_length = 32768
    return made


def processor(made: Any) -> Any:
    """Return the model's processor around a tokenizer: pictures, videos, 16 kHz sound."""
    pictures: dict[str, Any] = {
        "patch_size": 16,
        "temporal_patch_size": 2,
        "merge_size": 2,
        "image_mean": [0.5] * 3,
        "image_std": [0.5] * 3,
    }
    return Qwen3OmniMoeProcessor(
        image_processor=Qwen2VLImageProcessor(
            **pictures, size={"shortest_edge": 3136, "longest_edge": 12845056}
        ),
        video_processor=Qwen2VLVideoProcessor(
            **pictures, size={"shortest_edge": 128 * 32 * 32, "longest_edge": 768 * 32 * 32}
        ),
        feature_extractor=WhisperFeatureExtractor(
            feature_size=128,
            sampling_rate=16000,
            hop_length=160,
            n_fft=400,
            chunk_length=30,
            return_attention_mask=True,
        ),
        tokenizer=made,
        chat_template=CHAT_TEMPLATE,
    )
