"""How fast a verdict can be at best on a device: what no program can beat.

Reading a window takes two operations for each weight that a token meets, and attention's products;
and every weight that is touched must come from memory once. The larger of the two times is the
floor. It knows nothing of launches, scheduling and unfilled kernels: what is measured is longer,
on a fast card many times.

    operations = 2 x patches x ViT matrices + 4 x patches^2 x width x blocks      (each group)
               + 2 x merged patches x mergers
               + 2 x points x sound matrices + 4 x points^2 x width x layers
               + 2 x tokens x (attention + router + active experts)
               + 2 x tokens^2 x heads x head width x layers                       (causal: half)
               + 2 x questions x lm_head
    bytes      = all weights but the embedding (its rows are few)

A written answer is bound by bytes: each token reads attention, router, its own experts, `lm_head`
and the window's KV cache.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from inference_server.model import Component, Matrix, Shape, components
from inference_server.plan.load import Load, kv_bytes_a_token
from inference_server.plan.weights import kept, weights
from inference_server.plan.window import Window
from inference_server.profiles import Profile
from inference_server.recipes import Recipe

_GIGA, _TERA = 1e9, 1e12


@dataclass(frozen=True)
class Floor:
    """The least time on a device, in milliseconds.

    Attributes:
        arithmetic_ms: to compute all verdicts of one new window.
        bandwidth_ms: to read the weights for it.
        first_ms: the larger of both for one question alone.
        verdict_ms: the larger of both for all questions.
        token_ms: one token of a written answer.
    """

    arithmetic_ms: float
    bandwidth_ms: float
    first_ms: float
    verdict_ms: float
    token_ms: float


def floor(shape: Shape, recipe: Recipe, load: Load, profile: Profile) -> Floor:
    """Give the floor of a window on a device."""
    sizes = weights(shape, recipe)
    bandwidth_ms = 1e3 * (sum(sizes.values()) - sizes["embedding"]) / _bandwidth(profile)
    one = replace(load.window, questions=1)
    arithmetic = [
        1e3 * operations(shape, window) / (profile.arithmetic_tflops * _TERA)
        for window in (one, load.window)
    ]
    experts = shape.text.active_experts / kept(shape, recipe)
    read = sizes["attention"] + sizes["router_norms"] + sizes["experts"] * experts
    # A tied model reads its embedding as lm_head.
    read += sizes["embedding"] if shape.text.tied else sizes["lm_head"]
    read += load.window.shared(shape.vision) * kv_bytes_a_token(shape, load.kv_bits)
    return Floor(
        arithmetic_ms=arithmetic[1],
        bandwidth_ms=bandwidth_ms,
        first_ms=max(arithmetic[0], bandwidth_ms),
        verdict_ms=max(arithmetic[1], bandwidth_ms),
        token_ms=1e3 * read / _bandwidth(profile),
    )


def operations(shape: Shape, window: Window) -> float:
    """Operations of reading a new window and answering its questions."""
    parts = components(shape)
    return (
        _vision(shape, parts["vision"], window)
        + _audio(shape, parts["audio"], window)
        + _decoder(shape, parts, window)
    )


def _vision(shape: Shape, part: Component, window: Window) -> float:
    vision = shape.vision
    patches, groups = window.patches(vision), window.groups(vision)
    blocks = sum(matrix.parameters for matrix in part.matrices if not _merges(matrix))
    mergers = sum(matrix.parameters for matrix in part.matrices if _merges(matrix))
    attention = 4 * patches**2 * vision.hidden * vision.layers
    return groups * (2 * patches * blocks + attention + 2 * (patches // vision.merge**2) * mergers)


def _merges(matrix: Matrix) -> bool:
    return matrix.name.startswith("merger")


def _audio(shape: Shape, part: Component, window: Window) -> float:
    points = window.audio_tokens()
    # Sound attends within spans of 8 s; a window is shorter.
    attention = 4 * points**2 * shape.audio.hidden * shape.audio.layers
    return 2 * points * part.linear + attention


def _decoder(shape: Shape, parts: Mapping[str, Component], window: Window) -> float:
    text = shape.text
    active = parts["experts"].linear * text.active_experts / text.experts
    each = parts["attention"].linear + active + text.layers * text.experts * text.hidden
    shared, asked = window.shared(shape.vision), window.question * window.questions
    # Causal attention: a token sees half of its own span on average, and all that came before it.
    pairs = shared**2 / 2 + asked * (shared + window.question / 2)
    attention = 4 * pairs * text.heads * text.head_width * text.layers
    head = text.vocabulary * text.hidden
    return 2 * (shared + asked) * each + attention + 2 * window.questions * head


def _bandwidth(profile: Profile) -> float:
    return profile.bandwidth_gb_s * _GIGA
