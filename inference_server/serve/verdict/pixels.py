"""From pixels to the patches that the picture encoder takes, as the model's own processor does.

The processor of transformers (5.17) takes 9 ms for a picture of 768x768, most of it for going
through float32 three times. Here patches are cut in uint8 and then scaled, to the same numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Patcher:
    """Cuts pictures into patches.

    Attributes:
        processor: of transformers, of pictures or of films; it tells the sizes, and scales what is
            not a multiple of a token's side.
        dtype: torch's type of the result.
    """

    processor: Any
    dtype: Any

    @property
    def side(self) -> int:
        """Pixels along a token's side."""
        return int(self.processor.patch_size * self.processor.merge_size)

    def grid(self, frames: int, height: int, width: int) -> tuple[int, int, int]:
        """Give pairs of frames, rows and columns of patches of a picture of this size.

        Raises:
            ValueError: it is too long for its width.
        """
        from transformers.models.qwen2_vl.image_processing_qwen2_vl import smart_resize

        size, patch = self.processor.size, self.processor.patch_size
        rows, columns = smart_resize(
            height,
            width,
            factor=self.side,
            min_pixels=_edge(size, "shortest_edge"),
            max_pixels=_edge(size, "longest_edge"),
        )
        pairs = -(-frames // self.processor.temporal_patch_size)
        return pairs, rows // patch, columns // patch

    def patches(self, pixels: NDArray[np.uint8]) -> Any:
        """Give [patches, 3 * 2 * 16 * 16] of a picture or film uint8 [frames, height, width, 3]."""
        import torch

        pairs, rows, columns = self.grid(*pixels.shape[:3])
        patch, merge = self.processor.patch_size, self.processor.merge_size
        depth = self.processor.temporal_patch_size
        planes = torch.from_numpy(np.ascontiguousarray(pixels.transpose(0, 3, 1, 2)))
        if planes.shape[2:] != (rows * patch, columns * patch):
            planes = self._scaled(planes)
        # A picture is a film of twice itself: the copies are made last.
        twice = depth if len(planes) == 1 else 1
        missing = 0 if twice > 1 else -len(planes) % depth
        if missing:
            planes = torch.cat([planes, planes[-1:].expand(missing, -1, -1, -1)])
        cut = planes.view(
            pairs,
            depth // twice,
            3,
            rows // merge,
            merge,
            patch,
            columns // merge,
            merge,
            patch,
        ).permute(0, 3, 6, 4, 7, 2, 1, 5, 8)
        flat = cut.reshape(pairs * rows * columns, 3, depth // twice, patch * patch).float()
        mean, deviation = self._normal()
        scaled = flat.sub_(mean).div_(deviation).to(self.dtype)
        return scaled.expand(-1, -1, depth, -1).reshape(len(flat), -1)

    def _scaled(self, planes: Any) -> Any:
        batch = planes[None] if self._film else planes
        made = self.processor.resize(
            batch, size=self.processor.size, resample=self.processor.resample, factor=self.side
        )
        return made[0] if self._film else made

    @property
    def _film(self) -> bool:
        return "pixel_values_videos" in self.processor.model_input_names

    def _normal(self) -> tuple[Any, Any]:
        """Give mean and deviation of pixel values, [1, 3, 1, 1], as the processor has them."""
        import torch

        scale = 1.0 / self.processor.rescale_factor
        values: Sequence[Any] = (self.processor.image_mean, self.processor.image_std)
        mean, deviation = (torch.tensor(value).float() * scale for value in values)
        return mean.view(1, -1, 1, 1), deviation.view(1, -1, 1, 1)


def _edge(size: Any, name: str) -> int:
    return int(size[name] if isinstance(size, dict) else getattr(size, name))
