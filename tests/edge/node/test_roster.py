"""Cameras added, changed and removed over real HTTP, on a real guardian and its files."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml

from omnicam.config.added import FILE_NAME, MOST_CAMERAS, CameraBook
from omnicam.config.errors import ConfigError
from omnicam.config.model import ApiSettings, NodeSettings, RetentionSettings, Secret
from omnicam.node.guardian import Guardian
from omnicam.node.outbox import RecordOutbox
from omnicam.node.roster import Roster
from omnicam.node.run import NoBroker
from omnicam.node.worker import WorkerTask
from omnicam.record.recorder import Recorder
from omnicam.serve.server import serving
from omnicam.serve.view import Json

TOKEN = "a-token"
HALL = {
    "id": "hall",
    "name": "Hall",
    "url": "rtsp://me:s3cret@192.0.2.7/stream?key=s3cret",
    "enabled": False,
    "zones": {"bed": {"kind": "resting", "points": [[0, 0], [1, 0], [1, 1]]}},
    "classes": {"smoke": {"enabled": False}, "fall": {"alarm_level": "medium"}},
}


def configuration(folder: Path) -> Path:
    file = folder / "node.yaml"
    cameras = {"bedroom": {"url": "rtsp://192.0.2.8/", "enabled": False, "password": "s3cret"}}
    cameras["bedroom"]["username"] = "me"
    file.write_text(yaml.safe_dump({"node": "home", "cameras": cameras}), encoding="utf-8")
    return file


class House:
    """A running node over HTTP, without its workers' pictures."""

    def __init__(self, session: aiohttp.ClientSession, guardian: Guardian) -> None:
        self._session = session
        self.guardian = guardian
        self.announced: list[Json] = []

    async def ask(self, method: str, path: str, body: object = None, status: int = 200) -> Json:
        async with self._session.request(method, f"/api/{path}", json=body) as response:
            text = await response.text()
            assert response.status == status, text
            assert "s3cret" not in text
            answer: Json = json.loads(text)
            return answer

    async def names(self) -> dict[str, str]:
        info = await self.ask("GET", "info")
        return {camera["id"]: camera["origin"] for camera in info["cameras"]}


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[House]:
    book = CameraBook.open(configuration(folder))
    data = book.settings.data
    recorder = Recorder(data, RetentionSettings())
    announced: list[Json] = []

    def task(camera: Any) -> WorkerTask:
        return WorkerTask(
            camera=camera,
            time_zone=None,
            words=(),
            yamnet=None,
            pose_socket=data / "none",
            log_level=30,
            verify=False,
        )

    def announce(_: NodeSettings, info: Json) -> None:
        announced.append(info)

    guardian = Guardian(
        book.settings, recorder, RecordOutbox(recorder), NoBroker(), [], task, {}, announce
    )
    headers = {"Authorization": f"Bearer {TOKEN}"}
    try:
        async with (
            serving(
                guardian,
                Roster(book, guardian),
                Secret(TOKEN),
                ApiSettings(host="127.0.0.1", port=0),
            ) as port,
            aiohttp.ClientSession(f"http://127.0.0.1:{port}", headers=headers) as session,
        ):
            house = House(session, guardian)
            house.announced = announced
            yield house
    finally:
        for camera in list(guardian._tasks):
            await guardian._switch(camera, on=False)
        await recorder.close()


async def test_a_camera_is_added_changed_kept_and_removed(tmp_path: Path) -> None:
    async with running(tmp_path) as house:
        added = await house.ask("POST", "cameras", HALL, 201)
        assert (added["id"], added["origin"]) == ("hall", "api")
        assert added["settings"]["url"] == "rtsp://192.0.2.7/stream"
        assert await house.names() == {"bedroom": "file", "hall": "api"}
        assert [camera["id"] for camera in house.announced[-1]["cameras"]] == ["bedroom", "hall"]
        file = tmp_path / "data" / FILE_NAME
        assert file.stat().st_mode & 0o777 == 0o600

        change = {"name": "Corridor", "zones": None, "enabled": True, "loitering_s": 60}
        changed = await house.ask("PATCH", "cameras/hall", change)
        assert changed["settings"]["name"] == "Corridor"
        assert "zones" not in changed["settings"]
        assert "hall" in house.guardian._tasks  # it is watched at once

    async with running(tmp_path) as house:  # after a restart
        assert await house.names() == {"bedroom": "file", "hall": "api"}
        kept = await house.ask("GET", "cameras/hall/settings")
        assert kept["settings"] == changed["settings"]
        assert house.guardian.stream_url("hall") == HALL["url"]

        await house.ask("DELETE", "cameras/hall")
        assert await house.names() == {"bedroom": "file"}
        assert "hall" not in house.announced[-1]["cameras"]
        await house.ask("GET", "cameras/hall/settings", status=404)
        await house.ask("GET", "cameras/hall/snapshot", status=404)

    async with running(tmp_path) as house:
        assert await house.names() == {"bedroom": "file"}


async def test_the_file_s_cameras_are_shown_without_secrets_and_read_only(tmp_path: Path) -> None:
    async with running(tmp_path) as house:
        shown = await house.ask("GET", "cameras/bedroom/settings")
        assert shown["origin"] == "file"
        assert "password" not in shown["settings"]
        for method, body in (("PATCH", {"name": "x"}), ("DELETE", None)):
            answer = await house.ask(method, "cameras/bedroom", body, 409)
            assert "configuration file" in answer["error"]
            assert "restart" in answer["remedy"]
        await house.ask("POST", "cameras", {"id": "bedroom", "url": "rtsp://x/"}, 409)
        for method in ("PATCH", "DELETE"):
            await house.ask(method, "cameras/nowhere", {}, 404)
        assert await house.names() == {"bedroom": "file"}


@pytest.mark.parametrize(
    ("changes", "field", "says"),
    [
        ({"id": "Big Hall"}, "id", "a-z"),
        ({"id": None}, "id", "a-z"),
        ({"url": None}, "url", "missing"),
        ({"url": "ftp://x/y"}, "url", "rtsp://"),
        ({"url": "/etc/passwd"}, "url", "configuration file"),
        ({"analysis_url": "/dev/video0"}, "analysis_url", "configuration file"),
        ({"starts_at": "2026-11-22T22:00:00"}, "starts_at", "cannot be set"),
        ({"framerate": 6}, "framerate", "cannot be set"),
        ({"frame_rate": 99}, "frame_rate", "from 1 to 30"),
        ({"zones": {"bed": {"kind": "sofa", "points": []}}}, "zones.bed.kind", "resting"),
        ({"classes": {"fall": {"zones": ["x"]}}}, "classes.fall.zones", "unknown zone"),
        ({"password": "s3cret"}, "username", "add username"),
    ],
)
async def test_a_wrong_field_is_named_and_nothing_changes(
    tmp_path: Path, changes: dict[str, Any], field: str, says: str
) -> None:
    async with running(tmp_path) as house:
        answer = await house.ask("POST", "cameras", HALL | changes, 400)
        assert says in answer["fields"][field]
        assert await house.names() == {"bedroom": "file"}
        assert not (tmp_path / "data" / FILE_NAME).exists()


async def test_bodies_that_are_no_object_are_refused(tmp_path: Path) -> None:
    async with running(tmp_path) as house:
        answer = await house.ask("POST", "cameras", ["hall"], 400)
        assert "JSON object" in answer["error"]


async def test_what_cannot_be_written_down_is_not_watched(tmp_path: Path) -> None:
    async with running(tmp_path) as house:
        (tmp_path / "data" / FILE_NAME).mkdir()
        (tmp_path / "data" / FILE_NAME / "x").touch()
        answer = await house.ask("POST", "cameras", HALL, 503)
        assert "written" in answer["error"]
        assert await house.names() == {"bedroom": "file"}


def test_a_spoilt_file_is_named(tmp_path: Path) -> None:
    file = configuration(tmp_path)
    (tmp_path / "data").mkdir()
    for text in ("{", "[]", '{"hall": 1}'):
        (tmp_path / "data" / FILE_NAME).write_text(text)
        with pytest.raises(ConfigError, match=f"{FILE_NAME}: cannot be read"):
            CameraBook.open(file)


def test_where_both_have_a_camera_the_file_counts(tmp_path: Path) -> None:
    file = configuration(tmp_path)
    (tmp_path / "data").mkdir()
    stored = {"bedroom": {"url": "rtsp://192.0.2.9/"}}
    (tmp_path / "data" / FILE_NAME).write_text(json.dumps(stored))
    (camera,) = CameraBook.open(file).settings.cameras
    assert (camera.added, camera.url.reveal()) == (False, "rtsp://me:s3cret@192.0.2.8/")


def test_a_node_takes_no_more_than_it_can(tmp_path: Path) -> None:
    file = configuration(tmp_path)
    (tmp_path / "data").mkdir()
    many = {f"c{n}": {"url": "rtsp://192.0.2.9/"} for n in range(MOST_CAMERAS - 1)}
    (tmp_path / "data" / FILE_NAME).write_text(json.dumps(many))
    with pytest.raises(ConfigError, match="at most"):
        CameraBook.open(file).with_camera("hall", {"url": "rtsp://192.0.2.9/"})
