"""Bytes of recipes: formats, padding, what grows with what."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference_server.model import PUBLISHED, Shape, components
from inference_server.plan.errors import PlanError
from inference_server.plan.fit import recipes, uncompressed
from inference_server.plan.load import Load, Setup, kv_bytes_a_token
from inference_server.plan.memory import beside, passing, staying
from inference_server.plan.weights import kept, padded_to, weights
from inference_server.plan.window import Window
from inference_server.recipes import RECIPES, Recipe

BITS = st.sampled_from((4, 8, 16))
# The encoders' widths and the audio convolutions' are multiples of 128 as well.
ANY = st.builds(
    Recipe,
    name=st.just("any"),
    experts=st.integers(8, 128),
    expert_bits=BITS,
    attention_bits=BITS,
    vision_bits=BITS,
    audio_bits=BITS,
    embedding_bits=BITS,
    head_bits=BITS,
)
FIELDS = (
    "expert_bits",
    "attention_bits",
    "vision_bits",
    "audio_bits",
    "embedding_bits",
    "head_bits",
)


def total(recipe: Recipe, shape: Shape = PUBLISHED) -> int:
    return sum(weights(shape, recipe).values())


def test_uncompressed_is_two_bytes_a_parameter() -> None:
    parts = components(PUBLISHED)
    assert dict(weights(PUBLISHED, uncompressed(PUBLISHED))) == {
        name: 2 * part.parameters for name, part in parts.items()
    }


def test_four_bits_have_a_scale_for_each_group_and_eight_one_for_each_row() -> None:
    whole = components(PUBLISHED)["attention"]
    shapes = 16 * sum(matrix.count for matrix in whole.matrices)
    four = weights(PUBLISHED, RECIPES["full-w4"])["attention"]
    assert four == whole.parameters // 2 + whole.parameters // 128 * 2 + shapes
    eight = weights(PUBLISHED, replace(RECIPES["full-w4"], attention_bits=8))["attention"]
    rows = sum(matrix.rows * matrix.count for matrix in whole.matrices)
    assert eight == whole.parameters + 2 * rows + shapes


def test_the_picture_encoders_mlp_is_padded_where_it_is_packed() -> None:
    assert padded_to(4304) == 4352
    assert padded_to(4352) == 4352
    vision = components(PUBLISHED)["vision"]
    packed = weights(PUBLISHED, replace(RECIPES["full-w4"], vision_bits=8))["vision"]
    rows = sum(matrix.rows * matrix.count for matrix in vision.matrices)
    shapes = 16 * sum(matrix.count for matrix in vision.matrices)
    more = 27 * 48 * (2 * 1152 + 2 + 2)
    assert packed == vision.linear + 2 * vision.rest + 2 * rows + shapes + more


def test_the_sums_of_the_first_measurements() -> None:
    assert total(RECIPES["full-w4"]) / 1e9 == pytest.approx(19.06, abs=0.005)
    assert total(RECIPES["half-w4"]) / 1e9 == pytest.approx(11.57, abs=0.005)
    assert total(replace(RECIPES["half-w4"], experts=48)) / 1e9 == pytest.approx(9.70, abs=0.005)


@given(ANY, st.sampled_from(FIELDS))
def test_more_bits_are_more_bytes(recipe: Recipe, field: str) -> None:
    sizes = [total(replace(recipe, **{field: bits})) for bits in (4, 8, 16)]
    assert sizes == sorted(set(sizes))


@given(ANY, st.integers(8, 127))
def test_more_experts_are_more_bytes(recipe: Recipe, fewer: int) -> None:
    sizes = [total(replace(recipe, experts=experts)) for experts in (fewer, fewer + 1)]
    assert sizes[0] < sizes[1]


@given(ANY)
def test_a_recipe_never_makes_the_model_larger_than_it_is(recipe: Recipe) -> None:
    assert total(recipe) <= total(uncompressed(PUBLISHED))


def test_no_recipe_invents_experts() -> None:
    small = PUBLISHED.with_experts(32)
    assert kept(small, RECIPES["full-w4"]) == 32
    assert total(RECIPES["full-w4"], small) == total(replace(RECIPES["full-w4"], experts=32))


def test_groups_that_do_not_divide_a_matrix_are_named_with_a_remedy() -> None:
    odd = replace(PUBLISHED, text=replace(PUBLISHED.text, expert_width=700))
    with pytest.raises(PlanError, match=r"experts: groups of 128 .* 700 .* down; choose"):
        weights(odd, RECIPES["full-w4"])


def test_the_names_that_others_rely_on_are_there() -> None:
    assert {"full-w4", "half-w4", "recommended", "smallest"} <= set(RECIPES)
    assert next(iter(recipes(PUBLISHED))) == "bf16"


@pytest.mark.parametrize(
    ("window", "vision", "audio", "shared"),
    [
        (Window(), 576, 26, 722),
        (Window(frames=4, side=448), 392, 26, 538),
        (Window(frames=1, side=448, audio_s=0), 196, 0, 316),
        (Window(frames=3, side=448, audio_s=2.5), 392, 33, 545),
    ],
)
def test_tokens_of_a_window(window: Window, vision: int, audio: int, shared: int) -> None:
    shape = PUBLISHED.vision
    found = (window.vision_tokens(shape), window.audio_tokens(), window.shared(shape))
    assert found == (vision, audio, shared)


def test_tokens_of_the_windows_that_were_measured() -> None:
    # vLLM counted 747 and 563 tokens with one question.
    for window, tokens in ((Window(), 747), (Window(frames=4, side=448), 563)):
        assert window.shared(PUBLISHED.vision) + window.question == tokens


def test_the_cache_holds_what_is_shared_once_and_every_question() -> None:
    assert kv_bytes_a_token(PUBLISHED, 16) == 98_304
    assert kv_bytes_a_token(PUBLISHED, 8) == 49_152
    # 45 whole blocks, and nine times the 2 tokens that are left with a question of 25.
    assert Window().kv_tokens(PUBLISHED.vision) == 1024
    assert 45 * 16 + 9 * 32 == 1008
    assert beside(PUBLISHED, Load()).kv_cache == 4 * 1024 * 98_304


@given(st.integers(1, 16), st.integers(1, 8), st.sampled_from((224, 448, 768)), st.integers(0, 30))
def test_more_of_anything_takes_more_memory(
    windows: int, frames: int, side: int, seconds: int
) -> None:
    window = Window(frames=frames, side=side, audio_s=seconds)
    few, more = (
        beside(PUBLISHED, Load(windows=count, window=window)) for count in (windows, windows + 1)
    )
    assert few.kv_cache < more.kv_cache
    # A longer window may take fewer blocks, where less of it is left over for each question.
    needed = window.shared(PUBLISHED.vision) + window.questions * window.question
    assert few.kv_cache >= windows * needed * 98_304
    fp8 = beside(PUBLISHED, Load(windows=windows, window=window, kv_bits=8))
    assert 2 * fp8.kv_cache == few.kv_cache


def test_activations_grow_with_the_tokens_that_go_through_together() -> None:
    setups = [Setup(batched_tokens=tokens) for tokens in (2048, 4096, 8192)]
    for sizes in (
        [staying(PUBLISHED, setup) for setup in setups],
        [passing(PUBLISHED, setup, Window()) for setup in setups],
        [passing(PUBLISHED, Setup(encoder_tokens=tokens), Window()) for tokens in (2048, 12_544)],
    ):
        assert sizes == sorted(set(sizes))
    assert beside(PUBLISHED, Load(setup=Setup(graphs=False))).graphs == 0
