"""A recording is judged the same however often and however fast it is played."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from harness.footage import Footage
from harness.node import ROOT

from .packets import decoded, pictures

pytestmark = pytest.mark.timeout(240)

RUN_S = 150.0

type Json = dict[str, Any]


async def _omnicam(*arguments: str) -> bytes:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "omnicam.cli", *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT / "addon")},
    )
    try:
        said, errors = await asyncio.wait_for(process.communicate(), RUN_S)
    finally:
        if process.returncode is None:
            process.kill()
    assert process.returncode == 0, errors.decode()
    return said


async def _run(folder: Path, recording: Path) -> list[Json]:
    """Play a recording through a whole node, and give what its journal says."""
    file = folder / "omnicam.json"
    configuration = {
        "node": "home",
        "data": str(folder / "data"),
        "api": {"host": "127.0.0.1", "port": 0},
        "cameras": {
            # As `judge` names its camera and begins its clock, so that the ids can be compared.
            "recording": {
                "url": str(recording),
                "pace": "fast",
                "starts_at": "1970-01-01T00:00:00+00:00",
            }
        },
    }
    folder.mkdir()
    file.write_text(json.dumps(configuration), encoding="utf-8")
    await _omnicam("run", "--until-finished", "--config", str(file))
    journal = folder / "data" / "events.jsonl"
    return [json.loads(line) for line in journal.read_text("utf-8").splitlines()]


async def test_a_recording_gives_the_same_events_every_time(tmp_path: Path, fall: Footage):
    first, second = await asyncio.gather(
        _omnicam("judge", str(fall.file)), _omnicam("judge", str(fall.file))
    )
    assert first == second
    judged = [json.loads(line) for line in first.splitlines()]
    ended = [step for step in judged if step["step"] in {"resolved", "dismissed"}]
    assert [step["class"] for step in ended] == ["fall"]

    ran, again = await asyncio.gather(
        _run(tmp_path / "first", fall.file), _run(tmp_path / "second", fall.file)
    )
    assert ran == again
    assert [line["event"] for line in ran] == [step["event"] for step in ended]
    for line, step in zip(ran, ended, strict=True):
        for key in ("class", "label", "level", "confidence", "onset", "reason", "review"):
            assert line[key] == step[key], key
        steps = [each["step"] for each in judged if each["event"] == line["event"]]
        assert line["steps"] == steps

    (line,) = ran
    data = [tmp_path / name / "data" for name in ("first", "second")]
    snapshots = [(folder / line["snapshot"]).read_bytes() for folder in data]
    assert snapshots[0].startswith(b"\xff\xd8\xff")
    assert snapshots[0] == snapshots[1]
    clips = [pictures(folder / line["clip"]) for folder in data]
    assert clips[0] == clips[1]
    frames, sounds = decoded(data[0] / line["clip"])
    assert frames == len(clips[0])
    assert sounds > 0
    # From 5 s before the onset; the recording ends 14 s after it.
    source = {digest: time for time, digest in pictures(fall.file)}
    times = [source[digest] for _, digest in clips[0]]
    assert times[0] <= fall.onset_s - 4.5
    assert times[-1] >= fall.onset_s + 9.5
