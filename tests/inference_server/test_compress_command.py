"""`inference_server compress` where nothing of its extra is installed: it starts, and says so."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from inference_server.compress import command
from inference_server.compress.errors import CompressError

ROOT = Path(__file__).resolve().parents[2]


def test_the_command_line_needs_no_torch() -> None:
    script = (
        "import sys\n"
        "from inference_server.cli import main\n"
        "assert main(['compress', '/nowhere', '/else', '--recipe', 'full-w4']) == 1\n"
        "heavy = {'torch', 'transformers', 'numpy', 'safetensors'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    made = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    assert "error: /nowhere is not a folder" in made.stderr


def test_what_is_not_installed_is_named_with_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    find = importlib.util.find_spec
    absent = {"llmcompressor", "torchvision"}
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name in absent else find("json")
    )
    with pytest.raises(CompressError, match="torchvision, llmcompressor: not installed") as raised:
        command._require()
    assert "omnicam[compress]" in str(raised.value)
