"""A window's media as vLLM takes them, beside what vLLM's own processor would make of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from inference_server.serve.verdict.interface import Picture, Sound, WindowError
from inference_server.serve.verdict.pixels import Patcher
from inference_server.serve.verdict.waves import Ear

Medium = Picture | Sound


@dataclass(frozen=True)
class Features:
    """Makes features with the sizes of one model.

    Attributes:
        processor: vLLM's multi-modal processor of the model.
        pictures: cuts pictures.
        films: cuts films.
        ear: hears.
    """

    processor: Any
    pictures: Patcher
    films: Patcher
    ear: Ear

    @classmethod
    def of(cls, processor: Any, dtype: Any) -> Features:
        """Make them for vLLM's multi-modal processor and torch's type of the model."""
        theirs = processor.info.get_hf_processor()
        return cls(
            processor,
            Patcher(theirs.image_processor, dtype),
            Patcher(theirs.video_processor, dtype),
            Ear(theirs.feature_extractor, dtype),
        )

    def tokens(self, medium: Medium, field: str) -> int:
        """Give how many tokens a medium takes.

        Raises:
            WindowError: it cannot be shown to the model; `field` names it.
        """
        if isinstance(medium, Sound):
            tokens = self.ear.tokens(self.ear.frames(len(medium.samples)))
            if tokens == 0:
                raise WindowError(field, "the sound is empty")
            return tokens
        patcher = self._patcher(medium)
        try:
            pairs, rows, columns = patcher.grid(*medium.pixels.shape[:3])
        except ValueError as error:
            raise WindowError(field, str(error)) from None
        return pairs * rows * columns // int(patcher.processor.merge_size) ** 2

    def item(self, medium: Medium) -> Any:
        """Give vLLM's item of a medium: some ms of work, to be done beside the event loop."""
        from transformers import BatchFeature
        from vllm.multimodal.inputs import MultiModalKwargsItems

        data = BatchFeature(self._data(medium))
        fields = self.processor._get_mm_fields_config(data, {})  # noqa: SLF001 - the model's own
        (item,) = MultiModalKwargsItems.from_hf_inputs(data, fields)[modality(medium)]
        return item

    def _data(self, medium: Medium) -> dict[str, Any]:
        import torch

        if isinstance(medium, Sound):
            mel = self.ear.mel(medium.samples)
            frames = mel.shape[1]
            return {
                "input_audio_features": mel,
                "feature_attention_mask": [torch.ones(frames)],
                "audio_feature_lengths": torch.tensor([frames]),
            }
        patcher = self._patcher(medium)
        grid = torch.tensor([patcher.grid(*medium.pixels.shape[:3])])
        patches = patcher.patches(medium.pixels)
        if medium.kind == "image":
            return {"pixel_values": patches, "image_grid_thw": grid}
        # A frame a second, which is the processor's default.
        seconds = torch.tensor([float(patcher.processor.temporal_patch_size)], dtype=patcher.dtype)
        return {
            "pixel_values_videos": patches,
            "video_grid_thw": grid,
            "second_per_grid_ts": seconds,
            "use_audio_in_video": torch.tensor(data=False),
        }

    def _patcher(self, medium: Picture) -> Patcher:
        return self.pictures if medium.kind == "image" else self.films


def modality(medium: Medium) -> str:
    """Give vLLM's word for the kind of a medium."""
    return "audio" if isinstance(medium, Sound) else medium.kind
