"""Tests of media files and of what is let go."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from omnicam.config.model import RetentionSettings
from omnicam.decide.events import Event
from omnicam.record.errors import RecordError
from omnicam.record.media import MediaFiles
from omnicam.record.query import EventQuery
from omnicam.record.retention import DAY_S, Retention
from omnicam.record.store import Store
from tests.edge.record.record_scenes import JPEG, START, resolved, suspected


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        return self.now


class House:
    """A data folder with events in it."""

    def __init__(self, data: Path) -> None:
        self.clock = Clock()
        self.media = MediaFiles(data)
        self.store = Store(data / "events.db", clock=self.clock)

    def keep(self, days: float, gigabytes: float) -> Retention:
        settings = RetentionSettings(days=days, gigabytes=gigabytes)
        return Retention(self.store, self.media, settings, clock=self.clock)

    def event(self, at: float, *, ended: bool = True, size: int = 1000) -> Event:
        self.clock.now = START + at
        event = suspected(at)
        name = self.media.write_snapshot(event.id, JPEG.ljust(size, b"\0"))
        self.store.add_step(event, snapshot=name)
        if ended:
            event = resolved(event)
            self.store.add_step(event)
        return event

    def ids(self) -> list[str]:
        return [stored.event.id for stored in self.store.search(EventQuery()).events]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    yield house
    house.store.close()


def test_snapshot_lies_under_its_day_and_is_replaced_whole(tmp_path: Path) -> None:
    media = MediaFiles(tmp_path)
    event = suspected().id
    name = media.write_snapshot(event, JPEG)
    assert name == f"snapshots/2026/11/18/{event}.jpg"
    assert media.clip_name(event) == f"clips/2026/11/18/{event}.mp4"
    media.write_snapshot(event, JPEG + b"newer")
    assert media.path(name).read_bytes() == JPEG + b"newer"
    assert [path.name for path in media.path(name).parent.iterdir()] == [f"{event}.jpg"]
    assert media.prepare_clip(event).parent.is_dir()


@pytest.mark.parametrize(
    "event", ["../../etc/passwd", "20261122T143215-bedroom-fall-1f3a/../x", "", "a" * 300]
)
def test_names_never_lead_out_of_the_folder(tmp_path: Path, event: str) -> None:
    with pytest.raises(ValueError, match="is no id such as"):
        MediaFiles(tmp_path).snapshot_name(event)
    with pytest.raises(ValueError, match="must lie in snapshots or clips"):
        MediaFiles(tmp_path).path(f"snapshots/../{event}")
    with pytest.raises(ValueError, match="must lie in"):
        MediaFiles(tmp_path).path("/etc/passwd")


def test_what_is_no_picture_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="is no JPEG"):
        MediaFiles(tmp_path).write_snapshot(suspected().id, b"<html>")


def test_failed_write_leaves_the_old_file_and_no_half(tmp_path: Path) -> None:
    media = MediaFiles(tmp_path)
    (tmp_path / "snapshots").write_text("in the way", encoding="utf-8")
    with pytest.raises(RecordError, match="check the folder and its permissions"):
        media.write_snapshot(suspected().id, JPEG)
    (tmp_path / "clips").write_text("in the way", encoding="utf-8")
    with pytest.raises(RecordError, match="check the folder"):
        media.prepare_clip(suspected().id)


def test_old_events_go_with_everything(house: House) -> None:
    old, new = house.event(0), house.event(20 * DAY_S)
    house.clock.now = START + 31 * DAY_S
    swept = house.keep(30, 10).sweep()
    assert (swept.events, swept.files, swept.freed) == ((old.id,), 1, 1000)
    assert house.ids() == [new.id]
    assert not house.media.path(house.media.snapshot_name(old.id)).exists()
    assert house.keep(30, 10).sweep().events == ()


def test_age_counts_from_the_recording_not_from_the_stream(house: House) -> None:
    house.clock.now = START
    film = resolved(suspected(-400 * DAY_S))
    house.store.add_step(film)
    assert house.keep(30, 10).sweep().events == ()


def test_open_events_stay_however_old_or_large(house: House) -> None:
    still = house.event(0, ended=False)
    house.clock.now = START + 365 * DAY_S
    swept = house.keep(1, 0.0).sweep()
    assert swept.files == 0
    assert house.ids() == [still.id]
    assert house.media.path(house.media.snapshot_name(still.id)).exists()


def test_files_of_the_oldest_go_when_it_is_too_much_and_their_rows_stay(house: House) -> None:
    made = [house.event(index * 60.0) for index in range(6)]
    swept = house.keep(30, 4e-6).sweep()
    assert swept.emptied == (made[0].id, made[1].id)
    assert house.keep(30, 4e-6).used() == 4000
    assert len(house.ids()) == 6
    emptied, kept = house.store.get(made[0].id), house.store.get(made[2].id)
    assert emptied is not None
    assert kept is not None
    assert emptied.snapshot is None
    assert kept.snapshot is not None


def test_limit_below_everything_ends_with_nothing_left(house: House) -> None:
    for index in range(3):
        house.event(index * 60.0)
    retention = house.keep(30, 0.0)
    assert len(retention.sweep().emptied) == 3
    assert retention.used() == 0
    assert retention.make_room(10**9).files == 0


def test_files_of_nobody_go_after_a_while(house: House) -> None:
    kept = house.event(0)
    folder = house.media.path(house.media.snapshot_name(kept.id)).parent
    names = (".a.jpg.0011.part", "stray.jpg")
    for name in names:
        (folder / name).write_bytes(b"half")
        os.utime(folder / name, (START - 7200, START - 7200))
    (folder / "fresh.jpg").write_bytes(b"being written")
    os.utime(folder / "fresh.jpg", (START, START))
    assert house.keep(30, 10).sweep().files == 2
    assert sorted(path.name for path in folder.iterdir()) == [f"{kept.id}.jpg", "fresh.jpg"]


def test_empty_folders_go_once_nobody_waits_for_them(house: House, tmp_path: Path) -> None:
    house.event(0)
    retention = house.keep(30, 0.0)
    retention.sweep()
    folders = [path for path in (tmp_path / "snapshots").rglob("*") if path.is_dir()]
    assert len(folders) == 3
    for folder in sorted(folders, reverse=True):
        # Removing the day below changes the month: it goes an hour later.
        os.utime(folder, (START - 7200, START - 7200))
        retention.sweep()
        assert not folder.exists()
    assert list((tmp_path / "snapshots").rglob("*")) == []


def test_folder_prepared_for_a_clip_stays(house: House) -> None:
    event = house.event(0)
    path = house.media.prepare_clip(event.id)
    os.utime(path.parent, (START - 7200, START - 7200))
    house.media.prepare_clip(event.id)
    house.keep(30, 10).sweep()
    assert path.parent.is_dir()
