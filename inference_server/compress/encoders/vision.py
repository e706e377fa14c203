"""The picture encoder: heads left out and the rest fitted, padded, and rounded to eight bits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from transformers import AutoProcessor
from transformers.initialization import no_init_weights
from transformers.models.qwen3_omni_moe.configuration_qwen3_omni_moe import (
    Qwen3OmniMoeVisionEncoderConfig,
)
from transformers.models.qwen3_omni_moe.modeling_qwen3_omni_moe import Qwen3OmniMoeVisionEncoder

from inference_server import verdicts
from inference_server.compress.encoders.distill import Pictures, prune_heads
from inference_server.compress.encoders.int8 import BITS
from inference_server.compress.encoders.packed import groups, ignored, written
from inference_server.compress.encoders.padding import padded, padded_width
from inference_server.compress.errors import CompressError

if TYPE_CHECKING:
    from pathlib import Path

    from inference_server.compress.source import Source
    from inference_server.compress.weights import Weights
    from inference_server.compress.window import Window
    from inference_server.recipes import Recipe

MODULES = (
    r".*visual\.blocks\.\d+\.(attn\.(qkv|proj)|mlp\.linear_fc[12])",
    r".*visual\.merger(_list\.\d+)?\.mlp\.[02]",
)
# As many windows distil: at full size each costs about 10^13 operations.
MOST = 32


@dataclass(frozen=True)
class Vision:
    """The part under `thinker.visual`."""

    name: str = "vision"
    prefix: str = "thinker.visual."

    def convert(
        self,
        source: Source,
        weights: Weights,
        recipe: Recipe,
        windows: Sequence[Window],
        report: dict[str, Any],
    ) -> Iterator[tuple[str, torch.Tensor]]:
        """Yield the encoder's tensors for the target, by full name.

        Raises:
            CompressError: heads are to be left out, and fewer than two windows have pictures.
        """
        config = source.config["thinker_config"]["vision_config"]
        state = {name: weights.raw(name) for name in source.names(self.prefix)}
        if recipe.heads_left_out:
            shown = _evenly([each for each in windows if each.frames is not None])
            encoder = load(config, {_own(name): state[name].float() for name in state})
            made = prune_heads(encoder, pictures(source.folder, shown), recipe.heads_left_out)
            report |= {
                "heads_left_out": [list(heads) for heads in made.left_out],
                "relative_error_of_zeroing": round(made.error_before, 5),
                "relative_error_after_distillation": round(made.error, 5),
                "windows": len(shown),
            }
            fitted = encoder.state_dict()
            state = {name: fitted[_own(name)].to(state[name].dtype) for name in state}
        if recipe.vision_bits == BITS:
            state = padded(state, config["intermediate_size"])
        yield from written(iter(state.items()), MODULES, recipe.vision_bits)

    def configure(self, config: dict[str, Any], recipe: Recipe) -> None:
        """The MLPs' width is one that kernels take."""
        if recipe.vision_bits == BITS:
            vision = config["thinker_config"]["vision_config"]
            vision["intermediate_size"] = padded_width(vision["intermediate_size"])

    def groups(self, recipe: Recipe) -> Mapping[str, Any]:
        """One group of eight bits."""
        return groups(self.name, MODULES, recipe.vision_bits)

    def ignored(self, recipe: Recipe) -> Sequence[str]:
        """All its matrices where they stay as they are."""
        return ignored(MODULES, recipe.vision_bits)


def load(config: Mapping[str, Any], state: Mapping[str, torch.Tensor]) -> Any:
    """The picture encoder of transformers with these weights, in float32."""
    with no_init_weights():
        encoder = Qwen3OmniMoeVisionEncoder(
            Qwen3OmniMoeVisionEncoderConfig(**deepcopy(dict(config)))
        )
    encoder.load_state_dict(dict(state))
    return encoder.float().eval().requires_grad_(requires_grad=False)


def pictures(folder: Path, windows: Sequence[Window]) -> list[Pictures]:
    """What the encoder takes for windows, by the checkpoint's own processor.

    Raises:
        CompressError: fewer than two windows have pictures.
    """
    shown = [window.frames for window in windows if window.frames is not None]
    if len(shown) < 2:
        raise CompressError(
            f"{len(shown)} calibration windows have pictures; leaving heads out takes two or more"
        )
    processor = AutoProcessor.from_pretrained(folder).video_processor
    size = dict(verdicts.PICTURE_SIZE)
    made = []
    for frames in shown:
        films = [torch.from_numpy(frames).permute(0, 3, 1, 2)]
        taken = processor(videos=films, size=size, return_tensors="pt")
        made.append(Pictures(taken["pixel_values_videos"].float(), taken["video_grid_thw"]))
    return made


def _evenly(windows: Sequence[Window]) -> Sequence[Window]:
    return windows[:: -(-len(windows) // MOST)] if windows else windows


def _own(name: str) -> str:
    return name.removeprefix("thinker.visual.")
