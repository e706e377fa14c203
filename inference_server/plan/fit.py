"""Which recipe a device can have: the table of all, and the best that fits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from inference_server.model import Shape
from inference_server.plan.floor import Floor, floor
from inference_server.plan.load import Load
from inference_server.plan.memory import beside, held_back
from inference_server.plan.weights import kept, part_bits, weights
from inference_server.profiles import Profile
from inference_server.recipes import RECIPES, Recipe

SYSTEM_BYTES: Mapping[bool, int] = MappingProxyType({True: 2_800_000_000, False: 1_000_000_000})
"""What must be left, by whether memory is shared with the CPU.

A card of its own: CUDA's context and loaded kernels, 0.8 GB on the H100 without graphs, 1.0 with.
Shared: these, and the server's processes 1.34 GB (vLLM's API 0.67 GiB and engine 0.58 GiB, measured
idle on a CPU), and the node about 0.46 GB (main process, one worker, the pose process).
"""


@dataclass(frozen=True)
class Candidate:
    """A recipe on a device.

    Attributes:
        recipe: which.
        experts: experts left in each layer of this model.
        parts: bytes of each component, KV cache, activations and graphs.
        left: bytes of the device's usable memory that stay free for the system.
        fits: whether that is enough.
        tight: whether it is no longer enough once torch holds back what it did when measured.
        floor: the least time of a verdict.
    """

    recipe: Recipe
    experts: int
    parts: Mapping[str, int]
    left: int
    fits: bool
    tight: bool
    floor: Floor

    @property
    def weights(self) -> int:
        """Bytes of the weights."""
        return sum(size for name, size in self.parts.items() if name in part_bits(self.recipe))

    @property
    def total(self) -> int:
        """Bytes of everything the model takes."""
        return sum(self.parts.values())


def uncompressed(shape: Shape) -> Recipe:
    """The model as it is published: a plan for it needs no compressor."""
    return Recipe("bf16", shape.text.experts, 16, 16, 16, 16, 16, 16)


def recipes(shape: Shape) -> Mapping[str, Recipe]:
    """All recipes by name, the model as it is first."""
    whole = uncompressed(shape)
    return MappingProxyType({whole.name: whole, **RECIPES})


def consider(shape: Shape, recipe: Recipe, load: Load, profile: Profile) -> Candidate:
    """Count a recipe's bytes on a device.

    Raises:
        PlanError: the recipe does not suit this model.
    """
    more = beside(shape, load)
    parts = {
        **weights(shape, recipe),
        "kv_cache": more.kv_cache,
        "activations": more.activations,
        "graphs": more.graphs,
    }
    system = SYSTEM_BYTES[profile.unified]
    left = round(profile.usable_gb * 1e9) - sum(parts.values())
    return Candidate(
        recipe=recipe,
        experts=kept(shape, recipe),
        parts=MappingProxyType(parts),
        left=left,
        fits=left >= system,
        tight=system <= left < system + held_back(load.setup),
        floor=floor(shape, recipe, load, profile),
    )


def best(candidates: tuple[Candidate, ...]) -> Candidate | None:
    """Give the one that keeps most: experts first, then their bits, then all other bits."""
    fitting = [candidate for candidate in candidates if candidate.fits]
    return max(fitting, key=_kept, default=None)


def _kept(candidate: Candidate) -> tuple[int, int, int]:
    bits = part_bits(candidate.recipe)
    return candidate.experts, bits["experts"], sum(bits.values())
