"""The places of tokens, given once a window, are those that vLLM's own code works out each time."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from inference_server.serve.positions import install, longer, window

BOS, AUDIO, EOS = 1, 2, 3


class Features(SimpleNamespace):
    """What vLLM's `MultiModalFeatureSpec` has that counts here."""


def feature(modality: str, name: str, offset: int, length: int) -> Features:
    """Give one picture or sound."""
    where = SimpleNamespace(offset=offset, length=length)
    return Features(modality=modality, identifier=name, mm_position=where)


class Model:
    """vLLM's own method on a model that has nothing else; counts how often it is called."""

    def __init__(self) -> None:
        import vllm.model_executor.models.qwen3_omni_moe_thinker as thinker

        install()
        self.kind = thinker.Qwen3OmniMoeThinkerForConditionalGeneration
        self.plain = self.kind.get_mrope_input_positions.omnicam
        self.calls = 0

    def iter_mm_features(self, features: list[Features]) -> Any:
        """As vLLM's, for pictures of two by two patches and sounds of four."""
        self.calls += 1
        for each in features:
            if each.modality == "audio":
                yield each.mm_position.offset, "audio", {"audio_feature_length": 4}
            else:
                grid = {"grid_t": 1, "grid_h": 2, "grid_w": 2, "t_factor": 1.0}
                yield each.mm_position.offset, "image", grid

    def _compute_audio_token_count(self, length: int) -> int:
        return length

    def known(self, tokens: list[int], features: list[Features]) -> tuple[Any, int]:
        """By way of what was kept."""
        return self.kind.get_mrope_input_positions(self, tokens, features)  # type: ignore[no-any-return]


@pytest.fixture
def model() -> Model:
    return Model()


@settings(max_examples=60, deadline=None)
@given(
    gaps=st.lists(st.tuples(st.integers(1, 5), st.sampled_from(("image", "audio"))), max_size=4),
    tails=st.lists(st.integers(1, 12), min_size=1, max_size=5),
)
def test_places_are_those_of_vllm(gaps: list[tuple[int, str]], tails: list[int]) -> None:
    """Whatever lies before the questions, and however long each of them is."""
    model = Model()
    features, end = [], 0
    for number, (gap, modality) in enumerate(gaps):
        features.append(feature(modality, f"{modality}-{number}", end + gap, 4))
        end += gap + 4
    for tail in tails:
        tokens = list(range(end + 1 + tail))
        found, delta = model.known(tokens, features)
        wanted, wanted_delta = model.plain(model, tokens, features)
        assert torch.equal(found, wanted)
        assert delta == wanted_delta


def test_a_window_is_worked_out_once(model: Model) -> None:
    """Nine questions of different lengths; another picture at the same place is another window."""
    features = [feature("image", "a", 1, 4), feature("audio", "b", 6, 4)]
    for length in range(20, 29):
        model.known(list(range(length)), features)
    assert model.calls == 1
    model.known(list(range(20)), [feature("image", "c", 1, 4), features[1]])
    assert model.calls == 2
    assert window([]) == ((), 0)


def test_longer_leaves_what_is_long_enough() -> None:
    """Nothing is copied for a shorter question."""
    places = torch.arange(6).expand(3, 6)
    assert longer(places, 4) is places
    assert longer(places, 8)[:, -1].tolist() == [7, 7, 7]
