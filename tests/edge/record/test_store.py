"""Tests of the store: history, search, outbox, crashes."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import omnicam
from omnicam.decide.events import FeedbackKind, Step, take
from omnicam.decide.home import Answer, Day, HomeMemory
from omnicam.record import homes, outbox
from omnicam.record.codec import dump_call, dump_event, load_call, load_event
from omnicam.record.database import Database
from omnicam.record.errors import DiskFullError, QueryError, StoreError
from omnicam.record.query import EventQuery
from omnicam.record.schema import MIGRATIONS
from omnicam.record.store import Store
from omnicam.record.text import match_of
from omnicam.taxonomy import AnomalyClass, Level
from tests.edge.record.record_scenes import START, call, resolved, suspected


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path / "events.db")
    yield store
    store.close()


def found(store: Store, **query: object) -> list[str]:
    page = store.search(EventQuery(**query))  # type: ignore[arg-type]
    return [stored.event.id for stored in page.events]


def test_event_and_call_come_back_unchanged() -> None:
    event = resolved(suspected(label="scream", description="“她倒了”\n"))
    assert load_event(dump_event(event)) == event
    bare = suspected(region=None, contributions=())
    assert load_event(dump_event(bare)) == bare
    assert load_call(dump_call(call())) == call()


def test_steps_become_a_history(store: Store) -> None:
    event = suspected()
    store.add_step(event, snapshot="snapshots/a.jpg")
    assert store.open_events() == [event]
    ended = resolved(take(replace(event, confidence=0.99), Step.ESCALATED, event.updated))
    store.add_step(take(event, Step.ESCALATED, event.updated))
    store.add_step(ended, clip="clips/a.mp4")
    stored = store.get(event.id)
    assert stored is not None
    assert stored.event == ended
    assert [row.step for row in stored.steps] == ["suspected", "escalated", "resolved"]
    assert (stored.snapshot, stored.clip) == ("snapshots/a.jpg", "clips/a.mp4")
    assert store.open_events() == []
    assert store.get("unknown") is None


def test_step_is_recorded_once_and_nothing_after_the_end(store: Store) -> None:
    event = suspected()
    assert store.add_step(event) is not None
    assert store.add_step(event) is None
    store.add_step(resolved(event))
    assert store.add_step(take(event, Step.ESCALATED, event.updated)) is None
    assert len(store.undelivered()) == 2


def test_recording_judged_again_replaces_its_life(store: Store) -> None:
    event = suspected()
    store.add_step(event)
    store.add_step(resolved(event))
    store.set_feedback(event.id, FeedbackKind.CONFIRMED)
    assert store.add_step(event) is not None
    stored = store.get(event.id)
    assert stored is not None
    assert [row.step for row in stored.steps] == ["suspected"]
    assert stored.feedback is FeedbackKind.CONFIRMED


def test_outbox_keeps_order_until_delivered(store: Store, tmp_path: Path) -> None:
    event = suspected()
    numbers = [store.add_step(event), store.add_call(call(1)), store.add_step(resolved(event))]
    assert store.add_call(call(1)) is None
    assert store.add_step(suspected(60), publish=False) is None
    store.close()
    again = Store(tmp_path / "events.db")
    waiting = again.undelivered()
    assert [message.number for message in waiting] == numbers
    assert [message.decision for message in waiting] == [event, call(1), resolved(event)]
    again.mark_delivered(waiting[0].number)
    again.mark_delivered(waiting[0].number)
    assert [message.number for message in again.undelivered(1)] == numbers[1:2]
    again.close()


def test_outbox_is_bounded(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "MOST_PENDING", 3)
    for index in range(5):
        store.add_call(call(index))
    assert [message.decision for message in store.undelivered()] == [call(2), call(3), call(4)]


@pytest.mark.parametrize(
    "text",
    [
        "floor",
        "FLOOR bed",
        "flo",
        "跌倒",
        "倒",
        "跌",
        "Bedroom",
        "主卧",
        "卧",
        "fall 跌倒",
        "姥姥",
        "厨房A3",
    ],
)
def test_text_is_found_in_both_languages(store: Store, text: str) -> None:
    event = suspected(description="姥姥躺在地上,厨房A3旁边。")
    store.add_step(event, camera_name="主卧")
    store.add_step(suspected(60, anomaly=AnomalyClass.SMOKE, reason="grey haze", camera="hall"))
    assert found(store, text=text) == [event.id]


@pytest.mark.parametrize(
    "text", ["跌地", "倒跌", "ceiling", "!!!", "姥爷", '" OR words:x', "a* NOT"]
)
def test_text_that_is_not_there_is_not_found(store: Store, text: str) -> None:
    store.add_step(suspected(description="姥姥躺在地上"))
    assert found(store, text=text) == []


@pytest.fixture(scope="module")
def index() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE VIRTUAL TABLE words_only USING fts5 (words)")
    yield connection
    connection.close()


@given(text=st.text(max_size=300))
def test_no_text_breaks_the_search(index: sqlite3.Connection, text: str) -> None:
    match = match_of(text)
    if match is not None:
        found = index.execute("SELECT * FROM words_only WHERE words MATCH ?", (match,)).fetchall()
        assert found == []


def test_newest_words_are_found_and_old_ones_no_more(store: Store) -> None:
    event = suspected(reason="grey haze")
    store.add_step(event)
    store.add_step(replace(resolved(event), reason="thick smoke"))
    assert found(store, text="haze") == []
    assert found(store, text="thick") == [event.id]
    store.delete([event.id])
    assert found(store, text="thick") == []


def test_filters(store: Store) -> None:
    fall = suspected(0)
    haze = suspected(60, anomaly=AnomalyClass.SMOKE, camera="hall", level=Level.LOW, review=True)
    for event in (fall, haze):
        store.add_step(event)
    store.add_step(resolved(fall))
    assert found(store) == [haze.id, fall.id]
    assert found(store, camera="hall") == [haze.id]
    assert found(store, anomaly=AnomalyClass.FALL) == [fall.id]
    assert found(store, level=Level.LOW) == [haze.id]
    assert found(store, review=True) == [haze.id]
    assert found(store, review=False) == [fall.id]
    assert found(store, open=True) == [haze.id]
    assert found(store, start=START + 60) == [haze.id]
    assert found(store, end=START + 60) == [fall.id]
    assert found(store, text="smoke", camera="bedroom") == []


def test_pages_show_every_event_once_even_while_new_ones_come(store: Store) -> None:
    ids = []
    for index in range(25):
        event = suspected(index // 3)
        event = replace(event, id=f"{event.id}{index:02}")
        ids.append(event.id)
        store.add_step(event)
    seen: list[str] = []
    cursor = None
    while True:
        page = store.search(EventQuery(limit=4, cursor=cursor))
        seen += [stored.event.id for stored in page.events]
        store.add_step(suspected(1000 + len(seen)))
        cursor = page.cursor
        if cursor is None:
            break
    assert sorted(seen) == sorted(ids)
    assert len(seen) == 25


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"limit": 0}, "limit = 0: must be between 1 and 200"),
        ({"cursor": "nonsense!"}, "cursor = 'nonsense!': is not from a page"),
        ({"cursor": "W10"}, "leave it out to begin anew"),
        ({"start": float("nan")}, "from = nan"),
    ],
)
def test_wrong_queries_name_field_and_remedy(
    store: Store, query: dict[str, object], words: str
) -> None:
    with pytest.raises(QueryError, match=words):
        store.search(EventQuery(**query))  # type: ignore[arg-type]


def test_feedback_is_kept(store: Store) -> None:
    event = suspected()
    store.add_step(event)
    assert store.set_feedback(event.id, FeedbackKind.FALSE_ALARM)
    assert not store.set_feedback("unknown", FeedbackKind.FALSE_ALARM)
    store.add_step(resolved(event))
    stored = store.get(event.id)
    assert stored is not None
    assert stored.feedback is FeedbackKind.FALSE_ALARM
    assert stored.feedback_time is not None


def test_file_of_an_older_program_is_migrated(tmp_path: Path) -> None:
    path = tmp_path / "events.db"
    Database(path, migrations=MIGRATIONS).close()
    newer = (*MIGRATIONS, "ALTER TABLE events ADD COLUMN note TEXT NOT NULL DEFAULT 'none';")
    store = Store(path)
    store.add_step(suspected())
    store.close()
    database = Database(path, migrations=newer)
    assert database.rows("SELECT note FROM events") == [("none",)]
    assert database.rows("PRAGMA user_version") == [(len(newer),)]
    database.close()


def test_file_of_the_first_program_learns_to_keep_homes(tmp_path: Path) -> None:
    path = tmp_path / "events.db"
    Database(path, migrations=MIGRATIONS[:1]).close()
    store = Store(path)
    store.set_home("bedroom", HOME)
    assert store.homes() == {"bedroom": HOME}
    store.close()


def test_failing_migration_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "events.db"
    Database(path).close()
    broken = (*MIGRATIONS, "CREATE TABLE notes (a); INSERT INTO nowhere VALUES (1);")
    with pytest.raises(StoreError, match="nowhere"):
        Database(path, migrations=broken)
    database = Database(path)
    assert database.rows("PRAGMA user_version") == [(len(MIGRATIONS),)]
    assert database.rows("SELECT name FROM sqlite_master WHERE name = 'notes'") == []
    database.close()


def test_file_of_a_newer_program_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "events.db"
    Database(path, migrations=(*MIGRATIONS, "CREATE TABLE notes (a);")).close()
    ours, theirs = len(MIGRATIONS), len(MIGRATIONS) + 1
    with pytest.raises(
        StoreError, match=f"version {theirs}, this program knows {ours}: update Omni"
    ):
        Store(path)


def test_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "events.db"
    path.write_bytes(b"something else entirely" * 100)
    with pytest.raises(StoreError, match=r"events\.db: file is not a database.*move the file away"):
        Store(path)


def test_full_disk_is_named_and_the_store_goes_on(tmp_path: Path) -> None:
    store = Store(tmp_path / "events.db")
    store.add_step(suspected())
    pages = store._database.rows("PRAGMA page_count")[0][0]
    with store._database.transaction() as connection:
        connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(DiskFullError, match=r"no space left.*lower retention\.gigabytes"):
        store.add_step(suspected(60, reason="word " * 5000))
    with store._database.transaction() as connection:
        connection.execute("PRAGMA max_page_count = 100000")
    assert len(found(store)) == 1
    assert store.add_step(suspected(60)) is not None
    store.close()


WRITER = """
import sys
from pathlib import Path
from dataclasses import replace
from omnicam.record.store import Store
from tests.edge.record.record_scenes import suspected, resolved
store = Store(Path(sys.argv[1]))
index = 0
while True:
    event = suspected(index * 10.0)
    store.add_step(event)
    store.add_step(resolved(event))
    index += 1
    print(index, flush=True)
"""


def test_kill_in_the_middle_leaves_a_whole_record(tmp_path: Path) -> None:
    path = tmp_path / "events.db"
    root = Path(omnicam.__file__).parents[2]
    environment = os.environ | {"PYTHONPATH": f"{root / 'addon'}{os.pathsep}{root}"}
    for _ in range(3):
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path)],
            stdout=subprocess.PIPE,
            env=environment,
            text=True,
        ) as process:
            assert process.stdout is not None
            for _ in range(5):
                process.stdout.readline()
            time.sleep(0.013)
            process.send_signal(signal.SIGKILL)
            process.wait(timeout=10)
            told = int((process.stdout.read().split() or ["5"])[-1])
        store = Store(path)
        database = store._database
        assert database.rows("PRAGMA integrity_check") == [("ok",)]
        events = database.rows("SELECT count(*) FROM events")[0][0]
        assert events >= told
        assert database.rows("SELECT count(*) FROM events_text")[0][0] == events
        steps = database.rows("SELECT count(*) FROM steps")[0][0]
        assert steps >= 2 * told
        # Every step has its message: neither is ever there without the other.
        assert database.rows("SELECT count(*) FROM pending") == [(steps,)]
        assert len(store.open_events()) == 2 * events - steps
        store.close()
        path.unlink()


HOME = HomeMemory(
    since=START,
    days=(
        Day(number=20_000, watched_s=601.25, peaks={"abnormal_sound/scream": 5.125}),
        Day(number=20_001),
    ),
    answers=(
        Answer(
            event="x", key="fall", kind=FeedbackKind.FALSE_ALARM, peak=6.5, time=START + 0.25
        ),
    ),
)  # fmt: skip


def test_what_a_camera_learned_comes_back_unchanged(tmp_path: Path) -> None:
    store = Store(tmp_path / "events.db")
    assert store.homes() == {}
    store.set_home("hall", HomeMemory())
    store.set_home("bedroom", HomeMemory(since=1.0))
    store.set_home("bedroom", HOME)
    store.close()
    store = Store(tmp_path / "events.db")
    assert store.homes() == {"hall": HomeMemory(), "bedroom": HOME}
    store.close()


@pytest.mark.parametrize(
    ("form", "body"),
    [
        (2, homes.text(HOME)),
        (1, "{"),
        (1, "[]"),
        (1, "{}"),
        (1, homes.text(HOME).replace("601.25", '601.25,"wing":1')),
        (1, homes.text(HOME).replace("5.125", "NaN")),
        (1, homes.text(HOME).replace("false_alarm", "maybe")),
    ],
)
def test_a_memory_that_cannot_be_read_is_told_and_the_others_are_kept(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, form: int, body: str
) -> None:
    store = Store(tmp_path / "events.db")
    store.set_home("hall", HOME)
    with store._database.transaction() as connection:
        connection.execute("INSERT INTO homes VALUES ('bedroom', ?, ?, 0)", (form, body))
    assert store.homes() == {"hall": HOME}
    assert "camera bedroom" in caplog.text
    store.close()
