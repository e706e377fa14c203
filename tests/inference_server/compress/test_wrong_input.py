"""Wrong input: a message that says what is wrong, exit status 1 or 2, the source as it was."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from inference_server.cli import main
from inference_server.compress.source import INDEX


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def edit(path: Path, change: Callable[[dict], None]) -> None:
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def shard(folder: Path, number: int = 3) -> Path:
    return sorted(folder.glob("*.safetensors"))[number]


WRONG = {
    "no folder": (shutil.rmtree, "is not a folder"),
    "no config": (lambda at: (at / "config.json").unlink(), "config.json is missing"),
    "config is no JSON": (lambda at: (at / "config.json").write_text("{"), "cannot be read"),
    "another model": (
        lambda at: edit(at / "config.json", lambda it: it.update(model_type="qwen3_moe")),
        "not a Qwen3-Omni checkpoint: its config.json says model_type 'qwen3_moe'",
    ),
    "quantised": (
        lambda at: edit(at / "config.json", lambda it: it.update(quantization_config={})),
        "quantised already",
    ),
    "half a config": (
        lambda at: edit(
            at / "config.json",
            lambda it: it["thinker_config"]["text_config"].pop("num_experts"),
        ),
        "lacks 'num_experts'",
    ),
    "no index": (lambda at: (at / INDEX).unlink(), f"{INDEX} is missing"),
    "missing shard": (lambda at: shard(at).unlink(), "is missing; download it again"),
    "cut shard": (
        lambda at: shard(at).write_bytes(shard(at).read_bytes()[:-100]),
        "is cut off",
    ),
    "no shard at all": (lambda at: shard(at).write_bytes(b"<html>"), "no safetensors file"),
    "outside": (
        lambda at: edit(
            at / INDEX,
            lambda it: it["weight_map"].update({"thinker.lm_head.weight": "../other.safetensors"}),
        ),
        "outside the folder",
    ),
    "shapes that differ": (
        lambda at: edit(
            at / "config.json",
            lambda it: it["thinker_config"]["text_config"].update(moe_intermediate_size=256),
        ),
        "config.json makes it (256, 256)",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_source_that_cannot_be_compressed(
    case: str, checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spoil, message = WRONG[case]
    source = tmp_path / "source"
    shutil.copytree(checkpoint, source)
    spoil(source)
    before = digests(source)
    arguments = ["compress", str(source), str(tmp_path / "target"), "--recipe", "full-w4"]
    assert main(arguments) == 1
    assert message in capsys.readouterr().err
    assert digests(source) == before
    assert not (tmp_path / "target").exists()


@pytest.mark.parametrize(
    ("target", "message"),
    [("source", "one folder is in the other"), ("source/inside", "one folder is in the other")],
)
def test_a_target_in_the_source(
    target: str, message: str, checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "source"
    shutil.copytree(checkpoint, source)
    before = digests(source)
    assert main(["compress", str(source), str(tmp_path / target), "--recipe", "full-w4"]) == 1
    assert message in capsys.readouterr().err
    assert digests(source) == before


def test_a_target_that_holds_something_else(
    checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "target"
    target.mkdir()
    (target / "letter.txt").write_text("mine")
    assert main(["compress", str(checkpoint), str(target), "--recipe", "full-w4"]) == 1
    assert "is not empty (letter.txt is in it)" in capsys.readouterr().err
    assert (target / "letter.txt").read_text() == "mine"


def test_a_target_that_is_a_file(
    checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("mine")
    assert main(["compress", str(checkpoint), str(tmp_path / "file"), "--recipe", "full-w4"]) == 1
    assert "is a file" in capsys.readouterr().err


@pytest.mark.parametrize(("option", "value"), [("--recipe", "tiniest"), ("--profile", "orin-nano")])
def test_unknown_names_are_listed(
    option: str, value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    known = ["--recipe", "full-w4"] if option != "--recipe" else []
    with pytest.raises(SystemExit) as ended:
        main(["compress", "a", "b", *known, option, value])
    assert ended.value.code == 2
    assert f"invalid choice: '{value}'" in capsys.readouterr().err


def test_recordings_that_are_not_there(
    checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["compress", str(checkpoint), str(tmp_path / "target"), "--recipe", "full-w4"]
    assert main([*arguments, "--windows", str(tmp_path / "none.csv")]) == 1
    assert "none.csv cannot be read" in capsys.readouterr().err
