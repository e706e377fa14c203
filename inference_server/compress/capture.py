"""Windows through the encoders: what enters the decoder, computed once."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

import torch
from transformers import AutoProcessor, Qwen3OmniMoeThinkerForConditionalGeneration
from transformers.initialization import no_init_weights
from transformers.models.qwen3_omni_moe.configuration_qwen3_omni_moe import (
    Qwen3OmniMoeThinkerConfig,
)

from inference_server import verdicts
from inference_server.compress.errors import CompressError
from inference_server.compress.sequences import Sequences, Span
from inference_server.compress.weights import Weights
from inference_server.compress.window import RATE, Window


def thinker_config(config: Mapping[str, Any]) -> Any:
    """The thinker's part of a config.json, as transformers reads it."""
    return Qwen3OmniMoeThinkerConfig(**deepcopy(dict(config["thinker_config"])))


class Encoders:
    """The model up to its decoder: tokenizer, processor, encoders, embedding.

    Args:
        weights: of `thinker.visual`, `thinker.audio_tower` and the embedding.
        config: the content of config.json.
        folder: where tokenizer and processor are.
    """

    def __init__(self, weights: Weights, config: Mapping[str, Any], folder: Path) -> None:
        made = thinker_config(config)
        made.text_config.num_hidden_layers = 0
        rows = made.text_config.vocab_size
        made.text_config.vocab_size = 1
        with no_init_weights():
            self._model = Qwen3OmniMoeThinkerForConditionalGeneration(made).eval()
        table = weights["thinker.model.embed_tokens.weight"]
        if table.shape[0] != rows:
            raise CompressError(f"the embedding has {table.shape[0]} rows, config.json {rows}")
        self._model.set_input_embeddings(torch.nn.Embedding.from_pretrained(table))
        for part in ("visual", "audio_tower"):
            # Taken as they are read: copied, each part would be in memory twice.
            state = weights.under(f"thinker.{part}.")
            getattr(self._model, part).load_state_dict(state, assign=True)
            weights.close()
        self._processor = AutoProcessor.from_pretrained(folder)
        self._sound_token = made.audio_token_id

    def word(self, text: str) -> int:
        """The number of a word that is one token.

        Raises:
            CompressError: this tokenizer cuts it.
        """
        tokens: list[int] = self._processor.tokenizer.encode(text, add_special_tokens=False)
        if len(tokens) != 1:
            raise CompressError(f"the tokenizer cuts {text!r} into {len(tokens)} tokens")
        return tokens[0]

    def inputs(self, window: Window, question: str) -> dict[str, Any]:
        """What the whole model takes for one question about a window."""
        text = verdicts.prefix(video=window.frames is not None, sound=window.sound is not None)
        media: dict[str, Any] = {}
        if window.frames is not None:
            frames = torch.from_numpy(window.frames).permute(0, 3, 1, 2)
            size = dict(verdicts.PICTURE_SIZE)
            media |= {"videos": [frames], "fps": window.fps, "size": size}
        if window.sound is not None:
            media |= {"audio": [window.sound], "sampling_rate": RATE}
        made = self._processor(text=text + verdicts.suffix(question), return_tensors="pt", **media)
        return dict(made)

    @torch.inference_mode()
    def sequences(
        self, windows: Sequence[Window], questions: Sequence[str]
    ) -> tuple[Sequences, torch.Tensor]:
        """Return the sequences of windows with these questions, and their hidden states."""
        texts = [
            torch.tensor(
                self._processor.tokenizer.encode(verdicts.suffix(each), add_special_tokens=False)
            )
            for each in questions
        ]
        spans: list[Span] = []
        parts: dict[str, list[torch.Tensor]] = {
            name: [] for name in ("hidden", "positions", "visual", "sound", "deepstack")
        }
        start = 0
        for window in windows:
            taken = self._decoder_inputs(self.inputs(window, questions[0]))
            prefix = taken["hidden"].shape[0] - len(texts[0])
            span = Span(start, prefix, tuple(len(text) for text in texts))
            spans.append(span)
            start += span.length
            first = taken["positions"][:, prefix : prefix + 1]
            for name in ("visual", "sound"):
                none = torch.zeros(sum(span.questions), dtype=torch.bool)
                parts[name] += [taken[name][:prefix], none]
            parts["deepstack"].append(taken["deepstack"])
            parts["hidden"].append(taken["hidden"][:prefix])
            parts["positions"].append(taken["positions"][:, :prefix])
            for text in texts:
                parts["hidden"].append(self._model.get_input_embeddings()(text))
                parts["positions"].append(first + torch.arange(len(text)))
        made = Sequences(
            tuple(spans),
            positions=torch.cat(parts["positions"], dim=1),
            visual=torch.cat(parts["visual"]),
            sound=torch.cat(parts["sound"]),
            deepstack=_levels(parts["deepstack"]),
        )
        return made, torch.cat(parts["hidden"])

    def _decoder_inputs(self, inputs: Mapping[str, Any]) -> dict[str, torch.Tensor]:
        with _caught(self._model.model) as caught, contextlib.suppress(_CaughtError):
            self._model(**inputs, use_cache=False)
        hidden = caught["inputs_embeds"][0]
        visual, stack = caught.get("visual_pos_masks"), caught.get("deepstack_visual_embeds")
        none = torch.zeros(hidden.shape[0], dtype=torch.bool)
        levels = torch.zeros(0, 0, hidden.shape[1])
        return {
            "hidden": hidden,
            "positions": caught["position_ids"][-3:, 0].float(),
            "visual": none if visual is None else visual[0],
            "sound": inputs["input_ids"][0] == self._sound_token,
            "deepstack": levels if stack is None else torch.stack(list(stack)),
        }


def _levels(stacks: list[torch.Tensor]) -> torch.Tensor:
    """Join deepstack inputs along tokens; windows without pictures have none."""
    filled = [stack for stack in stacks if stack.shape[0]]
    return torch.cat(filled, dim=1) if filled else stacks[0]


class _CaughtError(Exception):
    """Leaves the model's forward pass once its decoder's inputs are known."""


@contextlib.contextmanager
def _caught(module: torch.nn.Module) -> Iterator[dict[str, Any]]:
    """Take the keyword arguments that a module is called with, and stop there."""
    taken: dict[str, Any] = {}

    def stop(_: torch.nn.Module, __: tuple[Any, ...], arguments: dict[str, Any]) -> None:
        taken.update(arguments)
        raise _CaughtError

    handle = module.register_forward_pre_hook(stop, with_kwargs=True)
    try:
        yield taken
    finally:
        handle.remove()
