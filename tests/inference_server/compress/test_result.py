"""The compressed checkpoint: what is in it, and that transformers answers as simulated."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from transformers import CompressedTensorsConfig, Qwen3OmniMoeForConditionalGeneration

from inference_server import verdicts
from inference_server.compress.capture import Encoders
from inference_server.compress.run import Task, compress
from inference_server.compress.simulate import Answers, answers
from inference_server.compress.source import INDEX
from inference_server.compress.weights import Weights
from inference_server.compress.window import synthetic
from inference_server.recipes import Recipe

QUESTIONS = list(verdicts.QUESTIONS.values())
HELD_OUT = synthetic(2, seed=9)


def tensors(folder: Path) -> dict[str, torch.Tensor]:
    found = {}
    for path in folder.glob("*.safetensors"):
        with safe_open(path, framework="pt") as file:
            found |= {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    return found


def asked(folder: Path, model: torch.nn.Module) -> list[tuple[int, int, torch.Tensor]]:
    """What transformers answers, one question at a time."""
    config = json.loads((folder / "config.json").read_text())
    with Weights(folder, [path.name for path in folder.glob("*.safetensors")]) as weights:
        encoders = Encoders(weights, config, folder)
    found = []
    with torch.inference_mode():
        for at, window in enumerate(HELD_OUT):
            for number in (0, 3, 8):
                logits = model(**encoders.inputs(window, QUESTIONS[number])).logits[0, -1]
                found.append((at, number, logits.log_softmax(-1)))
    return found


@pytest.fixture(scope="module")
def before(checkpoint: Path) -> Answers:
    return answers(checkpoint, HELD_OUT)


@pytest.fixture(scope="module")
def after(compressed: Path) -> Answers:
    return answers(compressed, HELD_OUT)


def test_a_layer_at_a_time_answers_as_transformers_does_at_once(
    checkpoint: Path, before: Answers
) -> None:
    model = Qwen3OmniMoeForConditionalGeneration.from_pretrained(checkpoint, dtype=torch.float32)
    for window, question, theirs in asked(checkpoint, model.thinker.eval()):
        assert torch.allclose(before.log_probabilities[window, question], theirs, atol=1e-4)


def loaded(folder: Path) -> torch.nn.Module:
    """The thinker as transformers loads it, unpacked."""
    model = Qwen3OmniMoeForConditionalGeneration.from_pretrained(
        folder,
        dtype=torch.bfloat16,
        quantization_config=CompressedTensorsConfig(dequantize=True),
    )
    return model.thinker.eval().float()


def test_transformers_loads_the_result_and_answers_as_simulated(
    compressed: Path, after: Answers
) -> None:
    for window, question, theirs in asked(compressed, loaded(compressed)):
        assert torch.allclose(after.log_probabilities[window, question], theirs, atol=1e-4)


def test_transformers_loads_encoders_and_head_of_eight_bits_with_heads_left_out(
    task: Callable[..., Task], tmp_path: Path
) -> None:
    target = tmp_path / "target"
    compress(task(target, recipe=Recipe("test", 4, 4, 4, 8, 8, 16, 8, heads_left_out=0.3)))
    simulated = answers(target, HELD_OUT)
    for window, question, theirs in asked(target, loaded(target)):
        assert torch.allclose(simulated.log_probabilities[window, question], theirs, atol=1e-4)


def test_the_answers_changed_but_little(before: Answers, after: Answers) -> None:
    gap = before.log_probabilities - after.log_probabilities
    divergence = (before.log_probabilities.exp() * gap).sum(-1)
    assert 0 < divergence.mean() < 0.01
    assert before.yes.shape == (2, 9)
    assert ((before.yes > 0) & (before.yes < 1)).all()


def test_the_configuration_says_what_is_in_the_shards(compressed: Path) -> None:
    config = json.loads((compressed / "config.json").read_text())
    assert config["thinker_config"]["text_config"]["num_experts"] == 4
    assert config["thinker_config"]["text_config"]["norm_topk_prob"] is True
    assert config["architectures"] == ["Qwen3OmniMoeForConditionalGeneration"]
    assert config["enable_audio_output"] is False
    assert not {"talker_config", "code2wav_config"} & set(config)
    weights = config["quantization_config"]["config_groups"]["decoder"]["weights"]
    assert (weights["num_bits"], weights["group_size"], weights["symmetric"]) == (4, 128, True)
    found = tensors(compressed)
    assert set(found) == set(json.loads((compressed / INDEX).read_text())["weight_map"])
    assert not any(name.startswith(("talker", "code2wav")) for name in found)
    assert found["thinker.model.layers.0.mlp.gate.weight"].shape == (4, 256)
    assert "thinker.model.layers.2.mlp.experts.3.down_proj.weight_packed" in found
    assert not any(".experts.4." in name for name in found)


def test_what_is_copied_is_copied_bit_for_bit(checkpoint: Path, compressed: Path) -> None:
    source, target = tensors(checkpoint), tensors(compressed)
    report = json.loads((compressed / "compression.json").read_text())["steps"]
    same = 0
    for name, tensor in target.items():
        if name in source and not name.endswith("mlp.gate.weight"):
            assert torch.equal(tensor, source[name]), name
            same += 1
    assert same > 80
    for layer in range(3):
        name = f"thinker.model.layers.{layer}.mlp.gate.weight"
        kept = report[f"layer-{layer:03d}"]["kept"]
        assert torch.equal(target[name], source[name][kept])


def test_tokenizer_and_processor_come_along(checkpoint: Path, compressed: Path) -> None:
    for name in ("tokenizer.json", "processor_config.json", "chat_template.jinja"):
        assert (compressed / name).read_bytes() == (checkpoint / name).read_bytes()


def test_every_matrix_was_checked_and_gptq_was_better(compressed: Path) -> None:
    steps = json.loads((compressed / "compression.json").read_text())["steps"]
    for layer in range(3):
        errors = steps[f"layer-{layer:03d}"]["output_error"]
        assert set(errors) == {
            "q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj",
        }  # fmt: skip
        for each in errors.values():
            assert each["this"] < 0.7 * each["nearest"]
