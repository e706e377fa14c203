"""From a device and a checkpoint to vLLM's options."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference_server.model import PUBLISHED
from inference_server.plan.fit import SYSTEM_BYTES, uncompressed
from inference_server.plan.load import Load
from inference_server.plan.weights import weights
from inference_server.plan.window import Window
from inference_server.profiles import PROFILES
from inference_server.recipes import RECIPES, Recipe
from inference_server.serve.arguments import Listen, arguments
from inference_server.serve.checkpoint import Checkpoint
from inference_server.serve.errors import ServeError
from inference_server.serve.options import GUARD, SERVING, Engine, engine, requests_at_a_time

ROOT = Path(__file__).parents[3]
LISTEN = Listen("127.0.0.1", 8000, "qwen3-omni")
FITTING = {
    "orin-nx-16gb": RECIPES["recommended"],
    "orin-agx-64gb": RECIPES["full-w4"],
    "rtx-4090": RECIPES["full-w4"],
    "h100": uncompressed(PUBLISHED),
    "cluster": uncompressed(PUBLISHED),
}


def checkpoint(recipe: Recipe) -> Checkpoint:
    experts = min(recipe.experts, PUBLISHED.text.experts)
    return Checkpoint(
        folder=Path("/models/omni"),
        shape=PUBLISHED.with_experts(experts),
        weights=sum(weights(PUBLISHED, recipe).values()),
        packed=frozenset(),
        recipe=recipe.name,
    )


def options(made: tuple[str, ...]) -> dict[str, str]:
    """Give the options by name; of a repeated one the last."""
    pairs = zip(made, (*made[1:], ""), strict=True)
    return {name: value for name, value in pairs if name.startswith("--")}


def test_every_profile_says_how_it_is_served() -> None:
    assert set(SERVING) == set(PROFILES)


@pytest.mark.parametrize("name", FITTING)
def test_what_the_plan_says_fits_is_served(name: str) -> None:
    profile, found = PROFILES[name], checkpoint(FITTING[name])
    chosen = engine(profile, found, gpus=profile.gpus)
    assert chosen.windows >= Load().windows
    usable = profile.usable_gb * 1e9 - SYSTEM_BYTES[profile.unified]
    assert chosen.bytes_needed <= usable
    # All nine questions of all windows go in one batch, and a whole verdict's prefill is a graph.
    assert chosen.sequences >= 9 * chosen.windows
    for window in (Window(), Window(frames=4, side=448), Window(frames=8, side=448)):
        tokens = window.shared(PUBLISHED.vision) + window.question
        padded = min(size for size in chosen.graph_sizes if size >= tokens)
        assert padded <= 1.25 * tokens
        assert tokens <= chosen.context
    assert max(chosen.graph_sizes) <= chosen.batched_tokens
    # vLLM's own default of 4 GiB in two processes would be half of a Jetson's memory.
    assert 2 * chosen.media_gib * 2**30 < 0.2 * profile.usable_gb * 1e9
    made = options(arguments(found, chosen, LISTEN))
    assert "--enable-prefix-caching" in made
    assert "--enforce-eager" not in made
    graphs = json.loads(made["--compilation-config"])["cudagraph_capture_sizes"]
    assert graphs == list(chosen.graph_sizes)


@pytest.mark.parametrize("name", ["orin-nx-16gb", "orin-agx-64gb"])
def test_where_memory_is_shared_the_cache_has_a_fixed_size(name: str) -> None:
    found = checkpoint(FITTING[name])
    chosen = engine(PROFILES[name], found)
    made = options(arguments(found, chosen, LISTEN))
    tokens = int(made["--kv-cache-memory-bytes"]) // 98_304
    # vLLM starts only where one request of full length fits beside a block of its own.
    assert tokens > max(chosen.context, chosen.windows * Window().kv_tokens(PUBLISHED.vision))
    assert float(made["--gpu-memory-utilization"]) <= 0.7
    card = engine(PROFILES["rtx-4090"], checkpoint(FITTING["rtx-4090"]))
    assert "--kv-cache-memory-bytes" not in options(arguments(found, card, LISTEN))


def test_a_cpu_computes_eagerly() -> None:
    tiny = Checkpoint(Path("/models/tiny"), PUBLISHED, 10_000_000, frozenset(), None)
    chosen = engine(PROFILES["cpu"], tiny)
    made = options(arguments(tiny, chosen, LISTEN))
    assert "--enforce-eager" in made
    assert "--compilation-config" not in made


def test_what_does_not_fit_is_refused_with_the_way_out() -> None:
    with pytest.raises(ServeError, match=r"13\.\d.*11\.20.*smaller recipe.*plan --profile"):
        engine(PROFILES["orin-nx-16gb"], checkpoint(RECIPES["half-w4"]))
    found = checkpoint(RECIPES["recommended"])
    with pytest.raises(ServeError, match="fewer --windows"):
        engine(PROFILES["orin-nx-16gb"], found, windows=60)
    assert engine(PROFILES["orin-nx-16gb"], found, windows=2).windows == 2


def test_a_smaller_share_of_a_card_must_do_too() -> None:
    found = checkpoint(RECIPES["full-w4"])
    chosen = engine(PROFILES["rtx-4090"], found, share=0.85)
    assert options(arguments(found, chosen, LISTEN))["--gpu-memory-utilization"] == "0.85"
    with pytest.raises(ServeError, match="does not fit"):
        engine(PROFILES["rtx-4090"], found, share=0.7)
    with pytest.raises(ServeError, match="--share"):
        engine(PROFILES["orin-agx-64gb"], found, share=0.7)


def test_fewer_windows_where_memory_does_not_suffice_for_all() -> None:
    profile, full = PROFILES["orin-agx-64gb"], checkpoint(RECIPES["full-w4"])
    room = round(profile.usable_gb * 1e9) - SYSTEM_BYTES[True]
    most = engine(profile, full, context=1024)
    spare = room - most.bytes_needed
    exact = Checkpoint(full.folder, full.shape, full.weights + spare, full.packed, None)
    assert engine(profile, exact, context=1024).windows == most.windows == 8
    more = Checkpoint(full.folder, full.shape, full.weights + spare + 1, full.packed, None)
    chosen = engine(profile, more, context=1024)
    assert chosen.windows == most.windows - 1
    assert chosen.bytes_needed <= room


def test_a_cluster_has_a_copy_on_each_gpu_or_cuts_it() -> None:
    found = checkpoint(FITTING["cluster"])
    copies = engine(PROFILES["cluster"], found, gpus=8)
    assert (copies.replicas, copies.split) == (8, 1)
    made = options(arguments(found, copies, LISTEN))
    assert made["--data-parallel-size"] == "8"
    assert "--tensor-parallel-size" not in made
    cut = engine(PROFILES["cluster"], found, gpus=8, split=4)
    assert (cut.replicas, cut.split) == (2, 4)
    made = options(arguments(found, cut, LISTEN))
    assert (made["--data-parallel-size"], made["--tensor-parallel-size"]) == ("2", "4")
    assert cut.bytes_needed < copies.bytes_needed
    with pytest.raises(ServeError, match="--split 3"):
        engine(PROFILES["cluster"], found, gpus=8, split=3)
    with pytest.raises(ServeError, match="heads of keys"):
        engine(PROFILES["cluster"], found, gpus=8, split=8)
    # One GPU's profile takes one GPU, whatever else the machine has.
    assert engine(PROFILES["h100"], found, gpus=8).replicas == 1


@pytest.mark.parametrize(
    ("name", "counted", "share"),
    [
        ("model.md", "KV cache as `plan` counts it", "{:.0f} % of the card"),
        ("model.zh-Hans.md", "KV 缓存按 `plan` 计算", "显存的 {:.0f} %"),
    ],
)
def test_the_document_holds_the_table(name: str, counted: str, share: str) -> None:
    lines = (ROOT / "docs" / name).read_text(encoding="utf-8").splitlines()
    for profile, serving in SERVING.items():
        memory = counted if serving.share is None else share.format(100 * serving.share)
        cells = (
            f"`{profile}`",
            serving.windows,
            serving.context,
            9 * serving.windows,
            serving.batched_tokens,
            f"{serving.media_gib:g} GiB",
            memory,
        )
        expected = f"| {' | '.join(str(cell) for cell in cells)} |"
        assert expected in lines, f"docs/{name} lacks: {expected}"


@given(windows=st.integers(1, 64), context=st.integers(256, 16_384))
def test_what_is_chosen_always_holds_one_request(windows: int, context: int) -> None:
    profile, found = PROFILES["orin-agx-64gb"], checkpoint(RECIPES["full-w4"])
    chosen = engine(profile, found, windows=windows, context=context)
    assert chosen.kv_bytes is not None
    assert chosen.kv_bytes >= context * 98_304
    assert requests_at_a_time(chosen) >= 9 * windows
    media = json.loads(options(arguments(found, chosen, LISTEN))["--limit-mm-per-prompt"])
    assert media["video"]["num_frames"] >= 2


def test_the_guard_is_outermost_and_no_secret_is_an_argument() -> None:
    found = checkpoint(RECIPES["full-w4"])
    chosen: Engine = engine(PROFILES["rtx-4090"], found)
    listen = Listen("::", 8443, "omni", "cert.pem", "key.pem")
    made = arguments(found, chosen, listen, middleware=("one.Inner", "two.Inner"))
    paths = [made[at + 1] for at, name in enumerate(made) if name == "--middleware"]
    # Starlette puts the one that was added last in front of all.
    assert paths == ["one.Inner", "two.Inner", GUARD]
    named = options(made)
    assert (named["--ssl-certfile"], named["--ssl-keyfile"]) == ("cert.pem", "key.pem")
    assert "--api-key" not in named
    assert named["--allowed-media-domains"].endswith(".invalid")
    assert made[0] == "/models/omni"
