"""The plan as people read it: one column a recipe, then what was measured."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from inference_server.plan import measured
from inference_server.plan.fit import SYSTEM_BYTES, Candidate
from inference_server.plan.load import kv_bytes_a_token
from inference_server.plan.report import Plan, gb
from inference_server.recipes import Recipe

_TITLES = {
    "experts": "experts",
    "attention": "attention",
    "router_norms": "router, norms",
    "embedding": "embedding",
    "lm_head": "lm_head",
    "vision": "picture encoder (ViT)",
    "audio": "sound encoder",
    "kv_cache": "KV cache",
    "activations": "activations",
    "graphs": "CUDA graphs",
}
_TITLE_WIDTH = 26
_FIGURE_WIDTH = 13


def render(plan: Plan) -> str:
    """Give the whole text."""
    parts = [_head(plan)]
    if plan.candidates:
        parts.append(_bytes(plan))
        parts.append(_floors(plan))
        parts.append(_measured(plan))
    parts += [f"{name} does not suit this model: {why}" for name, why in plan.unsuited.items()]
    parts.append(plan.verdict)
    return "\n\n".join(part for part in parts if part)


def _head(plan: Plan) -> str:
    profile, load, window = plan.profile, plan.load, plan.load.window
    vision, text = plan.shape.vision, plan.shape.text
    pictures = f"1 picture {window.side}x{window.side}"
    if window.frames > 1:
        pictures = f"{window.frames} pictures {window.side}x{window.side}, in pairs"
    kv = load.kv_tokens(plan.shape)
    return (
        f"{profile.title}: {profile.usable_gb:g} GB usable, of which "
        f"{gb(SYSTEM_BYTES[profile.unified])} GB stay for the system; {profile.bandwidth_gb_s:g} "
        f"GB/s; {profile.arithmetic_tflops:g} TFLOPS in dense bf16\n"
        f"A window: {pictures} = {window.vision_tokens(vision)} tokens, {window.audio_s:g} s of "
        f"sound = {window.audio_tokens()}, text {window.text}, {window.questions} questions of "
        f"{window.question}; {kv // load.windows} tokens of KV cache\n"
        f"{load.windows} at a time: {kv} tokens of {kv_bytes_a_token(plan.shape, load.kv_bits)} "
        f"bytes; the model has {text.experts} experts a layer; GB are 10^9 bytes"
    )


def _bytes(plan: Plan) -> str:
    rows: list[tuple[str, Callable[[Candidate], str]]] = [
        ("experts a layer", lambda candidate: str(candidate.experts)),
        ("bits (experts/attention)", lambda candidate: _decoder_bits(candidate.recipe)),
        ("bits (ViT/sound/emb/head)", lambda candidate: _other_bits(candidate.recipe)),
    ]
    rows += [(title, _part(name)) for name, title in _TITLES.items()]
    rows += [
        ("weights", lambda candidate: gb(candidate.weights)),
        ("total", lambda candidate: gb(candidate.total)),
        ("left for the system", lambda candidate: gb(candidate.left)),
        ("fits", _fits),
        ("measured", _was_measured(plan)),
    ]
    return _table("GB", plan, rows)


def _floors(plan: Plan) -> str:
    rows: list[tuple[str, Callable[[Candidate], str]]] = [
        ("arithmetic", lambda candidate: f"{candidate.floor.arithmetic_ms:.1f}"),
        ("bandwidth", lambda candidate: f"{candidate.floor.bandwidth_ms:.1f}"),
        ("first verdict", lambda candidate: f"{candidate.floor.first_ms:.1f}"),
        ("all verdicts", lambda candidate: f"{candidate.floor.verdict_ms:.1f}"),
        ("a token of an answer", lambda candidate: f"{candidate.floor.token_ms:.1f}"),
    ]
    return _table("floor of a window, ms", plan, rows)


def _measured(plan: Plan) -> str:
    blocks = []
    for run in measured.runs(plan.shape):
        recipe, setup = run.recipe, run.setup
        names = [
            candidate.recipe.name
            for candidate in plan.candidates
            if measured.contents(candidate.recipe) == measured.contents(recipe)
        ]
        head = (
            f"measured on {run.device}, vLLM {run.vllm}: {recipe.experts} experts, bits "
            f"{_decoder_bits(recipe)} and {_other_bits(recipe)}"
            f"{''.join(f' ({name})' for name in names)}\n"
            f"with {gb(run.kv_bytes)} GB of KV cache, {setup.batched_tokens} batched tokens, "
            f"{'CUDA graphs' if setup.graphs else 'no CUDA graphs'}"
        )
        lines = [head, _row("GB", ("predicted", "measured", "difference"))]
        lines += [
            _row(row.name, (gb(row.predicted), gb(row.measured), f"{row.percent:+.1f} %"))
            for row in measured.compare(plan.shape, run)
            if row.name in measured.TOTALS or names
        ]
        lines += [_latency(latency) for latency in run.latency]
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks)


def _latency(latency: measured.Latency) -> str:
    frames, side = latency.window["frames"], latency.window["side"]
    times = {
        "first verdict": latency.first_ms,
        "all nine": latency.nine_ms,
        "96-token answer": latency.answer_ms,
    }
    said = ", ".join(f"{name} {ms:.0f}" for name, ms in times.items() if ms is not None)
    return f"ms, {frames} x {side}x{side}, {latency.tokens} tokens: {said}"


def _was_measured(plan: Plan) -> Callable[[Candidate], str]:
    """Say for which recipes figures from a GPU stand below."""
    return lambda candidate: (
        "none" if measured.of(plan.shape, candidate.recipe) is None else "below"
    )


def _part(name: str) -> Callable[[Candidate], str]:
    return lambda candidate: gb(candidate.parts[name])


def _decoder_bits(recipe: Recipe) -> str:
    return f"{recipe.expert_bits}/{recipe.attention_bits}"


def _other_bits(recipe: Recipe) -> str:
    bits = (recipe.vision_bits, recipe.audio_bits, recipe.embedding_bits, recipe.head_bits)
    return "/".join(str(number) for number in bits)


def _fits(candidate: Candidate) -> str:
    if not candidate.fits:
        return "no"
    return "tight" if candidate.tight else "yes"


def _table(title: str, plan: Plan, rows: Iterable[tuple[str, Callable[[Candidate], str]]]) -> str:
    lines = [_row(title, (candidate.recipe.name for candidate in plan.candidates))]
    lines += [
        _row(name, (figure(candidate) for candidate in plan.candidates)) for name, figure in rows
    ]
    return "\n".join(lines)


def _row(title: str, cells: Iterable[str]) -> str:
    return f"{title:<{_TITLE_WIDTH}}" + "".join(f"{cell:>{_FIGURE_WIDTH}}" for cell in cells)
