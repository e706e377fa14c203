"""The floor of a verdict: operations over arithmetic, bytes over bandwidth."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference_server.model import PUBLISHED
from inference_server.plan.floor import floor, operations
from inference_server.plan.load import Load
from inference_server.plan.window import Window
from inference_server.profiles import PROFILES
from inference_server.recipes import RECIPES


@pytest.mark.parametrize(
    ("window", "agx", "nx"),
    [
        (Window(), 165, 469),
        (Window(frames=1, side=448), 67, 191),
        (Window(frames=4, side=448), 112, 318),
    ],
)
def test_the_floors_of_one_verdict_on_the_jetsons(window: Window, agx: float, nx: float) -> None:
    load = Load(window=window)
    for name, expected in (("orin-agx-64gb", agx), ("orin-nx-16gb", nx)):
        found = floor(PUBLISHED, RECIPES["half-w4"], load, PROFILES[name])
        assert found.first_ms == pytest.approx(expected, abs=1)


def test_a_picture_takes_seven_trillion_operations() -> None:
    one = operations(PUBLISHED, Window(questions=1))
    assert one == pytest.approx(7.03e12, rel=0.005)
    # Two operations a weight and token: half of it is the decoder's active weights.
    assert 2 * 747 * 2.73e9 / one == pytest.approx(0.58, abs=0.01)


def test_a_token_of_an_answer_reads_the_active_experts_only() -> None:
    load, profile = Load(window=Window()), PROFILES["orin-agx-64gb"]
    full, half = (floor(PUBLISHED, RECIPES[name], load, profile) for name in ("full-w4", "half-w4"))
    # Eight experts are eight experts; only the router shrinks.
    assert full.token_ms == pytest.approx(half.token_ms, rel=0.01)
    assert full.bandwidth_ms > 1.5 * half.bandwidth_ms


@given(
    st.sampled_from(sorted(PROFILES)),
    st.sampled_from(sorted(RECIPES)),
    st.integers(1, 8),
    st.sampled_from((224, 448, 768)),
)
def test_more_to_look_at_takes_longer(profile: str, recipe: str, frames: int, side: int) -> None:
    window = Window(frames=frames, side=side)
    larger = (
        replace(window, frames=frames + 2),
        replace(window, side=side + 32),
        replace(window, audio_s=3),
        replace(window, questions=10),
    )
    least = operations(PUBLISHED, window)
    assert all(operations(PUBLISHED, more) > least for more in larger)
    found = floor(PUBLISHED, RECIPES[recipe], Load(window=window), PROFILES[profile])
    assert found.first_ms <= found.verdict_ms
    assert found.verdict_ms == max(found.arithmetic_ms, found.bandwidth_ms)
