"""From a suspicion to a verdict in a watched camera: stub worker, real record, real server."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from omnicam.config.load import parse
from omnicam.config.model import Question
from omnicam.decide.events import FeedbackKind
from omnicam.detect.registry import judged_classes
from omnicam.evidence import Evidence, Region, WordHeard
from omnicam.node.camera_process import WorkerUnavailableError
from omnicam.node.camera_verify import CameraVerify
from omnicam.node.camera_watch import CameraWatch, Shared
from omnicam.node.messages import Progress, StreamOpened
from omnicam.node.outbox import RecordOutbox
from omnicam.node.run import NoBroker
from omnicam.record.query import EventQuery, StoredEvent
from omnicam.record.recorder import Recorder
from omnicam.taxonomy import AnomalyClass, Level, OwnClass
from omnicam.time_zone import local_zone
from omnicam.verify import store
from omnicam.verify.calibration import Line, Memory
from omnicam.verify.outcomes import AskError
from omnicam.verify.verifier import Verifier
from omnicam.verify.window import FilmOrder, WindowOrder
from tests.edge.verify import model_server
from tests.edge.verify.model_server import ModelServer, said, serving
from tests.edge.verify.verify_scenes import FALL, TOOL, window

START = 1_795_000_000.0
SOUNDS = AnomalyClass.ABNORMAL_SOUND


@dataclass
class Worker:
    """A worker that has pictures of every moment; `window` may fail."""

    restarts: int = 0
    orders: list[WindowOrder] = field(default_factory=list)
    sound: bytes = b"RIFF"
    blind: bool = False
    filming: bool = False
    films: list[FilmOrder] = field(default_factory=list)

    async def run(self) -> None:
        await asyncio.Event().wait()

    def send(self, message: object) -> None:
        """Nobody listens."""

    async def snapshot(self, time: float | None) -> bytes:
        return b"\xff\xd8\xff"

    async def clip(self, start: float, end: float, path: Path) -> None:
        if not self.filming:
            raise WorkerUnavailableError("no clip here")
        path.write_bytes(b"a clip")

    async def film(self, order: FilmOrder) -> Any:
        self.films.append(order)
        return window(start=order.start, end=order.start + 15.0, sound=b"")

    async def window(self, order: WindowOrder) -> Any:
        self.orders.append(order)
        if self.blind:
            raise WorkerUnavailableError("no pictures of that time")
        return window(end=order.time, sound=self.sound)


@dataclass
class Home:
    """A camera with its model."""

    watch: CameraWatch
    worker: Worker
    verifier: Verifier
    server: ModelServer
    recorder: Recorder
    now: float = START

    async def show(self, seconds: float, log_odds: float = 0.0, **changes: Any) -> None:
        """Let a fast file go on, with evidence of a fall in every sixth of a second."""
        for _ in range(round(seconds * 6)):
            self.now += 1 / 6
            evidence = Evidence(
                camera="bedroom",
                anomaly=FALL,
                log_odds=log_odds,
                time=self.now,
                span_s=1 / 6,
                scorer="fallen",
                why="lies on the floor",
                region=Region(x=0.1, y=0.6, width=0.3, height=0.2),
            )
            findings = (evidence,) if log_odds else ()
            await self.tell(findings, **changes)

    async def tell(self, findings: tuple = (), **changes: Any) -> None:
        message = Progress(time=self.now, findings=findings, wants_answer=True)
        await self.watch.on_message(replace(message, **changes))

    async def events(self) -> list[StoredEvent]:
        found = (await self.recorder.search(EventQuery())).events
        full = [await self.recorder.get(stored.event.id) for stored in found]
        return [stored for stored in full if stored is not None]


@asynccontextmanager
async def home(
    data: Path, behaviour: Any, *, calibrated: bool = True, camera: Any = None, **model: Any
) -> AsyncIterator[Home]:
    async with serving(behaviour) as server:
        raw = {
            "node": "home",
            "time_zone": "Europe/Berlin",
            "cameras": {"bedroom": {"url": "rtsp://192.0.2.7/", **(camera or {})}},
            "model": {
                "url": server.url,
                "name": "omni",
                "audits_per_hour": 0,
                "deadline_s": 5,
                **model,
            },
        }
        settings = parse(raw, base=data)
        data.mkdir(exist_ok=True)
        if calibrated:
            lines = {anomaly: Line(slope=1.0, offset=0.0) for anomaly in AnomalyClass}
            store.write(data, "omni", Memory(lines=lines))
        recorder = Recorder(data, settings.retention)
        assert settings.model is not None
        verifier = Verifier(settings.model, data, settings.language, lambda _: None, "home")
        outlet, worker = NoBroker(), Worker()
        shared = Shared("home", recorder, RecordOutbox(recorder), outlet, lambda: None)
        (bedroom,) = settings.cameras
        watch = CameraWatch(
            bedroom,
            lambda _: worker,  # type: ignore[arg-type, return-value]
            judged_classes,
            shared,
            verify=partial(CameraVerify, bedroom, local_zone("Europe/Berlin"), verifier),
        )
        tasks = [asyncio.create_task(verifier.run()), asyncio.create_task(watch.run())]
        await watch.on_message(StreamOpened(width=640, height=480, audio=True))
        try:
            yield Home(watch, worker, verifier, server, recorder)
        finally:
            for task in reversed(tasks):
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
            await recorder.close()


def yes(_: str, __: str) -> float:
    return 0.97


def no(_: str, __: str) -> float:
    return 0.02


def unsure(_: str, __: str) -> float:
    return 0.5


def steps(stored: StoredEvent) -> list[str]:
    return [row.step.value for row in stored.steps]


async def test_a_fall_is_verified_with_a_sentence(tmp_path: Path) -> None:
    async with home(tmp_path, model_server.answering(yes)) as here:
        await here.show(5, 2.0)  # not enough for an event, enough for the gate
        await here.show(5)
        (fall,) = await here.events()
    assert steps(fall)[:3] == ["suspected", "escalated", "verified"]
    assert fall.event.description == model_server.SENTENCE
    assert fall.event.contributions[0].scorer == "model"
    assert here.worker.orders[0].region == Region(x=0.1, y=0.6, width=0.3, height=0.2)
    scene = said(here.server.bodies[0])[0].splitlines()
    assert scene[0] == "Camera: Bedroom."
    assert scene[1].startswith("Local time: ")


@pytest.mark.parametrize(
    ("language", "faces", "sentence"),
    [
        ("en", None, "a person has fallen, Bedroom camera, lower left of the picture, {time}"),
        ("en", "north_east", "a person has fallen, Bedroom camera, west side, {time}"),
        ("zh-Hans", "north", "a person has fallen，Bedroom摄像头，西南角，{time}"),
    ],
)
async def test_what_has_ended_is_told_in_one_sentence(
    tmp_path: Path, language: str, faces: str | None, sentence: str
) -> None:
    """Who and what from the model; where and when from the node."""
    answer = model_server.answering(yes, "a person has fallen.")
    camera = {"faces": faces} if faces else {}
    async with home(tmp_path, answer, camera=camera, language=language) as here:
        here.worker.filming = True
        await here.show(5, 6.0)
        await here.show(12)
        (fall,) = await here.events()
        onset = datetime.fromtimestamp(fall.event.onset, ZoneInfo("Europe/Berlin"))
        expected = sentence.format(time=f"{onset:%H:%M:%S}")
        assert fall.event.description == expected
        assert steps(fall)[-2:] == ["resolved", "described"]
        (order,) = here.worker.films
        assert order.start == fall.event.onset - 5.0
        assert order.region == fall.event.region
        pending = await here.recorder.undelivered()
    assert expected in [getattr(each.decision, "description", "") for each in pending]
    wanted = said(here.server.bodies[-1])
    assert "spread over 15 s" in wanted[0]
    assert ("who did what" if language == "en" else "谁做了什么") in wanted[1]
    assert here.server.bodies[-1]["temperature"] == 0.6
    assert here.server.bodies[-1]["top_p"] == 0.95
    line = json.loads((tmp_path / "events.jsonl").read_text("utf-8"))
    assert (line["description"], line["step"]) == (expected, "described")


async def test_without_a_clip_or_a_model_what_has_ended_stays_as_it_was(tmp_path: Path) -> None:
    async with home(tmp_path / "a", model_server.answering(yes)) as here:
        await here.show(5, 6.0)
        await here.show(12)
        (fall,) = await here.events()
        assert steps(fall)[-1] == "resolved"
        assert here.worker.films == []
        assert json.loads((tmp_path / "a" / "events.jsonl").read_text())["step"] == "resolved"
    async with home(tmp_path / "b", model_server.answering(yes)) as here:
        here.worker.filming = True
        await here.server.kill()
        await here.show(5, 6.0)
        await here.show(12)
        (fall,) = await here.events()
        assert steps(fall)[-1] == "resolved"
        assert json.loads((tmp_path / "b" / "events.jsonl").read_text())["step"] == "resolved"


async def test_a_person_asks_what_the_camera_sees(tmp_path: Path) -> None:
    async with home(tmp_path, model_server.answering(yes)) as here:
        await here.show(5, 6.0)
        asked = "Is mum\nall right?"
        assert await here.watch.reply(asked) == model_server.SENTENCE
        assert here.worker.orders[-1].time == pytest.approx(here.now, abs=0.5)
        scene, last = said(here.server.bodies[-1])
        assert scene.startswith("Camera: Bedroom.")
        assert "Is mum all right?" in last
        here.worker.blind = True
        with pytest.raises(WorkerUnavailableError):
            await here.watch.reply(asked)
        here.worker.blind = False
        await here.server.kill()
        with pytest.raises(AskError):
            await here.watch.reply(asked)


async def test_an_open_event_is_told_as_context_with_its_zone(tmp_path: Path) -> None:
    corners = [[0.0, 0.5], [1.0, 0.5], [1.0, 1.0], [0.0, 1.0]]
    zone = {"zones": {"beside_the_bed": {"kind": "loitering", "points": corners}}}
    async with home(tmp_path, model_server.answering(unsure), camera=zone) as here:
        await here.show(5, 6.0)
        scenes = [said(body)[0] for body in here.server.bodies]
    assert "Zone: beside the bed." in scenes[-1]
    assert "fall suspected 0 s before" in scenes[-1]


async def test_a_calibrated_no_dismisses(tmp_path: Path) -> None:
    async with home(tmp_path, model_server.answering(no)) as here:
        await here.show(5, 6.0)
        (fall,) = await here.events()
    assert steps(fall) == ["suspected", "dismissed"]
    sentences = [body for body in here.server.bodies if body["max_tokens"] > 1]
    assert sentences == []  # nobody needs one


async def test_an_uncalibrated_no_changes_nothing_and_a_yes_verifies_nothing(
    tmp_path: Path,
) -> None:
    for name, answer in (("no", no), ("yes", yes)):
        async with home(tmp_path / name, model_server.answering(answer), calibrated=False) as here:
            await here.show(5, 6.0)
            await here.show(20)
            (fall,) = await here.events()
            assert steps(fall) == ["suspected", "escalated", "resolved"], name
            assert fall.event.description == (model_server.SENTENCE if answer is yes else "")


async def test_people_calibrate_it_by_their_words(tmp_path: Path) -> None:
    answers = itertools.cycle([0.9, 0.3])
    current = {"p": 0.9}

    async with home(
        tmp_path, model_server.answering(lambda *_: current["p"]), calibrated=False
    ) as here:
        for number in range(16):
            current["p"] = next(answers)
            await here.show(3, 6.0)
            await here.show(40)
            (newest, *_) = await here.events()
            kind = FeedbackKind.FALSE_ALARM if number % 2 else FeedbackKind.CONFIRMED
            await here.watch.feedback(newest.event, kind)
        assert here.verifier.health()["calibrated"]["fall"]["wrong"] == 8
        current["p"] = 0.97
        await here.show(3, 6.0)
        (newest, *_) = await here.events()
        assert "verified" in steps(newest)


async def test_a_call_for_help_asks_at_once(tmp_path: Path) -> None:
    async with home(tmp_path, model_server.answering(no)) as here:
        here.now += 1.0
        await here.tell()
        here.now += 1.0
        heard = WordHeard(
            camera="bedroom", word="help", confidence=0.9, time=here.now, onset=here.now
        )
        await here.tell((heard,))
    questions = " ".join(said(body)[-1] for body in here.server.bodies)
    assert all(word in questions for word in ("fallen", "scream", "hitting"))


async def test_a_tool_is_known_while_people_are_there_and_the_model_says(tmp_path: Path) -> None:
    def knife(_: str, question: str) -> float:
        return 0.97 if "knife" in question else 0.02

    async with home(tmp_path, model_server.answering(no)) as here:
        assert here.watch.states[TOOL].state is None  # nor before the first picture
        await here.show(1, people=0)
        assert here.watch.states[TOOL].state is None
        await here.show(1, people=1)
        assert here.watch.states[TOOL].state == "OFF"
        here.server.behaviour = model_server.answering(knife)
        await here.show(21, people=1)
        assert here.watch.states[TOOL].state == "ON"
        assert here.watch.states[TOOL].reason == model_server.SENTENCE
        await here.server.kill()
        await here.show(120, people=1)
        assert here.watch.states[TOOL].state is None
        (event,) = await here.events()
        assert (event.event.anomaly, steps(event)[-1]) == (TOOL, "resolved")


STOVE = OwnClass("stove_alone")
QUESTION = {"question": "Is the stove on?", "english": "Stove on", "chinese": "灶台开着"}


async def test_a_question_of_ones_own_makes_an_event_with_sensor_and_record(tmp_path: Path) -> None:
    """With the lowest level as alarm; it goes on while the model says so, and ends after."""

    def alight(_: str, question: str) -> float:
        return 0.9 if "stove" in question else 0.02

    questions = {"stove_alone": QUESTION | {"every_s": 10, "alarm_level": "low"}}
    async with home(
        tmp_path, model_server.answering(alight), calibrated=False, questions=questions
    ) as here:
        assert here.watch.states[STOVE].state is None
        await here.show(45)
        assert here.watch.states[STOVE].state == "ON"
        (event,) = await here.events()
        assert event.event.level is Level.LOW
        assert event.event.contributions[0].scorer == "model_uncalibrated"
        assert steps(event) == ["suspected", "escalated"]
        assert here.watch.states[STOVE].reason == model_server.SENTENCE
        assert event.snapshot is not None
        here.server.behaviour = model_server.answering(no)
        await here.show(60)
        assert here.watch.states[STOVE].state == "OFF"
        (event,) = await here.events()
        assert steps(event)[-1] == "resolved"
        assert event.event.description == model_server.SENTENCE
        await here.server.kill()
        await here.show(90)
        assert here.watch.states[STOVE].state is None
        found = await here.recorder.search(EventQuery(anomaly=STOVE))
        assert [each.event.anomaly for each in found.events] == [STOVE]
    asked = [said(body)[-1] for body in here.server.bodies if body["max_tokens"] == 1]
    assert set(asked) == {"Is the stove on? Answer with one word, Yes or No."}


async def test_without_the_lowest_alarm_an_own_question_is_for_review_until_calibrated(
    tmp_path: Path,
) -> None:
    questions = {"stove_alone": QUESTION | {"every_s": 10}}
    async with home(
        tmp_path / "a", model_server.answering(yes), calibrated=False, questions=questions
    ) as here:
        await here.show(20)
        assert here.watch.states[STOVE].state == "OFF"
        (event,) = await here.events()
        assert (event.event.review, steps(event)) == (True, ["suspected"])
    (tmp_path / "b").mkdir()
    own = {STOVE: Question(text=QUESTION["question"], english="", chinese="")}
    store.write(tmp_path / "b", "omni", Memory(lines={STOVE: Line(slope=1.0, offset=0.0)}), own)
    async with home(
        tmp_path / "b", model_server.answering(yes), calibrated=False, questions=questions
    ) as here:
        await here.show(20)
        assert here.watch.states[STOVE].state == "ON"
        (event,) = await here.events()
        assert steps(event) == ["suspected", "escalated", "verified"]


async def test_nothing_is_asked_about_a_sound_that_is_not_there(tmp_path: Path) -> None:
    async with home(tmp_path, model_server.answering(no), audits_per_hour=12) as here:
        here.worker.sound = b""
        for _ in range(70):
            here.now += 10.0
            await here.tell()
    questions = " ".join(said(body)[-1] for body in here.server.bodies)
    assert "scream" not in questions
    assert "fallen" in questions
    assert here.verifier.health()["audits"] in {2, 3}  # 700 s, one in each 300 s


async def test_without_pictures_nothing_is_asked_and_it_is_counted(tmp_path: Path) -> None:
    async with home(tmp_path, model_server.answering(yes)) as here:
        here.worker.blind = True
        await here.show(5, 6.0)
        (fall,) = await here.events()
        assert steps(fall) == ["suspected", "escalated"]
        assert here.verifier.health()["outcomes"]["no_window"] >= 1
    assert here.server.bodies == []


@pytest.mark.parametrize(
    "behaviour",
    [model_server.hangs, model_server.closes, model_server.status(401), model_server.text("?")],
    ids=["hangs", "closes", "refuses", "nonsense"],
)
async def test_whatever_the_model_does_a_live_fall_alarms_as_without_it(
    tmp_path: Path, behaviour: Any
) -> None:
    async with home(tmp_path, behaviour, deadline_s=20) as here:
        started = asyncio.get_running_loop().time()
        await here.show(5, 6.0, wants_answer=False)
        (fall,) = await here.events()
        assert asyncio.get_running_loop().time() - started < 15.0  # the deadline alone is 20 s
        assert steps(fall) == ["suspected", "escalated"]
        assert here.watch.states[FALL].state == "ON"


async def test_a_model_that_dies_in_mid_event_leaves_the_alarm_to_the_detectors(
    tmp_path: Path,
) -> None:
    """The server takes the request about the fall and dies with it."""

    async def dies(request: Any, _body: Any) -> Any:
        asyncio.get_running_loop().call_soon(lambda: asyncio.ensure_future(here.server.kill()))
        await asyncio.sleep(30)

    async with home(tmp_path, dies) as here:
        await here.show(5, 4.4, wants_answer=False)
        async with asyncio.timeout(20):
            while not here.server.bodies:
                await asyncio.sleep(0.02)
            while here.verifier.health()["outcomes"]["away"] < 2:  # with the second try
                await asyncio.sleep(0.02)
        await here.show(3, 8.0)
        (fall,) = await here.events()
        assert steps(fall) == ["suspected", "escalated"]
        assert here.verifier.health()["outcomes"]["answered"] == 0


async def test_a_camera_that_stops_leaves_no_question_behind(tmp_path: Path) -> None:
    async with home(tmp_path, model_server.hangs) as here:
        await here.show(3, 6.0, wants_answer=False)
        assert here.watch.verify is not None
        assert here.watch.verify._asking
    assert not here.watch.verify._asking
