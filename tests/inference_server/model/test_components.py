"""Parameters by arithmetic against those of the published checkpoint."""

from __future__ import annotations

from inference_server.model import PUBLISHED, TALKER_PARAMETERS, components

# Counted on the meta device from transformers' own classes and the published config.json.
COUNTED = {
    "experts": 28_991_029_248,
    "attention": 905_969_664,
    "router_norms": 12_793_856,
    "embedding": 311_427_072,
    "lm_head": 311_427_072,
    "vision": 538_631_408,
    "audio": 647_927_168,
}
CHECKPOINT = 35_259_818_545


def test_every_part_has_the_parameters_of_the_published_checkpoint() -> None:
    parts = components(PUBLISHED)
    assert {name: part.parameters for name, part in parts.items()} == COUNTED
    assert sum(COUNTED.values()) + TALKER_PARAMETERS == CHECKPOINT


def test_what_a_recipe_may_quantise_is_told_from_the_rest() -> None:
    parts = components(PUBLISHED)
    assert parts["router_norms"].linear == 0
    assert all(parts[name].rest == 0 for name in ("experts", "attention", "embedding", "lm_head"))
    # Convolutions, norms, biases and positions: under one per cent of an encoder.
    assert all(0 < parts[name].rest < 0.01 * COUNTED[name] for name in ("vision", "audio"))


def test_fewer_experts_take_away_their_own_weights_and_their_rows_of_the_router() -> None:
    whole, half = components(PUBLISHED), components(PUBLISHED.with_experts(64))
    assert 2 * half["experts"].parameters == whole["experts"].parameters
    gone = whole["router_norms"].parameters - half["router_norms"].parameters
    assert gone == 48 * 64 * 2048
    assert all(
        half[name] == whole[name] for name in COUNTED if name not in {"experts", "router_norms"}
    )


def test_the_small_parts_follow_the_shapes() -> None:
    vision = {matrix.name: matrix for matrix in components(PUBLISHED)["vision"].matrices}
    assert (vision["mlp.fc1"].rows, vision["mlp.fc1"].columns) == (4304, 1152)
    assert (vision["merger.2"].rows, vision["merger.2"].columns) == (2048, 4608)
    assert vision["merger.2"].count == 4
    audio = {matrix.name: matrix for matrix in components(PUBLISHED)["audio"].matrices}
    assert audio["conv_out"].columns == 480 * 16
