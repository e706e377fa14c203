"""Tests of the journal."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from omnicam.record.codec import line
from omnicam.record.errors import RecordError
from omnicam.record.journal import Journal
from tests.edge.record.record_scenes import resolved, suspected


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(text) for text in path.read_text(encoding="utf-8").splitlines()]


def test_line_says_what_when_how_sure_where_and_the_files() -> None:
    event = resolved(suspected())
    entry = line(event, snapshot="snapshots/a.jpg", clip=None, feedback="confirmed")
    assert entry["class"] == "fall"
    assert entry["time"] == "2026-11-18T11:06:40.000+00:00"
    assert entry["confidence"] == 0.9512
    assert (entry["camera"], entry["snapshot"], entry["clip"]) == (
        "bedroom",
        "snapshots/a.jpg",
        None,
    )
    assert entry["steps"] == ["suspected", "resolved"]
    json.dumps(entry)


def test_lines_are_appended_in_any_language(tmp_path: Path) -> None:
    path = tmp_path / "data" / "events.jsonl"
    journal = Journal(path)
    journal.append({"reason": "跌倒"})
    journal.append({"reason": "a\nb"})
    assert lines(path) == [{"reason": "跌倒"}, {"reason": "a\nb"}]
    assert "跌倒" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("torn", range(1, 17))
def test_torn_last_line_is_repaired(tmp_path: Path, torn: int) -> None:
    path = tmp_path / "events.jsonl"
    whole = json.dumps({"event": "second", "n": 2}).encode()
    path.write_bytes(b'{"event": "first"}\n' + whole[:torn])
    Journal(path).append({"event": "third"})
    assert [entry["event"] for entry in lines(path)] == ["first", "third"]


def test_line_that_only_lacks_its_end_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b'{"event": "first"}')
    assert Journal(path).repair()
    assert not Journal(path).repair()
    Journal(path).append({"event": "second"})
    assert [entry["event"] for entry in lines(path)] == ["first", "second"]


def test_nothing_to_repair(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    assert not Journal(path).repair()
    path.write_bytes(b"")
    assert not Journal(path).repair()


def test_a_new_month_begins_a_new_file(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    now = 1_795_000_000.0
    Journal(path, clock=lambda: now).append({"event": "november"})
    os.utime(path, (now, now))
    Journal(path, clock=lambda: now + 3600).append({"event": "november too"})
    os.utime(path, (now, now))
    Journal(path, clock=lambda: now + 30 * 86_400).append({"event": "december"})
    assert [entry["event"] for entry in lines(path)] == ["december"]
    older = lines(tmp_path / "events-2026-11.jsonl")
    assert [entry["event"] for entry in older] == ["november", "november too"]


def test_months_that_are_too_old_are_deleted_whole(tmp_path: Path) -> None:
    for month in ("2026-08", "2026-09", "2026-10"):
        (tmp_path / f"events-{month}.jsonl").write_text("{}\n", encoding="utf-8")
    (tmp_path / "events.jsonl").write_text("{}\n", encoding="utf-8")
    (tmp_path / "events-old-notes.jsonl").write_text("not ours", encoding="utf-8")
    october = 1_791_000_000.0  # 2026-10-03
    gone = Journal(tmp_path / "events.jsonl").forget(october)
    assert sorted(file.name for file in gone) == ["events-2026-08.jsonl", "events-2026-09.jsonl"]
    left = sorted(file.name for file in tmp_path.iterdir())
    assert left == ["events-2026-10.jsonl", "events-old-notes.jsonl", "events.jsonl"]


def test_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file", encoding="utf-8")
    with pytest.raises(RecordError, match=r"events\.jsonl.*check the folder"):
        Journal(tmp_path / "data" / "events.jsonl").append({"event": "first"})
