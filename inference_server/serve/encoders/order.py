"""Pictures with pictures, sounds with sounds: so that the encoders get them together.

vLLM's runner groups what lies side by side only, and windows bring picture, sound, picture, sound.
Encodings are stored under the media's hashes, so their order is free. Its second runner (`gpu/mm`)
sorts by itself in the newer versions.
"""

from __future__ import annotations

import functools
from typing import Any

_ATTRIBUTE = "omnicam"


def install() -> None:
    """Sort what a step has to encode by kind; sounds first, whose lengths the host asks for."""
    from vllm.v1.worker.gpu_model_runner import GPUModelRunner

    plain = GPUModelRunner._batch_mm_inputs_from_scheduler  # noqa: SLF001 - no other way in
    if hasattr(plain, _ATTRIBUTE):
        return

    @functools.wraps(plain)
    def sorted_inputs(self: Any, scheduler_output: Any) -> Any:
        made = plain(self, scheduler_output)
        if not getattr(self, "omnicam_sorts", True):
            return made
        hashes, items, *rest = made
        at = sorted(range(len(items)), key=lambda number: items[number][0])
        return tuple([column[number] for number in at] for column in (hashes, items, *rest))

    setattr(sorted_inputs, _ATTRIBUTE, plain)
    GPUModelRunner._batch_mm_inputs_from_scheduler = sorted_inputs  # noqa: SLF001
