"""`scripts/demo --once`: what a user runs first to see whether it works."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest

from harness.node import ROOT
from harness.once import ACTS

SLACK = 2.0
"""Speed is measured by bench/; on a busy machine this shows that the things are there."""


async def _demo(*arguments: str, timeout_s: float) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "harness.demo", *arguments),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'scripts'}:{ROOT / 'addon'}"},
    )
    try:
        said, _ = await asyncio.wait_for(process.communicate(), timeout_s)
    finally:
        if process.returncode is None:
            process.kill()
    assert process.returncode is not None
    return process.returncode, said.decode()


@pytest.mark.timeout(600)
async def test_once_shows_and_measures_all_four_scenes(tmp_path: Path):
    file = tmp_path / "figures.json"
    status, said = await _demo("--once", "--no-home-assistant", "--json", str(file), timeout_s=580)
    assert status == 0, said
    figures = json.loads(file.read_text("utf-8"))
    assert set(figures) == {"fall", "scream", "help", "covered"}
    for name, act in ACTS.items():
        shown = figures[name]
        assert shown["state"] == "on", name
        assert shown["confidence"] > 0.92, name
        assert 0 < shown["latency_s"] <= act.limit_s * SLACK, name
        assert shown["entity"] == f"binary_sensor.{act.camera}_{act.anomaly}"


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    ("recording", "reason"),
    [
        ("fall=/nowhere/fall.mp4@3.5", "there is no recording /nowhere/fall.mp4"),
        ("flood=water.mp4@1", "choose from fall, scream, help, covered"),
        ("fall=clip.mp4", "write it as fall=clip.mp4@3.5"),
    ],
)
async def test_a_recording_that_cannot_be_used_is_told(recording: str, reason: str):
    status, said = await _demo("--once", "--recording", recording, timeout_s=100)
    assert status != 0
    assert reason in said
    assert "Traceback" not in said
