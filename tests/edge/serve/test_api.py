"""The API over real HTTP, on a real record."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from omnicam import payloads
from omnicam.config.added import NotThereError, ReadOnlyError, TakenError
from omnicam.config.load import default_classes
from omnicam.config.model import ApiSettings, CameraSettings, RetentionSettings, Secret
from omnicam.decide.calibration import Calibration
from omnicam.decide.events import Event, FeedbackKind, Step, event_id, take
from omnicam.decide.fusion import Contribution
from omnicam.decide.home import Answer, HomeMemory
from omnicam.decide.learner import Home
from omnicam.decide.words import HelpCall
from omnicam.record.query import CallQuery, EventQuery, Page, StoredEvent
from omnicam.record.recorder import Recorder
from omnicam.serve.routes import ROUTES
from omnicam.serve.server import PortError, serving
from omnicam.serve.token import accepts, load_or_create
from omnicam.serve.view import Json, UnansweredError, UnavailableError, UnknownCameraError
from omnicam.taxonomy import AnomalyClass, Level
from tests.edge.record import record_scenes

TOKEN = Secret("a-token")
JPEG = b"\xff\xd8\xff\xe0 a picture \xff\xd9"
START = 1_800_000_000.0


@dataclass
class RecordView:
    """A window onto a real record, with one camera that has a picture and one that has none."""

    recorder: Recorder
    status: str = "ok"
    memories: dict[str, HomeMemory] = field(default_factory=dict)

    def info(self) -> Json:
        return {"contract": 1, "node": "home", "classes": [*AnomalyClass, "stove_alone"]}

    def health(self) -> Json:
        return {"status": self.status, "version": "1"}

    def cameras(self) -> list[Json]:
        return [{"id": "bedroom"}, {"id": "hall"}]

    def stream_url(self, camera: str) -> str | None:
        return {"bedroom": "rtsp://user:secret@192.0.2.1/", "hall": None}[self._known(camera)]

    async def snapshot(self, camera: str) -> bytes:
        if self._known(camera) == "hall":
            raise UnavailableError("camera hall: no picture yet")
        return JPEG

    async def search(self, query: EventQuery) -> Page:
        return await self.recorder.search(query)

    async def calls(self, query: CallQuery) -> list[HelpCall]:
        return await self.recorder.calls(query)

    async def event(self, event: str) -> StoredEvent | None:
        return await self.recorder.get(event)

    async def feedback(self, event: str, kind: FeedbackKind) -> bool:
        return await self.recorder.set_feedback(event, kind)

    async def reply(self, camera: str, question: str) -> str:
        if self._known(camera) == "hall":
            raise UnansweredError("camera hall: no model looks at it", "set model")
        return f"You asked: {question}"

    def home(self, camera: str) -> Json:
        home = Home(settings(self._known(camera)), Calibration(), self.memories.get(camera))
        home.watch(START)
        return payloads.home(camera, home)

    async def forget_home(self, camera: str) -> None:
        if self._known(camera) == "hall":
            raise UnavailableError("camera hall: that it forgot its home could not be recorded")
        self.memories.pop(camera, None)

    def media_path(self, name: str) -> Path:
        return self.recorder.media.path(name)

    def _known(self, camera: str) -> str:
        if camera not in ("bedroom", "hall"):
            raise UnknownCameraError(camera)
        return camera


class FileOnly:
    """A node all of whose cameras stand in its file; test_roster.py changes them."""

    def settings(self, camera: str) -> Json:
        raise NotThereError(camera)

    async def add(self, camera: str, fields: Mapping[str, Any]) -> None:
        raise TakenError(camera)

    async def change(self, camera: str, fields: Mapping[str, Any]) -> None:
        raise ReadOnlyError(camera)

    async def remove(self, camera: str) -> None:
        raise ReadOnlyError(camera)


def settings(camera: str) -> CameraSettings:
    return CameraSettings(id=camera, name="", url=Secret("-"), classes=default_classes())


def fall(number: int, camera: str = "bedroom", level: Level = Level.HIGH) -> Event:
    began = START + 100 * number
    return Event(
        id=event_id(camera, "fall", began, began),
        camera=camera,
        anomaly=AnomalyClass.FALL,
        label=None,
        step=Step.SUSPECTED,
        taken=(Step.SUSPECTED,),
        level=level,
        confidence=0.95,
        suspected=began,
        onset=began,
        updated=began,
        reason="dropped fast and lies",
        contributions=(
            Contribution(scorer="fall", label=None, log_odds=6.5),
            Contribution(scorer="home", label=None, log_odds=-0.6),
        ),
    )


@pytest.fixture
async def recorder(tmp_path: Path) -> AsyncIterator[Recorder]:
    recorder = Recorder(tmp_path, RetentionSettings(), camera_names={"bedroom": "Bedroom"})
    yield recorder
    await recorder.close()


@pytest.fixture
def view(recorder: Recorder) -> RecordView:
    return RecordView(recorder)


@pytest.fixture
async def api(view: RecordView) -> AsyncIterator[aiohttp.ClientSession]:
    listen = ApiSettings(host="127.0.0.1", port=0)
    headers = {"Authorization": f"Bearer {TOKEN.reveal()}"}
    async with (
        serving(view, FileOnly(), TOKEN, listen) as port,
        aiohttp.ClientSession(f"http://127.0.0.1:{port}", headers=headers) as session,
    ):
        yield session


async def answer(api: aiohttp.ClientSession, path: str, status: int = 200) -> Json:
    async with api.get(path) as response:
        assert response.status == status, await response.text()
        body: Json = await response.json()
        return body


@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "x"}])
async def test_nothing_but_bare_health_is_answered_without_the_token(
    api: aiohttp.ClientSession, header: dict[str, str]
) -> None:
    async with aiohttp.ClientSession(api._base_url, headers=header) as stranger:
        for route in ROUTES:
            path = route.path.replace("{camera}", "bedroom").replace("{event}", "x")
            async with stranger.request(route.method, path) as response:
                assert response.status == 401
                assert "api_token" in (await response.json())["remedy"]
        assert await answer(stranger, "/api/openapi.json", 401)
        assert await answer(stranger, "/api/health") == {"status": "ok"}
    assert "version" in await answer(api, "/api/health")


async def test_a_watchdog_without_token_sees_that_the_node_is_degraded(recorder: Recorder) -> None:
    settings = ApiSettings(host="127.0.0.1", port=0)
    async with (
        serving(RecordView(recorder, status="degraded"), FileOnly(), TOKEN, settings) as port,
        aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session,
    ):
        assert await answer(session, "/api/health", 503) == {"status": "degraded"}


async def test_cameras_show_pictures_and_streams(api: aiohttp.ClientSession) -> None:
    async with api.get("/api/cameras/bedroom/snapshot") as response:
        assert (response.content_type, await response.read()) == ("image/jpeg", JPEG)
    assert (await answer(api, "/api/cameras/hall/stream"))["url"] is None
    assert "no picture yet" in (await answer(api, "/api/cameras/hall/snapshot", 503))["error"]
    assert "'attic'" in (await answer(api, "/api/cameras/attic/snapshot", 404))["error"]
    assert "'attic'" in (await answer(api, "/api/cameras/attic/stream", 404))["error"]


async def test_events_are_searched_filtered_and_paged(
    api: aiohttp.ClientSession, recorder: Recorder
) -> None:
    for number in range(5):
        await recorder.record_step(fall(number))
    await recorder.record_step(fall(9, camera="hall", level=Level.LOW))
    first = await answer(api, "/api/events?camera=bedroom&limit=3")
    rest = await answer(api, f"/api/events?camera=bedroom&limit=3&cursor={first['cursor']}")
    ids = [event["event"] for event in first["events"] + rest["events"]]
    assert ids == [fall(number).id for number in (4, 3, 2, 1, 0)]
    assert rest["cursor"] is None
    for query, count in (
        ("class=fall", 6),
        ("class=smoke", 0),
        ("class=stove_alone", 0),
        ("level=low", 1),
        ("text=跌倒", 6),
        ("text=dropped+lies", 6),
        ("text=unicorn", 0),
        (f"from={START + 150}&to={START + 350}", 2),
        ("open=true", 6),
    ):
        assert len((await answer(api, f"/api/events?{query}"))["events"]) == count, query


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("class=fal", "class"),
        ("level=huge", "level"),
        ("limit=0", "limit"),
        ("limit=many", "limit"),
        ("from=yesterday", "from"),
        ("to=nan", "to"),
        ("open=1", "open"),
        ("cursor=nonsense", "cursor"),
        ("feedback=maybe", "feedback"),
        ("colour=red", "colour"),
    ],
)
async def test_a_wrong_parameter_is_named(
    api: aiohttp.ClientSession, query: str, named: str
) -> None:
    problem = await answer(api, f"/api/events?{query}", 400)
    assert named in problem["error"]
    assert problem["remedy"]


async def test_calls_for_help_are_found_by_their_time(
    api: aiohttp.ClientSession, recorder: Recorder
) -> None:
    assert (await answer(api, "/api/calls")) == {"calls": []}
    call = record_scenes.call
    for time in (0.0, 60.0, 120.0):
        await recorder.record_call(call(time))
    found = (await answer(api, f"/api/calls?from={record_scenes.START + 60}"))["calls"]
    assert found == [payloads.help_call(call(time)) for time in (120.0, 60.0)]
    newest = (await answer(api, "/api/calls?limit=1"))["calls"]
    assert newest == [payloads.help_call(call(120.0))]


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("from=yesterday", "from"),
        ("from=nan", "from"),
        ("limit=0", "limit"),
        ("class=fall", "class"),
    ],
)
async def test_a_wrong_parameter_of_calls_is_named(
    api: aiohttp.ClientSession, query: str, named: str
) -> None:
    problem = await answer(api, f"/api/calls?{query}", 400)
    assert named in problem["error"]
    assert problem["remedy"]


async def test_an_event_has_history_picture_and_clip(
    api: aiohttp.ClientSession, recorder: Recorder
) -> None:
    event = fall(0)
    await recorder.record_step(event, JPEG, clip_follows=True)
    await recorder.record_step(take(event, Step.ESCALATED, event.updated + 1), clip_follows=True)
    clip = await answer(api, f"/api/events/{event.id}/clip", 404)
    assert "some seconds" in clip["remedy"]
    (await recorder.prepare_clip(event.id)).write_bytes(b"film")
    await recorder.finish_clip(event.id)
    found = await answer(api, f"/api/events/{event.id}")
    assert [step["step"] for step in found["steps"]] == ["suspected", "escalated"]
    assert found["contributions"] == [
        {"scorer": "fall", "label": None, "log_odds": 6.5},
        {"scorer": "home", "label": None, "log_odds": -0.6},
    ]
    async with api.get(f"/api/events/{event.id}/snapshot") as response:
        assert await response.read() == JPEG
    async with api.get(f"/api/events/{event.id}/clip") as response:
        assert (response.content_type, await response.read()) == ("video/mp4", b"film")
    assert "'none'" in (await answer(api, "/api/events/none", 404))["error"]


async def test_feedback_is_kept(api: aiohttp.ClientSession, recorder: Recorder) -> None:
    event = fall(0)
    await recorder.record_step(event)
    path = f"/api/events/{event.id}/feedback"
    async with api.post(path, json={"kind": "false_alarm"}) as response:
        assert response.status == 200
    assert (await answer(api, f"/api/events/{event.id}"))["feedback"] == "false_alarm"
    stored = await recorder.get(event.id)
    for kind in ("false_alarm", "acknowledged"):
        async with api.post(path, json={"kind": kind}) as response:
            assert response.status == 200
        # The same word again, and an acknowledgement after it, change nothing.
        assert await recorder.get(event.id) == stored
    await recorder.record_step(take(event, Step.RESOLVED, event.updated + 1))
    async with api.post(path, json={"kind": "confirmed"}) as response:
        assert await response.json() == {"event": event.id, "kind": "confirmed"}
    for query, count in (("feedback=confirmed", 1), ("feedback=false_alarm", 0)):
        assert len((await answer(api, f"/api/events?{query}"))["events"]) == count, query
    for body, said in (
        ({"kind": "maybe"}, "kind = 'maybe'"),
        ({"kind": 7}, "kind = '7'"),
        ({"kind": []}, "kind = "),
        ({}, "kind is missing"),
        ([], "kind is missing"),
    ):
        async with api.post(path, json=body) as response:
            assert response.status == 400
            problem = await response.json()
        assert said in problem["error"]
        assert "false_alarm" in problem["remedy"]
    async with api.post(path, data="{") as response:
        assert response.status == 400
    async with api.post("/api/events/none/feedback", json={"kind": "confirmed"}) as response:
        assert response.status == 404
        assert "GET /api/events" in (await response.json())["remedy"]


async def test_a_word_without_a_judgement_takes_none_back(
    api: aiohttp.ClientSession, recorder: Recorder
) -> None:
    event = fall(0)
    await recorder.record_step(event)
    path = f"/api/events/{event.id}/feedback"
    for kind, kept in (
        ("acknowledged", "acknowledged"),
        ("dismissed", "dismissed"),
        ("needs_help", "needs_help"),
        ("dismissed", "needs_help"),
        ("false_alarm", "false_alarm"),
    ):
        async with api.post(path, json={"kind": kind}) as response:
            assert response.status == 200
        assert (await answer(api, f"/api/events/{event.id}"))["feedback"] == kept


async def test_a_camera_is_asked_a_question(api: aiohttp.ClientSession) -> None:
    path = "/api/cameras/{}/describe"
    async with api.post(path.format("bedroom"), json={"question": " Is mum up? "}) as response:
        assert await response.json() == {
            "camera": "bedroom",
            "question": "Is mum up?",
            "answer": "You asked: Is mum up?",
        }
    for camera, body, status, said in (
        ("hall", {"question": "?"}, 503, "no model"),
        ("attic", {"question": "?"}, 404, "attic"),
        ("bedroom", {"question": " "}, 400, "question"),
        ("bedroom", {"question": 7}, 400, "question"),
        ("bedroom", {"question": "x" * 501}, 400, "question"),
        ("bedroom", [], 400, "question"),
    ):
        async with api.post(path.format(camera), json=body) as response:
            assert response.status == status, body
            problem = await response.json()
        assert said in problem["error"]
        assert problem["remedy"]


async def test_a_part_of_a_clip_can_be_had(api: aiohttp.ClientSession, recorder: Recorder) -> None:
    event = fall(0)
    await recorder.record_step(event, JPEG, clip_follows=True)
    (await recorder.prepare_clip(event.id)).write_bytes(b"a film")
    await recorder.finish_clip(event.id)
    part = {"Range": "bytes=2-3"}
    async with api.get(f"/api/events/{event.id}/clip", headers=part) as response:
        assert (response.status, await response.read()) == (206, b"fi")
        assert response.headers["Content-Range"] == "bytes 2-3/6"


async def test_what_a_camera_learned_is_shown_and_forgotten(
    api: aiohttp.ClientSession, view: RecordView
) -> None:
    said = Answer(
        event="x",
        key="abnormal_sound/scream",
        kind=FeedbackKind.FALSE_ALARM,
        peak=6.0,
        time=START,
    )
    view.memories["bedroom"] = HomeMemory(since=START - 60, answers=(said,))
    shown = await answer(api, "/api/cameras/bedroom/home")
    assert (shown["camera"], shown["learning"], shown["days"]) == ("bedroom", True, 0)
    assert shown["since"] == payloads.iso(START - 60)
    assert shown["learned"] == [
        {
            "class": "abnormal_sound",
            "label": "scream",
            "days": 0,
            "alarm_days": 0,
            "false_alarms": 1,
            "confirmed": 0,
            "shift": -1.0,
            "reach": 6.0,
        }
    ]
    async with api.delete("/api/cameras/bedroom/home") as response:
        assert (response.status, (await response.json())["learned"]) == (200, [])
    async with api.delete("/api/cameras/hall/home") as response:
        assert response.status == 503
        assert "health" in (await response.json())["remedy"]
    assert "'attic'" in (await answer(api, "/api/cameras/attic/home", 404))["error"]
    async with api.delete("/api/cameras/attic/home") as response:
        assert response.status == 404


async def test_the_openapi_document_describes_every_route(api: aiohttp.ClientSession) -> None:
    document = await answer(api, "/api/openapi.json")
    for route in ROUTES:
        operation = document["paths"][route.path][route.method.lower()]
        assert operation["summary"]
        assert "401" in operation["responses"]
    names = {entry["name"] for entry in document["paths"]["/api/events"]["get"]["parameters"]}
    assert {"camera", "class", "level", "text", "from", "to", "limit", "cursor"} <= names
    names = {entry["name"] for entry in document["paths"]["/api/calls"]["get"]["parameters"]}
    assert names == {"from", "limit"}


async def test_an_unknown_path_is_told_as_json(api: aiohttp.ClientSession) -> None:
    assert "openapi" in (await answer(api, "/api/nothing", 404))["remedy"]


async def test_a_port_in_use_is_told_with_the_remedy(recorder: Recorder) -> None:
    settings = ApiSettings(host="127.0.0.1", port=0)
    async with serving(RecordView(recorder), FileOnly(), TOKEN, settings) as port:
        with pytest.raises(PortError, match=r"api\.port"):
            async with serving(
                RecordView(recorder), FileOnly(), TOKEN, replace(settings, port=port)
            ):
                pass


def test_the_token_is_made_once_and_only_for_its_owner(tmp_path: Path) -> None:
    token = load_or_create(tmp_path / "data")
    assert load_or_create(tmp_path / "data") == token
    assert len(token.reveal()) >= 40
    assert (tmp_path / "data" / "api_token").stat().st_mode & 0o077 == 0
    assert accepts(token, f"Bearer {token.reveal()}")
    assert not accepts(token, f"Basic {token.reveal()}")
    assert not accepts(token, None)
