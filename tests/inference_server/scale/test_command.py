"""`inference_server scale`, and that docs/scaling.md says what it says today."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from inference_server.cli import main
from inference_server.scale.cli import CAMERAS, table
from inference_server.scale.demand import Assumptions, demand

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("file", ["scaling.md", "scaling.zh-Hans.md"])
def test_the_document_shows_what_the_command_prints(file: str) -> None:
    text = (ROOT / "docs" / file).read_text("utf-8")
    printed = [line.split("|")[2:] for line in table([demand(n, Assumptions()) for n in CAMERAS])]
    shown = [line.split("|")[2:] for line in text.splitlines() if line.startswith("|")]
    start = shown.index(printed[0])
    assert shown[start : start + len(printed)] == printed


def test_every_assumption_stands_in_the_document() -> None:
    for file in ("scaling.md", "scaling.zh-Hans.md"):
        text = (ROOT / "docs" / file).read_text("utf-8")
        for name, value in vars(Assumptions()).items():
            assert f"| `--{name.replace('_', '-')}` | {value:g} |" in text, (file, name)


def test_another_rate_needs_other_gpus(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["scale", "--cameras", "1000", "--rate", "40", "--json"]) == 0
    (plan,) = json.loads(capsys.readouterr().out)["plans"]
    assert (
        plan["gpus"] == demand(1000, Assumptions(rate=40.0)).gpus < demand(1000, Assumptions()).gpus
    )


@pytest.mark.parametrize(
    ("option", "reason"),
    [
        (["--cameras", "0"], "0 is less than 1"),
        (["--people", "1.5"], "1.5 is not above 0 and at most 1"),
        (["--rate", "nan"], "nan is not above 0"),
        (["--cores", "0.1"], "has no room for a camera"),
    ],
)
def test_wrong_input_is_told(
    option: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        status = main(["scale", *option])
    except SystemExit as end:
        status = int(str(end.code))
    assert status == 2
    assert reason in capsys.readouterr().err
