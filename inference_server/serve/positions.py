"""The places of a window's tokens, worked out once for all of its questions.

vLLM works out the three-dimensional places (M-RoPE) of a prompt's tokens for each request, in
Python: 0.5 ms, nine times a window. They hang on where the pictures and the sound lie and how large
they are, and on no word: nine questions about a window differ in the length of the text after the
last of them, whose places go on one by one.
"""

from __future__ import annotations

import functools
from collections import OrderedDict
from typing import Any

_ATTRIBUTE = "omnicam"
_MOST = 256
"""Windows whose places are kept; one takes some 30 kB."""


def install() -> None:
    """Put it into vLLM's model class; called by the plug-in, more than once in some processes."""
    import vllm.model_executor.models.qwen3_omni_moe_thinker as thinker

    model = thinker.Qwen3OmniMoeThinkerForConditionalGeneration
    plain = model.get_mrope_input_positions
    if hasattr(plain, _ATTRIBUTE):
        return

    @functools.wraps(plain)
    def positions(self: Any, input_tokens: list[int], mm_features: list[Any]) -> tuple[Any, int]:
        key, end = window(mm_features)
        length = len(input_tokens)
        if length <= end or not key:  # no text comes after the media, or there are none
            return plain(self, input_tokens, mm_features)  # type: ignore[no-any-return]
        known: OrderedDict[Any, Any] = self.__dict__.setdefault(_ATTRIBUTE, OrderedDict())
        if key not in known:
            known[key] = plain(self, input_tokens, mm_features)[0]
            while len(known) > _MOST:
                known.popitem(last=False)
        known.move_to_end(key)
        places = known[key] = longer(known[key], length)
        return places[:, :length], int(places[0, length - 1]) + 1 - length

    setattr(positions, _ATTRIBUTE, plain)
    model.get_mrope_input_positions = positions


def window(mm_features: list[Any]) -> tuple[tuple[Any, ...], int]:
    """Give what the places of a prompt hang on beside its length, and where its last media end.

    Args:
        mm_features: vLLM's `MultiModalFeatureSpec`s; `identifier` is the hash of the content.
    """
    spans = [
        (each.modality, each.identifier, each.mm_position.offset, each.mm_position.length)
        for each in mm_features
    ]
    return tuple(spans), max((offset + length for *_, offset, length in spans), default=0)


def longer(places: Any, length: int) -> Any:
    """Give places of at least so many tokens: text goes on one by one, in all three rows.

    Args:
        places: a tensor of shape (3, tokens) that ends with text.
        length: tokens wanted.
    """
    import torch

    more = length - places.shape[1]
    if more <= 0:
        return places
    tail = places[:, -1:] + torch.arange(1, more + 1, dtype=places.dtype)
    return torch.cat((places, tail), dim=1)
