"""Tests of the recorder: everything together, and what happens when the disk is full."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from omnicam.config.model import RetentionSettings
from omnicam.decide.events import FeedbackKind, Step, take
from omnicam.record.query import EventQuery
from omnicam.record.recorder import CLIP_WAIT_S, Recorder
from tests.edge.record.record_scenes import JPEG, START, call, resolved, suspected

KEEP = RetentionSettings()


@pytest.fixture
async def recorder(tmp_path: Path) -> AsyncIterator[Recorder]:
    recorder = Recorder(tmp_path, KEEP, camera_names={"bedroom": "主卧"})
    yield recorder
    await recorder.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Give a file system of 8 MB."""
    place = tmp_path / "small"
    place.mkdir()
    mount = shutil.which("mount")
    if mount is None:
        pytest.skip("no mount program")
    made = subprocess.run(
        [mount, "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(place)],
        capture_output=True,
        check=False,
    )
    if made.returncode:
        pytest.skip("mounting a small file system needs root")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def halves(data: Path) -> list[Path]:
    return list(data.rglob("*.part"))


def journal(data: Path) -> list[dict[str, object]]:
    path = data / "events.jsonl"
    if not path.exists():
        return []
    return [json.loads(text) for text in path.read_text(encoding="utf-8").splitlines()]


async def test_life_becomes_rows_a_picture_a_message_each_and_one_line(
    recorder: Recorder, tmp_path: Path
) -> None:
    event = suspected()
    first = await recorder.record_step(event, JPEG)
    assert first.stored
    assert first.snapshot is not None
    assert (tmp_path / first.snapshot).read_bytes() == JPEG
    assert journal(tmp_path) == []
    await recorder.record_step(resolved(event))
    assert await recorder.finish_clip(event.id) is None
    (entry,) = journal(tmp_path)
    assert (entry["event"], entry["snapshot"], entry["clip"]) == (event.id, first.snapshot, None)
    waiting = await recorder.undelivered()
    assert [message.decision for message in waiting] == [event, resolved(event)]
    assert waiting[0].snapshot == first.snapshot
    for message in waiting:
        await recorder.mark_delivered(message.number)
    assert await recorder.undelivered() == []
    page = await recorder.search(EventQuery(text="主卧 跌倒"))
    assert [stored.event.id for stored in page.events] == [event.id]


async def test_line_waits_for_the_clip(recorder: Recorder, tmp_path: Path) -> None:
    event = suspected()
    await recorder.record_step(event)
    await recorder.record_step(resolved(event), clip_follows=True)
    assert journal(tmp_path) == []
    path = await recorder.prepare_clip(event.id)
    path.write_bytes(b"film")
    name = await recorder.finish_clip(event.id)
    assert name is not None
    assert tmp_path / name == path
    assert [entry["clip"] for entry in journal(tmp_path)] == [name]
    await recorder.finish_clip(event.id)
    assert len(journal(tmp_path)) == 1


async def test_clip_before_the_end_writes_no_line_yet(recorder: Recorder, tmp_path: Path) -> None:
    event = suspected()
    await recorder.record_step(event)
    (await recorder.prepare_clip(event.id)).write_bytes(b"film")
    name = await recorder.finish_clip(event.id)
    assert journal(tmp_path) == []
    await recorder.record_step(resolved(event))
    assert [entry["clip"] for entry in journal(tmp_path)] == [name]


async def test_clip_that_never_comes_costs_no_line(tmp_path: Path) -> None:
    now = START
    recorder = Recorder(tmp_path, KEEP, clock=lambda: now)
    event = suspected()
    await recorder.record_step(event)
    await recorder.record_step(resolved(event), clip_follows=True)
    await recorder.sweep()
    assert journal(tmp_path) == []
    now += CLIP_WAIT_S + 1
    await recorder.sweep()
    assert len(journal(tmp_path)) == 1
    await recorder.close()


async def test_restart_ends_what_was_interrupted(tmp_path: Path) -> None:
    before = Recorder(tmp_path, KEEP)
    event, other = suspected(), suspected(60)
    await before.record_step(take(event, Step.ESCALATED, event.updated))
    await before.record_step(other)
    await before.record_step(resolved(other), clip_follows=True)
    (await before.prepare_clip(other.id)).write_bytes(b"film")
    await before.close()
    with (tmp_path / "events.jsonl").open("ab") as file:
        file.write(b'{"event": "torn')
    after = Recorder(tmp_path, KEEP, clock=lambda: START + 500)
    (ended,) = await after.recover()
    assert (ended.id, ended.step, ended.ended) == (event.id, Step.RESOLVED, START + 500)
    assert {entry["event"] for entry in journal(tmp_path)} == {event.id, other.id}
    assert [entry["clip"] for entry in journal(tmp_path) if entry["event"] == other.id] != [None]
    assert (await after.undelivered())[-1].decision == ended
    assert await after.recover() == []
    await after.close()


async def test_calls_and_feedback_are_kept(recorder: Recorder) -> None:
    recorded = await recorder.record_call(call())
    assert recorded.stored
    assert (await recorder.record_call(call())).number is None
    event = suspected()
    await recorder.record_step(event)
    assert await recorder.set_feedback(event.id, FeedbackKind.CONFIRMED)
    stored = await recorder.get(event.id)
    assert stored is not None
    assert stored.feedback is FeedbackKind.CONFIRMED


async def test_full_disk_makes_room_by_the_oldest_and_goes_on(small_disk: Path) -> None:
    recorder = Recorder(small_disk, KEEP)
    large = JPEG.ljust(1_000_000, b"\0")
    for index in range(12):
        event = suspected(index * 60.0)
        recorded = await recorder.record_step(event, large)
        assert recorded.stored, recorded.problems
        assert recorded.problems == ()
        await recorder.record_step(resolved(event))
    page = await recorder.search(EventQuery())
    assert len(page.events) == 12
    assert page.events[0].snapshot is not None
    assert page.events[-1].snapshot is None
    await recorder.close()


async def test_disk_full_of_other_things_is_reported_and_the_guardian_goes_on(
    small_disk: Path,
) -> None:
    recorder = Recorder(small_disk, KEEP)
    blocker = small_disk / "something else"
    with pytest.raises(OSError, match="No space left"):
        blocker.write_bytes(b"\0" * 10_000_000)
    event = suspected()
    recorded = await recorder.record_step(event, JPEG)
    assert not recorded.stored
    assert recorded.snapshot is None
    assert len(recorded.problems) == 2
    assert "no space left" in recorded.problems[0]
    assert recorder.problems == recorded.problems
    assert halves(small_disk) == []
    blocker.unlink()
    again = await recorder.record_step(event, JPEG)
    assert again.stored
    assert recorder.problems == ()
    await recorder.close()
