"""A plan: every recipe on a device, which is best, and the measured figures; JSON-ready.

The JSON of `plan --json`, version 1; bytes are whole numbers, times are milliseconds:

    version         1
    profile         name, title, usable_bytes, system_bytes (what must stay free), bandwidth_gb_s,
                    arithmetic_tflops
    model           parameters, experts, layers
    load            windows, window (frames, side, audio_s, text, question, questions), tokens
                    (vision, audio, shared, kv), kv_bits, kv_bytes_a_token, batched_tokens,
                    sequences, graphs
    chosen          name of the best recipe that fits, or null
    verdict         the same in a sentence
    recipes         list: recipe (its contents), experts, bytes (of each part), weights, total,
                    left, fits, tight, floor (arithmetic_ms, bandwidth_ms, first_ms, verdict_ms,
                    token_ms), measured (as in runs, or null: that recipe was never measured)
    unsuited        list: recipe, why
    runs            all that was measured, for the published model: device, vllm, source, recipe,
                    kv_bytes, batched_tokens, sequences, encoder_tokens, graphs, reserved, figures
                    (list: name, predicted, measured, percent), latency (list)

A run is compared with the prediction for its own setup, which need not be the load above.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from inference_server.model import Shape, components
from inference_server.plan import measured
from inference_server.plan.errors import PlanError
from inference_server.plan.fit import SYSTEM_BYTES, Candidate, best, consider, recipes
from inference_server.plan.load import Load, kv_bytes_a_token
from inference_server.plan.memory import held_back
from inference_server.profiles import Profile
from inference_server.recipes import Recipe

VERSION = 1


@dataclass(frozen=True)
class Plan:
    """Every recipe on one device.

    Attributes:
        shape: the model.
        profile: the device.
        load: what it is asked to hold.
        candidates: the recipes that suit the model, those that keep most first.
        unsuited: name of a recipe, and why it does not suit the model.
        chosen: the best that fits.
    """

    shape: Shape
    profile: Profile
    load: Load
    candidates: tuple[Candidate, ...]
    unsuited: Mapping[str, str]
    chosen: Candidate | None

    @property
    def verdict(self) -> str:
        """Say in a sentence what fits, or that nothing does and why."""
        windows = f"{self.load.windows} window" + "s" * (self.load.windows != 1)
        if self.chosen is not None:
            said = (
                f"{self.chosen.recipe.name} fits {self.profile.name} with {windows}: "
                f"{gb(self.chosen.total)} GB, and {gb(self.chosen.left)} GB stay for the system"
            )
            if self.chosen.tight:
                held = gb(held_back(self.load.setup))
                said += f"; that is tight, for torch may hold back {held} GB more"
            return said
        if not self.candidates:
            return f"nothing fits {self.profile.name}: no recipe suits this model"
        least = min(self.candidates, key=lambda candidate: candidate.total)
        system = SYSTEM_BYTES[self.profile.unified]
        return (
            f"nothing fits {self.profile.name} with {windows}: {least.recipe.name} takes "
            f"{gb(least.total)} GB and the system {gb(system)} of {self.profile.usable_gb:g} GB; "
            "choose a larger --profile, fewer --windows or a smaller --recipe"
        )


def make(shape: Shape, profile: Profile, load: Load, only: Recipe | None = None) -> Plan:
    """Count every recipe, or `only` one, on a device."""
    chosen = (only,) if only is not None else tuple(recipes(shape).values())
    candidates: list[Candidate] = []
    unsuited: dict[str, str] = {}
    for recipe in chosen:
        try:
            candidates.append(consider(shape, recipe, load, profile))
        except PlanError as error:
            unsuited[recipe.name] = str(error)
    found = tuple(candidates)
    return Plan(shape, profile, load, found, unsuited, best(found))


def as_json(plan: Plan) -> dict[str, Any]:
    """Give the plan in the shape that this module's docstring tells."""
    profile, load, vision = plan.profile, plan.load, plan.shape.vision
    return {
        "version": VERSION,
        "profile": {
            "name": profile.name,
            "title": profile.title,
            "usable_bytes": round(profile.usable_gb * 1e9),
            "system_bytes": SYSTEM_BYTES[profile.unified],
            "bandwidth_gb_s": profile.bandwidth_gb_s,
            "arithmetic_tflops": profile.arithmetic_tflops,
        },
        "model": {
            "parameters": sum(part.parameters for part in components(plan.shape).values()),
            "experts": plan.shape.text.experts,
            "layers": plan.shape.text.layers,
        },
        "load": {
            "windows": load.windows,
            "window": asdict(load.window),
            "tokens": {
                "vision": load.window.vision_tokens(vision),
                "audio": load.window.audio_tokens(),
                "shared": load.window.shared(vision),
                "kv": load.kv_tokens(plan.shape),
            },
            "kv_bits": load.kv_bits,
            "kv_bytes_a_token": kv_bytes_a_token(plan.shape, load.kv_bits),
            **asdict(load.setup),
        },
        "chosen": None if plan.chosen is None else plan.chosen.recipe.name,
        "verdict": plan.verdict,
        "recipes": [_candidate(plan.shape, candidate) for candidate in plan.candidates],
        "unsuited": [{"recipe": name, "why": why} for name, why in plan.unsuited.items()],
        "runs": [_run(plan.shape, run) for run in measured.runs(plan.shape)],
    }


def gb(size: float) -> str:
    """Print bytes in GB (10^9) with two digits."""
    return f"{size / 1e9:.2f}"


def _candidate(shape: Shape, candidate: Candidate) -> dict[str, Any]:
    return {
        "recipe": asdict(candidate.recipe),
        "experts": candidate.experts,
        "bytes": dict(candidate.parts),
        "weights": candidate.weights,
        "total": candidate.total,
        "left": candidate.left,
        "fits": candidate.fits,
        "tight": candidate.tight,
        "floor": {name: round(value, 2) for name, value in asdict(candidate.floor).items()},
        "measured": _measured(shape, candidate),
    }


def _measured(shape: Shape, candidate: Candidate) -> dict[str, Any] | None:
    run = measured.of(shape, candidate.recipe)
    if run is None:
        return None
    return _run(shape, run)


def _run(shape: Shape, run: measured.Run) -> dict[str, Any]:
    return {
        "device": run.device,
        "vllm": run.vllm,
        "source": run.source,
        "recipe": measured.contents(run.recipe),
        "kv_bytes": run.kv_bytes,
        **asdict(run.setup),
        "reserved": run.reserved,
        "figures": [
            {**asdict(row), "percent": round(row.percent, 2)}
            for row in measured.compare(shape, run)
        ],
        "latency": [asdict(latency) for latency in run.latency],
    }
